import { perObject } from '../../base/memo.js';
import { floatTensor, sizeOf, toNumbers, type FloatTensor } from '../../base/tensor.js';
import { smallTensor } from '../constants.js';
import { indexOf, type Graph, type GraphNode } from '../graph.js';
import { operator } from '../operators/operators.js';
import type { QuantisedOperand } from '../operators/traits.js';

/** The weight of an operator that takes scale and zero point as inputs of their own. */
export function quantisedOperand(node: GraphNode): QuantisedOperand | undefined {
  const { operand } = operator(node);
  return operand !== undefined && node.attributes.int('transB', 0) !== 0 ? { ...operand, axis: 0 } : operand;
}

/** Whether an operator multiplies integers, so that their scales have to be applied to what it answers. */
export function isIntegerProduct(node: GraphNode): boolean {
  return operator(node).integerProduct === true;
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

/** Names of initializers that only say how numbers are stored: no parameters, for nobody learned them. */
export const storageConstants: (graph: Graph) => ReadonlySet<string> = perObject(findStorage);

function findStorage(graph: Graph): ReadonlySet<string> {
  const found = new Set<string>();
  const otherwise = new Set<string>();
  const scales = new Set<string>();
  for (const node of graph.nodes) {
    const scale = integerScaling(graph, node)?.weightScale;
    if (scale !== undefined) scales.add(scale);
  }
  for (const node of graph.nodes) {
    const how = node.op === 'QLinearConcat' ? undefined : (operator(node).storage ?? []);
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
    const { answersQuantised, keepsScale } = operator(node);
    if (answersQuantised === true) return scalarsOf(graph, node);
    if (keepsScale !== true) return undefined;
    at = node.inputs[0]!;
  }
}

function scalarsOf(graph: Graph, node: GraphNode): ValueScaling | undefined {
  // Scale and zero point of the answer come last; QLinearConcat, whose list has no end, has them first.
  const [scale, zero] = node.op === 'QLinearConcat' ? [0, 1] : operator(node).storage!.slice(-2);
  const number = (name: string | undefined): number | undefined => {
    const stored = graph.weights.get(name ?? '');
    const tensor = stored === undefined || sizeOf(stored.dims) !== 1 ? undefined : smallTensor(stored);
    return tensor === undefined ? undefined : toNumbers(tensor)[0];
  };
  const size = number(node.inputs[scale!]);
  const absent = (node.inputs[zero!] ?? '') === '';
  const origin = absent ? 0 : number(node.inputs[zero!]);
  return size === undefined || origin === undefined ? undefined : { scale: size, zero: origin };
}

/** The numbers that integers stand for. */
export function scaledNumbers(integers: FloatTensor, { scale, zero }: ValueScaling): FloatTensor {
  return floatTensor(
    integers.dims,
    integers.data.map((v) => (v - zero) * scale),
  );
}
