import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { LensError, throwIfCancelled } from '../base/errors.js';
import { writeModel, writeModelFile } from '../checkpoint/writer.js';
import { exportGradient } from '../gradient/export.js';
import { findScores } from '../method/scores.js';
import type { Call } from '../protocol/channel.js';
import type { WorkProgress } from '../protocol/runner.js';
import { sha256Of } from './fileStamp.js';
import type { OpenModel } from './openModel.js';

export interface GradientFile {
  readonly sha256: string;
  /** Value whose elements are the targets. */
  readonly score: string;
  /** Value that is differentiated by: the first input. */
  readonly wrt: string;
  readonly notes: readonly string[];
}

/**
 * Writes the gradient graph as an ordinary model. Unless it is to be embedded, the weights stay in the original file, and
 * the new one must lie where a relative path without `..` leads to it: in the same folder or above.
 */
export async function writeGradient(
  model: OpenModel,
  file: string,
  embed: boolean,
  call: Call<WorkProgress>,
): Promise<GradientFile> {
  const { graph, path: source } = model.file;
  call.progress({ message: 'running once to learn the shapes' });
  const facts = await model.facts();
  throwIfCancelled(call.signal);
  const { logit, note } = findScores(graph, facts, model.resolved.output);
  const wrt = model.resolved.input?.name ?? graph.inputs[0]?.name ?? '';
  const sha256 = await sha256Of(source);
  const made = exportGradient(graph, facts, { score: logit, wrt, origin: { model: path.basename(source), sha256 } });
  const notes = note === undefined ? [] : [note];
  call.progress({ message: 'writing the gradient graph' });
  if (embed) {
    await writeModelFile(made, file, { embed: true }, call.signal);
    return { sha256, score: logit, wrt, notes };
  }
  const folder = path.dirname(path.resolve(file));
  const { bytes, folder: root } = await writeModel(made, { directory: folder, keepMetadata: true });
  if (path.resolve(root) !== folder) {
    throw new LensError(
      'usage',
      'gradient/folder',
      `The weights of ${path.basename(source)} cannot be pointed at from "${folder}".`,
      {
        hint: 'Write the file beside the model, or copy the weights into it with --embed.',
      },
    );
  }
  try {
    await writeFile(file, bytes);
  } catch (cause) {
    throw new LensError('usage', 'cli/unwritable', `"${file}" cannot be written.`, { cause });
  }
  return { sha256, score: logit, wrt, notes };
}
