import { throwIfCancelled } from '../../base/errors.js';
import { sizeOf } from '../../base/tensor.js';
import { chunksOf, coordinate, type StoredChunk, type WeightArray } from '../../session/weightArray.js';
import type { Histogram, WeightStatistics } from '../../result/weights.js';

/** Numbers about a weight that one reading gives. */
export type Moments = Omit<WeightStatistics, 'histogram' | 'filterNorms' | 'dead'> & {
  /** L2 norm of each filter; the first axis of the view. */
  readonly filterNorms: Float64Array;
};

/** A filter is dead when it is zero or this small beside the median filter. */
const DEAD = 1e-6;
export const BINS = 64;
/** Weights up to this many elements are kept between the two readings. */
const KEEP = 1 << 22;

type Progress = (done: number, total: number) => void;

/**
 * Minimum, maximum, mean, standard deviation, norms and a histogram of a weight, NaN and infinities left out and
 * counted. The weight is read twice, piece by piece, for the ends of the histogram are known after the first reading.
 */
export async function statisticsOf(
  array: WeightArray,
  signal?: AbortSignal,
  progress: Progress = () => undefined,
): Promise<WeightStatistics> {
  const total = sizeOf(array.shape);
  const kept: StoredChunk[] | undefined = total <= KEEP ? [] : undefined;
  const moments = await momentsOf(array, signal, (done) => progress(done, 2 * total), kept);
  const counts = new Uint32Array(BINS);
  const { min, max } = moments;
  const scale = max > min ? BINS / (max - min) : 0;
  for await (const { first, values } of kept ?? chunksOf(array, signal)) {
    throwIfCancelled(signal);
    for (let i = 0; i < values.length; i++) {
      const v = values[i]!;
      if (Number.isFinite(v)) counts[Math.min(BINS - 1, Math.floor((v - min) * scale))]!++;
    }
    progress(total + first + values.length, 2 * total);
  }
  const histogram: Histogram = { min, max, counts };
  const { filterNorms } = moments;
  return { ...moments, histogram, filterNorms: Float32Array.from(filterNorms), dead: deadFilters(filterNorms) };
}

/** One reading. Chunks are pushed to `keep` where one is given. */
export async function momentsOf(
  array: WeightArray,
  signal?: AbortSignal,
  progress: (done: number) => void = () => undefined,
  keep?: StoredChunk[],
): Promise<Moments> {
  const rows = array.shape[0] ?? 1;
  const squares = new Float64Array(rows);
  let [count, zeros, nan, infinite, l1, total] = [0, 0, 0, 0, 0, 0];
  let [min, max, mean, spread] = [Infinity, -Infinity, 0, 0];
  for await (const chunk of chunksOf(array, signal)) {
    throwIfCancelled(signal);
    keep?.push(chunk);
    const { first, values } = chunk;
    let [n, sum] = [0, 0];
    for (let i = 0; i < values.length; i++) {
      const v = values[i]!;
      if (Number.isFinite(v)) {
        n++;
        sum += v;
      } else if (Number.isNaN(v)) nan++;
      else infinite++;
    }
    // Two passes over the piece, then Chan's formula: no digits are lost where the mean is far from zero.
    const own = n === 0 ? 0 : sum / n;
    let around = 0;
    for (let i = 0; i < values.length; i++) {
      const v = values[i]!;
      if (!Number.isFinite(v)) continue;
      around += (v - own) ** 2;
      l1 += Math.abs(v);
      total += v * v;
      if (v === 0) zeros++;
      if (v < min) min = v;
      if (v > max) max = v;
      const row = array.shape.length === 0 ? 0 : coordinate(array, 0, first + i);
      squares[row]! += v * v;
    }
    if (n > 0) {
      const delta = own - mean;
      spread += around + (delta * delta * count * n) / (count + n);
      mean += (delta * n) / (count + n);
      count += n;
    }
    progress(first + values.length);
  }
  if (count === 0) [min, max] = [0, 0];
  return {
    count: count + nan + infinite,
    min,
    max,
    mean,
    std: count === 0 ? 0 : Math.sqrt(spread / count),
    sparsity: count === 0 ? 0 : zeros / count,
    l1,
    l2: Math.sqrt(total),
    nan,
    infinite,
    magnitude: Math.max(Math.abs(min), Math.abs(max)),
    filterNorms: squares.map(Math.sqrt),
  };
}

/** 1 for each filter that is zero or next to nothing beside the others. */
export function deadFilters(norms: Float64Array | Float32Array): Uint8Array {
  const median = Float64Array.from(norms).sort()[Math.floor(norms.length / 2)] ?? 0;
  return Uint8Array.from(norms, (n) => (n === 0 || n < DEAD * median ? 1 : 0));
}
