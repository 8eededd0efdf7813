import { floatTensor, type FloatTensor } from '../base/tensor.js';
import type { AttentionLayer } from './attention.js';

/** A token of a layer: which window it is in, and its number there. */
export interface TokenAt {
  readonly window: number;
  readonly token: number;
}

/** What is asked about: a token without a place, by its number, or the token over a place of the picture, in shares of it. */
export type AskedToken = { readonly prefix: number } | { readonly y: number; readonly x: number };

/** Several heads as one. */
export type HeadChoice = number | 'mean' | 'max' | 'min';

/** The query that is meant in a layer; undefined where it has no such token, or where its tokens stand is not known. */
export function queryOf(
  layer: Pick<AttentionLayer, 'from' | 'queries' | 'windows'>,
  asked: AskedToken,
): TokenAt | undefined {
  const { from, queries } = layer;
  if (from === undefined) return undefined;
  if ('prefix' in asked) {
    let seen = -1;
    for (let token = 0; token < queries; token++)
      if (from.cells[token]! < 0 && ++seen === asked.prefix)
        return layer.windows === 1 ? { window: 0, token } : undefined;
    return undefined;
  }
  const [rows, columns] = from.grid;
  const within = (share: number, count: number): number => Math.min(count - 1, Math.max(0, Math.floor(share * count)));
  const at = from.cells.indexOf(within(asked.y, rows) * columns + within(asked.x, columns));
  return at < 0 ? undefined : { window: Math.floor(at / queries), token: at % queries };
}

/** The key that is meant in a layer, as {@link queryOf} tells the query. */
export function keyOf(
  { to, keys, windows }: Pick<AttentionLayer, 'to' | 'keys' | 'windows'>,
  asked: AskedToken,
): TokenAt | undefined {
  return queryOf({ queries: keys, windows, ...(to === undefined ? {} : { from: to }) }, asked);
}

/**
 * What a query looks at, over the grid of the keys, `[rows, columns]`; 0 where its window does not reach.
 *
 * @param weights `[windows, heads, queries, keys]`
 */
export function mapOf(
  layer: Pick<AttentionLayer, 'to'>,
  weights: FloatTensor,
  head: HeadChoice,
  { window, token }: TokenAt,
): FloatTensor | undefined {
  const { to } = layer;
  if (to === undefined) return undefined;
  const [, heads = 0, queries = 0, keys = 0] = weights.dims;
  const [rows, columns] = to.grid;
  const out = floatTensor([rows, columns]);
  for (let k = 0; k < keys; k++) {
    const cell = to.cells[window * keys + k]!;
    if (cell < 0) continue;
    const one = (h: number): number => weights.data[((window * heads + h) * queries + token) * keys + k]!;
    out.data[cell] = joined(one, head, heads);
  }
  return out;
}

/**
 * Who looks at a key, over the grid of the queries, `[rows, columns]`; 0 where they are in other windows.
 *
 * @param weights `[windows, heads, queries, keys]`
 */
export function lookersOf(
  layer: Pick<AttentionLayer, 'from'>,
  weights: FloatTensor,
  head: HeadChoice,
  { window, token }: TokenAt,
): FloatTensor | undefined {
  const { from } = layer;
  if (from === undefined) return undefined;
  const [, heads = 0, queries = 0, keys = 0] = weights.dims;
  const out = floatTensor([...from.grid]);
  for (let q = 0; q < queries; q++) {
    const cell = from.cells[window * queries + q]!;
    if (cell < 0) continue;
    const one = (h: number): number => weights.data[((window * heads + h) * queries + q) * keys + token]!;
    out.data[cell] = joined(one, head, heads);
  }
  return out;
}

/** A window's matrix itself, `[queries, keys]`: where it is not known which places its tokens have. */
export function matrixOf(weights: FloatTensor, head: HeadChoice, window = 0): FloatTensor {
  const [, heads = 0, queries = 0, keys = 0] = weights.dims;
  const out = floatTensor([queries, keys]);
  const size = queries * keys;
  for (let i = 0; i < size; i++)
    out.data[i] = joined((h) => weights.data[(window * heads + h) * size + i]!, head, heads);
  return out;
}

function joined(of: (head: number) => number, head: HeadChoice, heads: number): number {
  if (typeof head === 'number') return of(head);
  let value = of(0);
  for (let h = 1; h < heads; h++)
    value = head === 'mean' ? value + of(h) : head === 'max' ? Math.max(value, of(h)) : Math.min(value, of(h));
  return head === 'mean' ? value / heads : value;
}

/** A map brought to another grid by the nearest cell, so that layers of several sizes stand in one picture. */
export function nearest(map: FloatTensor, rows: number, columns: number): FloatTensor {
  const [h = 1, w = 1] = map.dims;
  const out = floatTensor([rows, columns]);
  for (let y = 0; y < rows; y++)
    for (let x = 0; x < columns; x++)
      out.data[y * columns + x] = map.data[Math.floor((y * h) / rows) * w + Math.floor((x * w) / columns)]!;
  return out;
}
