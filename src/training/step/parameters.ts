import { LensError } from '../../base/errors.js';
import { isFloating, sizeOf } from '../../base/tensor.js';
import { prune } from '../../graph/edits.js';
import { indexOf, type Graph, type GraphNode } from '../../graph/graph.js';
import { layersOf } from '../../graph/layers/layers.js';
import { ownerOf } from '../../graph/layers/owners.js';
import { operator } from '../../graph/operators/operators.js';
import type { Operator } from '../../graph/operators/traits.js';

/**
 * What a weight is for: a `kernel` that slides, a `matrix`, the matrices of a `recurrent` cell, a row for each word or place
 * (`embedding`), what is added (`shift`) or multiplied with (`scale`) channel by channel, the `slope` of a rectifier, a
 * running `statistic`, a `token` that is joined to the features or added to each of them.
 */
export type WeightPart =
  'kernel' | 'matrix' | 'recurrent' | 'embedding' | 'scale' | 'shift' | 'slope' | 'statistic' | 'token';

export interface WeightUse {
  readonly part: WeightPart;
  /** The first node that computes with it, seen through transpositions and the like. */
  readonly node: GraphNode;
  /** Numbers that an output is summed of, and outputs that an input goes into. 1 where nothing is summed. */
  readonly fanIn: number;
  readonly fanOut: number;
}

interface Read {
  readonly node: GraphNode;
  readonly input: number;
  /** Whether an odd number of transpositions lies between. */
  readonly turned: boolean;
}

/** How a weight is used; undefined where no node reads it. */
export function weightUse(graph: Graph, name: string): WeightUse | undefined {
  const read = firstRead(graph, name);
  const dims = graph.weights.get(name)?.dims;
  if (read === undefined || dims === undefined) return undefined;
  const { node, input } = read;
  const row = operator(node);
  const part = partOf(graph, row, read, dims);
  const space = sizeOf(dims.slice(2));
  const group = node.attributes.int('group', 1);
  const [first = 1, second = 1] = dims;
  if (part === 'kernel')
    return row.product === 'transposed'
      ? { part, node, fanIn: (first / group) * space, fanOut: second * space }
      : { part, node, fanIn: second * space, fanOut: (first / group) * space };
  if (part === 'recurrent')
    return { part, node, fanIn: dims.at(-1) ?? 1, fanOut: node.attributes.int('hidden_size', first) };
  if (part !== 'matrix') return { part, node, fanIn: 1, fanOut: 1 };
  const [rows, columns] = [dims.at(-2) ?? 1, dims.at(-1) ?? 1];
  const stored = node.attributes.int(input === 0 ? 'transA' : 'transB', 0) === 1;
  // As the second operand of a product its rows are inputs; as the first its columns are.
  const rowsAreInputs = (input === 0) === (stored !== read.turned);
  return rowsAreInputs ? { part, node, fanIn: rows, fanOut: columns } : { part, node, fanIn: columns, fanOut: rows };
}

/** Only what multiplies and sums decays: not normalisations, biases, slopes, tokens, embeddings. */
export function decays(graph: Graph, name: string): boolean {
  const part = weightUse(graph, name)?.part;
  return part === 'kernel' || part === 'matrix' || part === 'recurrent';
}

function firstRead(graph: Graph, name: string, turned = false, depth = 0): Read | undefined {
  for (const node of indexOf(graph).consumers(name)) {
    const input = node.inputs.indexOf(name);
    if (input < 0) continue;
    if (depth < 8 && input === 0 && operator(node).readThrough === true) {
      const behind = firstRead(graph, node.outputs[0]!, turned !== (node.op === 'Transpose'), depth + 1);
      if (behind !== undefined) return behind;
    } else return { node, input, turned };
  }
  return undefined;
}

function partOf(graph: Graph, row: Operator, { node, input }: Read, dims: readonly number[]): WeightPart {
  const role = row.roles?.[input];
  const line = dims.filter((d) => d > 1).length <= 1;
  if (role === 'mean' || role === 'variance') return 'statistic';
  if (role === 'slope') return 'slope';
  if (row.normalises === true) {
    const first = node.inputs.findIndex((v, i) => i > 0 && isLine(graph, v));
    return role === 'scale' || (role === undefined && input === first) ? 'scale' : 'shift';
  }
  if (role === 'bias') return 'shift';
  if (row.product === 'convolution' || row.product === 'transposed') return dims.length > 2 ? 'kernel' : 'shift';
  if (row.gates !== undefined) return dims.length > 2 ? 'recurrent' : 'shift';
  if (row.product !== undefined || row.op === 'Einsum') return dims.length > 1 ? 'matrix' : 'shift';
  if (row.op === 'Gather' || row.op === 'GatherElements') return 'embedding';
  if (row.elementwise === 'joint') return row.op === 'Mul' || row.op === 'Div' ? 'scale' : line ? 'shift' : 'token';
  return 'token';
}

