import { concatenated } from '../../base/tensor.js';
import type { FloatTensor } from '../../base/tensor.js';
import { concatBatches } from '../../session/batches.js';
import type { ModelSubject } from '../subject/modelSubject.js';

/**
 * How far scores move when the same inputs are run again, alone and together, as shares of the largest magnitude of a score.
 */
export async function scoreChanges(
  subject: ModelSubject,
  inputs: readonly FloatTensor[],
  signal: AbortSignal,
): Promise<{ readonly again: number; readonly together: number }> {
  const { value } = subject.scoreValue('logit');
  const run = async (batch: FloatTensor): Promise<Float32Array> =>
    Float32Array.from((await subject.values(batch, [value], signal)).get(value)!.data);
  const alone: Float32Array[] = [];
  const again: Float32Array[] = [];
  for (const input of inputs) {
    alone.push(await run(input));
    again.push(await run(input));
  }
  const first = concatenated(alone);
  return {
    again: largestChange(first, concatenated(again)),
    together: largestChange(first, await run(concatBatches([...inputs]))),
  };
}

/** Infinite where one of two is no number and the other is, or there are not as many. */
export function largestChange(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity;
  let [top, most] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    if (Number.isFinite(a[i]!)) top = Math.max(top, Math.abs(a[i]!));
    if (Object.is(a[i], b[i]) || a[i] === b[i]) continue;
    const change = Math.abs(a[i]! - b[i]!);
    most = Math.max(most, Number.isNaN(change) ? Infinity : change);
  }
  return most === 0 ? 0 : most / Math.max(top, 1e-30);
}
