import { isFloating, sizeOf, type ElementType } from '../base/tensor.js';
import type { StoredTensor } from '../checkpoint/model.js';
import { indexOf, type Graph, type GraphNode } from './graph.js';

/** Operators that only hand a weight on in another form. */
const HANDS_ON = new Set(['Identity', 'Transpose', 'DequantizeLinear', 'Cast', 'Reshape', 'Unsqueeze', 'Squeeze']);

const NUMERIC_WEIGHTS: ReadonlySet<ElementType> = new Set([
  'int8',
  'uint8',
  'int4',
  'uint4',
  'float8e4m3fn',
  'float8e5m2',
]);

/** The weight behind an input, looking through transpositions, casts and dequantisation. */
export function weightBehind(graph: Graph, value: string): StoredTensor | undefined {
  const index = indexOf(graph);
  for (let steps = 0; steps < 8; steps++) {
    const weight = graph.weights.get(value);
    if (weight !== undefined) return isParameter(weight) ? weight : undefined;
    const node = index.producer(value);
    if (node === undefined || node.domain !== '' || !HANDS_ON.has(node.op)) return undefined;
    value = node.inputs[0] ?? '';
  }
  return undefined;
}

function isParameter(weight: StoredTensor): boolean {
  return isFloating(weight.type) || NUMERIC_WEIGHTS.has(weight.type);
}

/** Inputs of a node that are parameters: [input index, weight]. */
export function parametersOf(graph: Graph, node: GraphNode): readonly (readonly [number, StoredTensor])[] {
  const found: (readonly [number, StoredTensor])[] = [];
  node.inputs.forEach((value, i) => {
    const weight = value === '' ? undefined : weightBehind(graph, value);
    if (weight !== undefined) found.push([i, weight]);
  });
  return found;
}

/** Running statistics of BatchNormalization are buffers, not parameters. */
export function isBuffer(node: GraphNode, input: number): boolean {
  return node.op === 'BatchNormalization' && input >= 3;
}

/**
 * Number of parameters of the model: floating and quantised weights of at least one dimension. Tensors the exporter made
 * for itself (shapes, scalars) and running statistics do not count.
 */
export function parameterCount(graph: Graph): number {
  const norms = graph.nodes.filter((n) => n.op === 'BatchNormalization');
  const buffers = new Set(norms.flatMap((n) => n.inputs.filter((_, i) => isBuffer(n, i))));
  let count = 0;
  for (const [name, w] of graph.weights)
    if (isParameter(w) && w.dims.length > 0 && !buffers.has(name)) count += sizeOf(w.dims);
  return count;
}

/** Weights that no node reads and no output shows: left-overs of an export. */
export function unusedWeights(graph: Graph): string[] {
  const index = indexOf(graph);
  const outputs = new Set(graph.outputs.map((o) => o.name));
  return [...graph.weights.keys()].filter((name) => index.consumers(name).length === 0 && !outputs.has(name));
}
