import { LensError } from '../../base/errors.js';
import {
  castFloating,
  floatTensor,
  formatDims,
  isFloating,
  sameDims,
  sizeOf,
  toFloat32,
  type FloatTensor,
  type Tensor,
  type TensorData,
} from '../../base/tensor.js';
import { dimsAt, type Facts, type ValueFact } from '../../graph/facts.js';
import type { Graph } from '../../graph/graph.js';
import { dimsOf, repeated, zeros } from '../../session/probe.js';
import { fromSamples, sampleDims } from './samples.js';
import type { InputSpec } from './subject.js';
import type { ScoresAt } from '../target/scoreAt.js';

/** What feeds need to know of a model. */
export interface Fed {
  readonly graph: Graph;
  readonly facts: Facts;
  readonly input: InputSpec;
  /** What is fed to other inputs, by name; the rest get zeros. */
  readonly others?: ReadonlyMap<string, Tensor>;
}

/** Dimensions of one sample of the model's input. */
export function inputDimsOf({ facts, input }: Fed): readonly number[] {
  if (input.shape !== undefined) return input.shape;
  const fact = facts.get(input.name);
  if (fact !== undefined) return sampleDims(fact, facts);
  const { layout, channels, height, width } = input;
  return layout === 'NCHW' ? [channels, height, width] : [height, width, channels];
}

/**
 * What is fed to a graph made from the model's: the batch, zeros for the model's other inputs, and what stands in `beside`.
 * Inputs that neither knows (a seed) are left to the caller.
 *
 * @param batch `[n, …]`
 * @throws LensError `input/shape` where the samples are not those of the model
 */
export function feedsOf(
  model: Fed,
  graph: Graph,
  batch: FloatTensor,
  n: number,
  beside: Readonly<Record<string, FloatTensor>> = {},
): Record<string, Tensor> {
  const feeds: Record<string, Tensor> = {};
  const known = new Set(model.graph.inputs.map((i) => i.name));
  for (const input of graph.inputs) {
    const type = input.type ?? 'float32';
    const other = beside[input.name];
    if (other !== undefined) feeds[input.name] = asType(other, type);
    else if (input.name === model.input.name) feeds[input.name] = asType(fitting(model, batch, n), type);
    else if (known.has(input.name)) feeds[input.name] = otherInput(model, input, n);
  }
  return feeds;
}

/** What stands in another input of the model: what somebody gave, else zeros. */
function otherInput({ facts, others }: Fed, input: Graph['inputs'][number], n: number): Tensor {
  const fact = facts.get(input.name);
  const dims = fact === undefined ? dimsOf(input, {}, n) : dimsAt(fact, facts.dynamicBatch ? n : facts.batch);
  const value = others?.get(input.name);
  return value === undefined ? zeros(input.type ?? 'float32', dims, input.name) : repeated(value, dims, input.name);
}

function fitting(model: Fed, batch: FloatTensor, n: number): FloatTensor {
  const wanted = inputDimsOf(model);
  const given = batch.dims.slice(1);
  const fact = model.facts.get(model.input.name);
  // As the model has it: without a batch, where it knows none.
  if (sameDims(given, wanted)) return fact === undefined ? batch : fromSamples(batch, fact, model.facts, n);
  throw new LensError(
    'input',
    'input/shape',
    `The tensor is ${formatDims(given)}, the model's input "${model.input.name}" is ${formatDims(wanted)}.`,
  );
}

/** What is fed for the score of samples `from` to `from + n`: indices, or directions in the model's own arrangement. */
export function seedFeed(of: ScoresAt, fact: ValueFact, facts: Facts, n: number, from: number): Tensor {
  const { pick } = of;
  if (pick === 'sum' || pick === 'top') throw new Error('A sum has no seed, nor has what is largest');
  if ('indices' in pick) {
    // Samples that fill up a fixed batch are the last one again.
    const { indices } = pick;
    const at = (k: number): bigint => BigInt(indices[Math.min(indices.length - 1, from + k)]!);
    return { type: 'int64', dims: [n], data: BigInt64Array.from({ length: n }, (_, k) => at(k)) };
  }
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

/** Whole numbers of each type, rounded: numbers of tokens come as a `.npy`. */
const INTEGERS: Partial<Record<Tensor['type'], (data: Float32Array) => TensorData>> = {
  int64: (data) => BigInt64Array.from(data, (v) => BigInt(Math.round(v))),
  int32: (data) => Int32Array.from(data, Math.round),
  int16: (data) => Int16Array.from(data, Math.round),
  int8: (data) => Int8Array.from(data, (v) => Math.min(127, Math.max(-128, Math.round(v)))),
  uint16: (data) => Uint16Array.from(data, Math.round),
  bool: (data) => Uint8Array.from(data, (v) => (v === 0 ? 0 : 1)),
};

/** A batch in the element type that an input wants. */
function asType(tensor: FloatTensor, type: Tensor['type']): Tensor {
  if (type === 'float32') return tensor;
  if (isFloating(type)) return castFloating(tensor, type as 'float64' | 'float16' | 'bfloat16');
  if (type === 'uint8')
    return { ...tensor, type, data: Uint8Array.from(tensor.data, (v) => Math.min(255, Math.max(0, Math.round(v)))) };
  const whole = INTEGERS[type];
  if (whole !== undefined) return { ...tensor, type, data: whole(tensor.data) };
  throw new LensError('unsupported', 'subject/input-type', `The model takes ${type} values, which cannot be given.`);
}
