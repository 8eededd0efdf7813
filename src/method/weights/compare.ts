import { throwIfCancelled } from '../../base/errors.js';
import type { WeightComparison } from '../../result/weights.js';
import { readBlock, type WeightArray } from '../../session/weightArray.js';

export type Distances = Omit<WeightComparison, 'layer' | 'weight' | 'other'>;

/** Elements that are read of each weight at a time. */
const BLOCK = 1 << 20;

/**
 * How far two weights of the same shape are from each other, as a whole and filter by filter (first axis). Both are read
 * piece by piece, each as its own file stores it.
 */
export async function distancesOf(
  a: WeightArray,
  b: WeightArray,
  signal?: AbortSignal,
  progress: (done: number, total: number) => void = () => undefined,
): Promise<Distances> {
  const [rows = 1, ...rest] = a.shape;
  const step = rest.reduce((product, d) => product * d, 1);
  const sums = { a: new Float64Array(rows), b: new Float64Array(rows), ab: new Float64Array(rows) };
  const differences = new Float64Array(rows);
  let [largest, largestFilter, leftOut] = [0, 0, 0];
  for await (const { row, first, count, values, others } of pieces(a, b, rows, rest, signal)) {
    throwIfCancelled(signal);
    for (let i = 0; i < count; i++) {
      const [x, y] = [values[i]!, others[i]!];
      if (!Number.isFinite(x) || !Number.isFinite(y)) {
        leftOut++;
        continue;
      }
      const at = row + Math.floor((first + i) / step);
      sums.a[at]! += x * x;
      sums.b[at]! += y * y;
      sums.ab[at]! += x * y;
      differences[at]! += (x - y) ** 2;
      if (Math.abs(x - y) > largest) [largest, largestFilter] = [Math.abs(x - y), at];
    }
    progress(row * step + first + count, rows * step);
  }
  const total = (values: Float64Array): number => values.reduce((sum, v) => sum + v, 0);
  const whole = { a: total(sums.a), b: total(sums.b), ab: total(sums.ab), difference: total(differences) };
  return {
    l2: Math.sqrt(whole.a),
    otherL2: Math.sqrt(whole.b),
    differenceL2: Math.sqrt(whole.difference),
    relative: relativeChange(whole.difference, whole.a),
    cosine: cosine(whole.ab, whole.a, whole.b),
    largest,
    largestFilter,
    filterRelative: Float32Array.from(differences, (d, i) => relativeChange(d, sums.a[i]!)),
    filterCosine: Float32Array.from(sums.ab, (dot, i) => cosine(dot, sums.a[i]!, sums.b[i]!)),
    leftOut,
  };
}

interface Piece {
  /** The row it begins in, and the element within that row's block. */
  readonly row: number;
  readonly first: number;
  readonly count: number;
  readonly values: Float32Array;
  readonly others: Float32Array;
}

/** Whole rows at a time; a row that is too large by itself is cut along its first axis. */
async function* pieces(
  a: WeightArray,
  b: WeightArray,
  rows: number,
  rest: readonly number[],
  signal: AbortSignal | undefined,
): AsyncGenerator<Piece> {
  const step = rest.reduce((product, d) => product * d, 1);
  const inner = rest.slice(1).reduce((product, d) => product * d, 1);
  const perRow = step <= BLOCK ? (rest[0] ?? 1) : Math.max(1, Math.floor(BLOCK / inner));
  const many = Math.max(1, Math.floor(BLOCK / Math.max(1, step)));
  for (let row = 0; row < rows; row += many) {
    const n = Math.min(many, rows - row);
    for (let at = 0; at < (rest[0] ?? 1); at += perRow) {
      const width = Math.min(perRow, (rest[0] ?? 1) - at);
      const scalar = a.shape.length === 0;
      const from = scalar ? [] : [row, ...rest.map((_, i) => (i === 0 ? at : 0))];
      const size = scalar ? [] : [n, ...rest.map((d, i) => (i === 0 ? width : d))];
      const [values, others] = [await readBlock(a, from, size, signal), await readBlock(b, from, size, signal)];
      yield { row, first: at * inner, count: values.length, values, others };
    }
  }
}

function relativeChange(difference: number, norm: number): number {
  return difference === 0 ? 0 : Math.sqrt(difference / norm);
}

function cosine(dot: number, a: number, b: number): number {
  return a === 0 || b === 0 ? NaN : Math.max(-1, Math.min(1, dot / Math.sqrt(a * b)));
}
