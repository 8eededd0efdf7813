import { floatTensor, sizeOf, stridesOf, toIntegers, toNumbers, type Tensor } from '../base/tensor.js';
import { inMemory, type StoredTensor } from '../checkpoint/model.js';
import { readTensor, readTensorSlice } from '../checkpoint/readTensor.js';
import { smallTensor } from '../graph/constants.js';
import { indexOf, type Graph, type GraphNode } from '../graph/graph.js';
import { operator } from '../graph/operators/operators.js';
import { integerScaling, isIntegerProduct, quantisedOperand } from '../graph/layers/quantised.js';

/**
 * A weight as the operator that reads it sees it: looked at through transpositions, reshapes and dequantisation, and
 * read block by block. Nothing is copied: it is a strided view of the bytes in the file.
 */
export interface WeightArray {
  readonly stored: StoredTensor;
  readonly shape: readonly number[];
  /** Step along each axis in stored elements. Every stored element has exactly one place in the view. */
  readonly strides: readonly number[];
  readonly quantisation?: Quantisation;
  /** What has to be said beside the numbers: "float16", "dequantised from int8, one scale per channel". */
  readonly label?: string;
}

/** value = (stored - zero) × scale; the index into both is Σ floor(i / block) × stride over the axes. */
interface Quantisation {
  readonly scale: Float64Array;
  readonly zero?: Float64Array;
  readonly strides: readonly number[];
  readonly blocks: readonly number[];
}

/** The weight itself, as it is stored. */
export function plainArray(stored: StoredTensor): WeightArray {
  const label = stored.type === 'float32' ? undefined : stored.type;
  const view = { stored, shape: stored.dims, strides: stridesOf(stored.dims) };
  return label === undefined ? view : { ...view, label };
}

/**
 * The weight behind an input of a node, in the shape in which the node reads it. A reshape that mixes the axes of a
 * transposed weight ends the looking: the view before it is answered. Undefined where the input is computed.
 */
export async function weightArray(graph: Graph, node: GraphNode, input: number): Promise<WeightArray | undefined> {
  const index = indexOf(graph);
  const chain: GraphNode[] = [];
  let value = node.inputs[input] ?? '';
  for (let steps = 0; !graph.weights.has(value); steps++) {
    const producer = index.producer(value);
    if (producer === undefined || producer.domain !== '' || operator(producer).readThrough !== true || steps > 8)
      return undefined;
    chain.unshift(producer);
    value = producer.inputs[0] ?? '';
  }
  let array = plainArray(graph.weights.get(value)!);
  for (const step of chain) {
    const next = await applied(graph, step, array);
    if (next === undefined) break;
    array = next;
  }
  return operand(graph, node, input, array);
}

async function applied(graph: Graph, step: GraphNode, array: WeightArray): Promise<WeightArray | undefined> {
  switch (step.op) {
    case 'Transpose':
      return permuted(array, step.attributes.ints('perm') ?? array.shape.map((_, i) => array.shape.length - 1 - i));
    case 'DequantizeLinear': {
      const scale = graph.weights.get(step.inputs[1] ?? '');
      const axis = step.attributes.int('axis', 1);
      return scale === undefined
        ? undefined
        : dequantised(
            array,
            scale,
            graph.weights.get(step.inputs[2] ?? ''),
            axis,
            step.attributes.int('block_size', 0),
          );
    }
    case 'Reshape':
    case 'Unsqueeze':
    case 'Squeeze': {
      const shape = newShape(graph, step, array.shape);
      return shape === undefined ? undefined : reshaped(array, shape);
    }
    default:
      return array;
  }
}

