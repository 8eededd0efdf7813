/** What an exported grid holds, whether it is drawn or written: cells and scales differ. */
export interface GridParts<Cell, Scale> {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly { readonly name: string; readonly cells: readonly Cell[] }[];
  readonly scales: readonly Scale[];
}

/** In pixels: a cell's side, the column of names, the edge, between cells, a line of text, and a scale with its text. */
export const [SIDE, NAME, MARGIN, GAP, LINE, SCALE] = [240, 150, 16, 8, 18, 48] as const;

/** From one cell to the next. */
export const PITCH = SIDE + GAP;
export const ROW = SIDE + LINE + GAP;
/** Above the first row: title and names of the columns. */
export const TOP = MARGIN + 2 * LINE + 6;

export function gridSize({ columns, rows, scales }: GridParts<unknown, unknown>): { width: number; height: number } {
  return {
    width: 2 * MARGIN + NAME + columns.length * PITCH,
    height: TOP + MARGIN + rows.length * ROW + scales.length * SCALE,
  };
}
