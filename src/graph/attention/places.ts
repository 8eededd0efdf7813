import { int64Tensor, isFloating } from '../../base/tensor.js';
import { inMemory, type StoredTensor } from '../../checkpoint/model.js';
import { makeNode, prune, withOutputs } from '../edits.js';
import type { Facts } from '../facts.js';
import { indexOf, type Graph, type GraphNode } from '../graph.js';
import { Names } from '../names.js';
import { operator } from '../operators/operators.js';
import { product } from './axes.js';
import { dimsOf } from './products.js';
import type { AttentionSite } from './site.js';
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

/** By product of two computed values: the operand whose places its result has. */
export type Carriers = ReadonlyMap<string, string>;

/** What carries places through attention: the queries, through scores and shares; where channels are mixed, the values. */
export function carriersOf(sites: readonly AttentionSite[]): Carriers {
  const out = new Map<string, string>();
  for (const { kind, gather, operand, values, score, query } of sites) {
    out.set(gather.node.name, kind === 'channels' ? values.value : operand.value);
    if (score !== undefined && query !== undefined) out.set(score.node.name, kind === 'channels' ? '' : query.value);
  }
  return out;
}

/** How a graph moves places. */
interface Moving {
  readonly graph: Graph;
  readonly facts: Facts;
  readonly carriers: Carriers;
  readonly weight: (value: string) => boolean;
  /** Maps that are found already, by the value they are behind. */
  readonly known: Map<string, PlaceMap | undefined>;
}

const movings = new WeakMap<Facts, Map<Graph, Moving>>();

/** What has been found in a graph is kept for its next question. */
function movingOf(graph: Graph, facts: Facts, carriers: Carriers): Moving {
  const byGraph = movings.get(facts) ?? new Map<Graph, Moving>();
  movings.set(facts, byGraph);
  const known = byGraph.get(graph);
  if (known?.carriers === carriers) return known;
  const made: Moving = { graph, facts, carriers, weight: weightsOf(graph), known: new Map() };
  byGraph.set(graph, made);
  return made;
}

const NONE: Carriers = new Map();

/**
 * The map that a sequence of tokens was cut from: back from a value over all that leaves every place where it is. Undefined
 * where that ends at something that is no map of places.
 */
export function mapBehind(graph: Graph, facts: Facts, value: string, carriers: Carriers = NONE): PlaceMap | undefined {
  return behind(movingOf(graph, facts, carriers), value);
}

/** Whether tokens are made of weights and of what attention gathered for them, as a decoder's queries are: they stand nowhere. */
export function standsNowhere(graph: Graph, facts: Facts, value: string, carriers: Carriers = NONE): boolean {
  const moving = movingOf(graph, facts, carriers);
  const index = indexOf(graph);
  let at = value;
  for (let far = 0; far <= graph.nodes.length; far++) {
    if (isLearned(graph, at)) return true;
    const node = index.producer(at);
    const before = node === undefined ? undefined : keptFrom(moving, node, at);
    if (before === undefined) return false;
    at = before;
  }
  return false;
}

function behind(moving: Moving, value: string): PlaceMap | undefined {
  const { graph, known } = moving;
  const index = indexOf(graph);
  const passed: string[] = [];
  let [at, map]: [string, PlaceMap | undefined] = [value, undefined];
  for (let far = 0; far <= graph.nodes.length; far++) {
    if (known.has(at)) {
      map = known.get(at);
      break;
    }
    passed.push(at);
    const node = index.producer(at);
    if (node === undefined) {
      map = graph.inputs.some((i) => i.name === at) ? asMap(moving, at, undefined) : undefined;
      break;
    }
    const before = keptFrom(moving, node, at);
    if (before === undefined) {
      map = asMap(moving, at, node);
      break;
    }
    at = before;
  }
  for (const name of passed) known.set(name, map);
  return map;
}

/**
 * @param wanted values whose tokens are asked about, all behind the map
 */
