import { formatNumber } from '../../shared/format.js';
import { GAP, gridSize, MARGIN, NAME, PITCH, ROW, SCALE, SIDE, TOP, type GridParts } from './layout.js';
import { escaped } from '../picture/svg.js';

/** A grid of maps as SVG text. Pure: the same parts give the same bytes everywhere. Text stays text. */

interface GridSvgScale {
  /** `data:image/png;base64,…` */
  readonly picture: string;
  readonly low: number;
  readonly high: number;
  readonly text: string;
}

export interface GridSvgParts extends GridParts<GridSvgCell, GridSvgScale> {
  readonly smooth: boolean;
}

export interface GridSvgCell {
  /** The map as `data:image/png;base64,…`, with its size in its own pixels; absent where there is none. */
  readonly picture?: string;
  readonly width: number;
  readonly height: number;
  readonly text: string;
}

/** Mean width of a letter of the 13-px font; a longer text is cut. */
const LETTER = 7;

export function gridSvgOf(parts: GridSvgParts): string {
  const { title, columns, rows, scales, smooth } = parts;
  const { width, height } = gridSize(parts);
  const write = (x: number, y: number, text: string, room: number, bold = false): string => {
    const most = Math.floor(room / LETTER);
    const short = text.length > most ? `${text.slice(0, Math.max(1, most - 1))}…` : text;
    return `<text x="${x}" y="${y}"${bold ? ' font-weight="bold"' : ''}>${escaped(short)}${short === text ? '' : `<title>${escaped(text)}</title>`}</text>`;
  };
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13" fill="#1f1f1f">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    write(MARGIN, MARGIN + 12, title, width - 2 * MARGIN, true),
    ...columns.map((name, i) => write(MARGIN + NAME + i * PITCH, TOP - 6, name, SIDE, true)),
  ];
  rows.forEach(({ name, cells }, row) => {
    const y = TOP + row * ROW;
    lines.push(write(MARGIN, y + 12, name, NAME - GAP));
    cells.forEach((cell, column) => {
      const x = MARGIN + NAME + column * PITCH;
      const scale = SIDE / Math.max(1, cell.width, cell.height);
      lines.push(
        cell.picture === undefined
          ? `<rect x="${x}.5" y="${y}.5" width="${SIDE - 1}" height="${SIDE - 1}" fill="none" stroke="#888"/>`
          : `<image x="${x}" y="${y}" width="${rounded(cell.width * scale)}" height="${rounded(cell.height * scale)}" preserveAspectRatio="none" image-rendering="${smooth ? 'auto' : 'pixelated'}" href="${cell.picture}"/>`,
        write(x, y + SIDE + 14, cell.text, SIDE),
      );
    });
  });
  scales.forEach(({ picture, low, high, text }, i) => {
    const y = TOP + rows.length * ROW + i * SCALE;
    const w = width - 2 * MARGIN;
    lines.push(
      `<image x="${MARGIN}" y="${y}" width="${w}" height="12" preserveAspectRatio="none" href="${picture}"/>`,
      write(MARGIN, y + 28, `${formatNumber(low)} to ${formatNumber(high)}   ${text}`, w),
    );
  });
  return [...lines, '</svg>', ''].join('\n');
}

const rounded = (value: number): number => Math.round(value * 100) / 100;
