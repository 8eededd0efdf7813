import { sizeOf } from '../../base/tensor.js';
import { dimsAt, type Facts } from '../../graph/facts.js';
import { indexOf, type Graph, type GraphNode } from '../../graph/graph.js';
import { operator } from '../../graph/operators/operators.js';
import { weightBehind } from '../../graph/layers/parameters.js';
import type { ActivationLayout } from '../../result/activations.js';
import { sampleDims } from '../subject/samples.js';

/** How one sample of a value is cut into maps. */
export interface MapLayout {
  readonly layout: ActivationLayout;
  /** Dimensions of one sample. */
  readonly dims: readonly number[];
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** Tokens left out before the grid. */
  readonly prefixTokens: number;
  /** Where element (channel, row, column) lies in the sample. */
  place(channel: number, row: number, column: number): number;
  readonly notes: readonly string[];
}

/** The maps of a value: channels first, channels last, or a transformer's tokens put back onto the picture. */
export function layoutOf(graph: Graph, facts: Facts, value: string): MapLayout {
  const fact = facts.get(value);
  if (fact === undefined) throw new Error(`Nothing is known of "${value}"`);
  const dims = sampleDims(fact, facts);
  const folded = facts.dynamicBatch && (fact.slope[0] ?? 0) > 1;
  if (sizeOf(dims) === Math.max(1, ...dims)) return vector(dims);
  if (dims.length === 3) {
    const [a, b, c] = dims as [number, number, number];
    const last = channelsLast(graph, facts, value);
    const windows = last && (folded || (a !== b && isSquare(a) && isSquare(b)));
    if (windows) {
      const grid = windowGrid(a, b);
      if (grid !== undefined) return windowed(dims, grid);
    }
    if (last) return maps(dims, c, a, b, (k, y, x) => (y * b + x) * c + k);
    return maps(dims, a, b, c, (k, y, x) => (k * b + y) * c + x);
  }
  if (dims.length === 2) return tokens(graph, facts, value, dims as [number, number]);
  if (dims.length === 4 && dims[0] === 1) {
    const [, a, b, c] = dims as [number, number, number, number];
    return maps(dims, a, b, c, (k, y, x) => (k * b + y) * c + x);
  }
  return other(dims);
}

type Place = MapLayout['place'];

function maps(dims: readonly number[], channels: number, height: number, width: number, place: Place): MapLayout {
  return { layout: 'maps', dims, channels, height, width, prefixTokens: 0, place, notes: [] };
}

function vector(dims: readonly number[]): MapLayout {
  const size = sizeOf(dims);
  return { layout: 'vector', dims, channels: size, height: 1, width: 1, prefixTokens: 0, place: (k) => k, notes: [] };
}

function other(dims: readonly number[]): MapLayout {
  const width = dims.at(-1) ?? 1;
  const height = dims.at(-2) ?? 1;
  const channels = sizeOf(dims) / Math.max(1, width * height);
  return {
    ...maps(dims, channels, height, width, (k, y, x) => (k * height + y) * width + x),
    layout: 'other',
    notes: [`A value of ${dims.join('×')} has no channels of its own: each map is one slice of its last two axes.`],
  };
}

/** Tokens `[T, D]`: the grid is that of the map they were cut from; what comes before it (class, registers) is left out. */
function tokens(graph: Graph, facts: Facts, value: string, dims: readonly [number, number]): MapLayout {
  const [count, width] = dims;
  const grid = gridBefore(graph, facts, value, count);
  if (grid === undefined) {
    return {
      ...maps(dims, width, count, 1, (k, y) => y * width + k),
      layout: 'tokens',
      notes: [`${count} tokens form no grid: each map is a column of tokens.`],
    };
  }
  const { rows, columns, prefix } = grid;
  const names = ['the class token', 'the class and distillation tokens'];
  const left = prefix > 2 ? `the class token and ${prefix - 1} registers` : (names[prefix - 1] ?? '');
  return {
    layout: 'tokens',
    dims,
    channels: width,
    height: rows,
    width: columns,
    prefixTokens: prefix,
    place: (k, y, x) => (prefix + y * columns + x) * width + k,
    notes: prefix === 0 ? [] : [`Left out of the maps: ${left}.`],
  };
}

