import { Random } from '../base/random.js';
import type { Neighbours } from './neighbours.js';
import { largestValues, vectorsOf } from './tridiagonal.js';

/** A sparse symmetric matrix, row by row. */
export interface SparseMatrix {
  readonly size: number;
  /** `[size + 1]`: where each row begins. */
  readonly starts: Int32Array;
  readonly columns: Int32Array;
  readonly values: Float64Array;
}

/** The first eigenpairs of a normalised Laplacian. */
export interface SpectralEmbedding {
  /** Of the Laplacian, smallest first, between 0 and 2. */
  readonly values: Float64Array;
  /** One of length 1 for each value, over the points. */
  readonly vectors: readonly Float64Array[];
  /** Parts of the graph that no edge joins: as often does 0 stand among the values. */
  readonly components: number;
}

/** The graph of neighbours with each edge in both directions: the mean of it and its transpose. */
export function symmetricGraph({ count, k, indices }: Neighbours): SparseMatrix {
  const rows = Array.from({ length: count }, () => new Map<number, number>());
  for (let i = 0; i < count; i++)
    for (let s = 0; s < k; s++) {
      const j = indices[i * k + s]!;
      rows[i]!.set(j, (rows[i]!.get(j) ?? 0) + 0.5);
      rows[j]!.set(i, (rows[j]!.get(i) ?? 0) + 0.5);
    }
  const starts = new Int32Array(count + 1);
  for (let i = 0; i < count; i++) starts[i + 1] = starts[i]! + rows[i]!.size;
  const columns = new Int32Array(starts[count]!);
  const values = new Float64Array(starts[count]!);
  rows.forEach((row, i) => {
    let at = starts[i]!;
    for (const [j, value] of [...row].sort(([a], [b]) => a - b)) {
      columns[at] = j;
      values[at++] = value;
    }
  });
  return { size: count, starts, columns, values };
}

/** Steps between two looks at what has converged. */
const LOOK = 16;
/** Error of an eigenvalue is at most this, and that of a vector about as much over the distance of the next value. */
const TOLERANCE = 1e-6;

/**
 * The smallest eigenpairs of the symmetric normalised Laplacian I − D^-½ A D^-½ of a graph, by Lanczos' method (1950) on
 * D^-½ A D^-½ with full reorthogonalisation. The eigenvectors of 0 are written down, one for each part of the graph that is
 * connected, so that none of them can be missed; the others are looked for beside them.
 *
 * @param count at most as many as there are points
 * @param onStep called at each step; what it throws ends the search
 */
export function laplacianPairs(
  graph: SparseMatrix,
  count: number,
  { seed = 0, onStep }: { readonly seed?: number; readonly onStep?: () => void } = {},
): SpectralEmbedding {
  const { size } = graph;
  const wanted = Math.min(count, size);
  const root = rootDegrees(graph);
  const { scaled, known } = normalised(graph, root);
  const components = known.length;
  const kept = known.slice(0, wanted);
  const rest = Math.min(wanted - kept.length, size - components);
  const found = rest > 0 ? lanczos(scaled, rest, known, new Random(seed), onStep) : { values: [], vectors: [] };
  return {
    values: Float64Array.from([...kept.map(() => 0), ...[...found.values].map((v) => Math.max(0, 1 - v))]),
    vectors: [...kept, ...found.vectors],
    components,
  };
}

/**
 * How many groups a spectrum speaks of: where the gap between one value and the next is the largest (von Luxburg 2007), of at
 * least `components` groups and at most `most`.
 */
export function eigengap({ values, components }: SpectralEmbedding, most = 8): number {
  const least = Math.max(1, Math.min(components, values.length));
  let best = least;
  for (let k = least; k < values.length && k <= Math.max(most, least); k++) {
    const gap = (at: number): number => (at < values.length ? values[at]! - values[at - 1]! : 0);
    if (gap(k) > gap(best)) best = k;
  }
  return best;
}

function rootDegrees({ size, starts, values }: SparseMatrix): Float64Array {
  return Float64Array.from({ length: size }, (_, i) => {
    let sum = 0;
    for (let at = starts[i]!; at < starts[i + 1]!; at++) sum += values[at]!;
    return Math.sqrt(sum);
  });
}

