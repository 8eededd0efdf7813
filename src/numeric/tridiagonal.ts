import { Random } from '../base/random.js';

/** A symmetric matrix T = Qᵀ A Q with numbers on its diagonal and beside it only. */
export interface Tridiagonal {
  readonly diagonal: Float64Array;
  /** `beside[i]` stands between i and i + 1; the last is 0. */
  readonly beside: Float64Array;
  /** Q v, in place. */
  back(v: Float64Array): void;
}

/**
 * A symmetric matrix brought to tridiagonal form by reflections (Householder 1958): 4/3 n³ products, all of them along rows.
 *
 * @param matrix `size × size`, row by row; left as it is
 */
export function tridiagonal(matrix: Float64Array, size: number): Tridiagonal {
  const a = matrix.slice();
  const diagonal = new Float64Array(size);
  const beside = new Float64Array(size);
  /** The reflection of step k is I - v vᵀ, where v has length √2 or is absent, and stands from place k + 1 on. */
  const reflections: (Float64Array | undefined)[] = [];
  const p = new Float64Array(size);
  for (let k = 0; k < size - 2; k++) {
    diagonal[k] = a[k * size + k]!;
    const v = Float64Array.from({ length: size - k - 1 }, (_, i) => a[(k + 1 + i) * size + k]!);
    const length = norm(v);
    if (length === 0) {
      reflections.push(undefined);
      continue;
    }
    const along = v[0]! > 0 ? -length : length;
    beside[k] = along;
    v[0]! -= along;
    const scale = Math.SQRT2 / norm(v);
    for (let i = 0; i < v.length; i++) v[i]! *= scale;
    reflections.push(v);
    reflect(a, size, k + 1, v, p);
  }
  for (let k = Math.max(0, size - 2); k < size; k++) diagonal[k] = a[k * size + k]!;
  if (size > 1) beside[size - 2] = a[(size - 1) * size + size - 2]!;
  return {
    diagonal,
    beside,
    back: (x) => {
      for (let k = reflections.length - 1; k >= 0; k--) {
        const v = reflections[k];
        if (v === undefined) continue;
        let sum = 0;
        for (let i = 0; i < v.length; i++) sum += v[i]! * x[k + 1 + i]!;
        for (let i = 0; i < v.length; i++) x[k + 1 + i]! -= sum * v[i]!;
      }
    },
  };
}

/** B ← (I - v vᵀ) B (I - v vᵀ) for the lower half of the part of a matrix that begins at `from`; `p` is scratch. */
function reflect(a: Float64Array, size: number, from: number, v: Float64Array, p: Float64Array): void {
  const n = v.length;
  p.fill(0, 0, n);
  // p = B v by the lower half alone: every number serves twice.
  for (let i = 0; i < n; i++) {
    const at = (from + i) * size + from;
    const vi = v[i]!;
    let sum = 0;
    for (let j = 0; j < i; j++) {
      const value = a[at + j]!;
      sum += value * v[j]!;
      p[j]! += value * vi;
    }
    p[i]! += sum + a[at + i]! * vi;
  }
  let half = 0;
  for (let i = 0; i < n; i++) half += p[i]! * v[i]!;
  half /= 2;
  for (let i = 0; i < n; i++) p[i]! -= half * v[i]!;
  for (let i = 0; i < n; i++) {
    const at = (from + i) * size + from;
    const vi = v[i]!;
    const pi = p[i]!;
    for (let j = 0; j <= i; j++) a[at + j]! -= vi * p[j]! + pi * v[j]!;
  }
}

/** The `count` largest eigenvalues of a tridiagonal matrix, largest first, by bisection (Givens 1954) to the last bits. */
export function largestValues({ diagonal, beside }: Tridiagonal, count: number): Float64Array {
  const n = diagonal.length;
  const squared = beside.map((b) => b * b);
  let low = Infinity;
  let high = -Infinity;
  for (let i = 0; i < n; i++) {
    const radius = Math.abs(beside[i]!) + (i > 0 ? Math.abs(beside[i - 1]!) : 0);
    low = Math.min(low, diagonal[i]! - radius);
    high = Math.max(high, diagonal[i]! + radius);
  }
  const tiny = Math.max(Math.abs(low), Math.abs(high)) * Number.EPSILON + Number.MIN_VALUE;
  const found = new Float64Array(count);
  for (let k = 0; k < count; k++) {
    // The k-th largest is the largest x above which k + 1 eigenvalues do not lie.
    let [from, to] = [low - tiny, k === 0 ? high + tiny : found[k - 1]! + tiny];
    while (to - from > 2 * Number.EPSILON * Math.max(Math.abs(from), Math.abs(to)) + tiny) {
      const middle = (from + to) / 2;
      if (middle <= from || middle >= to) break;
      if (above(diagonal, squared, middle, tiny) > k) from = middle;
      else to = middle;
    }
    found[k] = (from + to) / 2;
  }
  return found;
}

