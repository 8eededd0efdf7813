import { Random } from '../base/random.js';

const STARTS = 8;
const ROUNDS = 100;

/**
 * Groups of points by k-means (Lloyd 1982), begun as k-means++ does (Arthur and Vassilvitskii 2007), the best of several
 * starts.
 *
 * @param points rows of equal length
 * @returns the number of each point's group, 0 to k − 1; groups in the order of their first points
 */
export function kMeans(points: readonly ArrayLike<number>[], k: number, seed = 0): Int32Array {
  const random = new Random(seed);
  const groups = Math.max(1, Math.min(k, points.length));
  let best: { readonly of: Int32Array; readonly cost: number } | undefined;
  for (let start = 0; start < STARTS; start++) {
    const found = lloyd(points, firstCentres(points, groups, random));
    if (best === undefined || found.cost < best.cost) best = found;
  }
  const order = new Map<number, number>();
  return best!.of.map((group) => {
    if (!order.has(group)) order.set(group, order.size);
    return order.get(group)!;
  });
}

function firstCentres(points: readonly ArrayLike<number>[], k: number, random: Random): Float64Array[] {
  const centres = [Float64Array.from(points[Math.floor(random.uniform() * points.length)] ?? [])];
  while (centres.length < k) {
    const far = points.map((p) => Math.min(...centres.map((c) => squared(p, c))));
    let left = random.uniform() * far.reduce((a, b) => a + b, 0);
    const at = far.findIndex((d) => (left -= d) < 0);
    centres.push(Float64Array.from(points[at < 0 ? points.length - 1 : at]!));
  }
  return centres;
}

function lloyd(
  points: readonly ArrayLike<number>[],
  centres: Float64Array[],
): { readonly of: Int32Array; readonly cost: number } {
  const of = new Int32Array(points.length).fill(-1);
  let cost = 0;
  for (let round = 0; round < ROUNDS; round++) {
    let moved = false;
    cost = 0;
    points.forEach((p, i) => {
      const distances = centres.map((c) => squared(p, c));
      const nearest = distances.indexOf(Math.min(...distances));
      cost += distances[nearest]!;
      moved ||= nearest !== of[i];
      of[i] = nearest;
    });
    if (!moved) break;
    centres.forEach((centre, g) => {
      const own = points.filter((_, i) => of[i] === g);
      if (own.length === 0) return;
      for (let d = 0; d < centre.length; d++) centre[d] = own.reduce((sum, p) => sum + p[d]!, 0) / own.length;
    });
  }
  return { of, cost };
}

function squared(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let d = 0; d < a.length; d++) sum += (a[d]! - b[d]!) ** 2;
  return sum;
}
