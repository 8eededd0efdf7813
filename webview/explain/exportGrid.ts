import { rasterOf } from '../shared/canvas/raster.js';
import { paint, type Display, type Scene } from '../shared/display.js';
import { formatNumber } from '../shared/format.js';
import { gridSvgOf } from './gridSvg.js';
import type { Colormap } from '../../src/result/colormap.js';

export interface GridPicture {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly { readonly name: string; readonly cells: readonly GridPictureCell[] }[];
  readonly scales: readonly {
    readonly colors: Colormap;
    readonly limit: number;
    readonly unit: string;
    readonly note: string;
  }[];
}

export interface GridPictureCell {
  readonly scene?: Scene;
  /** Below the map, or in place of it. */
  readonly text: string;
}

const [SIDE, NAME, MARGIN, GAP, LINE] = [240, 150, 16, 8, 18];
const FONT = '13px sans-serif';

/** The whole grid as PNG, on white: its names, its scales, and what stands below each map. */
export async function exportGrid(grid: GridPicture, display: Display): Promise<Uint8Array> {
  const pitch = SIDE + GAP;
  const rowHeight = SIDE + LINE + GAP;
  const canvas = document.createElement('canvas');
  canvas.width = 2 * MARGIN + NAME + grid.columns.length * pitch;
  canvas.height = 2 * MARGIN + 2 * LINE + 6 + grid.rows.length * rowHeight + grid.scales.length * 48;
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
  let y = MARGIN + LINE + 6;
  grid.columns.forEach((name, i) => write(name, MARGIN + NAME + i * pitch, y, SIDE, true));
  y += LINE;
  for (const { name, cells } of grid.rows) {
    write(name, MARGIN, y, NAME - GAP);
    cells.forEach(({ scene, text }, i) => {
      const x = MARGIN + NAME + i * pitch;
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
    y += rowHeight;
  }
  const width = canvas.width - 2 * MARGIN;
  for (const { colors, limit, unit, note } of grid.scales) {
    context.imageSmoothingEnabled = true;
    context.drawImage(rasterOf({ width: 256, height: 1, data: colors.table }), MARGIN, y, width, 12);
    const low = colors.kind === 'diverging' ? -limit : 0;
    write(`${formatNumber(low)} to ${formatNumber(limit)}   ${unit} · ${note}`, MARGIN, y + 16, width);
    y += 48;
  }
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'));
  if (blob === null) throw new Error('The grid is too large for one picture.');
  return new Uint8Array(await blob.arrayBuffer());
}

/** The same as SVG: text stays text, the maps are embedded as PNG in their own resolution. */
export function exportGridSvg(grid: GridPicture, display: Display): Uint8Array {
  const urlOf = (picture: Parameters<typeof rasterOf>[0]): string => rasterOf(picture).toDataURL('image/png');
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
        ...(scene === undefined ? {} : { picture: urlOf(paint(scene, display)) }),
      })),
    })),
    scales: grid.scales.map(({ colors, limit, unit, note }) => ({
      picture: urlOf({ width: 256, height: 1, data: colors.table }),
      low: colors.kind === 'diverging' ? -limit : 0,
      high: limit,
      text: `${unit} · ${note}`,
    })),
  });
  return new TextEncoder().encode(svg);
}
