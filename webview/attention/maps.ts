import { floatTensor, type FloatTensor } from '../../src/base/tensor.js';
import { given } from '../../src/base/given.js';
import type { AttentionLayer, AttentionMatrices, TokenLayout } from '../../src/result/attention.js';
import { keyOf, lookersOf, mapOf, matrixOf, nearest, queryOf, type AskedToken } from '../../src/result/attentionMap.js';
import type { Colormap } from '../../src/result/colormap.js';
import type { CellSource } from '../shared/canvas/cells.js';
import { magnitudeOf, paintValues } from '../shared/canvas/paintValues.js';
import { formatNumber } from '../shared/format.js';
import type { AttentionView, HeadName } from './kept.js';

/** What a head is asked: which token, and whether what it looks at or who looks at it. */
export interface Look {
  readonly asked: AskedToken;
  readonly direction: AttentionView['direction'];
}

/** A part of a grid, in its cells; the second two behind its last ones. */
export type Part = readonly [top: number, left: number, bottom: number, right: number];

/** A head's answer: over the picture; the matrix itself, where places are not known; or why there is none. */
export type Answer =
  | {
      readonly kind: 'map' | 'matrix';
      readonly map: FloatTensor;
      /** Where the window lies that it looks within, where that is a small part of the grid. */
      readonly part?: Part;
    }
  | { readonly kind: 'none'; readonly why: string };

/** Whether a layer is drawn as its matrix, and why. */
export function matrixReason(layer: AttentionLayer, { direction }: Pick<Look, 'direction'>): string | undefined {
  if (layer.kind === 'channels') return 'This layer mixes channels: its matrix says nothing about places.';
  const [drawn, asked] = direction === 'outgoing' ? [layer.to, layer.from] : [layer.from, layer.to];
  if (drawn !== undefined && asked !== undefined) return undefined;
  const what =
    drawn === undefined
      ? direction === 'outgoing'
        ? 'keys'
        : 'queries'
      : direction === 'outgoing'
        ? 'queries'
        : 'keys';
  return `Where its ${what} stand in the picture is not known: the matrix itself is drawn, queries from the top, keys from the left.`;
}

export function answerOf(layer: AttentionLayer, weights: FloatTensor, head: HeadName, look: Look): Answer {
  if (matrixReason(layer, look) !== undefined) return { kind: 'matrix', map: matrixOf(weights, head) };
  const outgoing = look.direction === 'outgoing';
  const at = outgoing ? queryOf(layer, look.asked) : keyOf(layer, look.asked);
  if (at === undefined) return { kind: 'none', why: 'this layer has no such token' };
  const part = layer.windows > 1 ? partOf((outgoing ? layer.to : layer.from)!, layer.windows, at.window) : undefined;
  return { kind: 'map', map: (outgoing ? mapOf : lookersOf)(layer, weights, head, at)!, ...given({ part }) };
}

/** Where a window lies; undefined where it is split over the grid, as shifted windows at its border are. */
function partOf({ grid: [rows, columns], cells }: TokenLayout, windows: number, window: number): Part | undefined {
  const count = cells.length / windows;
  let [top, left, bottom, right] = [rows, columns, 0, 0];
  for (const cell of cells.subarray(window * count, (window + 1) * count)) {
    if (cell < 0) continue;
    const [row, column] = [Math.floor(cell / columns), cell % columns];
    [top, left, bottom, right] = [
      Math.min(top, row),
      Math.min(left, column),
      Math.max(bottom, row + 1),
      Math.max(right, column + 1),
    ];
  }
  const area = Math.max(0, bottom - top) * Math.max(0, right - left);
  return area > 0 && 2 * area <= rows * columns ? [top, left, bottom, right] : undefined;
}

/** The part of a map. */
function cropped(map: FloatTensor, [top, left, bottom, right]: Part): FloatTensor {
  const out = floatTensor([bottom - top, right - left]);
  const columns = map.dims[1]!;
  for (let y = top; y < bottom; y++)
    out.data.set(map.data.subarray(y * columns + left, y * columns + right), (y - top) * (right - left));
  return out;
}

/** Columns before the heads. */
export const JOINED = ['mean', 'max'] as const;

export function headAt(column: number): HeadName {
  return JOINED[column] ?? column - JOINED.length;
}

export function columnOf(head: HeadName): number {
  return typeof head === 'number' ? head + JOINED.length : JOINED.indexOf(head);
}

