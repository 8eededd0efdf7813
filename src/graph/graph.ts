import { perObject } from '../base/memo.js';
import type { StoredTensor, ValueInfo } from '../checkpoint/model.js';
import type { Attributes } from './attributes.js';
import { capturedByAttributes, namesWithin, nestedGraphs } from './nested.js';

/**
 * A model's graph, immutable. Made from a checkpoint by `buildGraph`, which also settles what nobody downstream should
 * have to think about: functions are inlined, Constant nodes have become weights, `If`/`Loop` with constant conditions
 * are resolved where possible, every node has a unique name, nodes are in topological order, and operators of opsets
 * below 18 are rewritten to their opset-18 form (graph/upgrade), so that rules and edits know one form of each operator.
 */
export interface Graph {
  readonly name: string;
  readonly irVersion: number;
  /** Opset of ai.onnx after the upgrade: at least 18. */
  readonly opset: number;
  /** Opsets of the other domains. */
  readonly opsets: ReadonlyMap<string, number>;
  /** What has to be fed (initializers are not listed, even where an old file repeats them as inputs). */
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly nodes: readonly GraphNode[];
  /** Initializers and constants by value name. */
  readonly weights: ReadonlyMap<string, StoredTensor>;
  readonly metadata: ReadonlyMap<string, string>;
  /** Shapes of inner values that a runtime could not infer and optimises better with: written as `value_info`. */
  readonly described?: readonly ValueInfo[];
  /** The file it came from; external locations are resolved against its folder. */
  readonly path?: string;
}

export interface GraphNode {
  readonly name: string;
  readonly op: string;
  /** `''` for ai.onnx. */
  readonly domain: string;
  /** Value names; `''` stands for an absent optional input. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
  readonly doc: string;
  readonly metadata: ReadonlyMap<string, string>;
}

/** Who makes a value and who reads it. */
export interface GraphIndex {
  /** The node that makes the value; undefined for inputs and weights. */
  producer(value: string): GraphNode | undefined;
  /** Nodes that read the value, those whose nested graphs (If, Loop, Scan) capture it included. */
  consumers(value: string): readonly GraphNode[];
  node(name: string): GraphNode | undefined;
  /** Every name in use, so that new ones do not collide. */
  readonly names: ReadonlySet<string>;
}

/** The graph's index, built once. */
export const indexOf: (graph: Graph) => GraphIndex = perObject(makeIndex);

function makeIndex(graph: Graph): GraphIndex {
  const producers = new Map<string, GraphNode>();
  const consumers = new Map<string, GraphNode[]>();
  const nodes = new Map<string, GraphNode>();
  const reads = (node: GraphNode, input: string): void => {
    if (input === '') return;
    const list = consumers.get(input);
    if (list === undefined) consumers.set(input, [node]);
    else if (list.at(-1) !== node) list.push(node);
  };
  for (const node of graph.nodes) {
    nodes.set(node.name, node);
    for (const output of node.outputs) if (output !== '') producers.set(output, node);
    for (const input of node.inputs) reads(node, input);
    for (const input of capturedByAttributes(node.attributes.list)) reads(node, input);
  }
  let names: ReadonlySet<string> | undefined;
  return {
    producer: (value) => producers.get(value),
    consumers: (value) => consumers.get(value) ?? [],
    node: (name) => nodes.get(name),
    get names() {
      return (names ??= namesOf(graph));
    },
  };
}

/** Every name of nodes and values, those of nested graphs included. */
function namesOf(graph: Graph): ReadonlySet<string> {
  const names = new Set<string>(graph.weights.keys());
  for (const values of [graph.inputs, graph.outputs]) for (const { name } of values) names.add(name);
  for (const node of graph.nodes) {
    names.add(node.name);
    for (const output of node.outputs) if (output !== '') names.add(output);
    for (const g of nestedGraphs(node.attributes.list)) namesWithin(g, names);
  }
  return names;
}
