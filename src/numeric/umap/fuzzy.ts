import type { Neighbours } from '../neighbours.js';

/** Edges of the fuzzy graph: each pair once from either side, with its membership in (0, 1]. */
export interface FuzzyGraph {
  readonly count: number;
  readonly heads: Int32Array;
  readonly tails: Int32Array;
  readonly weights: Float64Array;
}

const ROUNDS = 64;
const PRECISE = 1e-5;
const LEAST_WIDTH = 1e-3;

/**
 * The fuzzy simplicial set of UMAP (McInnes, Healy and Melville 2018): around each point distances are measured from its
 * nearest neighbour, in a unit for which the memberships of its neighbours sum to log2(k); two opinions of an edge are joined
 * as a + b - ab. Like umap-learn, a point counts among its own k, so `k` neighbours here are its n_neighbors - 1.
 */
export function fuzzyGraph({ count, k, indices, distances }: Neighbours): FuzzyGraph {
  const memberships = new Map<number, number>();
  const mean = distances.reduce((a, b) => a + b, 0) / Math.max(1, distances.length);
  for (let i = 0; i < count; i++) {
    const row = distances.subarray(i * k, (i + 1) * k);
    const { nearest, width } = calibrate(row, Math.log2(k + 1), mean);
    for (let s = 0; s < k; s++) {
      const beyond = row[s]! - nearest;
      memberships.set(i * count + indices[i * k + s]!, beyond <= 0 || width === 0 ? 1 : Math.exp(-beyond / width));
    }
  }
  const edges: [number, number, number][] = [];
  for (const [key, a] of memberships) {
    const [i, j] = [Math.floor(key / count), key % count];
    const b = memberships.get(j * count + i);
    // An edge that only one side has is given to both.
    if (b === undefined) edges.push([i, j, a], [j, i, a]);
    else edges.push([i, j, a + b - a * b]);
  }
  edges.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  return {
    count,
    heads: Int32Array.from(edges, ([i]) => i),
    tails: Int32Array.from(edges, ([, j]) => j),
    weights: Float64Array.from(edges, ([, , w]) => w),
  };
}

/** The distance of the nearest other place, and the unit in which memberships sum to what is wanted. */
function calibrate(row: Float32Array, wanted: number, mean: number): { nearest: number; width: number } {
  const apart = row.filter((v) => v > 0);
  const nearest = apart.length > 0 ? apart[0]! : 0;
  let [low, high, width] = [0, Infinity, 1];
  for (let round = 0; round < ROUNDS; round++) {
    let sum = 0;
    for (const v of row) sum += v - nearest > 0 ? Math.exp(-(v - nearest) / width) : 1;
    if (Math.abs(sum - wanted) < PRECISE) break;
    if (sum > wanted) {
      high = width;
      width = (low + high) / 2;
    } else {
      low = width;
      width = high === Infinity ? width * 2 : (low + high) / 2;
    }
  }
  const own = row.reduce((a, b) => a + b, 0) / Math.max(1, row.length);
  return { nearest, width: Math.max(width, LEAST_WIDTH * (nearest > 0 ? own : mean)) };
}
