import { floatTensor, sizeOf, toNumbers, type FloatTensor } from '../../base/tensor.js';
import { smallTensor } from '../constants.js';
import { indexOf, type Graph, type GraphNode } from '../graph.js';

/** Where an operator has its quantised weight, and what turns its integers into numbers. */
export interface QuantisedOperand {
  /** Inputs that hold the weight, its scale and its zero point. */
  readonly weight: number;
  readonly scale: number;
  readonly zero: number;
  /** The axis of the weight that a list of scales goes along; negative: from the end. */
  readonly axis: number;
  /** The input with the bias: integers in steps of the product of the scale of the layer's input and the weight's. */
  readonly bias?: number;
  readonly inputScale?: number;
}

/** The weight of an operator that takes scale and zero point as inputs of their own. */
export function quantisedOperand(node: GraphNode): QuantisedOperand | undefined {
  switch (node.op) {
    case 'QLinearConv':
      return { weight: 3, scale: 4, zero: 5, axis: 0, bias: 8, inputScale: 1 };
    case 'QLinearMatMul':
      return { weight: 3, scale: 4, zero: 5, axis: -1 };
    case 'QGemm':
      return {
        weight: 3,
        scale: 4,
        zero: 5,
        axis: node.attributes.int('transB', 0) === 0 ? -1 : 0,
        bias: 6,
        inputScale: 1,
      };
    case 'MatMulIntegerToFloat':
      return { weight: 1, scale: 3, zero: 5, axis: -1 };
    case 'DynamicQuantizeMatMul':
      return { weight: 1, scale: 2, zero: 3, axis: -1 };
    default:
      return undefined;
  }
}

const INTEGER_PRODUCTS = new Set(['ConvInteger', 'MatMulInteger']);

/** Whether an operator multiplies integers, so that their scales have to be applied to what it answers. */
export function isIntegerProduct(node: GraphNode): boolean {
  return INTEGER_PRODUCTS.has(node.op);
}

/**
 * What makes numbers of an integer product, as dynamic quantisation writes it: Cast, then Mul with the product of the
 * scale of the layer's input and the weight's. `weightScale` is undefined where that is not a constant.
 */
export function integerScaling(
  graph: Graph,
  node: GraphNode,
): { readonly nodes: readonly GraphNode[]; readonly weightScale: string | undefined } | undefined {
  const index = indexOf(graph);
  const only = (value: string): GraphNode | undefined => {
    const [next, ...more] = index.consumers(value);
    return more.length === 0 ? next : undefined;
  };
  const cast = isIntegerProduct(node) ? only(node.outputs[0]!) : undefined;
  const scaled = cast?.op === 'Cast' ? only(cast.outputs[0]!) : undefined;
  if (cast === undefined || scaled?.op !== 'Mul') return undefined;
  const both = scaled.inputs.find((v) => v !== cast.outputs[0]) ?? '';
  const constants = graph.weights.has(both)
    ? [both]
    : index.producer(both)?.op === 'Mul'
      ? index.producer(both)!.inputs
      : [];
  return { nodes: [cast, scaled], weightScale: constants.find((v) => graph.weights.has(v)) };
}

/** Inputs that are scales, zero points and other things that say how numbers are stored. */
const HOW: Readonly<Record<string, readonly number[]>> = {
  QuantizeLinear: [1, 2],
  DequantizeLinear: [1, 2],
  ConvInteger: [2, 3],
  MatMulInteger: [2, 3],
  QLinearConv: [1, 2, 4, 5, 6, 7],
  QLinearMatMul: [1, 2, 4, 5, 6, 7],
  QLinearAdd: [1, 2, 4, 5, 6, 7],
  QLinearMul: [1, 2, 4, 5, 6, 7],
  QLinearSigmoid: [1, 2, 3, 4],
  QLinearLeakyRelu: [1, 2, 3, 4],
  QLinearSoftmax: [1, 2, 3, 4],
  QLinearAveragePool: [1, 2, 3, 4],
  QLinearGlobalAveragePool: [1, 2, 3, 4],
  QGemm: [1, 2, 4, 5, 7, 8],
  MatMulIntegerToFloat: [2, 3, 4, 5],
  DynamicQuantizeMatMul: [2, 3],
  QAttention: [3, 4, 6, 7],
  MatMulNBits: [2, 3, 4],
};

