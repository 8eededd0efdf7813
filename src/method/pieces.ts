import { LensError } from '../base/errors.js';
import { castFloating, isFloating, type FloatTensor, type Tensor } from '../base/tensor.js';
import { prune, withOutputs } from '../graph/edits.js';
import { indexOf, type Graph } from '../graph/graph.js';
import { sliceBatch } from '../session/batches.js';
import type { ScorePlaces } from './scores.js';
import { softmax } from './targets.js';

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
