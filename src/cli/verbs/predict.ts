import { given } from '../../base/given.js';
import type { PredictAnswer } from '../../protocol/prediction.js';
import { digits, json, table } from '../io.js';
import { inputsOf, modelRequest, usage } from '../options.js';
import { csvLine, outKind, writeOut } from '../outputs.js';
import { callOf, entriesOf, exitOf, report, succeeded, type Verb } from '../verb.js';

export const predict: Verb = {
  name: 'predict',
  usage: 'predict MODEL INPUT…',
  summary: 'the best classes of each input; accuracy and confusion matrix when the folders name classes',
  options: ['out', 'provider', 'threads', 'config', 'top'],
  async run(context) {
    const { line, io, service } = context;
    const request = modelRequest(line);
    const [model] = line.arguments;
    const inputs = inputsOf(line);
    if (inputs.length === 0)
      throw usage('The verb "predict" needs at least one input.', 'onnx-lens predict MODEL INPUT…');
    const kind = line.out === undefined ? undefined : outKind(line.out, 'predict', ['.json', '.csv']);
    if (kind === 'folder') throw usage('The verb "predict" writes a file: end --out with .json or .csv.');
    const answer = await service.predict({ ...request, inputs, ...given({ top: line.top }) }, callOf(context));
    report(context, answer, answer.results);
    const document = json(documentOf(model!, answer));
    if (line.out !== undefined) await writeOut(line.out, kind === '.csv' ? csvOf(answer) : document);
    io.out(line.json ? document : textOf(answer));
    return exitOf(answer.results);
  },
};

function documentOf(model: string, answer: PredictAnswer): object {
  const { sha256, provider, preprocessing, warnings, accuracy, confusion } = answer;
  return {
    schema: 'onnx-lens/predict/1',
    model,
    sha256,
    provider,
    preprocessing,
    results: entriesOf(answer.results, ({ label, top }) => ({ ...given({ label }), top })),
    ...given({ accuracy, confusion }),
    warnings,
  };
}

function csvOf(answer: PredictAnswer): string {
  const rows = succeeded(answer.results).flatMap(({ input, label, top }) =>
    top.map((c, i) => [input, label ?? '', i + 1, c.index, c.label, c.probability ?? '', c.logit]),
  );
  return [['input', 'truth', 'rank', 'index', 'label', 'probability', 'logit'], ...rows].map(csvLine).join('');
}

function textOf(answer: PredictAnswer): string {
  const rows = succeeded(answer.results).flatMap(({ input, label, top }) =>
    top.map((c, i) => [
      i === 0 ? input : '',
      i === 0 ? (label ?? '') : '',
      c.index,
      c.label,
      c.probability === undefined ? '' : digits(c.probability),
      digits(c.logit),
    ]),
  );
  const parts = [table(['input', 'truth', 'class', 'label', 'probability', 'logit'], rows)];
  if (answer.accuracy !== undefined) parts.push(`accuracy ${(100 * answer.accuracy).toFixed(2)} %\n`);
  if (answer.confusion !== undefined && answer.confusion.labels.length <= 25) {
    const { labels, counts } = answer.confusion;
    parts.push(
      table(
        ['truth \\ predicted', ...labels],
        counts.map((row, i) => [labels[i]!, ...row]),
      ),
    );
  }
  parts.push(`ran on ${answer.provider}\n`);
  return parts.join('\n');
}
