import { Random } from '../base/random.js';
import type { FloatTensor } from '../base/tensor.js';
import type { AttentionLayer, AttentionMatrices } from './attention.js';
import { mapOf, nearest, queryOf, type AskedToken, type TokenAt } from './attentionMap.js';

/** What helps against seeing in attention what one expects: many maps are looked through, and some fit by chance. */

/** A rectangle of the picture, in shares of its sides from its top left corner. */
export interface PictureRegion {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** What one token looks at in one head of one layer. */
export interface HeadMap {
  readonly layer: string;
  readonly head: number;
  /** `[rows, columns]` */
  readonly map: FloatTensor;
}

export interface Counted {
  /** Maps that one looks through for one token: a layer's heads, over all layers. */
  readonly ofToken: number;
  /** Maps of all tokens. */
  readonly all: number;
}

/** How many maps there are to choose from. */
export function numberOfMaps(layers: readonly Pick<AttentionLayer, 'heads' | 'windows' | 'queries'>[]): Counted {
  let [ofToken, all] = [0, 0];
  for (const { heads, windows, queries } of layers) {
    ofToken += heads;
    all += heads * windows * queries;
  }
  return { ofToken, all };
}

/** The maps of a token, of every layer that has it and whose places are known, head by head. */
export function mapsOf(
  layers: readonly AttentionLayer[],
  matrices: readonly Pick<AttentionMatrices, 'layer' | 'weights'>[],
  tokenIn: (layer: AttentionLayer) => TokenAt | undefined,
): readonly HeadMap[] {
  return layers.flatMap((layer) => {
    const weights = matrices.find((m) => m.layer === layer.name)?.weights;
    const token = tokenIn(layer);
    if (weights === undefined || token === undefined) return [];
    return Array.from({ length: layer.heads }, (_, head) => mapOf(layer, weights, head, token)).flatMap((map, head) =>
      map === undefined ? [] : [{ layer: layer.name, head, map }],
    );
  });
}

/** The token that is asked about, as {@link mapsOf} wants it; the middle of the picture where a layer has no class token. */
export function tokenAt(asked: AskedToken): (layer: AttentionLayer) => TokenAt | undefined {
  return (layer) => queryOf(layer, asked) ?? ('prefix' in asked ? queryOf(layer, { y: 0.5, x: 0.5 }) : undefined);
}

/** The same place of the picture in every layer, drawn by a seed: what a token shows that nobody chose. */
export function randomToken(seed: number): AskedToken {
  const random = new Random(seed);
  return { y: random.uniform(), x: random.uniform() };
}

/** That token in a layer; where none of its queries has a place, as a decoder's have none, one of them by the same draw. */
export function drawnToken(seed: number): (layer: AttentionLayer) => TokenAt | undefined {
  const asked = randomToken(seed);
  return (layer) => {
    const { from, windows, queries } = layer;
    const placed = queryOf(layer, asked);
    if (placed !== undefined || from === undefined || windows !== 1 || from.prefix !== queries) return placed;
    return { window: 0, token: Math.floor(queries * new Random(seed).uniform()) };
  };
}

/** An order of the layers in which, where there are several, none stands in its own place. */
export function shuffledLayers(count: number, seed: number): readonly number[] {
  const order = new Random(seed).shuffle(Array.from({ length: count }, (_, i) => i));
  const out = new Array<number>(count);
  // Each takes the place of the one before it in a drawn round.
  order.forEach((layer, i) => (out[layer] = order[(i + 1) % count]!));
  return out;
}

/**
 * The mean correlation (Pearson) of all pairs of maps, each brought to the largest grid by its nearest cell; maps of one value
 * everywhere correlate with nothing and are left out. NaN where fewer than two are left.
 */
export function meanSimilarity(maps: readonly FloatTensor[]): number {
  const rows = Math.max(1, ...maps.map((m) => m.dims[0] ?? 1));
  const columns = Math.max(1, ...maps.map((m) => m.dims[1] ?? 1));
  const sum = new Float64Array(rows * columns);
  let count = 0;
  for (const map of maps) {
    const same = map.dims[0] === rows && map.dims[1] === columns;
    const { data } = same ? map : nearest(map, rows, columns);
    const unit = standardised(data);
    if (unit === undefined) continue;
    count++;
    for (let i = 0; i < sum.length; i++) sum[i]! += unit[i]!;
  }
  if (count < 2) return NaN;
  // The squared length of the sum of unit vectors is all pairs of them, each with itself too.
  let all = 0;
  for (const v of sum) all += v * v;
  return (all - count) / (count * (count - 1));
}

/** Around zero and of length one; undefined of a map of one value. */
function standardised(data: Float32Array): Float64Array | undefined {
  let [mean, length] = [0, 0];
  for (const v of data) mean += v / data.length;
  const out = Float64Array.from(data, (v) => v - mean);
  for (const v of out) length += v * v;
  length = Math.sqrt(length);
  // Rounding alone leaves a constant map a length: single precision of its mean.
  if (!(length > 1e-6 * Math.abs(mean) * Math.sqrt(data.length))) return undefined;
  return out.map((v) => v / length);
}

/** The share of a map's mass that lies in a region, cells counted by how much of them it covers; NaN of a map without mass. */
export function insideShare({ dims, data }: FloatTensor, region: PictureRegion): number {
  const [rows = 1, columns = 1] = dims;
  let [inside, all] = [0, 0];
  for (let y = 0; y < rows; y++) {
    const tall = covered(y, rows, region.top, region.bottom);
    for (let x = 0; x < columns; x++) {
      const value = data[y * columns + x]!;
      all += value;
      if (tall > 0) inside += value * tall * covered(x, columns, region.left, region.right);
    }
  }
  return all > 0 ? inside / all : NaN;
}

/** The share of a cell, of so many side by side, that lies between two places. */
function covered(cell: number, count: number, from: number, to: number): number {
  return Math.max(0, Math.min(cell + 1, to * count) - Math.max(cell, from * count));
}

/** What a map has in the region that knows nothing of it. */
export function areaOf({ left, top, right, bottom }: PictureRegion): number {
  return Math.max(0, Math.min(1, right) - Math.max(0, left)) * Math.max(0, Math.min(1, bottom) - Math.max(0, top));
}

/** How many times its area's share of a map's mass a region must have for the map to "look right". */
export const LOOKS_RIGHT = 2;

/** The share of mass from which on a map looks right: never more than halfway from the area's share to all. */
export function boundOf(region: PictureRegion, factor = LOOKS_RIGHT): number {
  const area = areaOf(region);
  return Math.min(factor * area, (1 + area) / 2);
}

export interface LooksRight {
  /** Maps whose mass lies in the region more than the bound says, of how many. */
  readonly count: number;
  readonly of: number;
}

export function looksRight(maps: readonly FloatTensor[], region: PictureRegion, factor = LOOKS_RIGHT): LooksRight {
  const bound = boundOf(region, factor);
  return { count: maps.filter((map) => insideShare(map, region) > bound).length, of: maps.length };
}

export interface ByChance {
  readonly bound: number;
  readonly area: number;
  /** Of the maps of the token that was chosen. */
  readonly chosen: LooksRight;
  /** Of the maps of a token that nobody chose. */
  readonly random: LooksRight;
  /** Of the maps of the chosen token that look right, those in whose place one of another layer looks right as well. */
  readonly shuffled: LooksRight;
}

/**
 * How easily a map is found under which a region "looks right": among the maps of the chosen token, among those of a token
 * drawn by a seed, and with the layers in another order.
 */
export function byChance(
  layers: readonly AttentionLayer[],
  matrices: readonly Pick<AttentionMatrices, 'layer' | 'weights'>[],
  asked: AskedToken,
  region: PictureRegion,
  { factor = LOOKS_RIGHT, seed = 0 } = {},
): ByChance {
  const bound = boundOf(region, factor);
  const own = mapsOf(layers, matrices, tokenAt(asked));
  const random = mapsOf(layers, matrices, drawnToken(seed));
  const right = (map: FloatTensor): boolean => insideShare(map, region) > bound;
  const names = [...new Set(own.map((m) => m.layer))];
  const order = shuffledLayers(names.length, seed);
  const hits = own.filter(({ map }) => right(map));
  const still = hits.filter(({ layer, head }) => {
    const there = own.filter((m) => m.layer === names[order[names.indexOf(layer)]!]);
    const other = there[head % there.length];
    return other !== undefined && right(other.map);
  });
  const maps = (all: readonly HeadMap[]): readonly FloatTensor[] => all.map((m) => m.map);
  return {
    bound,
    area: areaOf(region),
    chosen: { count: hits.length, of: own.length },
    random: looksRight(maps(random), region, factor),
    shuffled: { count: still.length, of: hits.length },
  };
}
