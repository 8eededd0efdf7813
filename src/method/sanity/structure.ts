import { sizeOf } from '../../base/tensor.js';
import { prune } from '../../graph/edits.js';
import { indexOf, type Graph, type GraphNode } from '../../graph/graph.js';
import { readsOf } from '../../graph/order.js';
import { operator } from '../../graph/operators/operators.js';

/**
 * Each Softmax that is given probabilities: n classes get no more than e / (e + n - 1) from it, and the order stays as it
 * was, which is why nobody notices. A Softmax of logarithms of probabilities changes nothing and is not one.
 */
export function doubleSoftmax(graph: Graph): readonly (readonly [inner: GraphNode, outer: GraphNode])[] {
  const { producer } = indexOf(graph);
  return graph.nodes.flatMap((outer) => {
    if (!shares(outer)) return [];
    let inner = producer(outer.inputs[0]!);
    while (inner !== undefined && operator(inner).keepsOrder === true && !shares(inner))
      inner = producer(inner.inputs[0]!);
    return inner?.op === 'Softmax' ? [[inner, outer] as const] : [];
  });
}

/** Makes a distribution, or the logarithms of one. */
function shares({ op }: GraphNode): boolean {
  return op === 'Softmax' || op === 'LogSoftmax';
}

export interface UnusedWeight {
  readonly name: string;
  readonly numbers: number;
}

/** Weights that no output depends on, largest first; single numbers, which exporters leave behind, are none. */
export function unusedWeights(graph: Graph): readonly UnusedWeight[] {
  const outputs = graph.outputs.map(({ name }) => name);
  const used = new Set([...outputs, ...prune(graph, outputs).nodes.flatMap(readsOf)]);
  return [...graph.weights]
    .filter(([name]) => !used.has(name))
    .map(([name, { dims }]) => ({ name, numbers: sizeOf(dims) }))
    .filter(({ numbers }) => numbers > 1)
    .sort((a, b) => b.numbers - a.numbers);
}
