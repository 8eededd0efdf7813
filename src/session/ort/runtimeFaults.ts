import type { Graph } from '../../graph/graph.js';
import { paddedPools } from '../../graph/rewrite/paddedPools.js';

/** Where ONNX Runtime (1.30) fails or computes something else than the graph says, and is kept from it. */
export interface RuntimeFaults {
  /** Names of nodes for which WebGPU has no kernel and fails while it runs, instead of leaving them to the CPU. */
  readonly onCpu: readonly string[];
  /** Names of its optimisers that would change the result. */
  readonly optimisers: readonly string[];
}

export function runtimeFaults(graph: Graph): RuntimeFaults {
  const indexed = graph.nodes.filter((n) => n.op === 'MaxPool' && n.domain === '' && (n.outputs[1] ?? '') !== '');
  return {
    onCpu: indexed.map((n) => n.name).filter((name) => name !== ''),
    // In front of a convolution the two mean the same, and one is faster.
    optimisers: paddedPools(graph).length > 0 ? ['Pad_Fusion'] : [],
  };
}
