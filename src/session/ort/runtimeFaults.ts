import { type Graph, type GraphNode } from '../../graph/graph.js';

/** Where ONNX Runtime (1.30) fails or computes something else than the graph says, and is kept from it. */
export interface RuntimeFaults {
  /** Names of nodes for which WebGPU has no kernel and fails while it runs, instead of leaving them to the CPU. */
  readonly onCpu: readonly string[];
  /** Names of its optimisers that would change the result. */
  readonly optimisers: readonly string[];
}

export function runtimeFaults(graph: Graph): RuntimeFaults {
  const indexed = graph.nodes.filter((n) => isOnnx(n, 'MaxPool') && (n.outputs[1] ?? '') !== '');
  const padded = new Set<string>();
  for (const node of graph.nodes)
    if (isOnnx(node, 'Pad') || (REMOVED.some((op) => isOnnx(node, op)) && padded.has(node.inputs[0] ?? '')))
      padded.add(node.outputs[0] ?? '');
  // Joined with a pool, zeros become the pool's own padding, which a maximum never takes and which has to be smaller than
  // the kernel. In front of a convolution the two mean the same.
  const joined = graph.nodes.some((n) => POOLS.some((op) => isOnnx(n, op)) && padded.has(n.inputs[0] ?? ''));
  return {
    onCpu: indexed.map((n) => n.name).filter((name) => name !== ''),
    optimisers: joined ? ['Pad_Fusion'] : [],
  };
}

/** What its optimisers take out of the way first. */
const REMOVED = ['Identity', 'Dropout', 'Cast'];
const POOLS = ['MaxPool', 'AveragePool'];

function isOnnx(node: GraphNode, op: string): boolean {
  return node.op === op && node.domain === '';
}
