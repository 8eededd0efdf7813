import { int64Tensor, isFloating } from '../../base/tensor.js';
import { inMemory, type StoredTensor } from '../../checkpoint/model.js';
import { makeNode, prune, withOutputs } from '../edits.js';
import type { Facts } from '../facts.js';
import { indexOf, type Graph, type GraphNode } from '../graph.js';
import { Names } from '../names.js';
import { operator } from '../operators/operators.js';
import { product } from './axes.js';
import { dimsOf } from './products.js';
import { weightsOf } from './weights.js';

/** The map that tokens were cut from. */
export interface PlaceMap {
  /** The value; the picture itself where patches are cut by moving its pixels. */
  readonly value: string;
  readonly dims: readonly number[];
  /** Its axis of channels, and the axes that are places, row before column. */
  readonly channels: number;
  readonly places: readonly number[];
}

/**
 * A graph that moves places as the model moves what stands there: fed with the number of each place of a map (from 1; 0 is
 * no place), it answers, for tokens, where each comes from, whatever windows, shifts and foldings lie between.
 */
export interface PlaceGraph {
  readonly map: PlaceMap;
  readonly graph: Graph;
  /** The input to feed: float32, of the map's dimensions. */
  readonly input: string;
  /** By value that was asked about: the output that has its places, of its dimensions. */
  readonly outputs: ReadonlyMap<string, string>;
}

/** The map that a sequence of tokens was cut from: back from a value over all that leaves every place where it is. */
export function mapBehind(graph: Graph, facts: Facts, value: string): PlaceMap | undefined {
  const index = indexOf(graph);
  const weight = weightsOf(graph);
  let [at, passed] = [value, 0];
  for (; passed < graph.nodes.length; passed++) {
    const node = index.producer(at);
    if (node === undefined) break;
    const before = keptFrom(graph, facts, node, at, weight);
    if (before === undefined) return asMap(facts, at, node);
    at = before;
  }
  return graph.inputs.some((i) => i.name === at) ? asMap(facts, at, undefined) : undefined;
}

/**
 * @param wanted values whose tokens are asked about, all behind the map
 */
export function placeGraph(graph: Graph, facts: Facts, map: PlaceMap, wanted: readonly string[]): PlaceGraph {
  const weight = weightsOf(graph);
  const names = new Names(indexOf(graph).names);
  const input = names.make('places');
  const moved = new Map<string, string>([[map.value, input]]);
  const nodes: GraphNode[] = [];
  const weights: StoredTensor[] = [];
  const emit = (op: string, inputs: readonly string[], attributes: Parameters<typeof makeNode>[3] = {}): string => {
    const name = names.make(`places_${op}`);
    nodes.push(makeNode(op, name, inputs, attributes));
    return name;
  };
  const integers = (values: readonly number[]): string => {
    const name = names.make('places_shape');
    weights.push(inMemory(name, int64Tensor([values.length], values)));
    return name;
  };
  /** Of a value without places: zeros of its shape. */
  const nowhere = (value: string): string => emit('Expand', [zero(), emit('Shape', [value])]);
  let noPlace: string | undefined;
  const zero = (): string => {
    if (noPlace === undefined) {
      noPlace = names.make('places_none');
      weights.push(inMemory(noPlace, { type: 'float32', dims: [1], data: Float32Array.of(0) }));
    }
    return noPlace;
  };
  /** What a Pad puts at the edges may be half as precise as the places are. */
  const asPlaces = (value: string): string => {
    const type = facts.get(value)?.type;
    return type !== undefined && isFloating(type) && type !== 'float32' ? emit('Cast', [value], { to: FLOAT }) : value;
  };
  for (const node of graph.nodes) {
    if (!node.inputs.some((v) => moved.has(v)) || node.outputs.some((v) => moved.has(v))) continue;
    if (moves(node) && (moved.has(node.inputs[0] ?? '') || node.op === 'Concat')) {
      const renamed = node.inputs.map((v) => moved.get(v) ?? (node.op === 'Concat' ? nowhere(v) : asPlaces(v)));
      const outputs = node.outputs.map((v) => (v === '' ? '' : names.make(`places_of_${v}`)));
      nodes.push({ ...node, name: names.make(`places_${node.op}`), inputs: renamed, outputs });
      node.outputs.forEach((v, i) => v !== '' && moved.set(v, outputs[i]!));
      continue;
    }
    const [output = ''] = node.outputs;
    const from = keptFrom(graph, facts, node, output, weight, (v) => moved.has(v));
    const [din, dout] = [dimsOf(facts, from ?? ''), dimsOf(facts, output)];
    if (from === undefined || din === undefined || dout === undefined || !moved.has(from)) continue;
    const changed = changedAxis(din, dout);
    if (changed === null) continue;
    const squeezed =
      changed === undefined ? moved.get(from)! : emit('ReduceMax', [moved.get(from)!, integers([changed])]);
    moved.set(output, emit('Expand', [squeezed, integers(dout)]));
  }
  const outputs = new Map(wanted.flatMap((v) => (moved.has(v) ? [[v, moved.get(v)!] as const] : [])));
  const all: Graph = {
    ...graph,
    inputs: [...graph.inputs, { name: input, type: 'float32', dims: map.dims }],
    nodes: [...graph.nodes, ...nodes],
    weights: new Map([...graph.weights, ...weights.map((w) => [w.name, w] as const)]),
  };
  const shown = [...new Set(outputs.values())];
  return { map, input, outputs, graph: prune(withOutputs(all, shown), shown) };
}

