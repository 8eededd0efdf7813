import type { GridCell } from './grid.js';

/** Where an arrow key leads; `top` is the first row, -1 where the heads of the columns count as one. */
export function moveIn(cell: GridCell, key: string, rows: number, columns: number, top = 0): GridCell | undefined {
  const { row, column } = cell;
  const to = {
    ArrowLeft: { row, column: column - 1 },
    ArrowRight: { row, column: column + 1 },
    ArrowUp: { row: row - 1, column },
    ArrowDown: { row: row + 1, column },
    Home: { row, column: 0 },
    End: { row, column: columns - 1 },
  }[key];
  if (to === undefined) return undefined;
  const within = (v: number, count: number, least = 0): number => Math.max(least, Math.min(count - 1, v));
  return { row: within(to.row, rows, top), column: within(to.column, columns) };
}
