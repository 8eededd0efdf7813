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
    const piece = pieceMoments(values);
    addSquares(array, chunk, squares);
    const n = values.length - piece.nan - piece.infinite;
    zeros += piece.zeros;
    nan += piece.nan;
    infinite += piece.infinite;
    l1 += piece.l1;
    total += piece.total;
    min = Math.min(min, piece.min);
    max = Math.max(max, piece.max);
    if (n > 0) {
      // Chan's formula: no digits are lost where the mean is far from zero.
      const delta = piece.mean - mean;
      spread += piece.spread + (delta * delta * count * n) / (count + n);
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

// The loops below run over every weight of a model: plain functions of their own, which the engine makes fast.

/** The sums over one piece; the spread is about its own mean. Values that are not finite are counted and left out. */
function pieceMoments(values: ArrayLike<number>): {
  readonly mean: number;
  readonly spread: number;
  readonly l1: number;
  readonly total: number;
  readonly min: number;
  readonly max: number;
  readonly zeros: number;
  readonly nan: number;
  readonly infinite: number;
} {
  let [nan, infinite, sum, l1, total, zeros] = [0, 0, 0, 0, 0, 0];
  let [min, max, spread] = [Infinity, -Infinity, 0];
  for (let i = 0; i < values.length; i++) {
    const v = values[i]!;
    if (Number.isFinite(v)) {
      sum += v;
      l1 += Math.abs(v);
      total += v * v;
      if (v === 0) zeros++;
      if (v < min) min = v;
      if (v > max) max = v;
    } else if (Number.isNaN(v)) nan++;
    else infinite++;
  }
  const n = values.length - nan - infinite;
  const mean = n === 0 ? 0 : sum / n;
  for (let i = 0; i < values.length; i++) {
    const from = values[i]! - mean;
    if (Number.isFinite(from)) spread += from * from;
  }
  return { mean, spread, l1, total, min, max, zeros, nan, infinite };
}

/** Adds the squares of a piece to the sums of the rows that its elements belong to. */
function addSquares(array: WeightArray, { first, values }: StoredChunk, squares: Float64Array): void {
  if (values.length === 0) return;
  const rows = squares.length;
  const step = array.strides[0] ?? values.length;
  // The row is counted: dividing it out of every element's place takes longer than all the rest.
  let row = array.shape.length === 0 ? 0 : coordinate(array, 0, first);
  let i = 0;
  for (let end = step - (first % step); i < values.length; end += step) {
    let sum = 0;
    for (; i < Math.min(end, values.length); i++) {
      const v = values[i]!;
      if (Number.isFinite(v)) sum += v * v;
    }
    squares[row]! += sum;
    row = row + 1 === rows ? 0 : row + 1;
  }
}

/** 1 for each filter that is zero or next to nothing beside the others. */
export function deadFilters(norms: Float64Array | Float32Array): Uint8Array {
  const median = Float64Array.from(norms).sort()[Math.floor(norms.length / 2)] ?? 0;
  return Uint8Array.from(norms, (n) => (n === 0 || n < DEAD * median ? 1 : 0));
}
