import type { Tensor } from '../base/tensor.js';
import { inMemory, type StoredTensor, type ValueInfo } from '../checkpoint/model.js';
import { Attributes, makeAttributes, type AttributeInput } from './attributes.js';
import { indexOf, type Graph, type GraphNode } from './graph.js';
import { operator } from './operators/operators.js';
import { renameNode } from './nested.js';
import { readsOf } from './order.js';
import { inferTypes } from './types.js';

/** Changes to a graph. Every function answers a new graph and leaves the old one as it is. */

/** The graph with other outputs: any values it makes, its inputs and weights included. Nothing is pruned. */
export function withOutputs(graph: Graph, names: readonly string[]): Graph {
  const declared = new Map<string, ValueInfo>([...graph.inputs, ...graph.outputs].map((v) => [v.name, v]));
  const types = inferTypes(graph);
  const index = indexOf(graph);
  const outputs = names.map((name): ValueInfo => {
    if (index.producer(name) === undefined && !graph.weights.has(name) && !declared.has(name)) {
      throw new Error(`The graph has no value "${name}"`);
    }
    const type = types.get(name);
    return declared.get(name) ?? (type === undefined ? { name } : { name, type });
  });
  return { ...graph, outputs };
}

/** The graph with other values in some of its weights. Shapes must be the same; the element type may change with its readers' consent. */
export function withWeights(graph: Graph, replacement: ReadonlyMap<string, Tensor>): Graph {
  const weights = new Map(graph.weights);
  for (const [name, tensor] of replacement) {
    const old = weights.get(name);
    if (old === undefined) throw new Error(`The graph has no weight "${name}"`);
    if (old.dims.length !== tensor.dims.length || old.dims.some((d, i) => d !== tensor.dims[i])) {
      throw new Error(`Weight "${name}" is ${old.dims.join('×')}, not ${tensor.dims.join('×')}`);
    }
    weights.set(name, inMemory(name, tensor));
  }
  return { ...graph, weights };
}

/**
 * The graph reduced to what `outputs` need. Inputs that nothing reads any more are dropped, and so are their nodes
 * and weights. Defaults to the graph's own outputs.
 */
export function prune(graph: Graph, outputs: readonly string[] = graph.outputs.map((o) => o.name)): Graph {
  const needed = new Set(outputs);
  const nodes: GraphNode[] = [];
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const node = graph.nodes[i]!;
    if (!node.outputs.some((o) => o !== '' && needed.has(o))) continue;
    nodes.push(node);
    for (const value of readsOf(node)) needed.add(value);
  }
  nodes.reverse();
  const reduced = withOutputs(graph, outputs);
  return {
    ...reduced,
    nodes,
    inputs: graph.inputs.filter((v) => needed.has(v.name)),
    weights: new Map([...graph.weights].filter(([name]) => needed.has(name))),
  };
}

/** The graph with more nodes at its end (they must be in order and may read anything), weights, inputs and outputs. */
export function addNodes(
  graph: Graph,
  nodes: readonly GraphNode[],
  more: {
    readonly weights?: Iterable<StoredTensor>;
    readonly inputs?: readonly ValueInfo[];
    readonly outputs?: readonly ValueInfo[];
  } = {},
): Graph {
  const weights = new Map(graph.weights);
  for (const w of more.weights ?? []) weights.set(w.name, w);
  return {
    ...graph,
    weights,
    nodes: [...graph.nodes, ...nodes],
    inputs: [...graph.inputs, ...(more.inputs ?? [])],
    outputs: [...graph.outputs, ...(more.outputs ?? [])],
  };
}

/** A plain ai.onnx node, with a single output named after it unless others are given. */
export function makeNode(
  op: string,
  name: string,
  inputs: readonly string[],
  attributes: Readonly<Record<string, AttributeInput | undefined>> | Attributes = {},
  outputs: readonly string[] = [name],
): GraphNode {
  return {
    name,
    op,
    domain: '',
    inputs,
    outputs,
    doc: '',
    metadata: new Map(),
    attributes: attributes instanceof Attributes ? attributes : makeAttributes(attributes),
  };
}

/** The graph with values renamed everywhere; names that are not in the map stay. */
export function rename(graph: Graph, names: ReadonlyMap<string, string>): Graph {
  const to = (name: string): string => names.get(name) ?? name;
  const info = (v: ValueInfo): ValueInfo => ({ ...v, name: to(v.name) });
  return {
    ...graph,
    inputs: graph.inputs.map(info),
    outputs: graph.outputs.map(info),
    ...(graph.described === undefined ? {} : { described: graph.described.map(info) }),
    weights: new Map([...graph.weights].map(([name, w]) => [to(name), { ...w, name: to(name) }])),
    nodes: graph.nodes.map((n) => {
      const renamed = renameNode({ ...n, attributes: n.attributes.list }, to);
      return {
        ...n,
        inputs: renamed.inputs,
        outputs: renamed.outputs,
        attributes: renamed.attributes === n.attributes.list ? n.attributes : new Attributes(renamed.attributes),
      };
    }),
  };
}

export type FinalActivation = 'Softmax' | 'Sigmoid' | 'LogSoftmax';

/** Where the logits are. */
export interface LogitsValue {
  /** The value whose elements are the logits, in the order of the output's elements. */
  readonly value: string;
  /** The activation that stands between it and the output; absent when there is none. */
  readonly cut?: FinalActivation;
  readonly node?: string;
}

/**
 * Looks back from an output over operators that only reshape, for a last Softmax, Sigmoid or LogSoftmax. The graph is
 * not changed: whoever wants logits asks for `value` in place of the output. Where there is no such activation the
 * answer is the output itself.
 */
export function cutFinalActivation(graph: Graph, output: string): LogitsValue {
  const index = indexOf(graph);
  let value = output;
  for (;;) {
    const node = index.producer(value);
    if (node === undefined || node.domain !== '') return { value: output };
    const input = node.inputs[0] ?? '';
    if (node.op === 'Softmax' || node.op === 'Sigmoid' || node.op === 'LogSoftmax') {
      return { value: input, cut: node.op, node: node.name };
    }
    if (operator(node).keepsOrder !== true || node.outputs[0] !== value || input === '') return { value: output };
    value = input;
  }
}
