import { isFloating, sizeOf, type ElementType } from '../../base/tensor.js';
import type { StoredTensor } from '../../checkpoint/model.js';
import { indexOf, type Graph, type GraphNode } from '../graph.js';
import { operator } from '../operators/operators.js';
import { quantisedOperand, storageConstants } from './quantised.js';

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
  let dequantised = false;
  for (let steps = 0; steps < 8; steps++) {
    const weight = graph.weights.get(value);
    if (weight !== undefined)
      return isParameter(graph, weight) || (dequantised && weight.type === 'int32') ? weight : undefined;
    const node = index.producer(value);
    if (node === undefined || node.domain !== '' || operator(node).readThrough !== true) return undefined;
    dequantised ||= node.op === 'DequantizeLinear';
    value = node.inputs[0] ?? '';
  }
  return undefined;
}

function isParameter(graph: Graph, weight: StoredTensor): boolean {
  if (!isFloating(weight.type) && !NUMERIC_WEIGHTS.has(weight.type)) return false;
  return !storageConstants(graph).has(weight.name);
}

/** Whether a weight is the bias of a quantised layer: integers in finer steps. */
function isIntegerBias(graph: Graph, weight: StoredTensor): boolean {
  if (weight.type !== 'int32') return false;
  return indexOf(graph)
    .consumers(weight.name)
    .some(
      (n) => (n.op === 'DequantizeLinear' ? n.inputs[0] : n.inputs[quantisedOperand(n)?.bias ?? -1]) === weight.name,
    );
}

/** Number of elements of a weight as its node sees it: some pack several into a byte. */
function elementsOf(node: GraphNode, weight: StoredTensor): number {
  const packed = node.op === 'MatMulNBits' && node.inputs[1] === weight.name;
  return packed ? node.attributes.int('N', 0) * node.attributes.int('K', 0) : sizeOf(weight.dims);
}

/** Number of elements of a node's weight that are parameters: running statistics are none. */
export function parametersIn(node: GraphNode, input: number, weight: StoredTensor): number {
  return isBuffer(node, input) ? 0 : elementsOf(node, weight);
}

/** Inputs of a node that are parameters: [input index, weight]. */
export function parametersOf(graph: Graph, node: GraphNode): readonly (readonly [number, StoredTensor])[] {
  const found: (readonly [number, StoredTensor])[] = [];
  node.inputs.forEach((value, i) => {
    const stored = graph.weights.get(value);
    const weight =
      value === ''
        ? undefined
        : stored !== undefined && isIntegerBias(graph, stored)
          ? stored
          : weightBehind(graph, value);
    if (weight !== undefined) found.push([i, weight]);
  });
  return found;
}

/** Running statistics of BatchNormalization are buffers, not parameters. */
export function isBuffer(node: GraphNode, input: number): boolean {
  const role = operator(node).roles?.[input];
  return role === 'mean' || role === 'variance';
}

/**
 * Number of parameters of the model: floating and quantised weights of at least one dimension. Tensors the exporter made
 * for itself (shapes, scalars), running statistics, scales and zero points do not count.
 */
export function parameterCount(graph: Graph): number {
  const norms = graph.nodes.filter((n) => n.op === 'BatchNormalization');
  // Also where they are stored in another type and cast before they are read.
  const buffers = new Set(
    norms.flatMap((n) => n.inputs.flatMap((v, i) => (isBuffer(n, i) ? (weightBehind(graph, v)?.name ?? v) : []))),
  );
  let count = 0;
  for (const [name, w] of graph.weights) {
    if (w.dims.length === 0 || buffers.has(name) || !(isParameter(graph, w) || isIntegerBias(graph, w))) continue;
    const [reader] = indexOf(graph).consumers(name);
    count += reader === undefined ? sizeOf(w.dims) : elementsOf(reader, w);
  }
  return count;
}

/** Weights that no node reads and no output shows: left-overs of an export. */
export function unusedWeights(graph: Graph): string[] {
  const index = indexOf(graph);
  const outputs = new Set(graph.outputs.map((o) => o.name));
  return [...graph.weights.keys()].filter((name) => index.consumers(name).length === 0 && !outputs.has(name));
}
