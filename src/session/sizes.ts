import { int64Tensor, sizeOf, type Tensor } from '../base/tensor.js';
import { inMemory, type StoredTensor } from '../checkpoint/model.js';
import type { Graph, GraphNode } from '../graph/graph.js';
import { operator } from '../graph/operators/operators.js';
import { inferTypes } from '../graph/types.js';
import type { Sessions, Shapes } from './session.js';

/** Sizes and indices have fewer numbers. */
const FEW = 4096;

/**
 * The graph with what is computed of known sizes alone as constants: the runtime tells no shape that follows from sizes by
 * arithmetic of more than a few operators.
 *
 * @param shapes of values, as far as they are known
 * @returns nothing where nothing more is known thereby
 */
export async function withSizes(graph: Graph, sessions: Sessions, shapes: Shapes): Promise<Graph | undefined> {
  const constants = new Map<string, StoredTensor>();
  const computed = new Set<string>();
  const running: GraphNode[] = [];
  const types = inferTypes(graph);
  const small = (value: string): boolean => {
    const dims = shapes.get(value);
    return dims !== undefined && sizeOf(dims) < FEW && types.has(value);
  };
  const isKnown = (value: string): boolean => {
    const weight = graph.weights.get(value);
    return (
      value === '' || computed.has(value) || constants.has(value) || (weight !== undefined && sizeOf(weight.dims) < FEW)
    );
  };
  for (const node of graph.nodes) {
    const dims = node.op === 'Shape' && node.domain === '' ? shapes.get(node.inputs[0] ?? '') : undefined;
    if (dims !== undefined) {
      constants.set(node.outputs[0]!, inMemory(node.outputs[0]!, shapeOf(node, dims)));
      continue;
    }
    if (operator(node).nested === true || !node.outputs.every((v) => v === '' || small(v))) continue;
    const reads = node.inputs.some((v) => computed.has(v) || constants.has(v));
    if (!reads || !node.inputs.every(isKnown)) continue;
    running.push(node);
    for (const output of node.outputs) computed.add(output);
  }
  if (constants.size === 0 && running.length === 0) return undefined;
  const values = running.length === 0 ? {} : await valuesOf(graph, sessions, running, constants);
  if (values === undefined) return undefined;
  for (const [name, tensor] of Object.entries(values)) constants.set(name, inMemory(name, tensor));
  return {
    ...graph,
    nodes: graph.nodes.filter((node) => !node.outputs.some((v) => constants.has(v))),
    weights: new Map([...graph.weights, ...constants]),
  };
}

/** What the nodes answer; nothing where the runtime refuses them: whoever runs the graph learns why. */
async function valuesOf(
  graph: Graph,
  sessions: Sessions,
  nodes: readonly GraphNode[],
  constants: ReadonlyMap<string, StoredTensor>,
): Promise<Readonly<Record<string, Tensor>> | undefined> {
  const names = nodes.flatMap((node) => node.outputs.filter((v) => v !== ''));
  const read = new Set(nodes.flatMap((node) => node.inputs));
  const weights = new Map([...graph.weights, ...constants].filter(([name]) => read.has(name)));
  const part: Graph = { ...graph, nodes, inputs: [], outputs: names.map((name) => ({ name })), weights, described: [] };
  try {
    const session = await sessions.open(part, { provider: 'cpu', optimised: false });
    try {
      return await session.run({}, names);
    } finally {
      await session.dispose();
    }
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return undefined;
  }
}

function shapeOf(node: GraphNode, dims: readonly number[]): Tensor {
  const within = (at: number): number => Math.min(dims.length, Math.max(0, at < 0 ? at + dims.length : at));
  const part = dims.slice(within(node.attributes.int('start', 0)), within(node.attributes.int('end', dims.length)));
  return int64Tensor([part.length], part);
}
