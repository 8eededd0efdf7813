import { lowest, type Colormap } from '../../../src/result/colormap.js';
import { pngOf, rasterOf, scaleRaster } from '../../shared/canvas/raster.js';
import { paint, type Display, type Scene } from '../../shared/canvas/display.js';
import { formatNumber } from '../../shared/format.js';
import { GAP, gridSize, LINE, MARGIN, NAME, PITCH, ROW, SCALE, SIDE, TOP, type GridParts } from './layout.js';
import { gridSvgOf } from './svg.js';

export interface GridPictureScale {
  readonly colors: Colormap;
  readonly limit: number;
  readonly unit: string;
  readonly note: string;
}

export interface GridPictureCell<T> {
  /** The map as the picture keeps it, with its size in its own pixels; absent where there is none. */
  readonly map?: T;
  readonly width?: number;
  readonly height?: number;
  /** Below the map, or in place of it. */
  readonly text: string;
}

const FONT = '13px sans-serif';

/** What canvases hold everywhere: a side, and all of it, in pixels. */
const [MOST_SIDE, MOST_AREA] = [30_000, 64e6];
/** Characters of maps in one SVG: more than this hardly anything opens. */
const MOST_SVG = 200e6;
/** Kinds of maps that a grid has at most, each with its scale. */
const MOST_SCALES = 6;

/** How many rows a PNG of so many columns holds. */
export function rowsInPng(columns: number): number {
  const { width, height } = gridSize({
    title: '',
    columns: Array.from({ length: columns }, () => ''),
    rows: [],
    scales: Array.from({ length: MOST_SCALES }),
  });
  return Math.max(1, Math.floor((Math.min(MOST_SIDE, MOST_AREA / width) - height) / ROW));
}

/** A map as a PNG keeps it: no larger than it is drawn. */
export function pngMap(scene: Scene, display: Display): CanvasImageSource {
  const raster = rasterOf(paint(scene, display));
  const { width, height } = scene.picture;
  const scale = SIDE / Math.max(width, height);
  if (scale >= 1) return raster;
  const small = document.createElement('canvas');
  Object.assign(small, { width: Math.round(width * scale), height: Math.round(height * scale) });
  small.getContext('2d')!.drawImage(raster, 0, 0, small.width, small.height);
  return small;
}

/** The whole grid as PNG, on white: its names, its scales, and what stands below each map. */
export async function exportGrid(
  grid: GridParts<GridPictureCell<CanvasImageSource>, GridPictureScale>,
  display: Display,
): Promise<Uint8Array> {
  const canvas = document.createElement('canvas');
  Object.assign(canvas, gridSize(grid));
  const context = canvas.getContext('2d')!;
  context.fillStyle = '#fff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  const write = (text: string, x: number, y: number, width: number, bold = false): void => {
    context.font = bold ? `bold ${FONT}` : FONT;
    context.fillStyle = '#1f1f1f';
    context.textBaseline = 'top';
    context.fillText(text, x, y, width);
  };
  write(grid.title, MARGIN, MARGIN, canvas.width - 2 * MARGIN, true);
  grid.columns.forEach((name, i) => write(name, MARGIN + NAME + i * PITCH, TOP - LINE, SIDE, true));
  let y = TOP;
  for (const { name, cells } of grid.rows) {
    write(name, MARGIN, y, NAME - GAP);
    cells.forEach(({ map, width = 1, height = 1, text }, i) => {
      const x = MARGIN + NAME + i * PITCH;
      if (map === undefined) {
        context.strokeStyle = '#888';
        context.strokeRect(x + 0.5, y + 0.5, SIDE - 1, SIDE - 1);
      } else {
        const scale = SIDE / Math.max(width, height);
        context.imageSmoothingEnabled = display.smooth || scale < 1;
        context.drawImage(map, x, y, width * scale, height * scale);
      }
      write(text, x, y + SIDE + 2, SIDE);
    });
    y += ROW;
  }
  const width = canvas.width - 2 * MARGIN;
  for (const { colors, limit, unit, note } of grid.scales) {
    context.imageSmoothingEnabled = true;
    context.drawImage(scaleRaster(colors), MARGIN, y, width, 12);
    const low = formatNumber(lowest(colors, limit));
    write(`${low} to ${formatNumber(limit)}   ${unit} · ${note}`, MARGIN, y + 16, width);
    y += SCALE;
  }
  const png = await pngOf(canvas);
  if (png === undefined) throw new Error('The grid is too large for one picture.');
  return png;
}

/** A map as an SVG keeps it: as PNG in its own resolution. */
export function svgMap(scene: Scene, display: Display): string {
  return rasterOf(paint(scene, display)).toDataURL('image/png');
}

/** Whether an SVG has room for more maps; asked with each. */
export function svgRoom(): (map: string) => boolean {
  let size = 0;
  return (map) => (size += map.length) < MOST_SVG;
}

/** The same as SVG: text stays text. */
export function exportGridSvg(
  grid: GridParts<GridPictureCell<string>, GridPictureScale>,
  display: Display,
): Uint8Array {
  const svg = gridSvgOf({
    title: grid.title,
    columns: grid.columns,
    smooth: display.smooth,
    rows: grid.rows.map(({ name, cells }) => ({
      name,
      cells: cells.map(({ map, width = 1, height = 1, text }) => ({
        text,
        width,
        height,
        ...(map === undefined ? {} : { picture: map }),
      })),
    })),
    scales: grid.scales.map(({ colors, limit, unit, note }) => ({
      picture: scaleRaster(colors).toDataURL('image/png'),
      low: lowest(colors, limit),
      high: limit,
      text: `${unit} · ${note}`,
    })),
  });
  return new TextEncoder().encode(svg);
}
