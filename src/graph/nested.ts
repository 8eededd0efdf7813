import { perObject } from '../base/memo.js';
import type { AttributeProto, GraphProto, NodeProto } from '../checkpoint/model.js';

/** Graphs that an attribute list carries: the branches of If, the bodies of Loop and Scan. */
export function nestedGraphs(attributes: readonly AttributeProto[]): readonly GraphProto[] {
  let graphs: GraphProto[] | undefined;
  for (const a of attributes) {
    if (a.type === 'graph') (graphs ??= []).push(a.value);
    else if (a.type === 'graphs') (graphs ??= []).push(...a.value);
  }
  return graphs ?? NONE;
}

const NONE: readonly GraphProto[] = [];

const NOTHING: readonly string[] = [];

/** Names of the outer scope that a nested graph reads. */
export const capturedNames: (graph: GraphProto) => ReadonlySet<string> = perObject(collect);

function collect(graph: GraphProto): ReadonlySet<string> {
  const inner = new Set([...graph.inputs, ...graph.initializers].map((v) => v.name));
  for (const node of graph.nodes) for (const output of node.outputs) inner.add(output);
  const captured = new Set<string>();
  const use = (name: string): void => {
    if (name !== '' && !inner.has(name)) captured.add(name);
  };
  for (const node of graph.nodes) {
    node.inputs.forEach(use);
    for (const g of nestedGraphs(node.attributes)) capturedNames(g).forEach(use);
  }
  for (const output of graph.outputs) use(output.name);
  return captured;
}

/** Names that the graphs inside a node read from the scope around them. */
export function capturedByAttributes(attributes: readonly AttributeProto[]): readonly string[] {
  const graphs = nestedGraphs(attributes);
  if (graphs.length === 0) return NOTHING;
  return [...new Set(graphs.flatMap((g) => [...capturedNames(g)]))];
}

/** Every name that a nested graph defines or reads, at any depth. */
export function namesWithin(graph: GraphProto, names: Set<string> = new Set()): Set<string> {
  for (const values of [graph.inputs, graph.initializers, graph.outputs]) for (const v of values) names.add(v.name);
  for (const node of graph.nodes) {
    names.add(node.name);
    for (const n of node.inputs) names.add(n);
    for (const n of node.outputs) names.add(n);
    for (const g of nestedGraphs(node.attributes)) namesWithin(g, names);
  }
  return names;
}

/** A nested graph with its values renamed: captured names through `rename`, and inner ones too. */
export function renameWithin(graph: GraphProto, rename: (name: string) => string): GraphProto {
  const name = (n: string): string => (n === '' ? '' : rename(n));
  return {
    ...graph,
    nodes: graph.nodes.map((node) => renameNode(node, name)),
    initializers: graph.initializers.map((w) => ({ ...w, name: name(w.name) })),
    inputs: graph.inputs.map((v) => ({ ...v, name: name(v.name) })),
    outputs: graph.outputs.map((v) => ({ ...v, name: name(v.name) })),
    valueInfo: graph.valueInfo.map((v) => ({ ...v, name: name(v.name) })),
  };
}

/** A node with its values renamed, those in nested graphs included. */
export function renameNode<N extends Pick<NodeProto, 'inputs' | 'outputs' | 'attributes'>>(
  node: N,
  rename: (name: string) => string,
): N {
  const name = (n: string): string => (n === '' ? '' : rename(n));
  return {
    ...node,
    inputs: node.inputs.map(name),
    outputs: node.outputs.map(name),
    attributes: mapGraphs(node.attributes, (g) => renameWithin(g, name)),
  };
}

/** The attributes with every nested graph replaced. */
export function mapGraphs(
  attributes: readonly AttributeProto[],
  change: (graph: GraphProto) => GraphProto,
): readonly AttributeProto[] {
  if (nestedGraphs(attributes).length === 0) return attributes;
  return attributes.map((a): AttributeProto => {
    if (a.type === 'graph') return { ...a, value: change(a.value) };
    if (a.type === 'graphs') return { ...a, value: a.value.map(change) };
    return a;
  });
}