/** Operators whose weight comes with scale and zero point as inputs of their own, or with a scale that comes later. */
async function operand(graph: Graph, node: GraphNode, input: number, array: WeightArray): Promise<WeightArray> {
  const weight = (i: number): StoredTensor | undefined => graph.weights.get(node.inputs[i] ?? '');
  const own = quantisedOperand(node);
  const scale = own === undefined ? undefined : weight(own.scale);
  if (own !== undefined && scale !== undefined) {
    if (input === own.weight) return dequantised(array, scale, weight(own.zero), own.axis, 0);
    const step = input === own.bias ? weight(own.inputScale!) : undefined;
    if (step !== undefined) return dequantised(array, await product(step, scale), undefined, 0, 0);
  }
  if (node.op === 'MatMulNBits' && input === 1) return (await unpacked(graph, node, array)) ?? array;
  if (isIntegerProduct(node) && input === 1) {
    const later = graph.weights.get(integerScaling(graph, node)?.weightScale ?? '');
    if (later !== undefined) return dequantised(array, later, weight(3), node.op === 'ConvInteger' ? 0 : -1, 0);
    return { ...array, label: `${array.stored.type}; its scale is applied later in the graph` };
  }
  return array;
}

/** Two scales, the first of them a single number, as one. */
async function product(one: StoredTensor, many: StoredTensor): Promise<StoredTensor> {
  const [factor = 1] = toNumbers(await readTensor(one));
  const data = toNumbers(await readTensor(many)).map((v) => v * factor);
  return inMemory(many.name, { type: 'float64', dims: many.dims, data });
}

/**
 * The matrix `[N, K]` of com.microsoft.MatMulNBits, whose rows are cut into blocks of a few bits each, as float32. It is
 * unpacked as a whole: small as it is stored, it is at most eight times as large then.
 */
async function unpacked(graph: Graph, node: GraphNode, array: WeightArray): Promise<WeightArray | undefined> {
  const int = (name: string, otherwise: number): number => node.attributes.int(name, otherwise);
  const [n, k, bits, block] = [int('N', 0), int('K', 0), int('bits', 4), int('block_size', 32)];
  const scale = graph.weights.get(node.inputs[2] ?? '');
  const zero = graph.weights.get(node.inputs[3] ?? '');
  const reordered = (node.inputs[4] ?? '') !== '';
  if (scale === undefined || n * k === 0 || ![2, 4, 8].includes(bits) || reordered) return undefined;
  const blocks = Math.ceil(k / block);
  const bytes = toNumbers(await readTensor(array.stored));
  const scales = toNumbers(await readTensor(scale));
  const zeros = zero === undefined ? undefined : toNumbers(await readTensor(zero));
  const each = 8 / bits;
  const at = (data: Float64Array, row: number, stride: number, i: number): number =>
    (data[row * stride + Math.floor(i / each)]! >> ((i % each) * bits)) & ((1 << bits) - 1);
  const data = new Float32Array(n * k);
  const packedZeros = zero !== undefined && zero.type === 'uint8';
  for (let row = 0; row < n; row++) {
    for (let b = 0; b < blocks; b++) {
      const z =
        zeros === undefined
          ? 2 ** (bits - 1)
          : packedZeros
            ? at(zeros, row, Math.ceil(blocks / each), b)
            : zeros[row * blocks + b]!;
      for (let i = 0; i < block && b * block + i < k; i++)
        data[row * k + b * block + i] = (at(bytes, row * blocks + b, block / each, i) - z) * scales[row * blocks + b]!;
    }
  }
  const label = `dequantised from ${bits} bits, blocks of ${block}`;
  return { ...plainArray(inMemory(array.stored.name, floatTensor([n, k], data))), label };
}

async function dequantised(
  array: WeightArray,
  scale: StoredTensor,
  zero: StoredTensor | undefined,
  axisGiven: number,
  block: number,
): Promise<WeightArray> {
  const scales = toNumbers(await readTensor(scale));
  const zeros = zero === undefined ? undefined : toNumbers(await readTensor(zero));
  const axis = axisGiven < 0 ? axisGiven + array.shape.length : axisGiven;
  const blocked = block > 0 && scale.dims.length === array.shape.length;
  const strides = blocked
    ? stridesOf(scale.dims)
    : array.shape.map((_, i) => (i === axis && scales.length > 1 ? 1 : 0));
  const quantisation: Quantisation = {
    scale: scales,
    strides,
    blocks: array.shape.map((_, i) => (blocked && i === axis ? block : 1)),
    ...(zeros === undefined ? {} : { zero: zeros }),
  };
  const how = blocked ? `, blocks of ${block}` : scales.length > 1 ? ', one scale per channel' : '';
  return { ...array, quantisation, label: `dequantised from ${array.stored.type}${how}` };
}