/** Windows of a Swin transformer, `[windows, tokens, D]`, put back side by side. */
function windowed(dims: readonly number[], { across, side, down, tall }: WindowGrid): MapLayout {
  const [, count, width] = dims as [number, number, number];
  return {
    layout: 'tokens',
    dims,
    channels: width,
    height: down * tall,
    width: across * side,
    prefixTokens: 0,
    place: (k, y, x) => {
      const window = Math.floor(y / tall) * across + Math.floor(x / side);
      return (window * count + (y % tall) * side + (x % side)) * width + k;
    },
    notes: [
      `${down * across} windows of ${count} tokens, put back side by side. In a block that shifts its windows the maps are shifted with them.`,
    ],
  };
}

interface WindowGrid {
  readonly across: number;
  readonly side: number;
  readonly down: number;
  readonly tall: number;
}

function windowGrid(windows: number, count: number): WindowGrid | undefined {
  if (!isSquare(windows) || !isSquare(count)) return undefined;
  const [across, side] = [Math.sqrt(windows), Math.sqrt(count)];
  return { across, side, down: across, tall: side };
}

function isSquare(n: number): boolean {
  return Number.isInteger(Math.sqrt(n));
}

/** Most tokens before a grid: class, distillation and registers. */
const MOST_PREFIX = 17;

/**
 * The map upstream whose positions are as many as the tokens, a few leading ones apart; else a square. What an operator on
 * maps has made (the patch embedding) comes before any other value of four dimensions: heads × width of an attention may be
 * as many as the patches. Of equal ones the nearest counts.
 */
function gridBefore(
  graph: Graph,
  facts: Facts,
  value: string,
  count: number,
): { rows: number; columns: number; prefix: number } | undefined {
  const index = indexOf(graph);
  const seen = new Set<string>([value]);
  const open = [value];
  let best: { rows: number; columns: number; prefix: number; spatial: boolean } | undefined;
  for (const at of open) {
    const maker = index.producer(at);
    const spatial = maker !== undefined && operator(maker).channels === 'first';
    const fact = facts.get(at);
    const dims = fact === undefined || graph.weights.has(at) ? [] : dimsAt(fact, facts.batch);
    if (dims.length === 4) {
      const pairs = (spatial ? [dims.slice(2)] : [dims.slice(2), dims.slice(1, 3)]) as [number, number][];
      for (const [rows, columns] of pairs) {
        const prefix = count - rows * columns;
        if (
          rows > 1 &&
          columns > 1 &&
          prefix >= 0 &&
          prefix < MOST_PREFIX &&
          (best === undefined || (spatial === best.spatial ? prefix < best.prefix : spatial))
        )
          best = { rows, columns, prefix, spatial };
      }
    }
    for (const input of index.producer(at)?.inputs ?? []) {
      if (input === '' || seen.has(input)) continue;
      seen.add(input);
      open.push(input);
    }
  }
  if (best !== undefined) return best;
  for (const prefix of [0, 1, 2, 5]) {
    const side = Math.sqrt(count - prefix);
    if (Number.isInteger(side) && side > 1) return { rows: side, columns: side, prefix };
  }
  return undefined;
}

/** Whether the channels of a three-dimensional sample come last, as far as the operators before it tell; pictures and maps have them first. */
function channelsLast(graph: Graph, facts: Facts, value: string): boolean {
  const index = indexOf(graph);
  let at = value;
  const rank = facts.get(value)?.base.length ?? 0;
  for (let steps = 0; steps < 64; steps++) {
    const node = index.producer(at);
    if (node === undefined) return false;
    const { channels } = operator(node);
    if (channels === 'first') return false;
    if (channels === 'last') return node.op === 'Gemm' || node.attributes.int('axis', -1) !== 1;
    if (node.op === 'MatMul') return weightBehind(graph, node.inputs[1] ?? '') !== undefined;
    if (node.op === 'Transpose') return transposedLast(graph, facts, node);
    const next = node.inputs.find((v) => facts.get(v)?.base.length === rank && !graph.weights.has(v) && v !== '');
    if (next === undefined) return false;
    at = next;
  }
  return false;
}

function transposedLast(graph: Graph, facts: Facts, node: GraphNode): boolean {
  const perm = node.attributes.ints('perm') ?? [];
  const before = channelsLast(graph, facts, node.inputs[0] ?? '');
  const channel = before ? perm.length - 1 : 1;
  return perm.indexOf(channel) === perm.length - 1;
}

/** One channel of one sample as a map; `sample` holds the value's elements. */
export function mapOf(layout: MapLayout, sample: Float32Array, channel: number, out: Float32Array, at = 0): void {
  const { height, width, place } = layout;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) out[at + y * width + x] = sample[place(channel, y, x)]!;
}
