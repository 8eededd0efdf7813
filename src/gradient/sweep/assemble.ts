import type { Facts } from '../../graph/facts.js';
import { indexOf, type Graph, type GraphNode } from '../../graph/graph.js';
import { readsOf } from '../../graph/order.js';
import type { GradientGraph, GradientRequest } from '../request.js';
import type { Ref } from '../rule.js';
import { allFixed, dimsOf } from '../dims.js';
import { described, withOutputs, type Tape } from '../emit/tape.js';

/** A finished sweep: forward graph, backward nodes and the references between them, which {@link assemble} joins to one graph. */
export interface Swept {
  readonly graph: Graph;
  readonly facts: Facts;
  readonly request: GradientRequest;
  /** The backward nodes, with what they read of constants. */
  readonly tape: Tape;
  /** Forward nodes that got outputs beyond their own. */
  readonly extra: ReadonlyMap<GraphNode, readonly string[]>;
  readonly score: Ref;
  /** The input that chooses what is differentiated; undefined where the score is a sum. */
  readonly seed: { readonly name: string } | undefined;
  /** By value of the request's `wrt`. */
  readonly gradients: ReadonlyMap<string, Ref>;
  readonly notes: readonly string[];
}

/** Joins forward and backward nodes to one graph that holds nothing it does not need. */
export function assemble(p: Swept): GradientGraph {
  const { graph, facts, request, tape } = p;
  const index = indexOf(graph);
  const forward = ancestors(graph, [
    request.score.value,
    ...(request.keep ?? []),
    ...tape.nodes.flatMap((n) => n.inputs),
    ...p.gradients.values(),
  ]);
  const made = new Set<string>(graph.inputs.map((i) => i.name));
  for (const node of forward) for (const o of node.outputs) made.add(o);
  // Inputs and weights are no outputs: whoever asks for one has it already.
  const kept = (request.keep ?? graph.outputs.map((o) => o.name)).filter(
    (o) => made.has(o) && index.producer(o) !== undefined,
  );

  // A graph output needs a node that makes it, and a name of its own.
  const used = new Set<string>(kept);
  const own = new Set(tape.nodes.flatMap((n) => n.outputs));
  const asOutput = (ref: Ref, what: string): string => {
    if (own.has(ref) && !used.has(ref)) {
      used.add(ref);
      return ref;
    }
    tape.scope = what;
    const copy = tape.op('Identity', [ref]);
    used.add(copy);
    return copy;
  };
  const score = asOutput(p.score, 'score');
  const gradients = new Map<string, string>();
  for (const [value, ref] of p.gradients) gradients.set(value, asOutput(ref, value));
  const symbol = batchSymbol(graph, facts);
  const dimsOfValue = (value: string): { dims?: (number | string)[] } => {
    const fact = facts.get(value);
    return fact === undefined ? {} : { dims: described(dimsOf(fact), symbol) };
  };
  const batch = facts.dynamicBatch ? symbol : facts.batch;
  const outputs = [
    { name: score, type: tape.type(score), dims: [batch] },
    ...[...gradients].map(([value, name]) => ({ name, type: tape.type(name), ...dimsOfValue(value) })),
    ...kept.map((name) => ({ name, ...typeOfValue(facts, name), ...dimsOfValue(name) })),
  ];
  const nodes = [
    ...graph.nodes.filter((n) => forward.has(n)).map((n) => (p.extra.has(n) ? withOutputs(n, p.extra.get(n)!) : n)),
    ...tape.nodes,
  ];
  const read = new Set(nodes.flatMap((n) => [...readsOf(n)]));
  const weights = new Map([...graph.weights, ...tape.weights].filter(([name]) => read.has(name)));
  const { seed } = p;
  const seedInput =
    seed === undefined
      ? []
      : request.score.seed === 'index'
        ? [{ name: seed.name, type: 'int64' as const, dims: [batch] }]
        : [{ name: seed.name, type: tape.type(seed.name), ...dimsOfValue(request.score.value) }];
  const inputs = graph.inputs.map((i) => (facts.get(i.name) === undefined ? i : { ...i, ...dimsOfValue(i.name) }));
  const written = new Set(nodes.flatMap((n) => n.outputs));
  // Those that depend on the batch: a runtime cannot infer them through a computed shape.
  const shapes = [...tape.dims]
    .filter(([name, dims]) => written.has(name) && !used.has(name) && !allFixed(dims))
    .map(([name, dims]) => ({ name, type: tape.type(name), dims: described(dims, symbol) }));
  return {
    graph: { ...graph, inputs: [...inputs, ...seedInput], outputs, nodes, weights, described: shapes },
    ...(seed === undefined ? {} : { seed: seed.name }),
    score,
    gradients,
    kept,
    notes: p.notes,
  };
}

/** How the model calls its batch. ONNX Runtime compares dimensions by their symbols when it chooses layouts. */
function batchSymbol(graph: Graph, facts: Facts): string {
  for (const input of graph.inputs) {
    const axis = facts.get(input.name)?.slope.findIndex((s) => s !== 0) ?? -1;
    const symbol = axis < 0 ? undefined : input.dims?.[axis];
    if (typeof symbol === 'string' && symbol !== '') return symbol;
  }
  return 'batch';
}

function typeOfValue(facts: Facts, value: string): { type?: NonNullable<Graph['outputs'][number]['type']> } {
  const fact = facts.get(value);
  return fact === undefined ? {} : { type: fact.type };
}

/** The nodes from which the given values are computed. */
function ancestors(graph: Graph, values: readonly string[]): Set<GraphNode> {
  const index = indexOf(graph);
  const found = new Set<GraphNode>();
  const open = [...values];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    const node = index.producer(value);
    if (node === undefined || found.has(node)) continue;
    found.add(node);
    open.push(...readsOf(node));
  }
  return found;
}
