import type { WindowGrid } from './grid.js';

/**
 * Coarse to fine: every other window first, then the windows where the coarse map is strongest, and the rest by
 * interpolation. The adaptive drill-down of Nakandala et al. 2019 (SIGMOD). Approximate, and said so.
 */

/** Every other row and column, and the last ones. */
export function coarseWindows(grid: WindowGrid): number[] {
  const rows = everyOther(grid.rows);
  const columns = everyOther(grid.columns);
  return rows.flatMap((r) => columns.map((c) => r * grid.columns + c));
}

function everyOther(count: number): number[] {
  const all = Array.from({ length: Math.ceil(count / 2) }, (_, i) => 2 * i);
  if (all.at(-1) !== count - 1) all.push(count - 1);
  return all;
}

/** Windows that are not known yet, interpolated linearly between the coarse ones; known ones stay. */
export function interpolated(drops: Float32Array, grid: WindowGrid): Float32Array {
  const rows = everyOther(grid.rows);
  const columns = everyOther(grid.columns);
  const between = (known: number[], at: number): [number, number, number] => {
    const upper = known.findIndex((k) => k >= at);
    const high = known[upper]!;
    if (high === at) return [at, at, 0];
    const low = known[upper - 1]!;
    return [low, high, (at - low) / (high - low)];
  };
  const out = drops.slice();
  for (let r = 0; r < grid.rows; r++) {
    const [top, bottom, v] = between(rows, r);
    for (let c = 0; c < grid.columns; c++) {
      const i = r * grid.columns + c;
      if (!Number.isNaN(out[i]!)) continue;
      const [left, right, u] = between(columns, c);
      const at = (row: number, column: number): number => drops[row * grid.columns + column]!;
      const upper = (1 - u) * at(top, left) + u * at(top, right);
      const lower = (1 - u) * at(bottom, left) + u * at(bottom, right);
      out[i] = (1 - v) * upper + v * lower;
    }
  }
  return out;
}

/** The share of the unknown windows whose interpolated values are largest. */
export function strongest(drops: Float32Array, guess: Float32Array, share: number): number[] {
  const unknown: number[] = [];
  drops.forEach((d, i) => Number.isNaN(d) && unknown.push(i));
  const count = Math.round(share * unknown.length);
  return unknown.sort((a, b) => Math.abs(guess[b]!) - Math.abs(guess[a]!) || a - b).slice(0, count);
}