/** The view with its axes in another order: axis `i` of the result is axis `order[i]`. */
export function permuted(array: WeightArray, order: readonly number[]): WeightArray {
  const pick = <T>(list: readonly T[]): T[] => order.map((i) => list[i]!);
  const { quantisation: q } = array;
  return {
    ...array,
    shape: pick(array.shape),
    strides: pick(array.strides),
    ...(q === undefined ? {} : { quantisation: { ...q, strides: pick(q.strides), blocks: pick(q.blocks) } }),
  };
}

/** The view in another shape of as many elements; undefined where no strides can say it. */
export function reshaped(array: WeightArray, shape: readonly number[]): WeightArray | undefined {
  if (sizeOf(shape) !== sizeOf(array.shape) || sizeOf(shape) === 0) return undefined;
  const { quantisation: q } = array;
  const old = [...array.shape.keys()].filter((k) => array.shape[k] !== 1);
  const made = [...shape.keys()].filter((k) => shape[k] !== 1);
  const strides = shape.map(() => 0);
  const scales = shape.map(() => 0);
  const blocks = shape.map(() => 1);
  // Both shapes are cut into the smallest groups of equal size; inside a group the old axes must lie as one.
  for (let i = 0, j = 0; i < old.length;) {
    const [from, first] = [i, j];
    let left = array.shape[old[i++]!]!;
    let right = shape[made[j++]!]!;
    while (left !== right) {
      if (left < right) left *= array.shape[old[i++]!]!;
      else right *= shape[made[j++]!]!;
    }
    for (let k = from + 1; k < i; k++) {
      const [outer, inner] = [old[k - 1]!, old[k]!];
      if (array.strides[outer] !== array.strides[inner]! * array.shape[inner]!) return undefined;
    }
    if (q !== undefined) {
      if (i - from === 1 && j - first === 1) {
        scales[made[first]!] = q.strides[old[from]!]!;
        blocks[made[first]!] = q.blocks[old[from]!]!;
      } else if (old.slice(from, i).some((k) => q.strides[k] !== 0)) return undefined;
    }
    let step = array.strides[old[i - 1]!]!;
    for (let k = j - 1; k >= first; k--) {
      strides[made[k]!] = step;
      step *= shape[made[k]!]!;
    }
  }
  // Axes of one element never move; a step of 1 keeps `coordinate` defined.
  shape.forEach((d, k) => d === 1 && (strides[k] = 1));
  return { ...array, shape, strides, ...(q === undefined ? {} : { quantisation: { ...q, strides: scales, blocks } }) };
}

function newShape(graph: Graph, step: GraphNode, shape: readonly number[]): number[] | undefined {
  const weight = graph.weights.get(step.inputs[1] ?? '');
  const tensor = weight === undefined ? undefined : smallTensor(weight);
  const numbers = tensor === undefined ? undefined : toIntegers(tensor);
  if (step.op === 'Squeeze') {
    const axes = numbers?.map((a) => (a < 0 ? a + shape.length : a));
    return shape.filter((d, i) => (axes === undefined ? d !== 1 : !axes.includes(i)));
  }
  if (numbers === undefined) return undefined;
  if (step.op === 'Unsqueeze') {
    const rank = shape.length + numbers.length;
    const axes = new Set(numbers.map((a) => (a < 0 ? a + rank : a)));
    const rest = [...shape];
    return Array.from({ length: rank }, (_, i) => (axes.has(i) ? 1 : rest.shift()!));
  }
  const dims = numbers.map((d, i) => (d === 0 ? shape[i]! : d));
  const known = dims.reduce((product, d) => (d < 0 ? product : product * d), 1);
  return dims.map((d) => (d < 0 ? sizeOf(shape) / known : d));
}

/** Runs closer together than this many elements are read in one go. */
const GAP = 16_384;
const LARGEST_READ = 1 << 22;

