import { isFloating, type ElementType } from '../../base/tensor.js';
import type { Facts } from '../../graph/facts.js';
import type { Graph, GraphNode } from '../../graph/graph.js';
import { readsOf } from '../../graph/order.js';
import { operator } from '../../graph/operators/operators.js';
import type { Answer } from '../rule.js';

/** What lies between the values that are asked about and the score. */
export interface Relevance {
  /** Values that depend on `wrt` in a way a gradient can follow. */
  readonly active: ReadonlySet<string>;
  /** Nodes through which a gradient has to go. */
  readonly path: ReadonlySet<GraphNode>;
}

/** Integer types that may stand for real numbers in a quantised graph. */
export function isQuantised(type: ElementType | undefined): boolean {
  return (
    type === 'uint8' ||
    type === 'int8' ||
    type === 'uint16' ||
    type === 'int16' ||
    type === 'int4' ||
    type === 'uint4' ||
    type === 'int32'
  );
}

/** Whether a node on the path handles numbers that are whole by type, though its operator computes with them. */
export function computesWithIntegers(
  node: GraphNode,
  answer: Answer,
  active: ReadonlySet<string>,
  typeOf: (value: string) => ElementType | undefined,
): boolean {
  if ('quantised' in answer && answer.quantised === true) return false;
  return operator(node).passesIntegers !== true && node.inputs.some((i) => active.has(i) && isQuantised(typeOf(i)));
}

/**
 * Two sweeps: forwards for what depends on `wrt`, backwards for what reaches `target`. Integer and boolean values stop
 * the first one by type, except where a quantised operator made them. What the graphs inside an If, Loop or Scan take from
 * outside counts as read: a way through them is a way.
 */
export function relevance(
  graph: Graph,
  typeOf: (value: string) => ElementType | undefined,
  wrt: Iterable<string>,
  target: string,
  stop: ReadonlySet<string>,
  answer: (node: GraphNode) => Answer,
): Relevance {
  const active = new Set<string>(wrt);
  const asked = new Set(active);
  for (const node of graph.nodes) {
    if (!readsOf(node).some((i) => i !== '' && active.has(i))) continue;
    const a = answer(node);
    if (a.kind === 'zero') continue;
    const fromIntegers = node.inputs.some((i) => active.has(i) && isQuantised(typeOf(i)));
    for (const output of node.outputs) {
      if (output === '' || stop.has(output)) continue;
      const type = typeOf(output);
      const carries =
        type === undefined ||
        isFloating(type) ||
        (isQuantised(type) && (fromIntegers || ('quantised' in a && a.quantised === true)));
      if (carries) active.add(output);
    }
  }
  const needed = new Set<string>([target]);
  const path = new Set<GraphNode>();
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const node = graph.nodes[i]!;
    if (!node.outputs.some((o) => needed.has(o) && active.has(o) && !stop.has(o))) continue;
    const inputs = readsOf(node).filter((v) => v !== '' && active.has(v));
    // A value that was asked about may be made by a node that depends on nothing asked: the path ends there.
    if (
      inputs.length === 0 ||
      (answer(node).kind === 'zero' && node.outputs.every((o) => o === '' || asked.has(o) || !active.has(o)))
    )
      continue;
    path.add(node);
    for (const v of inputs) needed.add(v);
  }
  return { active, path };
}

/**
 * Where every way from `wrt` to `target` ends, if there are ways and a gradient can follow none of them: the nodes that
 * take what a gradient could follow and give out what it cannot.
 */
export function endsOf(
  graph: Graph,
  active: ReadonlySet<string>,
  wrt: Iterable<string>,
  target: string,
): readonly GraphNode[] {
  if (active.has(target)) return [];
  const dependent = new Set<string>(wrt);
  for (const node of graph.nodes)
    if (readsOf(node).some((i) => dependent.has(i))) for (const output of node.outputs) dependent.add(output);
  if (!dependent.has(target)) return [];
  const needed = new Set<string>([target]);
  const ends: GraphNode[] = [];
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const node = graph.nodes[i]!;
    if (!node.outputs.some((o) => needed.has(o) && dependent.has(o))) continue;
    if (readsOf(node).some((v) => active.has(v)) && !node.outputs.some((o) => active.has(o))) ends.push(node);
    for (const v of readsOf(node)) if (v !== '' && dependent.has(v)) needed.add(v);
  }
  return ends.reverse();
}

/** Element types from the facts, with those of weights. */
export function typesOf(graph: Graph, facts: Facts): (value: string) => ElementType | undefined {
  return (value) => facts.get(value)?.type ?? graph.weights.get(value)?.type;
}
