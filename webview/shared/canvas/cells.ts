import type { Rect, Size } from './geometry.js';

/** Where the pictures of a grid lie; lengths in CSS pixels. */

export interface CellsShape {
  readonly rows: number;
  readonly columns: number;
  /** Size of one picture in its own pixels. */
  readonly cellHeight: number;
  readonly cellWidth: number;
  /** The cells follow each other and are wrapped to the width; `columns` is 1 then. */
  readonly flow: boolean;
  /** CSS pixels that a side of a picture in a grid of few columns has at most, before zooming; default 48. */
  readonly largest?: number;
}

/** Pictures for a grid, made when they come into sight. */
export interface CellSource extends CellsShape {
  /** Writes one picture into another at a place; `false` where it is not there yet. */
  paint(row: number, column: number, image: ImageData, left: number, top: number): boolean;
  /** `false`: nothing is there, in a grid whose rows are not alike. */
  exists?(row: number, column: number): boolean;
  /** What a cell is: "filter 3, input 12". */
  label(row: number, column: number): string;
  /** A short text below the cell; flowing grids only. */
  caption?(row: number, column: number): string;
  /** Crossed out: a dead filter. */
  crossed?(row: number, column: number): boolean;
  /** Framed: one of those that are selected. */
  framed?(row: number, column: number): boolean;
  /** Names at the left and at the top of a grid that does not flow. */
  rowName?(row: number): string;
  columnName?(column: number): string;
}

export interface CellsLayout {
  /** CSS pixels for a pixel of a picture. */
  readonly scale: number;
  readonly pitchX: number;
  readonly pitchY: number;
  /** Size of a picture as drawn. */
  readonly cell: Size;
  /** Cells side by side, and lines of them. */
  readonly perLine: number;
  readonly lines: number;
  /** Room for the names at the left and at the top. */
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface CellPlace {
  readonly row: number;
  readonly column: number;
}

const CAPTION = 16;

/** @param zoom 1: a size at which the pictures can be told apart */
export function layOutCells(
  shape: CellsShape,
  room: Size,
  zoom: number,
  names: boolean,
  captions: boolean,
): CellsLayout {
  const side = Math.max(1, shape.cellHeight, shape.cellWidth);
  const left = names && !shape.flow ? 44 : 4;
  const top = names && !shape.flow ? 18 : 4;
  const gap = shape.flow ? 4 : side === 1 ? 0 : 2;
  const scale = Math.max(1 / side, defaultScale(shape, side, room.width - left - 4) * zoom);
  const cell = { width: shape.cellWidth * scale, height: shape.cellHeight * scale };
  const pitchX = cell.width + gap;
  const pitchY = cell.height + gap + (captions && shape.flow ? CAPTION : 0);
  const perLine = shape.flow
    ? Math.max(1, Math.min(shape.rows, Math.floor((room.width - left - 4 + gap) / pitchX)))
    : shape.columns;
  const lines = shape.flow ? Math.ceil(shape.rows / perLine) : shape.rows;
  return {
    scale,
    pitchX,
    pitchY,
    cell,
    perLine,
    lines,
    left,
    top,
    width: left + perLine * pitchX + 4,
    height: top + lines * pitchY + 4,
  };
}

function defaultScale(shape: CellsShape, side: number, width: number): number {
  if (shape.flow) {
    if (side === 1) return 20;
    const scale = Math.min(96, Math.max(54, side)) / side;
    return scale > 1 ? Math.max(1, Math.floor(scale)) : scale;
  }
  // A grid of few columns uses the width; one of many keeps its cells large enough to be seen.
  const fitting = width / shape.columns - (side === 1 ? 0 : 2);
  const least = side === 1 ? 5 : 15;
  return Math.min(side === 1 ? 20 : (shape.largest ?? 48), Math.max(least, fitting)) / side;
}

/** The cells in sight of a scrolled view, as ranges of lines and of places in a line. */
export function cellsInSight(
  layout: CellsLayout,
  scroll: { readonly left: number; readonly top: number },
  room: Size,
): { readonly lineFrom: number; readonly lineTo: number; readonly from: number; readonly to: number } {
  const range = (at: number, length: number, pitch: number, count: number): readonly [number, number] => [
    Math.max(0, Math.min(count, Math.floor(at / pitch))),
    Math.max(0, Math.min(count, Math.ceil((at + length) / pitch))),
  ];
  const [lineFrom, lineTo] = range(scroll.top - layout.top, room.height, layout.pitchY, layout.lines);
  const [from, to] = range(scroll.left - layout.left, room.width, layout.pitchX, layout.perLine);
  return { lineFrom, lineTo, from, to };
}

/** Where a cell lies in the whole grid. */
export function rectOfCell(shape: CellsShape, layout: CellsLayout, { row, column }: CellPlace): Rect {
  const [line, at] = shape.flow ? [Math.floor(row / layout.perLine), row % layout.perLine] : [row, column];
  return { ...layout.cell, left: layout.left + at * layout.pitchX, top: layout.top + line * layout.pitchY };
}

/** The cell at a point of the whole grid, and the pixel of its picture where the point is on it. */
export function cellAt(
  shape: CellsShape,
  layout: CellsLayout,
  x: number,
  y: number,
): (CellPlace & { readonly x?: number; readonly y?: number }) | undefined {
  const at = Math.floor((x - layout.left) / layout.pitchX);
  const line = Math.floor((y - layout.top) / layout.pitchY);
  if (at < 0 || line < 0 || at >= layout.perLine || line >= layout.lines) return undefined;
  const place = shape.flow ? { row: line * layout.perLine + at, column: 0 } : { row: line, column: at };
  if (place.row >= shape.rows) return undefined;
  const px = Math.floor((x - layout.left - at * layout.pitchX) / layout.scale);
  const py = Math.floor((y - layout.top - line * layout.pitchY) / layout.scale);
  return px < shape.cellWidth && py < shape.cellHeight ? { ...place, x: px, y: py } : place;
}

/** The cell that arrow keys and their kin lead to. */
export function moveCell(
  shape: CellsShape,
  layout: CellsLayout,
  from: CellPlace,
  key: string,
  page: number,
): CellPlace {
  const last = { row: shape.rows - 1, column: shape.columns - 1 };
  const within = (v: number, most: number): number => Math.max(0, Math.min(most, v));
  if (shape.flow) {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -layout.perLine, ArrowDown: layout.perLine }[key];
    const far = { PageUp: -page * layout.perLine, PageDown: page * layout.perLine, Home: -shape.rows, End: shape.rows };
    return { row: within(from.row + (step ?? far[key as keyof typeof far] ?? 0), last.row), column: 0 };
  }
  const [dy, dx] = {
    ArrowLeft: [0, -1],
    ArrowRight: [0, 1],
    ArrowUp: [-1, 0],
    ArrowDown: [1, 0],
    PageUp: [-page, 0],
    PageDown: [page, 0],
    Home: [0, -shape.columns],
    End: [0, shape.columns],
  }[key] ?? [0, 0];
  return { row: within(from.row + dy!, last.row), column: within(from.column + dx!, last.column) };
}
