import { LensError } from '../../base/errors.js';
import {
  castFloating,
  floatTensor,
  formatDims,
  isFloating,
  sizeOf,
  toFloat32,
  type FloatTensor,
  type Tensor,
} from '../../base/tensor.js';
import { prune, withOutputs } from '../../graph/edits.js';
import type { Facts, ValueFact } from '../../graph/facts.js';
import { indexOf, type Graph } from '../../graph/graph.js';
import { sliceBatch } from '../../session/batches.js';
import { fromSamples, sampleDims } from './samples.js';
import type { ScorePlaces } from './scores.js';
import type { ScoreAt, Target } from './subject.js';
import { softmax } from '../target/targets.js';

/** What a subject does to graphs and tensors on their way into a session and out of it. */

/** Forward values that the gradient graph lost by pruning, put back from the model's graph. */
export function withSources(gradient: Graph, model: Graph, values: readonly string[]): Graph {
  const index = indexOf(gradient);
  const lost = values.filter((v) => index.producer(v) === undefined);
  if (lost.length === 0)
    return withOutputs(gradient, [
      ...gradient.outputs.map((o) => o.name),
      ...values.filter((v) => !gradient.outputs.some((o) => o.name === v)),
    ]);
  const part = prune(model, lost);
  const have = new Set(gradient.nodes.flatMap((n) => n.outputs));
  const nodes = part.nodes.filter((n) => !n.outputs.some((o) => o !== '' && have.has(o)));
  const inputs = part.inputs.filter((i) => !gradient.inputs.some((g) => g.name === i.name));
  return withSources(
    {
      ...gradient,
      nodes: [...gradient.nodes, ...nodes],
      inputs: [...gradient.inputs, ...inputs],
      weights: new Map([...part.weights, ...gradient.weights]),
    },
    model,
    values,
  );
}

/** Probabilities of one row of logits, in double precision. */
export function activate(row: Float32Array, activation: ScorePlaces['activation']): ArrayLike<number> {
  if (activation === 'softmax') return softmax(row);
  return activation === 'sigmoid' ? Float64Array.from(row, (x) => 1 / (1 + Math.exp(-x))) : row;
}

/** A batch in the element type that an input wants. */
export function asType(tensor: FloatTensor, type: Tensor['type']): Tensor {
  if (type === 'float32') return tensor;
  if (isFloating(type)) return castFloating(tensor, type as 'float64' | 'float16' | 'bfloat16');
  if (type === 'uint8')
    return { ...tensor, type, data: Uint8Array.from(tensor.data, (v) => Math.min(255, Math.max(0, Math.round(v)))) };
  throw new LensError('unsupported', 'subject/input-type', `The model takes ${type} values, not a picture.`);
}

/** The first `count` samples of everything in a piece. */
export function cutPiece<R extends object>(piece: R, count: number): R {
  const cut = (value: unknown): unknown =>
    Array.isArray(value) ? value.map(cut) : sliceBatch(value as FloatTensor, 0, count);
  if (piece instanceof Map) return new Map([...piece].map(([k, v]) => [k, cut(v)])) as unknown as R;
  return Object.fromEntries(Object.entries(piece).map(([k, v]) => [k, cut(v)])) as R;
}

/**
 * dp_t/dz of each sample, `[n, classes]`: p_t (δ_tj - p_j) for a Softmax, p_t (1 - p_t) at t for a Sigmoid. 1 - p_t is
 * summed from the other classes, because the difference has no digits left when p_t is near 1.
 */
export function activationGradients(
  probabilities: Float64Array,
  classes: number,
  target: number,
  activation: 'softmax' | 'sigmoid',
): FloatTensor {
  const n = probabilities.length / classes;
  const out = floatTensor([n, classes]);
  for (let k = 0; k < n; k++) {
    const row = probabilities.subarray(k * classes, (k + 1) * classes);
    const p = row[target]!;
    let others = 0;
    for (let j = 0; j < classes; j++) if (j !== target) others += row[j]!;
    for (let j = 0; j < classes; j++) {
      const value =
        activation === 'sigmoid' ? (j === target ? p * (1 - p) : 0) : j === target ? p * others : -p * row[j]!;
      out.data[k * classes + j] = value;
    }
  }
  return out;
}

/** What is fed for the score of samples `from` to `from + n`: indices, or directions in the model's own arrangement. */
export function seedFeed(of: ScoreAt, fact: ValueFact, facts: Facts, n: number, from: number): Tensor {
  const { pick } = of;
  if (pick === 'sum') throw new Error('A sum has no seed');
  if ('index' in pick) return { type: 'int64', dims: [n], data: new BigInt64Array(n).fill(BigInt(pick.index)) };
  const dims = sampleDims(fact, facts);
  const size = sizeOf(dims);
  const given = 'direction' in pick ? pick.direction : pick.directions;
  const count = 'direction' in pick ? 1 : given.dims[0]!;
  const data = toFloat32(given);
  if (data.length !== size * count)
    throw new Error(`A direction of ${formatDims(given.dims)} does not fit ${formatDims(dims)}`);
  const all = floatTensor([n, ...dims]);
  for (let k = 0; k < n; k++) {
    // Samples that fill up a fixed batch take the last direction.
    const at = Math.min(count - 1, from + k) * size;
    all.data.set(data.subarray(at, at + size), k * size);
  }
  return asType(fromSamples(all, fact, facts, n), fact.type);
}

/** The number that `pick` takes of each sample of `[n, …]`, `[n]`. */
export function project(values: FloatTensor, pick: ScoreAt['pick']): Float32Array {
  const n = values.dims[0]!;
  const size = n === 0 ? 0 : values.data.length / n;
  const one = pick !== 'sum' && 'direction' in pick ? toFloat32(pick.direction) : undefined;
  const each = pick !== 'sum' && 'directions' in pick ? toFloat32(pick.directions) : undefined;
  return Float32Array.from({ length: n }, (_, k) => {
    if (pick !== 'sum' && 'index' in pick) return values.data[k * size + pick.index]!;
    let sum = 0;
    for (let i = 0; i < size; i++)
      sum += values.data[k * size + i]! * (one !== undefined ? one[i]! : each !== undefined ? each[k * size + i]! : 1);
    return sum;
  });
}

/** The target's score in each row of `classes` scores. */
export function targetScores(rows: Float32Array | Float64Array, classes: number, target: Target): Float32Array {
  const { weights } = target;
  return Float32Array.from({ length: rows.length / classes }, (_, k) => {
    const row = rows.subarray(k * classes, (k + 1) * classes);
    return weights === undefined
      ? row[target.index]!
      : weights.reduce((sum, w, j) => (w === 0 ? sum : sum + w * row[j]!), 0);
  });
}
