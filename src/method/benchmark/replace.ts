import { floatTensor, type FloatTensor } from '../../base/tensor.js';
import { gridOf } from '../fill.js';
import type { InputSpec } from '../subject/subject.js';

/** Asks for the scores of some samples `[n, …]`: `[n]`. */
export type ScoreOf = (batch: FloatTensor) => Promise<ArrayLike<number>>;

/** Copies all channels of one pixel. */
export function pixelCopier(spec: InputSpec): (from: Float32Array, to: Float32Array, pixel: number) => void {
  const { channels, width, at } = gridOf(spec);
  return (from, to, pixel) => {
    const [y, x] = [Math.floor(pixel / width), pixel % width];
    for (let c = 0; c < channels; c++) {
      const place = at(c, y, x);
      to[place] = from[place]!;
    }
  };
}

/**
 * Scores of many samples that are made one after the other, in batches of at most `most`: all at once they would not fit the
 * memory.
 *
 * @param make fills the next sample
 */
export async function scoresOfMade(
  count: number,
  like: FloatTensor,
  most: number,
  make: (k: number, into: Float32Array) => void,
  score: ScoreOf,
): Promise<Float64Array> {
  const size = like.data.length;
  const out = new Float64Array(count);
  for (let from = 0; from < count; from += most) {
    const n = Math.min(most, count - from);
    const batch = floatTensor([n, ...like.dims.slice(1)]);
    for (let k = 0; k < n; k++) make(from + k, batch.data.subarray(k * size, (k + 1) * size));
    out.set(Float64Array.from(await score(batch)), from);
  }
  return out;
}
