import path from 'node:path';
import { filePath } from '../../base/place.js';
import { json, onOneLine } from '../io.js';
import { modelRequest, usage } from '../options.js';
import { outKind } from '../outputs.js';
import { callOf, type Verb } from '../verb.js';

export const gradient: Verb = {
  name: 'gradient',
  usage: 'gradient MODEL --out FILE.onnx',
  summary: 'the gradient graph as an ordinary model: inputs and target in, score and gradient out',
  options: ['out', 'embed', 'provider', 'threads', 'input', 'config'],
  async run(context) {
    const { line, io, service, progress } = context;
    const request = modelRequest(line);
    if (line.out === undefined || outKind(line.out, 'gradient', ['.onnx']) !== '.onnx') {
      throw usage('The verb "gradient" needs a file to write.', 'onnx-lens gradient MODEL --out FILE.onnx');
    }
    const { sha256, score, wrt, notes } = await service.exportGradient(
      { ...request, file: filePath(path.resolve(line.out)), embed: line.embed },
      callOf(context),
    );
    progress.clear();
    for (const note of notes) io.err(`note: ${onOneLine(note)}\n`);
    io.out(
      line.json
        ? json({
            schema: 'onnx-lens/gradient/1',
            model: line.arguments[0],
            sha256,
            score,
            wrt,
            embedded: line.embed,
            files: [line.out],
            notes,
          })
        : `${line.out}: d ${score}[target] / d ${wrt}${line.embed ? '' : `; its weights stay in ${path.basename(request.model)}`}\n`,
    );
    return 0;
  },
};
