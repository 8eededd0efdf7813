import type { Affinities } from './affinities.js';
import { emptyTree, type Allocate, type Tree } from './tree.js';

/** All that one round of t-SNE reads and writes. Plain arrays, so that several threads can do a part each. */
export interface Field {
  readonly tree: Tree;
  readonly affinities: Affinities;
  /** `[count, dimensions]`, by point. */
  readonly positions: Float64Array;
  /** `[count, dimensions]`: Σ p q (y_i - y_j), and Σ q² (y_i - y_j), by point. */
  readonly attraction: Float64Array;
  readonly repulsion: Float64Array;
  /** Σ q over the pairs of each share of `SHARE` points, so that the whole is summed in one order by any number of threads. */
  readonly sums: Float64Array;
}

/** Points of one share. */
export const SHARE = 512;

export function field(affinities: Affinities, dimensions: 2 | 3, allocate: Allocate): Field {
  const { count } = affinities;
  const doubles = (n: number): Float64Array => new Float64Array(allocate(n * 8));
  const shared = <T extends Int32Array | Float32Array>(made: T, from: T): T => {
    made.set(from);
    return made;
  };
  return {
    tree: emptyTree(count, dimensions, allocate),
    affinities: {
      count,
      rows: shared(new Int32Array(allocate(affinities.rows.byteLength)), affinities.rows),
      columns: shared(new Int32Array(allocate(affinities.columns.byteLength)), affinities.columns),
      weights: shared(new Float32Array(allocate(affinities.weights.byteLength)), affinities.weights),
    },
    positions: doubles(count * dimensions),
    attraction: doubles(count * dimensions),
    repulsion: doubles(count * dimensions),
    sums: doubles(Math.ceil(count / SHARE)),
  };
}

/**
 * The forces on the points of shares `from` to `to` (exclusive), in sorted order (Barnes and Hut 1986; for t-SNE van der
 * Maaten 2014). A cell is taken as one point where its width is less than theta times its distance; theta 0 is exact.
 */
export function forces(all: Field, from: number, to: number, theta: number): void {
  for (let share = from; share < to; share++) {
    const [first, last] = [share * SHARE, Math.min(all.tree.count, (share + 1) * SHARE)];
    all.sums[share] = all.tree.dimensions === 2 ? inPlane(all, first, last, theta) : inSpace(all, first, last, theta);
  }
}

// Written out for the plane and for space: one loop for both takes 1.25 times as long in the plane (10,000 points).

function inPlane(
  { tree, affinities, positions, attraction, repulsion }: Field,
  from: number,
  to: number,
  theta: number,
): number {
  const { nodes, next, leaf, sorted, order } = tree;
  const { rows, columns, weights } = affinities;
  const size = tree.size[0]!;
  const near = theta * theta;
  let sum = 0;
  for (let s = from; s < to; s++) {
    const x = sorted[s * 2]!;
    const y = sorted[s * 2 + 1]!;
    let [fx, fy, z] = [0, 0, 0];
    for (let n = 0; n < size;) {
      const at = n * 4;
      const dx = x - nodes[at]!;
      const dy = y - nodes[at + 1]!;
      const squared = dx * dx + dy * dy;
      if (nodes[at + 3]! <= near * squared) {
        const q = 1 / (1 + squared);
        const mass = nodes[at + 2]! * q;
        z += mass;
        fx += mass * q * dx;
        fy += mass * q * dy;
        n = next[n]!;
      } else if (leaf[n * 2]! >= 0) {
        const end = leaf[n * 2 + 1]!;
        for (let j = leaf[n * 2]!; j < end; j++) {
          const ex = x - sorted[j * 2]!;
          const ey = y - sorted[j * 2 + 1]!;
          const q = 1 / (1 + ex * ex + ey * ey);
          z += q;
          fx += q * q * ex;
          fy += q * q * ey;
        }
        n = next[n]!;
      } else n++;
    }
    const i = order[s]!;
    repulsion[i * 2] = fx;
    repulsion[i * 2 + 1] = fy;
    // A point met itself once, at distance 0.
    sum += z - 1;
    let [ax, ay] = [0, 0];
    for (let e = rows[i]!, end = rows[i + 1]!; e < end; e++) {
      const j = columns[e]! * 2;
      const dx = x - positions[j]!;
      const dy = y - positions[j + 1]!;
      const pull = weights[e]! / (1 + dx * dx + dy * dy);
      ax += pull * dx;
      ay += pull * dy;
    }
    attraction[i * 2] = ax;
    attraction[i * 2 + 1] = ay;
  }
  return sum;
}

function inSpace(
  { tree, affinities, positions, attraction, repulsion }: Field,
  from: number,
  to: number,
  theta: number,
): number {
  const { nodes, next, leaf, sorted, order } = tree;
  const { rows, columns, weights } = affinities;
  const size = tree.size[0]!;
  const near = theta * theta;
  let sum = 0;
  for (let s = from; s < to; s++) {
    const x = sorted[s * 3]!;
    const y = sorted[s * 3 + 1]!;
    const w = sorted[s * 3 + 2]!;
    let [fx, fy, fw, z] = [0, 0, 0, 0];
    for (let n = 0; n < size;) {
      const at = n * 5;
      const dx = x - nodes[at]!;
      const dy = y - nodes[at + 1]!;
      const dw = w - nodes[at + 2]!;
      const squared = dx * dx + dy * dy + dw * dw;
      if (nodes[at + 4]! <= near * squared) {
        const q = 1 / (1 + squared);
        const mass = nodes[at + 3]! * q;
        z += mass;
        fx += mass * q * dx;
        fy += mass * q * dy;
        fw += mass * q * dw;
        n = next[n]!;
      } else if (leaf[n * 2]! >= 0) {
        const end = leaf[n * 2 + 1]!;
        for (let j = leaf[n * 2]!; j < end; j++) {
          const ex = x - sorted[j * 3]!;
          const ey = y - sorted[j * 3 + 1]!;
          const ew = w - sorted[j * 3 + 2]!;
          const q = 1 / (1 + ex * ex + ey * ey + ew * ew);
          z += q;
          fx += q * q * ex;
          fy += q * q * ey;
          fw += q * q * ew;
        }
        n = next[n]!;
      } else n++;
    }
    const i = order[s]!;
    repulsion.set([fx, fy, fw], i * 3);
    sum += z - 1;
    let [ax, ay, aw] = [0, 0, 0];
    for (let e = rows[i]!, end = rows[i + 1]!; e < end; e++) {
      const j = columns[e]! * 3;
      const dx = x - positions[j]!;
      const dy = y - positions[j + 1]!;
      const dw = w - positions[j + 2]!;
      const pull = weights[e]! / (1 + dx * dx + dy * dy + dw * dw);
      ax += pull * dx;
      ay += pull * dy;
      aw += pull * dw;
    }
    attraction.set([ax, ay, aw], i * 3);
  }
  return sum;
}
