import { throwIfCancelled } from '../../base/errors.js';
import type { FloatTensor } from '../../base/tensor.js';
import type { Facts } from '../../graph/facts.js';
import { concatBatches, sliceBatch } from '../../session/batches.js';

/** Samples `from` to `from + n` of a batch that is run piece by piece. */
export interface Piece {
  readonly from: number;
  /** Samples that run, those that only fill up a fixed batch included. */
  readonly n: number;
  /** These samples of the batch, or of another one of as many samples, `[n, …]`. */
  of(batch: FloatTensor): FloatTensor;
}

/**
 * Runs `count` samples in pieces of at most `size`; a model of fixed batch gets the last sample repeated to fill it.
 *
 * @param run answers tensors `[n, …]`, in an object, an array or a map: what only filled up a batch is cut from them
 */
export async function inPieces<R extends object>(
  count: number,
  size: number,
  facts: Facts,
  signal: AbortSignal,
  run: (piece: Piece) => Promise<R>,
): Promise<R[]> {
  const pieces: R[] = [];
  for (let from = 0; from < count; from += size) {
    throwIfCancelled(signal);
    const to = Math.min(count, from + size);
    const missing = facts.dynamicBatch ? 0 : facts.batch - (to - from);
    const answer = await run({ from, n: to - from + missing, of: (batch) => filled(batch, from, to, missing) });
    pieces.push(missing > 0 ? cut(answer, to - from) : answer);
  }
  return pieces;
}

/** Samples `from` to `to`, and the last one again as often as samples are missing. */
function filled(batch: FloatTensor, from: number, to: number, missing: number): FloatTensor {
  const part = sliceBatch(batch, from, to);
  if (missing <= 0) return part;
  const last = sliceBatch(batch, to - 1, to);
  return concatBatches([part, ...Array.from({ length: missing }, () => last)]);
}

/** The first `count` samples of everything in an answer. */
function cut<R extends object>(answer: R, count: number): R {
  const each = (value: unknown): unknown =>
    Array.isArray(value) ? value.map(each) : sliceBatch(value as FloatTensor, 0, count);
  if (answer instanceof Map) return new Map([...answer].map(([k, v]) => [k, each(v)])) as unknown as R;
  return Object.fromEntries(Object.entries(answer).map(([k, v]) => [k, each(v)])) as R;
}
