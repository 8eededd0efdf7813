import { lowest, type Colormap } from '../../../src/result/colormap.js';
import { pngOf, rasterOf, scaleRaster } from '../../shared/canvas/raster.js';
import { paint, type Display, type Scene } from '../../shared/canvas/display.js';
import { formatNumber } from '../../shared/format.js';
import { GAP, gridSize, LINE, MARGIN, NAME, PITCH, ROW, SCALE, SIDE, TOP, type GridParts } from './layout.js';
import { gridSvgOf } from './svg.js';

export type GridPicture = GridParts<GridPictureCell, GridPictureScale>;

interface GridPictureScale {
  readonly colors: Colormap;
  readonly limit: number;
  readonly unit: string;
  readonly note: string;
}

export interface GridPictureCell {
  readonly scene?: Scene;
  /** Below the map, or in place of it. */
  readonly text: string;
}

const FONT = '13px sans-serif';

/** The whole grid as PNG, on white: its names, its scales, and what stands below each map. */
export async function exportGrid(grid: GridPicture, display: Display): Promise<Uint8Array> {
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
    cells.forEach(({ scene, text }, i) => {
      const x = MARGIN + NAME + i * PITCH;
      if (scene === undefined) {
        context.strokeStyle = '#888';
        context.strokeRect(x + 0.5, y + 0.5, SIDE - 1, SIDE - 1);
      } else {
        const { width, height } = scene.picture;
        const scale = SIDE / Math.max(width, height);
        context.imageSmoothingEnabled = display.smooth || scale < 1;
        context.drawImage(rasterOf(paint(scene, display)), x, y, width * scale, height * scale);
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

/** The same as SVG: text stays text, the maps are embedded as PNG in their own resolution. */
export function exportGridSvg(grid: GridPicture, display: Display): Uint8Array {
  const svg = gridSvgOf({
    title: grid.title,
    columns: grid.columns,
    smooth: display.smooth,
    rows: grid.rows.map(({ name, cells }) => ({
      name,
      cells: cells.map(({ scene, text }) => ({
        text,
        width: scene?.picture.width ?? 1,
        height: scene?.picture.height ?? 1,
        ...(scene === undefined ? {} : { picture: rasterOf(paint(scene, display)).toDataURL('image/png') }),
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
