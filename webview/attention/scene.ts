import type { Rgb } from '../../src/base/picture.js';
import type { AttentionLayer } from '../../src/result/attention.js';
import { keyOf, queryOf } from '../../src/result/attentionMap.js';
import { normalise } from '../../src/result/heatmap.js';
import type { Scene } from '../shared/canvas/display.js';
import { outlineOf, type CanvasLayer } from '../shared/canvas/layers.js';
import type { AttentionController } from './controller.js';
import type { Answer, Look } from './maps.js';
import type { PictureRegion } from '../../src/result/attentionBias.js';
import { cellOf } from './tokens.js';

/** What lies over the picture, drawn at the screen's resolution. Fixed colours: they lie on a picture, not on the theme. */
const TOKEN = '#ffd400';
const WINDOW = '#7fd4ff';
const OUTLIER = '#ff5cf4';
const REGION = '#7fffd4';

/** The large map over the picture as the model sees it; a matrix has no picture below it. */
export function sceneOf(c: AttentionController, answer: Answer): Scene | undefined {
  if (answer.kind === 'none' || c.result === undefined) return undefined;
  const { map } = answer;
  const [height = 1, width = 1] = map.dims;
  const values = { width, height, values: map.data, signed: false };
  const picture = answer.kind === 'map' ? c.result.picture : blank(width, height);
  return { picture, values, scaled: normalise(values, 100), colors: c.colors, channels: false, signed: false };
}

function blank(width: number, height: number): Rgb {
  return { width, height, data: new Uint8Array(3 * width * height) };
}

export interface OverOptions {
  readonly layer: AttentionLayer;
  readonly look: Look;
  readonly grid: boolean;
  readonly outliers: readonly number[];
  readonly region: PictureRegion | undefined;
}

/** The grid of tokens, the one that is asked about with its window, tokens of outlying norm, and the region. */
export function linesOver({ layer, look, grid, outliers, region }: OverOptions): readonly CanvasLayer[] {
  const outgoing = look.direction === 'outgoing';
  const layout = outgoing ? layer.from : layer.to;
  const layers: CanvasLayer[] = [];
  if (layout !== undefined) {
    const [rows, columns] = layout.grid;
    const lines: { path: Path2D; color: string; width: number }[] = [];
    const at = (outgoing ? queryOf : keyOf)(layer, look.asked);
    if (layer.windows > 1 && at !== undefined) {
      const count = layout.cells.length / layer.windows;
      const inside = new Set(layout.cells.subarray(at.window * count, (at.window + 1) * count));
      lines.push({ path: outlineOf(columns, rows, (place) => inside.has(place)), color: WINDOW, width: 2 });
    }
    if (outliers.length > 0 && layer.from !== undefined) {
      const { cells } = layer.from;
      const odd = new Set(outliers.map((token) => cells[token]!).filter((cell) => cell >= 0));
      lines.push({ path: outlineOf(columns, rows, (place) => odd.has(place)), color: OUTLIER, width: 2 });
    }
    const cell = cellOf(look.asked, layout.grid);
    if (cell !== undefined) {
      const own = cell.row * columns + cell.column;
      lines.push({ path: outlineOf(columns, rows, (place) => place === own), color: TOKEN, width: 2 });
    }
    layers.push({
      rows,
      columns,
      lines,
      ...(grid && rows * columns > 1 && Math.max(rows, columns) <= 64 ? { fill: gridLines(rows, columns) } : {}),
    });
  }
  if (region !== undefined) {
    const path = new Path2D();
    path.rect(region.left, region.top, region.right - region.left, region.bottom - region.top);
    layers.push({ rows: 1, columns: 1, lines: [{ path, color: REGION, width: 2 }] });
  }
  return layers;
}

/** Pixels of a cell in the picture of the lines. */
const CELL = 24;
const drawn = new Map<string, HTMLCanvasElement>();

function gridLines(rows: number, columns: number): HTMLCanvasElement {
  const name = `${rows} ${columns}`;
  const before = drawn.get(name);
  if (before !== undefined) return before;
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [columns * CELL, rows * CELL];
  const context = canvas.getContext('2d')!;
  context.fillStyle = 'rgba(128, 128, 128, 0.5)';
  for (let x = 1; x < columns; x++) context.fillRect(x * CELL, 0, 1, canvas.height);
  for (let y = 1; y < rows; y++) context.fillRect(0, y * CELL, canvas.width, 1);
  drawn.set(name, canvas);
  return canvas;
}
