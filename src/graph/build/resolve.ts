import { inMemory, type NodeProto, type StoredTensor } from '../../checkpoint/model.js';
import type { Facts } from '../facts.js';
import { indexOf, type Graph, type GraphNode } from '../graph.js';
import { Names } from '../names.js';
import { inOrder, readsOf } from '../order.js';
import type { DimsLookup } from './scan.js';
import { inferTypes } from '../types.js';
import { named } from './build.js';
import type { Choice, ConstantLookup, Merging } from './controlFlow.js';
import { flatten, type Known } from './flatten.js';

/** Control flow that is left in a graph once its constants are known, and what a run teaches about it. */

const isControlFlow = (node: GraphNode): boolean =>
  node.domain === '' && (node.op === 'If' || node.op === 'Loop' || node.op === 'Scan');

export const hasControlFlow = (graph: Graph): boolean => graph.nodes.some(isControlFlow);

/** Operators that answer otherwise each time, or look at nothing but what they are fed. */
const RANDOM: ReadonlySet<string> = new Set([
  'RandomNormal',
  'RandomNormalLike',
  'RandomUniform',
  'RandomUniformLike',
  'Bernoulli',
  'Multinomial',
]);

/**
 * Values that follow from shapes, weights and constants: the same for every input of one shape. What a run finds for one
 * of them holds for the next run; what it finds for another is of that input only.
 */
export function decidedByShapes(graph: Graph): (value: string) => boolean {
  const decided = new Set<string>(graph.weights.keys());
  for (const node of graph.nodes) {
    const asksShape = node.domain === '' && (node.op === 'Shape' || node.op === 'Size');
    const known =
      asksShape ||
      (!(node.domain === '' && RANDOM.has(node.op)) && readsOf(node).every((v) => v === '' || decided.has(v)));
    if (known) for (const output of node.outputs) decided.add(output);
  }
  return (value) => decided.has(value);
}

/**
 * The graph with the If, Loop and Scan nodes resolved that only shapes decide, and decide alike whatever the batch: exporters
 * write an If for `squeeze`. The graph itself where there is nothing to resolve.
 *
 * @param free what was known of values while the batch was free: a Scan along the batch is none of a known length, and
 * one input alone does not make it one
 */
export function resolveControlFlow(graph: Graph, facts: Facts, free: Facts = facts): Graph {
  if (!hasControlFlow(graph)) return graph;
  const decided = decidedByShapes(graph);
  const constant: ConstantLookup = (value) => {
    const found = decided(value) ? facts.get(value)?.constant : undefined;
    return found === undefined ? undefined : inMemory(value, found);
  };
  const dims: DimsLookup = (value) => {
    const fact = free.get(value) ?? facts.get(value);
    return fact?.base.map((side, i) => (fact.slope[i] === 0 ? side : undefined));
  };
  const resolved = flattened(graph, { constant, dims });
  const left = (g: Graph): number => g.nodes.filter(isControlFlow).length;
  return left(resolved) === left(graph) && resolved.nodes.length === graph.nodes.length ? graph : resolved;
}

/**
 * The graph with every If whose condition depends on what is fed as both of its branches and a choice, so that shapes and
 * gradients are known on either way; and the choices, whose two sides have to be of one shape. `undefined` where there is
 * no such If.
 */
export function mergeBranches(
  graph: Graph,
): { readonly graph: Graph; readonly choices: readonly Choice[] } | undefined {
  if (!graph.nodes.some((n) => n.domain === '' && n.op === 'If')) return undefined;
  const choices: Choice[] = [];
  const merged = flattened(
    graph,
    { constant: () => undefined, dims: () => undefined },
    { types: new Map(inferTypes(graph)), choices },
  );
  return { graph: merged, choices };
}

function flattened(graph: Graph, known: Known, merge?: Merging): Graph {
  const nodes = graph.nodes.map((n): NodeProto => ({ ...n, overload: '', attributes: n.attributes.list }));
  const initializers = [...graph.weights].map(([name, w]): StoredTensor => ({ ...w, name }));
  const names = new Names(indexOf(graph).names);
  const flat = flatten({ nodes, initializers }, new Map(), names, known, merge);
  const values = new Set([...flat.weights.keys(), ...graph.inputs.map((i) => i.name)]);
  return { ...graph, nodes: inOrder(named(flat.nodes), (v) => values.has(v)), weights: flat.weights };
}
