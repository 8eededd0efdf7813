import type { NodeProto } from '../../../src/checkpoint/model.js';
import type { Graph, GraphNode } from '../../../src/graph/graph.js';

/** A node as files have it. */
export const asProto = (node: GraphNode): NodeProto => ({ ...node, overload: '', attributes: node.attributes.list });

/** A node of a network that an activation may follow, by the seed. */
export const chosen = (graph: Graph, seed: number): number => {
  const places = graph.nodes.flatMap((n, i) =>
    ['Conv', 'Add', 'Mul', 'Clip', 'Relu', 'Sigmoid'].includes(n.op) ? [i] : [],
  );
  return places[seed % places.length]!;
};

/** The network with other nodes in place of one of them. */
export const replaced = (
  graph: Graph,
  at: number,
  nodes: readonly GraphNode[],
  weights: Graph['weights'] = new Map(),
): Graph => ({
  ...graph,
  nodes: [...graph.nodes.slice(0, at), ...nodes, ...graph.nodes.slice(at + 1)],
  weights: new Map([...graph.weights, ...weights]),
});
