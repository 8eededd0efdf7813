import { LensError } from '../../base/errors.js';
import { floatTensor, sizeOf, stridesOf, toFloat32, type FloatTensor, type Tensor } from '../../base/tensor.js';
import { dimsAt, type Facts, type ValueFact } from '../../graph/facts.js';

/**
 * Values of a model one sample after the other. Inside a model the batch may be folded into another dimension (windows
 * of a Swin transformer: `[n·k, …]`) or stand elsewhere (`[tokens, n, …]`); methods always see `[n, …]`.
 */

interface Place {
  readonly axis: number;
  /** Entries along that axis that belong to one sample. */
  readonly per: number;
}

function placeOf(fact: ValueFact, facts: Facts, batch: number): Place | undefined {
  if (facts.dynamicBatch) {
    const axis = fact.slope.findIndex((s) => s !== 0);
    if (axis < 0 || fact.base[axis] !== 0) return undefined;
    return { axis, per: fact.slope[axis]! };
  }
  const first = dimsAt(fact, batch)[0];
  if (first === undefined || first % batch !== 0) return undefined;
  return batch === 1 && first !== 1 ? undefined : { axis: 0, per: first / batch };
}

/** Dimensions of one sample of a value. */
export function sampleDims(fact: ValueFact, facts: Facts): number[] {
  const batch = facts.batch;
  const place = placeOf(fact, facts, batch);
  const dims = dimsAt(fact, batch);
  if (place === undefined) return dims;
  const rest = dims.filter((_, i) => i !== place.axis);
  return place.per === 1 ? rest : [place.per, ...rest];
}

/** Where an axis of a value stands among the axes of its sample; undefined for the batch itself. */
export function sampleAxis(facts: Facts, value: string, axis: number): number | undefined {
  const fact = facts.get(value);
  const place = fact === undefined ? undefined : placeOf(fact, facts, facts.batch);
  if (place === undefined) return axis;
  const rest = axis < place.axis ? axis : axis - 1;
  if (place.per === 1) return axis === place.axis ? undefined : rest;
  return axis === place.axis ? 0 : rest + 1;
}

/** A value as the model has it, at a batch of `n`, as `[n, …]`. A value that does not depend on the batch is repeated. */
export function toSamples(tensor: FloatTensor, fact: ValueFact, facts: Facts, n: number): FloatTensor {
  const sample = sampleDims(fact, facts);
  const dims = [n, ...sample];
  const place = placeOf(fact, facts, n);
  if (place === undefined) {
    // As many as there are: boxes that were suppressed differ in number from picture to picture.
    if (n === 1) return { ...tensor, dims: [1, ...tensor.dims] };
    if (tensor.data.length === sizeOf(dims)) return { ...tensor, dims };
    const out = floatTensor(dims);
    for (let k = 0; k < n; k++) out.data.set(tensor.data, k * tensor.data.length);
    return out;
  }
  if (place.axis === 0) return { ...tensor, dims };
  const moved = moveAxis(tensor, place.axis, 0);
  return { ...moved, dims };
}

/** What a run answered for a value at a batch of `n`, as `[n, …]`. */
export function samplesOf(facts: Facts, value: string, raw: Tensor, n: number): FloatTensor {
  return toSamples(floatTensor(raw.dims, toFloat32(raw)), factOf(facts, value), facts, n);
}

/**
 * What is known of a value.
 *
 * @throws LensError `subject/no-shape` where nothing is
 */
export function factOf(facts: Facts, value: string): ValueFact {
  const fact = facts.get(value);
  if (fact === undefined)
    throw new LensError('unsupported', 'subject/no-shape', `The shape of "${value}" is not known.`);
  return fact;
}

/** The inverse of {@link toSamples}: `[n, …]` in the model's own arrangement. */
export function fromSamples(tensor: FloatTensor, fact: ValueFact, facts: Facts, n: number): FloatTensor {
  const dims = dimsAt(fact, facts.dynamicBatch ? n : facts.batch);
  const place = placeOf(fact, facts, n);
  if (place === undefined || place.axis === 0) return { ...tensor, dims };
  const front = [dims[place.axis]!, ...dims.filter((_, i) => i !== place.axis)];
  return moveAxis({ ...tensor, dims: front }, 0, place.axis);
}

function moveAxis(tensor: FloatTensor, from: number, to: number): FloatTensor {
  const order = tensor.dims.map((_, i) => i).filter((i) => i !== from);
  order.splice(to, 0, from);
  const dims = order.map((i) => tensor.dims[i]!);
  const strides = stridesOf(tensor.dims);
  const steps = order.map((i) => strides[i]!);
  const out = new Float32Array(tensor.data.length);
  const index = dims.map(() => 0);
  let at = 0;
  for (let i = 0; i < out.length; i++) {
    out[i] = tensor.data[at]!;
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      at += steps[axis]!;
      if (++index[axis]! < dims[axis]!) break;
      at -= steps[axis]! * dims[axis]!;
      index[axis] = 0;
    }
  }
  return floatTensor(dims, out);
}