export function placeGraph(
  graph: Graph,
  facts: Facts,
  map: PlaceMap,
  wanted: readonly string[],
  carriers: Carriers = NONE,
): PlaceGraph {
  const moving = movingOf(graph, facts, carriers);
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
    if (pools(node) && moved.has(node.inputs[0] ?? '')) {
      // What is pooled stands where the first of its places is.
      const inputs = [moved.get(node.inputs[0]!)!, ...node.inputs.slice(1)];
      const name = names.make('places_pooled');
      nodes.push({ ...node, name, op: 'ReduceMin', inputs, outputs: [name] });
      moved.set(output, name);
      continue;
    }
    const from = keptFrom(moving, node, output, (v) => moved.has(v));
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
  moving: Moving,
  node: GraphNode,
  output: string,
  prefers: (value: string) => boolean = () => true,
): string | undefined {
  const { graph, facts, carriers, weight } = moving;
  const row = operator(node);
  const computed = node.inputs.filter((v) => v !== '' && !weight(v) && !isSize(graph, v));
  if (row.nested === true || row.shapeOnly === true || computed.length === 0) return undefined;
  const to = dimsOf(facts, output);
  if (to === undefined) return undefined;
  if (node.op === 'Concat') return ofConcat(moving, node, computed);
  if (moves(node)) return computed[0] === node.inputs[0] ? computed[0] : undefined;
  if (pools(node)) return computed[0];
  const carrier = carriers.get(node.name);
  const fitting = computed.filter((v) => {
    if (carrier !== undefined && v !== carrier) return false;
    const from = dimsOf(facts, v);
    return from !== undefined && from.length === to.length && changedAxis(from, to) !== null && places(node, from, to);
  });
  const same = (v: string): boolean => dimsOf(facts, v)!.every((d, i) => d === to[i]);
  return fitting.filter(prefers).find(same) ?? fitting.find(prefers) ?? fitting[0];
}

/** Whether a node makes one of several places that stand along axes of their own, as pooled queries do. */
function pools(node: GraphNode): boolean {
  return node.op === 'ReduceMax' || node.op === 'ReduceMean';
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
 * along the same axis, which is a shift. Of several the one with as many entries as its map has places: a class token that
 * went through layers of its own has fewer. Parts of one map side by side along channels have the places of each of them.
 */
function ofConcat(moving: Moving, node: GraphNode, computed: readonly string[]): string | undefined {
  const { graph, facts } = moving;
  const index = indexOf(graph);
  const fromPicture = computed.filter((v) => !isLearned(graph, v));
  if (fromPicture.length === 1) return fromPicture[0];
  const to = dimsOf(facts, node.outputs[0]!);
  if (fromPicture.length === 0 || to === undefined) return undefined;
  const sources = new Set(
    fromPicture.map((v) => {
      const cut = index.producer(v);
      return cut?.op === 'Slice' || cut?.op === 'Split' ? cut.inputs[0]! : v;
    }),
  );
  if (sources.size === 1) {
    const [source] = [...sources] as [string];
    const whole = dimsOf(facts, source);
    if (whole?.length === to.length && whole.every((d, i) => d === to[i])) return source;
  }
  const given = node.attributes.int('axis', 0);
  const axis = given < 0 ? given + to.length : given;
  const maps = fromPicture.map((v) => behind(moving, v));
  const whole = fromPicture.filter((v, i) => {
    const map = maps[i];
    const count = map === undefined ? 0 : product(map.places.map((a) => map.dims[a]!));
    return count > 1 && dimsOf(facts, v)?.[axis] === count;
  });
  if (whole.length === 1) return whole[0];
  // Along channels, parts of one map stay where they are.
  const [first] = maps;
  const one = first !== undefined && maps.every((m) => m?.value === first.value);
  return one && whole.length === 0 && sources.size > 1 && axis === to.length - 1 ? fromPicture[0] : undefined;
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

/**
 * A value as a map of places, channels behind the batch: the picture, what a convolution, a pool or a resize made of it, or
 * such maps side by side. Undefined for anything else: nobody says what its axes are.
 */
function asMap({ graph, facts }: Moving, value: string, node: GraphNode | undefined): PlaceMap | undefined {
  const dims = dimsOf(facts, value);
  // Patches that stand in the batch are no map of one picture.
  if (dims === undefined || dims.length < 3 || dims[0] !== facts.batch) return undefined;
  // Tokens pooled in a row are no map of a picture.
  if (dims.length === 3 && graph.inputs.every((i) => dimsOf(facts, i.name)?.length !== 3)) return undefined;
  if (node !== undefined) {
    const row = operator(node);
    const beside = node.op === 'Concat' && dims.length >= 4 && node.attributes.int('axis', -1) === 1;
    if (row.channels !== 'first' && row.window !== true && node.op !== 'Resize' && !beside) return undefined;
  }
  const channels = node === undefined && dims[1]! > 4 ? dims.length - 1 : 1;
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
