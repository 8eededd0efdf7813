import { dimsAt, type Facts } from '../facts.js';
import { cutFinalActivation } from '../edits.js';
import { indexOf, type Graph, type GraphNode } from '../graph.js';
import { operator } from '../operators/operators.js';
import { readsOf } from '../order.js';
import { weightBehind } from './parameters.js';

/** The last linear layer before an output: what comes before it are the features that a classifier sees. */
export interface LinearHead {
  readonly node: string;
  /** Its input: the embedding. */
  readonly features: string;
  /** Name of its weight in `Graph.weights`. */
  readonly weight: string;
  /** Its output, bias included. */
  readonly output: string;
}

/** The linear layer that makes an output (the first one unless named); undefined where the output comes from something else. */
export function lastLinear(graph: Graph, output: string | undefined = graph.outputs[0]?.name): LinearHead | undefined {
  if (output === undefined) return undefined;
  const index = indexOf(graph);
  let value = cutFinalActivation(graph, output).value;
  for (;;) {
    const node = index.producer(value);
    if (node === undefined || node.domain !== '') return undefined;
    if (node.op === 'Gemm' || node.op === 'MatMul') return linear(graph, node, value);
    if (node.op === 'Add') {
      const computed = node.inputs.filter((v) => weightBehind(graph, v) === undefined);
      const before = computed.length === 1 ? index.producer(computed[0]!) : undefined;
      return before?.op === 'MatMul' ? linear(graph, before, value) : undefined;
    }
    if (operator(node).keepsOrder !== true) return undefined;
    value = node.inputs[0] ?? '';
  }
}

function linear(graph: Graph, node: GraphNode, output: string): LinearHead | undefined {
  const weight = weightBehind(graph, node.inputs[1] ?? '');
  const features = node.inputs[0] ?? '';
  return weight === undefined ? undefined : { node: node.name, features, weight: weight.name, output };
}

/**
 * The convolution nearest to an output that still has room: the usual layer for Grad-CAM. Convolutions over a single
 * position (squeeze-and-excitation, heads after a pool) are passed over. Undefined where the graph has none.
 */
export function lastConvolution(
  graph: Graph,
  facts?: Facts,
  outputs: readonly string[] = graph.outputs.map((o) => o.name),
): GraphNode | undefined {
  const needed = new Set(outputs);
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const node = graph.nodes[i]!;
    if (!node.outputs.some((o) => needed.has(o))) continue;
    if (node.op === 'Conv' && hasRoom(node, facts)) return node;
    for (const value of readsOf(node)) needed.add(value);
  }
  return undefined;
}

function hasRoom(node: GraphNode, facts: Facts | undefined): boolean {
  const fact = facts?.get(node.outputs[0] ?? '');
  return (
    facts === undefined ||
    (fact !== undefined &&
      dimsAt(fact, facts.batch)
        .slice(2)
        .some((d) => d > 1))
  );
}