/** D^-½ A D^-½, and its eigenvectors of 1: D^½ within each connected part. A point without neighbours is a part of its own. */
function normalised(
  { size, starts, columns, values }: SparseMatrix,
  root: Float64Array,
): { readonly scaled: SparseMatrix; readonly known: Float64Array[] } {
  const scaled = values.slice();
  for (let i = 0; i < size; i++)
    for (let at = starts[i]!; at < starts[i + 1]!; at++) scaled[at]! /= root[i]! * root[columns[at]!]!;
  const part = new Int32Array(size).fill(-1);
  const known: Float64Array[] = [];
  for (let first = 0; first < size; first++) {
    if (part[first]! >= 0) continue;
    const vector = new Float64Array(size);
    const waiting = [first];
    part[first] = known.length;
    for (let i = waiting.pop(); i !== undefined; i = waiting.pop()) {
      vector[i] = root[i]! > 0 ? root[i]! : 1;
      for (let at = starts[i]!; at < starts[i + 1]!; at++) {
        const j = columns[at]!;
        if (part[j]! >= 0) continue;
        part[j] = known.length;
        waiting.push(j);
      }
    }
    scale(vector, 1 / norm(vector));
    known.push(vector);
  }
  return { scaled: { size, starts, columns, values: scaled }, known };
}

interface Pairs {
  readonly values: ArrayLike<number> & Iterable<number>;
  readonly vectors: readonly Float64Array[];
}

function lanczos(
  matrix: SparseMatrix,
  wanted: number,
  known: readonly Float64Array[],
  random: Random,
  onStep?: () => void,
): Pairs {
  const { size } = matrix;
  const most = size - known.length;
  const basis: Float64Array[] = [];
  const [diagonal, beside]: [number[], number[]] = [[], []];
  const fresh = (): Float64Array => {
    const v = Float64Array.from({ length: size }, () => random.normal());
    clear(v, known);
    clear(v, basis);
    clear(v, basis);
    scale(v, 1 / norm(v));
    return v;
  };
  let next = fresh();
  for (;;) {
    onStep?.();
    basis.push(next);
    const w = product(matrix, next);
    diagonal.push(dot(w, next));
    const before = norm(w);
    clear(w, known);
    clear(w, basis);
    // What is left of a vector that was nearly cleared away is mostly rounding.
    if (norm(w) < 0.7 * before) clear(w, basis);
    const length = norm(w);
    const steps = basis.length;
    const ended = steps >= most;
    if (ended || (steps >= wanted + 2 && steps % LOOK === 0)) {
      const pairs = ritz(diagonal, beside, Math.min(wanted, steps), ended ? 0 : length);
      if (ended || pairs.error <= TOLERANCE) return { values: pairs.values, vectors: combined(basis, pairs.vectors) };
    }
    if (length > 1e-12) {
      scale(w, 1 / length);
      beside.push(length);
      next = w;
    } else {
      // The space is closed: what is missing lies beside it.
      beside.push(0);
      next = fresh();
    }
  }
}

function ritz(
  diagonal: readonly number[],
  beside: readonly number[],
  count: number,
  last: number,
): { readonly values: Float64Array; readonly vectors: readonly Float64Array[]; readonly error: number } {
  const size = diagonal.length;
  const matrix = {
    diagonal: Float64Array.from(diagonal),
    beside: Float64Array.from({ length: size }, (_, i) => beside[i] ?? 0),
    back: () => undefined,
  };
  const values = largestValues(matrix, count);
  const vectors = vectorsOf(matrix, values);
  return { values, vectors, error: Math.max(...vectors.map((v) => Math.abs(last * v[size - 1]!))) };
}

function combined(basis: readonly Float64Array[], coefficients: readonly Float64Array[]): Float64Array[] {
  return coefficients.map((s) => {
    const out = new Float64Array(basis[0]!.length);
    basis.forEach((b, k) => add(out, b, s[k]!));
    return out;
  });
}

function product({ size, starts, columns, values }: SparseMatrix, x: Float64Array): Float64Array {
  const out = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    let sum = 0;
    for (let at = starts[i]!; at < starts[i + 1]!; at++) sum += values[at]! * x[columns[at]!]!;
    out[i] = sum;
  }
  return out;
}

function clear(v: Float64Array, from: readonly Float64Array[]): void {
  for (const b of from) add(v, b, -dot(v, b));
}

function add(v: Float64Array, b: Float64Array, factor: number): void {
  for (let i = 0; i < v.length; i++) v[i]! += factor * b[i]!;
}

function scale(v: Float64Array, factor: number): void {
  for (let i = 0; i < v.length; i++) v[i]! *= factor;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function norm(v: Float64Array): number {
  return Math.sqrt(dot(v, v));
}
