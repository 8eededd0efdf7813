import { LensError } from '../base/errors.js';
import { floatTensor, int64Tensor, isFloating, sizeOf } from '../base/tensor.js';
import { smallIntegers } from '../graph/constants.js';
import { indexOf, type Graph, type GraphNode } from '../graph/graph.js';
import { operator } from '../graph/operators/operators.js';
import { inMemory, type StoredTensor, type ValueInfo } from '../graph/values.js';

/** The last layer with weights before the scores. */
export interface Head {
  readonly node: GraphNode;
  /** Main weight first. */
  readonly weights: readonly string[];
  /** The axis of the main weight that the classes lie along. */
  readonly axis: number;
  readonly classes: number;
  /** Nodes between it and the scores. */
  readonly behind: readonly GraphNode[];
}

/**
 * Looks back from the scores for the product that makes them, over a bias, pools, activations and changes of shape.
 *
 * @returns undefined where there is none with plain weights: they are computed, quantised, or two branches meet before it
 */
export function headOf(graph: Graph, logits: string): Head | undefined {
  const index = indexOf(graph);
  const behind: GraphNode[] = [];
  const bias: string[] = [];
  for (let value = logits; ;) {
    const node = index.producer(value);
    if (node === undefined) return undefined;
    const { product } = operator(node);
    const weights = node.inputs.filter((name) => isWeight(graph, name));
    if (product === 'matrix' || product === 'convolution') {
      const main = graph.weights.get(node.inputs[1] ?? '');
      if (main === undefined || !isFloating(main.type) || node.domain !== '') return undefined;
      const axis = product === 'convolution' || node.attributes.int('transB', 0) !== 0 ? 0 : main.dims.length - 1;
      const classes = main.dims[axis]!;
      const own = bias.filter((name) => sizeOf(graph.weights.get(name)!.dims) === classes);
      return { node, weights: [...new Set([main.name, ...weights, ...own])], axis, classes, behind };
    }
    bias.push(...weights);
    const from = node.inputs.filter((name) => name !== '' && !graph.weights.has(name));
    if (from.length !== 1) return undefined;
    behind.push(node);
    value = from[0]!;
  }
}

function isWeight(graph: Graph, name: string): boolean {
  const weight = graph.weights.get(name);
  return weight !== undefined && isFloating(weight.type);
}

/**
 * The graph with a last layer for another number of classes. Its weights are zeros: they are to be drawn.
 *
 * @throws LensError `training/head` where the last layer cannot be exchanged
 */
export function withClasses(graph: Graph, logits: string, classes: number): Graph {
  const head = headOf(graph, logits);
  if (head === undefined) throw unchangeable('its scores do not come from a plain linear layer or convolution');
  if (head.classes === classes) return graph;
  const { consumers } = indexOf(graph);
  const shared = head.weights.find((name) => consumers(name).length > 1);
  if (shared !== undefined) throw unchangeable(`its weight "${shared}" is used by other layers, too`);
  if (head.node.op === 'Conv' && head.node.attributes.int('group', 1) !== 1)
    throw unchangeable('it is a convolution in groups');
  const weights = new Map(graph.weights);
  const resized = (name: string, axis: number): void => {
    const { dims } = graph.weights.get(name)!;
    const changed = dims.map((d, i) => (i === axis ? classes : d));
    weights.set(name, inMemory(name, floatTensor(changed)));
  };
  head.weights.forEach((name, k) => {
    const { dims, type } = graph.weights.get(name)!;
    if (type !== 'float32') throw unchangeable(`its weights are ${type}`);
    const axis = k === 0 ? head.axis : dims.indexOf(head.classes);
    // A bias of one number for all classes stays.
    if (axis >= 0) resized(name, axis);
    else if (sizeOf(dims) !== 1) throw unchangeable(`its weight "${name}" has no place for each class`);
  });
  for (const node of head.behind) {
    for (const name of node.inputs) {
      const stored = graph.weights.get(name);
      if (stored === undefined || head.weights.includes(name)) continue;
      const shape = shapeWith(stored, head.classes, classes);
      if (shape !== undefined) weights.set(name, shape);
      else if (stored.dims.includes(head.classes))
        throw unchangeable(`"${node.name}" behind it counts its ${head.classes} classes`);
    }
  }
  return { ...graph, weights, outputs: graph.outputs.map((o) => recounted(o, head.classes, classes)), described: [] };
}

/** A constant shape that counts the classes, with another number; undefined for what is none. */
function shapeWith(stored: StoredTensor, from: number, to: number): StoredTensor | undefined {
  const values = stored.type === 'int64' ? smallIntegers(stored) : undefined;
  if (values === undefined || !values.includes(from)) return undefined;
  return inMemory(
    stored.name,
    int64Tensor(
      stored.dims,
      values.map((v) => (v === from ? to : v)),
    ),
  );
}

function recounted(value: ValueInfo, from: number, to: number): ValueInfo {
  if (value.dims === undefined) return value;
  // The batch is no class.
  return { ...value, dims: value.dims.map((d, i) => (i > 0 && d === from ? to : d)) };
}

function unchangeable(reason: string): LensError {
  return new LensError(
    'unsupported',
    'training/head',
    `The last layer of the model cannot be exchanged for one with other classes: ${reason}.`,
    {
      hint: 'Train it on pictures whose folders are called like its own classes, or export it with another last layer.',
    },
  );
}
