import type { Graph, GraphNode } from '../../graph/graph.js';
import { operator } from '../../graph/operators/operators.js';
import { readsOf } from '../../graph/order.js';

/** Whether an operator answers with shares, 0 to 1: Sigmoid, Softmax. */
export function answersShares(node: Pick<GraphNode, 'op' | 'domain'>): boolean {
  const { range } = operator(node);
  return range?.[0] === 0 && range[1] === 1;
}

/**
 * Names of the nodes whose shares weigh something else that is computed: attention, gates, excitations. Followed over what
 * only moves numbers about, adds to them or scales them, up to a product with what is no share itself: a probability times
 * an objectness is a score, and gates nothing.
 *
 * @param except products that are none of the model's
 */
export function gatesOf(graph: Graph, except: ReadonlySet<string>): ReadonlySet<string> {
  /** The nodes whose shares a value is. */
  const shares = new Map<string, ReadonlySet<string>>();
  const gates = new Set<string>();
  for (const node of graph.nodes) {
    const computed = readsOf(node).filter((v) => v !== '' && !graph.weights.has(v));
    if (answersShares(node)) {
      for (const output of node.outputs) shares.set(output, new Set([node.name]));
      continue;
    }
    const arriving = computed.filter((v) => shares.has(v));
    if (arriving.length === 0) continue;
    if (multiplies(node) && arriving.length < computed.length) {
      if (!except.has(node.name)) for (const v of arriving) for (const name of shares.get(v)!) gates.add(name);
      continue;
    }
    // A list of boxes and their scores side by side is no share.
    if (!handsOn(node) || (node.op === 'Concat' && arriving.length < computed.length)) continue;
    const all = new Set(arriving.flatMap((v) => [...shares.get(v)!]));
    for (const output of node.outputs) if (output !== '') shares.set(output, all);
  }
  return gates;
}

/** Products of two values: of numbers, or of matrices. */
function multiplies(node: GraphNode): boolean {
  return node.op === 'Mul' || operator(node).product === 'matrix' || node.op === 'Einsum';
}

/** Moves numbers about, adds to them, scales them, or chooses among them. */
function handsOn(node: GraphNode): boolean {
  const { keepsScale, elementwise, pointwise } = operator(node);
  return keepsScale === true || elementwise === 'linear' || elementwise === 'joint' || pointwise === true;
}
