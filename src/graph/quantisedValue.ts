import { floatTensor, sizeOf, toNumbers, type FloatTensor } from '../base/tensor.js';
import { smallTensor } from './constants.js';
import { indexOf, type Graph } from './graph.js';

/** Where an operator that answers with integers has the scale and the zero point of its first output. */
const ANSWERS: Readonly<Record<string, readonly [scale: number, zero: number]>> = {
  QuantizeLinear: [1, 2],
  QLinearConv: [6, 7],
  QLinearMatMul: [6, 7],
  QGemm: [7, 8],
  QLinearAdd: [6, 7],
  QLinearMul: [6, 7],
  QLinearSigmoid: [3, 4],
  QLinearLeakyRelu: [3, 4],
  QLinearSoftmax: [3, 4],
  QLinearAveragePool: [3, 4],
  QLinearGlobalAveragePool: [3, 4],
  QLinearConcat: [0, 1],
};

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
    const places = ANSWERS[node.op];
    if (places !== undefined) return scalarsOf(graph, node.inputs, places);
    if (!HANDS_ON.has(node.op)) return undefined;
    at = node.inputs[0]!;
  }
}

function scalarsOf(
  graph: Graph,
  inputs: readonly string[],
  [scale, zero]: readonly [number, number],
): ValueScaling | undefined {
  const number = (name: string | undefined): number | undefined => {
    const stored = graph.weights.get(name ?? '');
    const tensor = stored === undefined || sizeOf(stored.dims) !== 1 ? undefined : smallTensor(stored);
    return tensor === undefined ? undefined : toNumbers(tensor)[0];
  };
  const size = number(inputs[scale]);
  const absent = (inputs[zero] ?? '') === '';
  const origin = absent ? 0 : number(inputs[zero]);
  return size === undefined || origin === undefined ? undefined : { scale: size, zero: origin };
}

/** The numbers that integers stand for. */
export function scaledNumbers(integers: FloatTensor, { scale, zero }: ValueScaling): FloatTensor {
  return floatTensor(
    integers.dims,
    integers.data.map((v) => (v - zero) * scale),
  );
}