export function headName(head: HeadName): string {
  return typeof head === 'number' ? `head ${head}` : `${head} of its heads`;
}

/** Sides of a thumbnail's picture at most: larger maps are sampled. */
const MOST = 64;

export interface CellsOf {
  readonly layers: readonly AttentionLayer[];
  at(layer: string): AttentionMatrices | undefined;
  /** Why a layer that is not there does not come. */
  absent(layer: AttentionLayer): string | undefined;
  readonly look: Look;
  readonly scale: AttentionView['scale'];
  readonly colors: Colormap;
}

/** Every layer and head as a small picture: layers from the top, and heads beside each other behind their mean and maximum. */
export function attentionCells(o: CellsOf): CellSource & { readonly limit: number | undefined } {
  const { layers, look, colors, scale } = o;
  const heads = layers.reduce((most, layer) => Math.max(most, layer.heads), 1);
  const [cellHeight, cellWidth] = sizeOf(layers, look);
  const answer = (row: number, column: number): Answer | undefined => {
    const layer = layers[row]!;
    const head = headAt(column);
    const matrices = o.at(layer.name);
    if (typeof head === 'number' && head >= layer.heads) return { kind: 'none', why: 'no such head' };
    return matrices === undefined ? undefined : answerOf(layer, matrices.weights, head, look);
  };
  const limit = scale === 'shared' ? largest(layers, heads, answer) : undefined;
  return {
    rows: layers.length,
    columns: heads + JOINED.length,
    cellHeight,
    cellWidth,
    flow: false,
    // As much as the rows leave of the height.
    largest: Math.min(72, Math.max(44, Math.floor(600 / layers.length))),
    exists: (row, column) => column < layers[row]!.heads + JOINED.length,
    limit,
    paint: (row, column, image, left, top) => {
      const found = answer(row, column);
      if (found === undefined || found.kind === 'none') return false;
      const { map, part } = found;
      const values = nearest(part === undefined ? map : cropped(map, part), cellHeight, cellWidth).data;
      const spot = { image, left, top };
      paintValues(
        spot,
        { values, offset: 0, height: cellHeight, width: cellWidth },
        colors,
        limit ?? magnitudeOf(map.data),
      );
      return true;
    },
    label: (row, column) => {
      const layer = layers[row]!;
      const head = headAt(column);
      const found = answer(row, column);
      const what = `layer ${row} (${layer.name}), ${headName(head)}`;
      if (found === undefined) return `${what}: ${o.absent(layer) ?? 'being fetched'}`;
      if (found.kind === 'none') return `${what}: ${found.why}`;
      return `${what}: up to ${formatNumber(magnitudeOf(found.map.data))}${found.kind === 'matrix' ? ', the matrix itself' : found.part === undefined ? '' : `, its window: rows ${found.part[0]}–${found.part[2] - 1}, columns ${found.part[1]}–${found.part[3] - 1}`}`;
    },
    rowName: (row) => String(row),
    columnName: (column) => (column < JOINED.length ? JOINED[column]! : String(column - JOINED.length)),
  };
}

/** The largest grid that is drawn. */
function sizeOf(layers: readonly AttentionLayer[], look: Look): readonly [height: number, width: number] {
  const sides = [0, 1].map((side) =>
    layers.reduce((most, layer) => {
      const grid =
        matrixReason(layer, look) === undefined
          ? (look.direction === 'outgoing' ? layer.to : layer.from)!.grid
          : [layer.queries, layer.keys];
      return Math.max(most, grid[side]!);
    }, 1),
  );
  return sides.map((length) => Math.min(MOST, length)) as [number, number];
}

function largest(
  layers: readonly AttentionLayer[],
  heads: number,
  answer: (row: number, column: number) => Answer | undefined,
): number {
  let most = 0;
  for (let row = 0; row < layers.length; row++)
    for (let column = 0; column < heads + JOINED.length; column++) {
      const found = answer(row, column);
      if (found !== undefined && found.kind !== 'none') most = Math.max(most, magnitudeOf(found.map.data));
    }
  return most;
}

/** A matrix over all tokens, of a rollout or a relevance, as a map of one of them. */
export function joinedAnswer(layer: AttentionLayer, joined: FloatTensor, look: Look): Answer {
  const [n = 0] = joined.dims;
  return answerOf(
    { ...layer, windows: 1, heads: 1, queries: n, keys: n },
    floatTensor([1, 1, n, n], joined.data),
    0,
    look,
  );
}
