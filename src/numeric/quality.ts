import type { FloatTensor } from '../base/tensor.js';
import { smallest } from './products.js';

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

/**
 * How faithful a picture of points is (Venna and Kaski 2001): ranks in the original space of those that are near in the
 * picture, and the other way round.
 *
 * @param original `[count, d]`
 * @param picture `[count, 2 or 3]`
 * @param k fewer than half the points; more is cut
 */
export function faithfulness(original: FloatTensor, picture: FloatTensor, k = 12): Faithfulness {
  const [n = 0] = original.dims;
  const near = Math.max(1, Math.min(k, Math.floor((n - 1) / 2)));
  if (n < 4) return { trustworthiness: 1, continuity: 1, kept: 1, k: near, asked: n };
  const asked = n <= ALL ? n : SOME;
  const [before, after] = [new Float64Array(n), new Float64Array(n)];
  let [intruders, losses, kept] = [0, 0, 0];
  for (let q = 0; q < asked; q++) {
    const i = Math.floor((q * n) / asked);
    distancesFrom(original, i, before);
    distancesFrom(picture, i, after);
    const [here, there] = [smallest(before, near, i), smallest(after, near, i)];
    intruders += excess(there, before, i, near);
    losses += excess(here, after, i, near);
    const own = new Set(here);
    for (const j of there) if (own.has(j)) kept++;
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

/** Σ (rank - k) of those that are not among the k nearest. */
function excess(found: Int32Array, distances: Float64Array, i: number, k: number): number {
  let sum = 0;
  for (const j of found) {
    const own = distances[j]!;
    let rank = 1;
    for (let m = 0; m < distances.length; m++)
      if (m !== i && (distances[m]! < own || (distances[m] === own && m < j))) rank++;
    if (rank > k) sum += rank - k;
  }
  return sum;
}

function distancesFrom({ dims: [n = 0, d = 0], data }: FloatTensor, i: number, out: Float64Array): void {
  for (let j = 0; j < n; j++) {
    let sum = 0;
    for (let c = 0; c < d; c++) sum += (data[i * d + c]! - data[j * d + c]!) ** 2;
    out[j] = sum;
  }
}