/** How many eigenvalues lie above x: the signs of the pivots of T - x (Sturm). */
function above(diagonal: Float64Array, squared: Float64Array, x: number, tiny: number): number {
  let count = 0;
  let pivot = 1;
  for (let i = 0; i < diagonal.length; i++) {
    pivot = diagonal[i]! - x - (i > 0 ? squared[i - 1]! / pivot : 0);
    if (Math.abs(pivot) < tiny) pivot = -tiny;
    if (pivot > 0) count++;
  }
  return count;
}

/** Eigenvalues nearer to each other than this share of the largest have their vectors made orthogonal as they are found. */
const CLOSE = 1e-3;
const ROUNDS = 4;

/**
 * Eigenvectors of a tridiagonal matrix for eigenvalues that are known, largest first, by inverse iteration (Wielandt 1944;
 * vectors of eigenvalues that lie close together are kept apart, as LAPACK's `dstein` does).
 */
export function vectorsOf(matrix: Tridiagonal, values: Float64Array): Float64Array[] {
  const n = matrix.diagonal.length;
  const random = new Random(1);
  const largest = Math.abs(values[0] ?? 0);
  const apart = largest * Number.EPSILON * 10;
  const found: Float64Array[] = [];
  let first = 0;
  let shift = Infinity;
  for (let k = 0; k < values.length; k++) {
    if (k > 0 && values[k - 1]! - values[k]! > CLOSE * largest) first = k;
    // Equal shifts would give the same vector again and again.
    shift = Math.min(values[k]!, shift - apart);
    const solve = shifted(matrix, shift, largest);
    const v = Float64Array.from({ length: n }, () => random.normal());
    for (let round = 0; round < ROUNDS; round++) {
      normalise(v);
      solve(v);
      for (let pass = 0; pass < 2; pass++)
        for (let j = first; j < k; j++) {
          const along = dot(v, found[j]!);
          for (let i = 0; i < n; i++) v[i]! -= along * found[j]![i]!;
        }
    }
    normalise(v);
    found.push(v);
  }
  return found;
}

/** x ← (T - s)⁻¹ x by elimination with row exchanges; a pivot that vanishes is taken as tiny. */
function shifted({ diagonal, beside }: Tridiagonal, s: number, largest: number): (x: Float64Array) => void {
  const n = diagonal.length;
  const tiny = largest * Number.EPSILON + Number.MIN_VALUE;
  // Upper triangle: main, second and third diagonal; multipliers, and whether rows i and i + 1 were exchanged.
  const [main, second, third, factor] = [0, 1, 2, 3].map(() => new Float64Array(n)) as Four;
  const exchanged = new Uint8Array(n);
  for (let i = 0; i < n; i++) main[i] = diagonal[i]! - s;
  for (let i = 0; i < n - 1; i++) second[i] = beside[i]!;
  for (let i = 0; i < n - 1; i++) {
    const below = beside[i]!;
    if (Math.abs(below) > Math.abs(main[i]!)) {
      exchanged[i] = 1;
      const [m, u] = [main[i]!, second[i]!];
      main[i] = below;
      second[i] = main[i + 1]!;
      third[i] = second[i + 1]!;
      factor[i] = m / below;
      main[i + 1] = u - factor[i]! * second[i]!;
      second[i + 1] = -factor[i]! * third[i]!;
    } else {
      if (Math.abs(main[i]!) < tiny) main[i] = tiny;
      factor[i] = below / main[i]!;
      main[i + 1]! -= factor[i]! * second[i]!;
    }
  }
  if (n > 0 && Math.abs(main[n - 1]!) < tiny) main[n - 1] = tiny;
  return (x) => {
    for (let i = 0; i < n - 1; i++) {
      if (exchanged[i] === 1) [x[i], x[i + 1]] = [x[i + 1]!, x[i]!];
      x[i + 1]! -= factor[i]! * x[i]!;
    }
    for (let i = n - 1; i >= 0; i--) {
      const later = (i + 1 < n ? second[i]! * x[i + 1]! : 0) + (i + 2 < n ? third[i]! * x[i + 2]! : 0);
      x[i] = (x[i]! - later) / main[i]!;
    }
  };
}

type Four = [Float64Array, Float64Array, Float64Array, Float64Array];

function normalise(v: Float64Array): void {
  // By the largest first: what inverse iteration gives may be near the end of the range.
  let most = 0;
  for (const value of v) most = Math.max(most, Math.abs(value));
  if (most === 0) return;
  for (let i = 0; i < v.length; i++) v[i]! /= most;
  const length = norm(v);
  for (let i = 0; i < v.length; i++) v[i]! /= length;
}

function norm(v: Float64Array): number {
  return Math.sqrt(dot(v, v));
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
