import { floatTensor, type FloatTensor } from '../base/tensor.js';
import { plainProducts, type Products } from './products.js';

/** Who is near whom: the one graph that t-SNE, UMAP, clusters and lists of neighbours share. A point is not its own. */
export interface Neighbours {
  readonly count: number;
  readonly k: number;
  /** `[count, k]`, nearest first. */
  readonly indices: Int32Array;
  /** `[count, k]`: Euclidean distances, or 1 - cosine. */
  readonly distances: Float32Array;
}

export type Metric = 'euclidean' | 'cosine';

export interface NeighbourOptions {
  readonly metric?: Metric;
  readonly products?: Products;
  /** Called before each block of queries, with the share that is done; what it throws ends the search. */
  readonly onProgress?: (share: number) => void;
}

/** Queries of one product; a block's distances to 50,000 points take 100 MB. */
const BLOCK = 512;
/** Found beyond what was asked, because single precision may exchange two that are nearly as far. */
const SPARE = 3;

/**
 * The exact `k` nearest neighbours of each point. The search forms |a|² - 2ab + |b|² of centred points in single precision;
 * the distances of what it found are then taken anew in double precision, and put in order.
 *
 * @param points `[count, d]`, finite
 * @param k fewer than there are points; more is cut
 */
export async function nearestNeighbours(
  points: FloatTensor,
  k: number,
  { metric = 'euclidean', products = plainProducts, onProgress }: NeighbourOptions = {},
): Promise<Neighbours> {
  const [count = 0] = points.dims;
  const kept = Math.max(0, Math.min(k, count - 1));
  const prepared = metric === 'cosine' ? unitRows(points) : centred(points).rows;
  const indices = new Int32Array(count * kept);
  const distances = new Float32Array(count * kept);
  const asked = Math.min(count, kept + 1 + SPARE);
  for (let from = 0; kept > 0 && from < count; from += BLOCK) {
    onProgress?.(from / count);
    const to = Math.min(count, from + BLOCK);
    const found = await products.nearest(rows(prepared, from, to), prepared, asked);
    for (let i = from; i < to; i++) {
      const candidates = found.indices.subarray((i - from) * asked, (i - from + 1) * asked);
      const exact = [...candidates]
        .filter((j) => j !== i)
        .map((j) => ({ j, squared: squaredDistance(prepared, i, j) }))
        .sort((a, b) => a.squared - b.squared || a.j - b.j);
      for (let s = 0; s < kept; s++) {
        indices[i * kept + s] = exact[s]!.j;
        // Between unit vectors, 1 - cosine is half the squared distance.
        distances[i * kept + s] = metric === 'cosine' ? exact[s]!.squared / 2 : Math.sqrt(exact[s]!.squared);
      }
    }
  }
  return { count, k: kept, indices, distances };
}

/**
 * How much of each point's neighbourhood is the same in two spaces: the Jaccard index of its neighbours, 1 where they are
 * the same and 0 where none is.
 */
export function neighbourhoodsKept(a: Neighbours, b: Neighbours): Float64Array {
  if (a.count !== b.count) throw new Error('The same points in both spaces');
  return Float64Array.from({ length: a.count }, (_, i) => {
    const first = new Set(a.indices.subarray(i * a.k, (i + 1) * a.k));
    let shared = 0;
    for (const j of b.indices.subarray(i * b.k, (i + 1) * b.k)) if (first.has(j)) shared++;
    return a.k + b.k === shared ? 1 : shared / (a.k + b.k - shared);
  });
}

/**
 * How many neighbours vote: `k`, or as many as a usual class (the median) has beside a point itself. Of ten neighbours in
 * classes of four, six must be of others.
 */
export function votersOf(labels: ArrayLike<number>, k: number): number {
  const sizes = new Map<number, number>();
  for (let i = 0; i < labels.length; i++) if (labels[i]! >= 0) sizes.set(labels[i]!, (sizes.get(labels[i]!) ?? 0) + 1);
  const sorted = [...sizes.values()].sort((a, b) => a - b);
  return Math.max(1, Math.min(k, (sorted[sorted.length >> 1] ?? 1) - 1));
}

/**
 * The share of points whose label is the most frequent one among their nearest neighbours (the nearest decides a tie): k-NN
 * classification, each point left out of its own search, with as many voters as {@link votersOf} says.
 *
 * @param labels one for each point; a negative one is unknown, and is neither counted nor asked
 */
export function neighbourAccuracy({ count, k, indices }: Neighbours, labels: ArrayLike<number>): number {
  const voters = votersOf(labels, k);
  let [right, asked] = [0, 0];
  for (let i = 0; i < count; i++) {
    if (labels[i]! < 0) continue;
    const votes = new Map<number, number>();
    const known = indices.subarray(i * k, (i + 1) * k).filter((j) => labels[j]! >= 0);
    for (const j of known.subarray(0, voters)) votes.set(labels[j]!, (votes.get(labels[j]!) ?? 0) + 1);
    const most = Math.max(0, ...votes.values());
    // A map keeps the order in which labels were met: the nearest first.
    const said = [...votes].find(([, n]) => n === most)?.[0];
    asked++;
    if (said === labels[i]) right++;
  }
  return asked === 0 ? 0 : right / asked;
}

function squaredDistance({ dims: [, d = 0], data }: FloatTensor, a: number, b: number): number {
  let sum = 0;
  for (let c = 0; c < d; c++) sum += (data[a * d + c]! - data[b * d + c]!) ** 2;
  return sum;
}

/** Rows `from` to `to` (exclusive), not copied. */
export function rows({ dims: [, d = 0], data, ...rest }: FloatTensor, from: number, to: number): FloatTensor {
  return { ...rest, dims: [to - from, d], data: data.subarray(from * d, to * d) };
}

/** Each feature less its mean, so that large offsets cost no digits; and the means. */
export function centred(points: FloatTensor): { readonly rows: FloatTensor; readonly mean: Float64Array } {
  const [n = 0, d = 0] = points.dims;
  const mean = new Float64Array(d);
  const { data } = points;
  for (let i = 0, at = 0; i < n; i++) for (let j = 0; j < d; j++) mean[j]! += data[at++]!;
  for (let j = 0; j < d; j++) mean[j]! /= n;
  const out = floatTensor([n, d]);
  const rows = out.data;
  for (let i = 0, at = 0; i < n; i++) for (let j = 0; j < d; j++, at++) rows[at] = data[at]! - mean[j]!;
  return { rows: out, mean };
}

/** Each row at length 1; rows of zeros stay, and have distance 1/2 from every other by cosine. */
function unitRows(points: FloatTensor): FloatTensor {
  const [n = 0, d = 0] = points.dims;
  const out = floatTensor([n, d]);
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (let j = 0; j < d; j++) sum += points.data[i * d + j]! ** 2;
    const length = Math.sqrt(sum) || 1;
    for (let j = 0; j < d; j++) out.data[i * d + j] = points.data[i * d + j]! / length;
  }
  return out;
}
