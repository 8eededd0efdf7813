import type { Neighbours } from '../neighbours.js';

/** A symmetric sparse matrix by rows: the joint probabilities p_ij of pairs of points, which sum to 1. */
export interface Affinities {
  readonly count: number;
  /** `[count + 1]`: where each row begins. */
  readonly rows: Int32Array;
  readonly columns: Int32Array;
  readonly weights: Float32Array;
}

const ROUNDS = 100;
const PRECISE = 1e-5;

/**
 * Joint probabilities of t-SNE (van der Maaten and Hinton 2008): around each point a Gaussian whose width is found so that
 * the entropy of its neighbours is log(perplexity); then p_ij = (p_j|i + p_i|j) / 2n. With all other points as neighbours
 * this is the exact matrix; with 3 × perplexity of them what scikit-learn calls Barnes-Hut.
 */
export function jointProbabilities(neighbours: Neighbours, perplexity: number): Affinities {
  const { count, k, indices, distances } = neighbours;
  const conditional = new Float64Array(count * k);
  // As many neighbours as the perplexity asks for cannot be told apart: all weigh the same.
  const wanted = Math.log(Math.min(perplexity, Math.max(1, k)));
  for (let i = 0; i < count; i++) {
    const squared = Float64Array.from(distances.subarray(i * k, (i + 1) * k), (v) => v * v);
    conditional.set(gaussian(squared, wanted), i * k);
  }
  return symmetric(count, k, indices, conditional);
}

/** The weights of a row's neighbours, which sum to 1 and whose entropy is what is wanted, by bisection of the precision. */
function gaussian(squared: Float64Array, wanted: number): Float64Array {
  const out = new Float64Array(squared.length);
  const nearest = squared.reduce((a, b) => Math.min(a, b), Infinity);
  let [beta, low, high] = [1, 0, Infinity];
  for (let round = 0; round < ROUNDS; round++) {
    let [sum, moment] = [0, 0];
    for (let j = 0; j < out.length; j++) {
      // Less the nearest one, which changes no share, so that the sum never underflows.
      out[j] = Math.exp(-beta * (squared[j]! - nearest));
      sum += out[j]!;
      moment += out[j]! * (squared[j]! - nearest);
    }
    for (let j = 0; j < out.length; j++) out[j]! /= sum;
    const difference = Math.log(sum) + (beta * moment) / sum - wanted;
    if (Math.abs(difference) <= PRECISE) break;
    if (difference > 0) {
      low = beta;
      beta = high === Infinity ? beta * 2 : (beta + high) / 2;
    } else {
      high = beta;
      beta = (beta + low) / 2;
    }
  }
  return out;
}

function symmetric(count: number, k: number, indices: Int32Array, conditional: Float64Array): Affinities {
  // Each pair once from either side; then rows are sorted and equal columns summed.
  const sizes = new Int32Array(count + 1);
  for (let i = 0; i < count; i++) {
    for (let s = 0; s < k; s++) {
      sizes[i + 1]!++;
      sizes[indices[i * k + s]! + 1]!++;
    }
  }
  for (let i = 0; i < count; i++) sizes[i + 1]! += sizes[i]!;
  const columns = new Int32Array(sizes[count]!);
  const values = new Float64Array(sizes[count]!);
  const at = sizes.slice();
  for (let i = 0; i < count; i++) {
    for (let s = 0; s < k; s++) {
      const j = indices[i * k + s]!;
      const p = conditional[i * k + s]!;
      [columns[at[i]!], values[at[i]!++]] = [j, p];
      [columns[at[j]!], values[at[j]!++]] = [i, p];
    }
  }
  const rows = new Int32Array(count + 1);
  const merged = { columns: new Int32Array(columns.length), weights: new Float32Array(columns.length) };
  const total = Math.max(count, 1) * 2;
  let used = 0;
  for (let i = 0; i < count; i++) {
    const order = Array.from({ length: sizes[i + 1]! - sizes[i]! }, (_, s) => sizes[i]! + s);
    order.sort((a, b) => columns[a]! - columns[b]!);
    for (let s = 0; s < order.length; used++) {
      const column = columns[order[s]!]!;
      let sum = 0;
      for (; s < order.length && columns[order[s]!] === column; s++) sum += values[order[s]!]!;
      merged.columns[used] = column;
      merged.weights[used] = sum / total;
    }
    rows[i + 1] = used;
  }
  return { count, rows, columns: merged.columns.slice(0, used), weights: merged.weights.slice(0, used) };
}
