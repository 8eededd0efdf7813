import type { Facts } from '../facts.js';
import { indexOf, type Graph } from '../graph.js';
import type { Layer } from '../layers/layer.js';
import { flopsOf } from './flops.js';

/** FLOPs of each layer: its main node's, and those of the nodes that follow it as long as they lead to nothing but its output. */
export function layerFlops(graph: Graph, layers: readonly Layer[], facts: Facts): (number | undefined)[] {
  const index = indexOf(graph);
  return layers.map((layer) => {
    const main = index.node(layer.node);
    if (main === undefined) return undefined;
    const nodes = new Set([main]);
    // Backwards from the output to the main node, over at most the few nodes of one layer.
    for (let at = index.producer(layer.output); at !== undefined && at !== main && nodes.size < 16;) {
      nodes.add(at);
      at = index.producer(at.inputs.find((v) => index.producer(v) !== undefined) ?? '');
    }
    let sum = 0;
    for (const node of nodes) {
      const flops = flopsOf(node, facts);
      if (flops === undefined) return undefined;
      sum += flops;
    }
    return sum;
  });
}
