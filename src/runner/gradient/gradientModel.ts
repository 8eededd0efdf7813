import { mkdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { LensError, throwIfCancelled } from '../../base/errors.js';
import { unwritable } from '../../base/unwritable.js';
import { writeBytes, writeModel, writeModelFile } from '../../checkpoint/writer.js';
import { exportGradient } from '../../gradient/sweep/export.js';
import { findScores } from '../../method/subject/scores.js';
import type { Call } from '../../protocol/channel.js';
import type { GradientFile } from '../../protocol/gradient.js';
import type { WorkProgress } from '../../protocol/request.js';
import { sha256Of } from '../model/stamp.js';
import type { OpenModel } from '../model/open.js';

/**
 * Writes the gradient graph as an ordinary model; its folder is made. Unless it is to be embedded, the weights stay in
 * the original file, and the new one must lie where a relative path without `..` leads to it: in the same folder or above.
 */
export async function writeGradient(
  model: OpenModel,
  file: string,
  embed: boolean,
  call: Call<WorkProgress>,
): Promise<GradientFile> {
  const { graph: stored, path: source } = model.file;
  const own = [source, ...[...stored.weights.values()].flatMap((w) => (w.at.kind === 'file' ? [w.at.path] : []))];
  await refuseToOverwrite(file, new Set(own));
  call.progress({ message: 'running once to learn the shapes' });
  const { graph, facts } = await model.prepared();
  throwIfCancelled(call.signal);
  const { logit, note, classifier, classes, output } = findScores(graph, facts, model.wishes());
  const wrt = model.resolved.input?.name ?? graph.inputs[0]?.name ?? '';
  if (wrt === '')
    throw new LensError(
      'unsupported',
      'gradient/no-input',
      'The model has no input that a gradient could be taken by.',
    );
  const sha256 = await sha256Of(source);
  throwIfCancelled(call.signal);
  call.progress({ message: 'differentiating' });
  const origin = { model: path.basename(source), sha256 };
  const made = exportGradient(graph, facts, { score: logit, wrt, origin });
  const counts = `The output "${output.name}" is no list of classes: the input "target" counts its numbers, 0 to ${classes - 1}. A box or a region is explained by "explain --target".`;
  const notes = [...new Set([...(note === undefined ? [] : [note]), ...(classifier ? [] : [counts]), ...made.notes])];
  call.progress({ message: 'writing the gradient graph' });
  const pointers = embed ? undefined : await pointing(made.graph, file, source);
  await mkdir(path.dirname(file), { recursive: true }).catch((cause: unknown) => {
    throw unwritable(file, cause);
  });
  if (pointers === undefined) {
    await writeModelFile(made.graph, file, { embed: true }, call.signal, (bytes, of) =>
      call.progress({ fraction: bytes / of, message: 'writing the gradient graph with its weights' }),
    );
  } else {
    await writeBytes(file, pointers);
  }
  return { sha256, score: logit, wrt, bytes: (await stat(file)).size, notes };
}

/** The graph as bytes that point at the weights where they are. */
async function pointing(graph: Parameters<typeof writeModel>[0], file: string, source: string): Promise<Uint8Array> {
  const folder = path.dirname(file);
  const { bytes, folder: root } = await writeModel(graph, { directory: folder, keepMetadata: true });
  if (path.resolve(root) === path.resolve(folder)) return bytes;
  throw new LensError(
    'usage',
    'gradient/folder',
    `The weights of ${path.basename(source)} cannot be pointed at from "${folder}".`,
    { hint: 'Write the file beside the model, or copy the weights into it (--embed on the command line).' },
  );
}

/** By whatever path: links are followed. */
async function refuseToOverwrite(file: string, own: ReadonlySet<string>): Promise<void> {
  const real = (name: string): Promise<string> => realpath(name).catch(() => path.resolve(name));
  const target = await real(file);
  for (const each of own) {
    if ((await real(each)) !== target) continue;
    throw new LensError('usage', 'gradient/overwrite', 'The gradient graph must not overwrite the model itself.', {
      hint: 'Give it another name.',
    });
  }
}