function isLine(graph: Graph, value: string): boolean {
  const weight = graph.weights.get(value);
  return weight !== undefined && weight.dims.length === 1;
}

/** Which weights are trained: all, all but those of some layers or modules, or those of the last layer alone. */
export type Trained =
  | { readonly kind: 'all' }
  | {
      readonly kind: 'frozen';
      /** Names of layers, or of modules that hold them. */ readonly layers: readonly string[];
    }
  | { readonly kind: 'head' };

/**
 * Names of the weights that training changes, in the order of the graph. Running statistics are none, and neither are
 * constants: numbers that an exporter wrote for itself, and those with which a model prepares its picture.
 *
 * @throws LensError `training/no-weights`, `training/no-layer`
 */
export function trainableWeights(graph: Graph, logits: string, trained: Trained = { kind: 'all' }): readonly string[] {
  const part = prune(graph, [logits]);
  const all = parametersOf(part);
  if (all.length === 0)
    throw new LensError('unsupported', 'training/no-weights', 'The model has no weights that training could change.', {
      hint: 'A trained classifier holds its weights as initializers: export it with its parameters.',
    });
  if (trained.kind === 'all') return all;
  if (trained.kind === 'head') {
    const nodes = new Set(headNodes(part, logits).map((n) => n.name));
    const head = new Set(layersOf(part).flatMap((l) => (nodes.has(l.node) ? l.weights : [])));
    const found = all.filter((name) => head.has(name));
    if (found.length > 0) return found;
    throw new LensError('unsupported', 'training/no-head', 'The model has no last layer with weights of its own.', {
      hint: 'Train all layers.',
    });
  }
  return withoutLayers(part, all, trained.layers);
}

function withoutLayers(graph: Graph, all: readonly string[], frozen: readonly string[]): readonly string[] {
  const layers = layersOf(graph);
  const kept = new Set<string>();
  for (const name of frozen) {
    const within = layers.filter((l) => l.name === name || l.name.startsWith(`${name}.`) || l.scope.join('.') === name);
    if (within.length === 0)
      throw new LensError('usage', 'training/no-layer', `The model has no layer named "${name}" to freeze.`, {
        hint: 'Name layers or modules as the model view lists them.',
      });
    for (const layer of within) for (const weight of layer.weights) kept.add(weight);
  }
  const open = all.filter((name) => !kept.has(name));
  if (open.length === 0)
    throw new LensError(
      'usage',
      'training/all-frozen',
      'All layers of the model are frozen: nothing is left to train.',
      {
        hint: 'Leave at least the last layer open.',
      },
    );
  return open;
}

/** The products that make the logits with no other product between: the last layer, or several whose answers are averaged. */
function headNodes(graph: Graph, logits: string): readonly GraphNode[] {
  const index = indexOf(graph);
  const found = new Set<GraphNode>();
  const seen = new Set<string>();
  const open = [logits];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    const node = index.producer(value);
    if (node === undefined || seen.has(value)) continue;
    seen.add(value);
    if (operator(node).product !== undefined && hasWeight(graph, node)) found.add(node);
    else open.push(...node.inputs);
  }
  return [...found];
}

function hasWeight(graph: Graph, node: GraphNode): boolean {
  return node.inputs.some((v) => {
    for (let value = v, k = 0; k < 8; k++) {
      if (graph.weights.has(value)) return true;
      const maker = indexOf(graph).producer(value);
      if (maker === undefined || operator(maker).readThrough !== true) return false;
      value = maker.inputs[0] ?? '';
    }
    return false;
  });
}

function parametersOf(graph: Graph): readonly string[] {
  const layered = new Set(layersOf(graph).flatMap((l) => l.weights));
  const constants = preparing(graph);
  return [...graph.weights.values()]
    .filter(({ name, type, dims }) => {
      if (!isFloating(type) || constants.has(name) || /mask/i.test(name)) return false;
      const known = layered.has(name) || (sizeOf(dims) > 1 && ownerOf(name) !== undefined);
      return known && weightUse(graph, name)?.part !== 'statistic';
    })
    .map((w) => w.name);
}

/** Weights that are added to or multiplied with the picture before any layer has seen it: means and deviations of its channels. */
function preparing(graph: Graph): ReadonlySet<string> {
  const raw = new Set(graph.inputs.map((i) => i.name));
  const found = new Set<string>();
  for (const node of graph.nodes) {
    const { elementwise, product, gates, normalises, op, shapeOnly } = operator(node);
    const layer = product !== undefined || gates !== undefined || normalises === true || op === 'PRelu';
    if (layer || shapeOnly === true || !node.inputs.some((v) => raw.has(v))) continue;
    for (const output of node.outputs) raw.add(output);
    if (elementwise === 'joint') for (const v of node.inputs) if (graph.weights.has(v)) found.add(v);
  }
  return found;
}
