import type { AttentionLayer, SaidTokens, TokenLayout } from '../../src/result/attention.js';
import type { AskedToken } from '../../src/result/attentionMap.js';
import { plural } from '../shared/format.js';
import type { SaidLayout } from './kept.js';

/** Tokens as people point at them: by a place of the picture, or by a number where they have none. Without a DOM. */

/** The three of the lecture. */
export const PLACES: readonly { readonly label: string; readonly token: AskedToken }[] = [
  { label: 'Centre', token: { y: 0.5, x: 0.5 } },
  { label: 'Top left', token: { y: 0, x: 0 } },
  { label: 'Middle right', token: { y: 0.5, x: 1 } },
];

type Grid = TokenLayout['grid'];

/** A cell of a grid. */
export interface GridCell {
  readonly row: number;
  readonly column: number;
}

/** The cell that a place lies in; undefined of a token without a place. */
export function cellOf(asked: AskedToken, [rows, columns]: Grid): GridCell | undefined {
  if ('prefix' in asked) return undefined;
  const within = (share: number, count: number): number => Math.min(count - 1, Math.max(0, Math.floor(share * count)));
  return { row: within(asked.y, rows), column: within(asked.x, columns) };
}

/** The middle of a cell. */
export function placeOf({ row, column }: GridCell, [rows, columns]: Grid): AskedToken {
  return { y: (row + 0.5) / rows, x: (column + 0.5) / columns };
}

/** How many tokens of a layer's queries have no place: class and distillation tokens, registers, queries of a detector. */
export function withoutPlace({ from, queries, windows }: AttentionLayer): number {
  if (from === undefined || windows !== 1) return 0;
  let count = 0;
  for (let token = 0; token < queries; token++) if (from.cells[token]! < 0) count++;
  return count;
}

/** Tokens without a place, of the layer that has most of them. */
export interface Placeless {
  readonly count: number;
  /** There are several and nothing else: a decoder's learned queries, of which none is a class token. */
  readonly queries: boolean;
}

export function placelessOf(layers: readonly AttentionLayer[]): Placeless {
  return layers.reduce<Placeless>(
    (most, layer) => {
      const count = withoutPlace(layer);
      return count > most.count ? { count, queries: count === layer.queries && count > 1 } : most;
    },
    { count: 0, queries: false },
  );
}

/** A token to begin with: the class token where there is one, else the middle of the picture. */
export function firstToken(layers: readonly AttentionLayer[]): AskedToken {
  return placelessOf(layers).count > 0 ? { prefix: 0 } : PLACES[0]!.token;
}

/** What a token without a place is called: which of them is the class token is custom, not known. */
export function nameOfPrefix(prefix: number, { queries }: Placeless): string {
  if (queries) return `query ${prefix}`;
  return prefix === 0 ? 'class token' : `extra token ${prefix}`;
}

export function nameOfToken(asked: AskedToken, grid: Grid | undefined, placeless: Placeless): string {
  if ('prefix' in asked) return nameOfPrefix(asked.prefix, placeless);
  if (grid === undefined) return `${Math.round(100 * asked.x)} %, ${Math.round(100 * asked.y)} % of the picture`;
  const { row, column } = cellOf(asked, grid)!;
  return `token (${row}, ${column}) of ${grid.join(' × ')}`;
}

/** The token that an arrow key leads to; undefined for other keys, and where the token has no place. */
export function moved(asked: AskedToken, key: string, grid: Grid): AskedToken | undefined {
  const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[key];
  const at = cellOf(asked, grid);
  if (step === undefined || at === undefined) return undefined;
  const within = (v: number, count: number): number => Math.min(count - 1, Math.max(0, v));
  return placeOf({ row: within(at.row + step[0]!, grid[0]), column: within(at.column + step[1]!, grid[1]) }, grid);
}

export function sameToken(a: AskedToken, b: AskedToken): boolean {
  if ('prefix' in a || 'prefix' in b) return 'prefix' in a && 'prefix' in b && a.prefix === b.prefix;
  return a.x === b.x && a.y === b.y;
}

/** A question about where tokens stand, which the graph does not answer. */
export interface Undecided {
  /** How many tokens there are, which also names the answer. */
  readonly tokens: number;
  readonly layers: readonly string[];
}

/** Layers whose tokens have a place that is not known, by how many tokens they have. */
export function undecided(layers: readonly AttentionLayer[]): readonly Undecided[] {
  const found = new Map<number, string[]>();
  for (const layer of layers) {
    if (layer.kind === 'channels' || layer.windows !== 1 || layer.to !== undefined || layer.nowhere) continue;
    found.set(layer.keys, [...(found.get(layer.keys) ?? []), layer.name]);
  }
  return [...found].map(([tokens, names]) => ({ tokens, layers: names }));
}

/** A layout to propose: the nearest to a square, with as few tokens in front of it as leave one. */
export function proposed(tokens: number): SaidLayout {
  for (let prefix = 0; prefix <= Math.min(16, tokens - 1); prefix++) {
    const side = Math.round(Math.sqrt(tokens - prefix));
    if (side * side === tokens - prefix) return { prefix, rows: side, columns: side };
  }
  const rows = Array.from({ length: Math.floor(Math.sqrt(tokens)) }, (_, i) => i + 1).findLast(
    (n) => tokens % n === 0,
  )!;
  return { prefix: 0, rows, columns: tokens / rows };
}

/** What is wrong with a layout that somebody has said, as a sentence. */
export function faultOf({ prefix, rows, columns }: SaidLayout, tokens: number): string | undefined {
  const sum = prefix + rows * columns;
  return sum === tokens
    ? undefined
    : `${prefix} + ${rows} × ${columns} are ${plural(sum, 'token')}; the layers have ${tokens}.`;
}

/** The layer with the places that somebody has said, where the graph does not tell them. */
export function withLayout(layer: AttentionLayer, said: Readonly<Record<string, SaidLayout>>): AttentionLayer {
  const layoutOf = (tokens: number): TokenLayout | undefined => {
    const answer = said[String(tokens)];
    if (answer === undefined || layer.windows !== 1 || faultOf(answer, tokens) !== undefined) return undefined;
    const { prefix, rows, columns } = answer;
    return {
      prefix,
      grid: [rows, columns],
      cells: Int32Array.from({ length: tokens }, (_, i) => Math.max(-1, i - prefix)),
    };
  };
  if (layer.kind === 'channels' || layer.to !== undefined) return layer;
  const to = layoutOf(layer.keys);
  const from = layer.from ?? layoutOf(layer.queries);
  return to === undefined ? layer : { ...layer, to, ...(from === undefined ? {} : { from }) };
}

/** What somebody has said, layer by layer, as settings files say it. */
export function saidTokens(
  layers: readonly AttentionLayer[],
  said: Readonly<Record<string, SaidLayout>>,
): Readonly<Record<string, SaidTokens>> {
  return Object.fromEntries(
    undecided(layers).flatMap(({ tokens, layers: names }) => {
      const layout = said[String(tokens)];
      if (layout === undefined || faultOf(layout, tokens) !== undefined) return [];
      const { prefix, rows, columns } = layout;
      return names.map((name): readonly [string, SaidTokens] => [name, { prefix, grid: [rows, columns] }]);
    }),
  );
}
