import { createHash } from 'node:crypto';
import { canonical } from '../../base/canonical.js';
import type { ModelRequest } from '../../protocol/request.js';
import type { ModelSubject } from '../../method/subject/modelSubject.js';
import type { OpenModel } from '../model/open.js';
import { sha256Of } from '../model/stamp.js';
import { recordOf } from '../overview/describe.js';
import { runtimeVersion } from '../../session/ort/ortSession.js';
import { VERSION } from '../model/version.js';

/**
 * What numbers of a model depend on beside its input, as a hash: its files, how inputs are prepared, how outputs are read,
 * the versions. Not where any of it lies, and not what runs it: providers agree up to rounding.
 */
export async function contextOf(model: OpenModel, subject: ModelSubject, request: ModelRequest): Promise<string> {
  const { checkpoint, path: file } = model.file;
  const others = Object.entries(request.otherInputs ?? {});
  const settings = Object.entries(recordOf(model.resolved.preprocessing)).map(([name, { value }]) => [name, value]);
  const { output, classifier, classes } = subject;
  return createHash('sha256')
    .update(
      canonical({
        format: 1,
        files: await Promise.all([file, ...checkpoint.externalFiles].map(sha256Of)),
        // Values of other inputs are part of every answer, whether a request or the settings file names them.
        others: [...subject.others].map(([name, { dims, data }]) => [
          name,
          dims,
          createHash('sha256')
            .update(Array.isArray(data) ? data.join('\0') : bytesOf(data))
            .digest('hex'),
        ]),
        given: others.map(([name]) => name),
        settings: Object.fromEntries(settings),
        output: [output.name, output.kind, output.layout, classifier, classes, subject.scoreValue('logit').value],
        sizes: subject.inputDims,
        random: request.randomWeights,
        versions: [VERSION, await runtimeVersion()],
      }),
    )
    .digest('hex');
}

function bytesOf({ buffer, byteOffset, byteLength }: NodeJS.TypedArray | ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
