import { cellsInSight, rectOfCell, type CellPlace, type CellsLayout, type CellSource } from './cells.js';
import type { Size } from './geometry.js';
import { canvasOf } from './raster.js';

export interface DrawCellsOptions {
  /** What is in sight: its size, and how far it is scrolled. */
  readonly room: Size;
  readonly scroll: { readonly left: number; readonly top: number };
  readonly ratio: number;
  readonly smooth: boolean;
  readonly active?: CellPlace;
  readonly chosen?: CellPlace;
  /** Paints the editor's background: for pictures that leave it. */
  readonly background?: boolean;
}

/** Draws the cells in sight onto a canvas as large as the view. */
export function drawCells(
  canvas: HTMLCanvasElement,
  source: CellSource,
  layout: CellsLayout,
  { room, scroll, ratio, smooth, active, chosen, background }: DrawCellsOptions,
): void {
  const [width, height] = [Math.round(room.width * ratio), Math.round(room.height * ratio)];
  if (canvas.width !== width || canvas.height !== height) {
    [canvas.width, canvas.height] = [width, height];
    canvas.style.setProperty('width', `${room.width}px`);
    canvas.style.setProperty('height', `${room.height}px`);
  }
  const context = canvas.getContext('2d')!;
  const theme = colors();
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, width, height);
  if (background) {
    context.fillStyle = theme.background;
    context.fillRect(0, 0, width, height);
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  const sight = cellsInSight(layout, scroll, room);
  const [lines, across] = [sight.lineTo - sight.lineFrom, sight.to - sight.from];
  if (lines <= 0 || across <= 0) return;
  const { cellWidth: w, cellHeight: h } = source;
  // One picture of everything in sight: drawing a part of it is cheap, making a canvas for each cell is not.
  const image = new ImageData(across * w, lines * h);
  const places: { place: CellPlace; left: number; top: number; there: boolean }[] = [];
  for (let line = 0; line < lines; line++) {
    for (let i = 0; i < across; i++) {
      const [row, column] = source.flow
        ? [(line + sight.lineFrom) * layout.perLine + i + sight.from, 0]
        : [line + sight.lineFrom, i + sight.from];
      if (row >= source.rows || source.exists?.(row, column) === false) continue;
      const there = source.paint(row, column, image, i * w, line * h);
      places.push({ place: { row, column }, left: i * w, top: line * h, there });
    }
  }
  const atlas = canvasOf(image);
  context.imageSmoothingEnabled = smooth || layout.scale * ratio < 1;
  context.imageSmoothingQuality = 'high';
  context.font = `11px ${theme.font}`;
  context.textBaseline = 'middle';
  const seamless = layout.pitchX === layout.cell.width && layout.pitchY === layout.cell.height;
  if (seamless) {
    const first = rectOfCell(source, layout, { row: sight.lineFrom, column: sight.from });
    context.drawImage(
      atlas,
      first.left - scroll.left,
      first.top - scroll.top,
      across * layout.pitchX,
      lines * layout.pitchY,
    );
  }
  for (const { place, left, top, there } of places) {
    const rect = rectOfCell(source, layout, place);
    const [x, y] = [rect.left - scroll.left, rect.top - scroll.top];
    if (!there) {
      context.fillStyle = theme.track;
      context.fillRect(x, y, rect.width, rect.height);
    } else if (!seamless) context.drawImage(atlas, left, top, w, h, x, y, rect.width, rect.height);
    if (source.crossed?.(place.row, place.column)) cross(context, x, y, rect, theme.foreground);
    if (source.framed?.(place.row, place.column)) frame(context, source, layout, scroll, place, theme.selection, 2);
    if (source.caption !== undefined && source.flow) {
      context.fillStyle = theme.dim;
      context.textAlign = 'center';
      context.fillText(
        source.caption(place.row, place.column),
        x + rect.width / 2,
        y + rect.height + 9,
        rect.width + 2,
      );
    }
  }
  if (!source.flow) names(context, source, layout, scroll, sight, room, theme);
  if (chosen !== undefined) frame(context, source, layout, scroll, chosen, theme.selection, 2);
  if (active !== undefined) frame(context, source, layout, scroll, active, theme.focus, 2);
}

function cross(context: CanvasRenderingContext2D, x: number, y: number, rect: Size, color: string): void {
  context.strokeStyle = color;
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(x + rect.width, y + rect.height);
  context.moveTo(x + rect.width, y);
  context.lineTo(x, y + rect.height);
  context.stroke();
}

function frame(
  context: CanvasRenderingContext2D,
  source: CellSource,
  layout: CellsLayout,
  scroll: { readonly left: number; readonly top: number },
  place: CellPlace,
  color: string,
  width: number,
): void {
  if (place.row >= source.rows || place.column >= source.columns) return;
  const rect = rectOfCell(source, layout, place);
  context.strokeStyle = color;
  context.lineWidth = width;
  context.strokeRect(rect.left - scroll.left - 1, rect.top - scroll.top - 1, rect.width + 2, rect.height + 2);
}

/** Names of rows and columns, as many as there is room for, on the edges of the view. */
function names(
  context: CanvasRenderingContext2D,
  source: CellSource,
  layout: CellsLayout,
  scroll: { readonly left: number; readonly top: number },
  sight: ReturnType<typeof cellsInSight>,
  room: Size,
  theme: Colors,
): void {
  if (source.rowName === undefined) return;
  context.fillStyle = theme.background;
  context.fillRect(0, 0, layout.left - 2, room.height);
  context.fillRect(0, 0, room.width, layout.top - 2);
  context.fillStyle = theme.dim;
  context.textAlign = 'right';
  const everyRow = Math.max(1, Math.ceil(14 / layout.pitchY));
  for (let row = sight.lineFrom; row < sight.lineTo; row++) {
    const y = layout.top + row * layout.pitchY + layout.cell.height / 2 - scroll.top;
    if (row % everyRow === 0 && y > layout.top)
      context.fillText(source.rowName(row), layout.left - 6, y, layout.left - 8);
  }
  context.textAlign = 'center';
  const everyColumn = Math.max(1, Math.ceil(30 / layout.pitchX));
  for (let column = sight.from; column < sight.to; column++) {
    const x = layout.left + column * layout.pitchX + layout.cell.width / 2 - scroll.left;
    if (column % everyColumn === 0 && x > layout.left) context.fillText(source.columnName?.(column) ?? '', x, 9);
  }
}

type Colors = ReturnType<typeof colors>;

function colors(): {
  readonly background: string;
  readonly foreground: string;
  readonly dim: string;
  readonly track: string;
  readonly focus: string;
  readonly selection: string;
  readonly font: string;
} {
  const style = getComputedStyle(document.body);
  const variable = (name: string, otherwise: string): string => style.getPropertyValue(name).trim() || otherwise;
  return {
    background: variable('--vscode-editor-background', '#1e1e1e'),
    foreground: variable('--vscode-foreground', '#888'),
    dim: variable('--vscode-descriptionForeground', '#888'),
    track: variable('--vscode-scrollbarSlider-background', 'rgba(128, 128, 128, 0.3)'),
    focus: variable('--vscode-focusBorder', '#0078d4'),
    selection: variable('--vscode-contrastActiveBorder', variable('--vscode-textLink-foreground', '#0078d4')),
    font: style.fontFamily,
  };
}
