import { isCancelled, toErrorData, type ErrorData } from '../../base/errors.js';
import type { FloatTensor } from '../../base/tensor.js';
import type { Labels } from '../../input/labels.js';
import { predict as predictBatch, type Ranking } from '../../method/activations/prediction.js';
import type { ModelSubject } from '../../method/subject/modelSubject.js';
import { concatBatches } from '../../session/batches.js';
import type { LoadedInput } from '../input/inputs.js';

/**
 * Predictions of a batch. Should the batch fail as a whole, each input is tried by itself, so that one does not take the
 * others along.
 *
 * @param joined their tensors as one, where somebody has joined them
 */
export async function rank(
  subject: ModelSubject,
  labels: Labels,
  loaded: readonly LoadedInput[],
  joined: FloatTensor | undefined,
  top: number,
  signal: AbortSignal,
): Promise<readonly (Ranking | { readonly error: ErrorData })[]> {
  if (loaded.length === 0) return [];
  try {
    const batch = joined ?? concatBatches(loaded.map((l) => l.tensor));
    return await predictBatch(subject, labels, batch, top, signal);
  } catch (error) {
    if (isCancelled(error)) throw error;
    if (loaded.length === 1) return [{ error: toErrorData(error) }];
    const single: (Ranking | { readonly error: ErrorData })[] = [];
    for (const one of loaded) single.push(...(await rank(subject, labels, [one], undefined, top, signal)));
    return single;
  }
}