/**
 * A block of the view, `count` elements from `from` on along each axis, as float32 in C order. Reads the file where the
 * block lies and nowhere else.
 */
export async function readBlock(
  array: WeightArray,
  from: readonly number[],
  count: readonly number[],
  signal?: AbortSignal,
): Promise<Float32Array> {
  const size = sizeOf(count);
  const out = new Float32Array(size);
  if (size === 0) return out;
  const places = new Float64Array(size);
  const index = count.map(() => 0);
  const scaled = array.quantisation;
  const scaleAt = scaled === undefined ? undefined : new Int32Array(size);
  for (let i = 0; i < size; i++) {
    let at = 0;
    let s = 0;
    for (let axis = 0; axis < count.length; axis++) {
      const k = from[axis]! + index[axis]!;
      at += k * array.strides[axis]!;
      if (scaled !== undefined) s += Math.floor(k / scaled.blocks[axis]!) * scaled.strides[axis]!;
    }
    places[i] = at;
    if (scaleAt !== undefined) scaleAt[i] = s;
    for (let axis = count.length - 1; axis >= 0 && ++index[axis]! >= count[axis]!; axis--) index[axis] = 0;
  }
  const order = inAscendingOrder(places);
  for (let a = 0; a < size;) {
    const start = places[order === undefined ? a : order[a]!]!;
    let b = a;
    let end = start;
    while (b < size) {
      const next = places[order === undefined ? b : order[b]!]!;
      if (next - end > GAP || next - start >= LARGEST_READ) break;
      end = next;
      b++;
    }
    const piece = numbersOf(await readTensorSlice(array.stored, start, end - start + 1, signal));
    for (let k = a; k < b; k++) {
      const i = order === undefined ? k : order[k]!;
      out[i] = valueOf(piece[places[i]! - start]!, scaled, scaleAt?.[i] ?? 0);
    }
    a = b;
  }
  return out;
}

/** The order that visits places from the first to the last; undefined where they come so already. */
function inAscendingOrder(places: Float64Array): Uint32Array | undefined {
  if (places.every((p, i) => i === 0 || p > places[i - 1]!)) return undefined;
  return Uint32Array.from(places.keys()).sort((a, b) => places[a]! - places[b]!);
}

function numbersOf(tensor: Tensor): ArrayLike<number> {
  return tensor.data instanceof Float32Array ? tensor.data : toNumbers(tensor);
}

function valueOf(stored: number, q: Quantisation | undefined, at: number): number {
  if (q === undefined) return stored;
  const zero = q.zero === undefined ? 0 : (q.zero[at] ?? q.zero[0]!);
  return (stored - zero) * (q.scale[at] ?? q.scale[0]!);
}

/** Part of a weight in the order in which it is stored. */
export interface StoredChunk {
  /** Index of the first element. */
  readonly first: number;
  readonly values: ArrayLike<number>;
}

/**
 * All elements in stored order, piece by piece, so that a weight of any size needs little memory. Values are
 * dequantised where the weight is quantised.
 */
export async function* chunksOf(
  array: WeightArray,
  signal?: AbortSignal,
  elements = 1 << 20,
): AsyncGenerator<StoredChunk> {
  const total = sizeOf(array.stored.dims);
  const { quantisation: q } = array;
  for (let first = 0; first < total; first += elements) {
    const raw = numbersOf(await readTensorSlice(array.stored, first, Math.min(elements, total - first), signal));
    if (q === undefined) {
      yield { first, values: raw };
      continue;
    }
    const values = new Float64Array(raw.length);
    for (let i = 0; i < raw.length; i++) {
      let s = 0;
      for (let axis = 0; axis < array.shape.length; axis++) {
        if (q.strides[axis] === 0) continue;
        s += Math.floor(coordinate(array, axis, first + i) / q.blocks[axis]!) * q.strides[axis]!;
      }
      values[i] = valueOf(raw[i]!, q, s);
    }
    yield { first, values };
  }
}

/** Where a stored element lies along an axis of the view. */
export function coordinate(array: WeightArray, axis: number, place: number): number {
  return Math.floor(place / array.strides[axis]!) % array.shape[axis]!;
}