const known = new WeakMap<Graph, ReadonlySet<string>>();

/** Names of initializers that only say how numbers are stored: no parameters, for nobody learned them. */
export function storageConstants(graph: Graph): ReadonlySet<string> {
  let found = known.get(graph);
  if (found === undefined) known.set(graph, (found = findStorage(graph)));
  return found;
}

function findStorage(graph: Graph): ReadonlySet<string> {
  const found = new Set<string>();
  const otherwise = new Set<string>();
  const scales = new Set<string>();
  for (const node of graph.nodes) {
    const scale = integerScaling(graph, node)?.weightScale;
    if (scale !== undefined) scales.add(scale);
  }
  for (const node of graph.nodes) {
    const how = node.op === 'QLinearConcat' ? undefined : (HOW[node.op] ?? []);
    for (const [i, name] of node.inputs.entries()) {
      if (!graph.weights.has(name)) continue;
      // QLinearConcat: scale and zero point of the output, then value, scale and zero point of each input.
      const isHow = how === undefined ? i < 2 || i % 3 !== 2 : how.includes(i);
      (isHow || scales.has(name) ? found : otherwise).add(name);
    }
  }
  for (const name of otherwise) found.delete(name);
  return found;
}

/** Operators that answer with integers, and say by their inputs what those stand for. */
const ANSWERS_INTEGERS = new Set([
  'QuantizeLinear',
  'QLinearConv',
  'QLinearMatMul',
  'QLinearAdd',
  'QLinearMul',
  'QLinearSigmoid',
  'QLinearLeakyRelu',
  'QLinearSoftmax',
  'QLinearAveragePool',
  'QLinearGlobalAveragePool',
  'QLinearConcat',
  'QGemm',
]);

/** Operators that hand integers on as they are: scale and zero point are those of their first input. */
const HANDS_ON = new Set([
  'MaxPool',
  'GlobalMaxPool',
  'Reshape',
  'Flatten',
  'Transpose',
  'Squeeze',
  'Unsqueeze',
  'Identity',
  'Slice',
  'Gather',
  'Expand',
  'Tile',
  'DepthToSpace',
  'SpaceToDepth',
  'Split',
]);

/** number = (integer - zero) × scale. */
export interface ValueScaling {
  readonly scale: number;
  readonly zero: number;
}

/** What makes numbers of a value of integers; undefined where it is none, or where its scale is no constant or a list. */
export function scalingOf(graph: Graph, value: string): ValueScaling | undefined {
  const index = indexOf(graph);
  let at = value;
  for (;;) {
    const node = index.producer(at);
    if (node === undefined) return undefined;
    if (ANSWERS_INTEGERS.has(node.op)) return scalarsOf(graph, node);
    if (!HANDS_ON.has(node.op)) return undefined;
    at = node.inputs[0]!;
  }
}

function scalarsOf(graph: Graph, { op, inputs }: GraphNode): ValueScaling | undefined {
  // Scale and zero point of the answer come last; QLinearConcat, whose list has no end, has them first.
  const [scale, zero] = op === 'QLinearConcat' ? [0, 1] : HOW[op]!.slice(-2);
  const number = (name: string | undefined): number | undefined => {
    const stored = graph.weights.get(name ?? '');
    const tensor = stored === undefined || sizeOf(stored.dims) !== 1 ? undefined : smallTensor(stored);
    return tensor === undefined ? undefined : toNumbers(tensor)[0];
  };
  const size = number(inputs[scale!]);
  const absent = (inputs[zero!] ?? '') === '';
  const origin = absent ? 0 : number(inputs[zero!]);
  return size === undefined || origin === undefined ? undefined : { scale: size, zero: origin };
}

/** The numbers that integers stand for. */
export function scaledNumbers(integers: FloatTensor, { scale, zero }: ValueScaling): FloatTensor {
  return floatTensor(
    integers.dims,
    integers.data.map((v) => (v - zero) * scale),
  );
}
