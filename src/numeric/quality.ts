import { floatTensor, type FloatTensor } from '../base/tensor.js';
import { centred, rows } from './neighbours.js';
import { plainProducts, smallest, type Products } from './products.js';

export interface Faithfulness {
  /** 1 where no point has neighbours in the picture that are far from it in the original space. */
  readonly trustworthiness: number;
  /** 1 where no point has lost near ones. */
  readonly continuity: number;
  /** The share of each point's k nearest that are its k nearest in the picture, too. */
  readonly kept: number;
  /** The neighbours that were asked for, and the points that were asked (all, up to a bound). */
  readonly k: number;
  readonly asked: number;
}

/** Up to so many points all are asked; of more, so many that lie evenly in their order. */
const ALL = 5000;
const SOME = 2000;
/** Points whose distances are formed at once. */
const BLOCK = 256;

export interface FaithfulnessOptions {
  readonly products?: Products;
  /** Called before each block of points, with the share that is done; what it throws ends the work. */
  readonly pause?: (share: number) => Promise<void> | void;
}

/**
 * How faithful a picture of points is (Venna and Kaski 2001): ranks in the original space of those that are near in the
 * picture, and the other way round.
 *
 * @param original `[count, d]`
 * @param picture `[count, components]`
 * @param k fewer than half the points; more is cut
 */
export async function faithfulness(
  original: FloatTensor,
  picture: FloatTensor,
  k = 12,
  { products = plainProducts, pause }: FaithfulnessOptions = {},
): Promise<Faithfulness> {
  const [n = 0] = original.dims;
  const near = Math.max(1, Math.min(k, Math.floor((n - 1) / 2)));
  if (n < 4) return { trustworthiness: 1, continuity: 1, kept: 1, k: near, asked: n };
  const asked = n <= ALL ? n : SOME;
  const [before, after] = [new Distances(original, products), new Distances(picture, products)];
  let [intruders, losses, kept] = [0, 0, 0];
  for (let from = 0; from < asked; from += BLOCK) {
    await pause?.(from / asked);
    const queries = Array.from({ length: Math.min(BLOCK, asked - from) }, (_, q) =>
      Math.floor(((from + q) * n) / asked),
    );
    const [originals, pictured] = [await before.from(queries), await after.from(queries)];
    queries.forEach((i, q) => {
      const [there, here] = [pictured[q]!, originals[q]!];
      const [shown, own] = [smallest(there, near, i), smallest(here, near, i)];
      intruders += excess(shown, here, i, near);
      losses += excess(own, there, i, near);
      const set = new Set(own);
      for (const j of shown) if (set.has(j)) kept++;
    });
  }
  const worst = (asked * near * (2 * n - 3 * near - 1)) / 2;
  return {
    trustworthiness: 1 - intruders / worst,
    continuity: 1 - losses / worst,
    kept: kept / (asked * near),
    k: near,
    asked,
  };
}

/** Σ (rank - k) of those that are not among the k nearest: one way through all points, whatever k is. */
function excess(found: Int32Array, distances: Float64Array, i: number, k: number): number {
  const sorted = [...found].sort((a, b) => distances[a]! - distances[b]! || a - b);
  const bounds = Float64Array.from(sorted, (j) => distances[j]!);
  const last = bounds.at(-1) ?? -Infinity;
  // How many points come before the first, before the second and not before the first, …
  const between = new Int32Array(sorted.length);
  for (let m = 0; m < distances.length; m++) {
    const own = distances[m]!;
    if (own > last || m === i) continue;
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (own < bounds[middle]! || (own === bounds[middle] && m < sorted[middle]!)) high = middle;
      else low = middle + 1;
    }
    if (low < between.length) between[low]!++;
  }
  let sum = 0;
  let rank = 1;
  for (const count of between) {
    rank += count;
    if (rank > k) sum += rank - k;
  }
  return sum;
}

/** Up to so many dimensions distances are summed one by one, in double precision; of more, a product of matrices has them. */
const NARROW = 64;

/** Squared distances from some points to all. */
class Distances {
  private readonly points: FloatTensor;
  private readonly squares: Float64Array;

  constructor(
    points: FloatTensor,
    private readonly products: Products,
  ) {
    const [n = 0, d = 0] = points.dims;
    this.points = d <= NARROW ? points : centred(points).rows;
    this.squares = new Float64Array(n);
    for (let i = 0; i < n; i++) for (const v of rows(this.points, i, i + 1).data) this.squares[i]! += v * v;
  }

  async from(queries: readonly number[]): Promise<Float64Array[]> {
    const { points, squares } = this;
    const [n = 0, d = 0] = points.dims;
    if (d <= NARROW) return queries.map((i) => squaredDistances(points, i));
    const asked = floatTensor([queries.length, d]);
    queries.forEach((i, q) => asked.data.set(rows(points, i, i + 1).data, q * d));
    const { data } = await this.products.multiply(asked, points, { b: true });
    return queries.map((i, q) => {
      const out = new Float64Array(n);
      const at = q * n;
      const own = squares[i]!;
      for (let j = 0; j < n; j++) out[j] = own + squares[j]! - 2 * data[at + j]!;
      return out;
    });
  }
}

function squaredDistances({ dims: [n = 0, d = 0], data }: FloatTensor, i: number): Float64Array {
  const out = new Float64Array(n);
  const own = data.subarray(i * d, (i + 1) * d);
  for (let j = 0, at = 0; j < n; j++) {
    let sum = 0;
    for (let c = 0; c < d; c++, at++) {
      const apart = own[c]! - data[at]!;
      sum += apart * apart;
    }
    out[j] = sum;
  }
  return out;
}