/** float32, as Cast calls it. */
const FLOAT = 1;

/** What only moves elements about, or says where they are taken from. */
function moves(node: GraphNode): boolean {
  const row = operator(node);
  return row.flops === 0 && row.shapeOnly !== true && row.elementwise === undefined;
}

/**
 * The input that has, at each place, what the output has there: undefined where places are joined (a window that strides, a
 * pool), or where several computed values lie side by side along channels.
 */
function keptFrom(
  graph: Graph,
  facts: Facts,
  node: GraphNode,
  output: string,
  weight: (value: string) => boolean,
  prefers: (value: string) => boolean = () => true,
): string | undefined {
  const row = operator(node);
  const computed = node.inputs.filter((v) => v !== '' && !weight(v) && !isSize(graph, v));
  if (row.nested === true || row.shapeOnly === true || computed.length === 0) return undefined;
  const [to] = [dimsOf(facts, output)];
  if (to === undefined) return undefined;
  if (node.op === 'Concat') return ofConcat(graph, facts, node, computed);
  if (moves(node)) return computed[0] === node.inputs[0] ? computed[0] : undefined;
  const fitting = computed.filter((v) => {
    const from = dimsOf(facts, v);
    return from !== undefined && from.length === to.length && changedAxis(from, to) !== null && places(node, from, to);
  });
  const same = (v: string): boolean => dimsOf(facts, v)!.every((d, i) => d === to[i]);
  return fitting.filter(prefers).find(same) ?? fitting.find(prefers) ?? fitting[0];
}

/** Whether a node leaves places where they are: not so where a window strides, though sizes may happen to agree. */
function places(node: GraphNode, from: readonly number[], to: readonly number[]): boolean {
  const row = operator(node);
  if (row.window !== true) return !node.op.startsWith('Reduce') && node.op !== 'Resize';
  return (
    from.slice(2).every((d, i) => d === to[i + 2]) && (node.attributes.ints('strides') ?? []).every((s) => s === 1)
  );
}

/** The one axis in which sizes differ; undefined: none; null: several, or another number of axes. */
function changedAxis(from: readonly number[], to: readonly number[]): number | undefined | null {
  if (from.length !== to.length) return null;
  const changed = from.flatMap((d, i) => (d !== to[i] ? [i] : []));
  return changed.length > 1 ? null : changed[0];
}

/**
 * Of parts laid side by side: the one that is computed (others are tokens without a place); all of one value that was cut
 * along the same axis, which is a shift. Cuts of one value that are laid side by side along another axis join places.
 */
function ofConcat(graph: Graph, facts: Facts, node: GraphNode, computed: readonly string[]): string | undefined {
  const index = indexOf(graph);
  const fromPicture = computed.filter((v) => !isLearned(graph, v));
  if (fromPicture.length === 1) return fromPicture[0];
  const to = dimsOf(facts, node.outputs[0]!);
  const sources = new Set(
    fromPicture.map((v) => {
      const cut = index.producer(v);
      return cut?.op === 'Slice' || cut?.op === 'Split' ? cut.inputs[0]! : v;
    }),
  );
  if (sources.size !== 1 || to === undefined) return undefined;
  const [source] = [...sources] as [string];
  const whole = dimsOf(facts, source);
  return whole?.length === to.length && whole.every((d, i) => d === to[i]) ? source : undefined;
}

/** Whether a value is made of weights and sizes alone, as class tokens are, repeated for a batch. */
function isLearned(graph: Graph, value: string, depth = 12): boolean {
  if (graph.weights.has(value)) return true;
  const node = indexOf(graph).producer(value);
  if (node === undefined || depth === 0) return false;
  if (operator(node).shapeOnly === true) return true;
  return node.inputs.length > 0 && node.inputs.every((v) => v === '' || isLearned(graph, v, depth - 1));
}

function isSize(graph: Graph, value: string): boolean {
  const node = indexOf(graph).producer(value);
  return node !== undefined && operator(node).shapeOnly === true;
}

/** A value as a map of places: channels behind the batch where a convolution or a pool made it, last elsewhere. */
function asMap(facts: Facts, value: string, node: GraphNode | undefined): PlaceMap | undefined {
  const dims = dimsOf(facts, value);
  if (dims === undefined || dims.length < 3) return undefined;
  const first =
    node === undefined ? dims[1]! <= 4 : operator(node).channels === 'first' || operator(node).window === true;
  const along = node?.op === 'Concat' ? node.attributes.int('axis', -1) : first ? 1 : -1;
  const channels = along < 0 ? along + dims.length : along;
  const rest = dims.flatMap((_, i) => (i === 0 || i === channels ? [] : [i]));
  return { value, dims, channels, places: rest };
}

/** The number of each place, from 1, at every channel: what the place graph is fed with. */
export function placeNumbers({ dims, channels, places: axes }: PlaceMap): Float32Array {
  const strides = dims.map((_, i) => product(dims.slice(i + 1)));
  const out = new Float32Array(product(dims));
  for (let i = 0; i < out.length; i++) {
    let place = 0;
    for (const axis of axes) place = place * dims[axis]! + (Math.floor(i / strides[axis]!) % dims[axis]!);
    out[i] = axes.includes(channels) ? 0 : place + 1;
  }
  return out;
}
