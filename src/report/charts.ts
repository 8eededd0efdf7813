import type { FloatTensor } from '../base/tensor.js';
import { colormap } from '../result/colormap.js';
import { classMark } from '../result/scatter.js';
import { escaped, pngAddress } from './page.js';

/** Drawings within a page, in SVG: what lies under the pointer is said by titles, so that no script is needed. */

/** A matrix as coloured cells. */
export interface HeatMap {
  readonly label: string;
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  /** `[rows, columns]`, 0 to 1; what is no number stays empty. */
  readonly values: FloatTensor;
}

const CELL = 14;
const NAMES = 150;
/** So many characters of a name beside a matrix. */
const LONGEST = 22;

export function heatMap({ label, rows, columns, values }: HeatMap): string {
  const { table } = colormap('viridis');
  // Small matrices have larger cells.
  const cell = Math.max(CELL, Math.min(40, Math.floor(640 / Math.max(rows.length, columns.length))));
  const [width, height] = [NAMES + columns.length * cell + 4, NAMES + rows.length * cell + 4];
  const cells: string[] = [];
  for (const [i, row] of rows.entries()) {
    for (const [j, column] of columns.entries()) {
      const v = values.data[i * columns.length + j]!;
      const at = 3 * Math.round(255 * Math.min(1, Math.max(0, v)));
      const fill = Number.isFinite(v) ? `rgb(${table.subarray(at, at + 3).join(' ')})` : 'none';
      const said = Number.isFinite(v) ? v.toFixed(3) : 'none';
      cells.push(
        `<rect x="${NAMES + j * cell}" y="${NAMES + i * cell}" width="${cell}" height="${cell}" fill="${fill}"><title>${escaped(`${row} × ${column}: ${said}`)}</title></rect>`,
      );
    }
  }
  const beside = rows.map(
    (name, i) =>
      `<text x="${NAMES - 6}" y="${NAMES + (i + 0.5) * cell + 4}" text-anchor="end">${escaped(cut(name))}</text>`,
  );
  const above = columns.map(
    (name, j) =>
      `<text transform="translate(${NAMES + (j + 0.5) * cell + 4} ${NAMES - 6}) rotate(-90)">${escaped(cut(name))}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(label)}">${beside.join('')}${above.join('')}${cells.join('')}</svg>`;
}

/** What the colours of a matrix mean. */
export function heatScale(): string {
  return colourScale({ low: 0, high: 1, table: colormap('viridis').table });
}

/** A scale of colours with the numbers at its ends and in its middle. */
export function colourScale({
  low,
  high,
  table,
}: {
  readonly low: number;
  readonly high: number;
  readonly table: Uint8Array;
}): string {
  const steps = Array.from({ length: 33 }, (_, i) => {
    const at = 3 * Math.round((255 * i) / 32);
    return `<rect x="${20 + 6 * i}" y="0" width="6.5" height="14" fill="rgb(${table.subarray(at, at + 3).join(' ')})"/>`;
  });
  const [first, middle, last] = [low, (low + high) / 2, high].map((v) => String(Number(v.toPrecision(3))));
  const numbers = [first, middle, last].map(
    (text, k) => `<text x="${20 + 99 * k}" y="28" text-anchor="middle">${text}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" width="250" height="32" viewBox="0 0 250 32" role="img" aria-label="Scale of the colours from ${first} to ${last}">${steps.join('')}${numbers.join('')}</svg>`;
}

/** Small pictures at some points of the unit square. */
export interface PlacedPictures {
  readonly label: string;
  /** `[n, 2]`, 0 to 1, the second downwards. */
  readonly points: FloatTensor;
  readonly names: readonly string[];
  readonly labels: readonly string[];
  readonly thumbnails: readonly { readonly point: number; readonly png: Uint8Array }[];
  /** Side of a picture as a share of the whole. */
  readonly share: number;
}

const WALL = 760;

export function picturesInPlace({ label, points, names, labels, thumbnails, share }: PlacedPictures): string {
  const side = WALL * share;
  const size = WALL + side + 4;
  const images = thumbnails.map(({ point, png }) => {
    const [x, y] = [0, 1].map((c) => (2 + points.data[2 * point + c]! * WALL).toFixed(1)) as [string, string];
    const said = `${names[point]}${labels[point] === '' ? '' : ` (${labels[point]})`}`;
    return `<image x="${x}" y="${y}" width="${(side - 2).toFixed(1)}" height="${(side - 2).toFixed(1)}" href="${pngAddress(png)}"><title>${escaped(said)}</title></image>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}" viewBox="0 0 ${size} ${size}" role="img" aria-label="${escaped(label)}">${images.join('')}</svg>`;
}

function cut(name: string): string {
  return name.length > LONGEST ? `…${name.slice(1 - LONGEST)}` : name;
}

/** Points of the unit square, by class. */
export interface Cloud {
  readonly label: string;
  /** `[n, 2]`, 0 to 1, the second downwards. */
  readonly points: FloatTensor;
  readonly classes: readonly number[];
  readonly labels: readonly string[];
  readonly names: readonly string[];
  readonly drawn: readonly number[];
  /** What is said of each beside its name; default its label. */
  readonly said?: readonly string[];
  /** The colour of each, where it is not that of its class. */
  readonly fill?: (i: number) => string;
}

const PLOT = 440;
const EDGE = 10;

export function cloud({ label, points, classes, labels, names, drawn, said: words = labels, fill }: Cloud): string {
  const size = PLOT + 2 * EDGE;
  const marks = drawn.map((i) => {
    const [x, y] = [0, 1].map((c) => EDGE + points.data[2 * i + c]! * PLOT) as [number, number];
    const said = `${names[i]}${words[i] === '' ? '' : ` (${words[i]})`}`;
    const mark =
      fill === undefined
        ? classMark(classes[i]!, labels[i]!, x, y, 3)
        : `<circle cx="${x.toFixed(2)}" cy="${y.toFixed(2)}" r="3" fill="${fill(i)}"/>`;
    return `<g>${mark}<title>${escaped(said)}</title></g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}" viewBox="0 0 ${size} ${size}" role="img" aria-label="${escaped(label)}"><rect class="axis" x="1" y="1" width="${size - 2}" height="${size - 2}"/>${marks.join('')}</svg>`;
}

/** Which mark is which class. */
export function legend(names: readonly string[]): string {
  const items = names.map(
    (name, k) =>
      `<li style="display:flex;align-items:center;gap:6px"><svg xmlns="http://www.w3.org/2000/svg" width="14" height="14" aria-hidden="true">${classMark(k, name, 7, 7, 5)}</svg>${escaped(name === '' ? 'no label' : name)}</li>`,
  );
  return `<ul style="display:flex;flex-wrap:wrap;gap:2px 18px;list-style:none;padding:0">${items.join('')}</ul>`;
}

/** One number for each of some names, in their order. */
export interface Curve {
  readonly label: string;
  readonly unit: string;
  readonly names: readonly string[];
  readonly values: readonly number[];
  readonly says: readonly string[];
  readonly bound: number;
}

const LEFT = 60;
const TOP = 16;
const HIGH = 240;

/** Infinite values stand at the edges; where there is no number, there is no dot. */
export function curve({ label, unit, names, values, says, bound }: Curve): string {
  const finite = values.filter(Number.isFinite);
  const low = Math.min(0, bound, ...finite);
  const high = Math.max(bound + 10, ...finite) + (values.includes(Infinity) ? 10 : 0);
  const wide = Math.max(320, Math.min(960, names.length * 28));
  const x = (i: number): number => LEFT + ((i + 0.5) * wide) / names.length;
  const y = (v: number): number => TOP + HIGH * (1 - (Math.min(high, Math.max(low, v)) - low) / (high - low));
  const shown = values.flatMap((v, i) => (Number.isNaN(v) ? [] : [{ x: x(i).toFixed(1), y: y(v).toFixed(1), i }]));
  const dots = shown.map(
    (p) =>
      `<circle class="dot" cx="${p.x}" cy="${p.y}" r="4"><title>${escaped(`${names[p.i]}: ${says[p.i]}`)}</title></circle>`,
  );
  const few = Math.max(1, Math.ceil(names.length / Math.floor(wide / 16)));
  const ticks = names.map((name, i) =>
    i % few === 0
      ? `<text transform="translate(${(x(i) + 4).toFixed(1)} ${TOP + HIGH + 8}) rotate(-90)" text-anchor="end">${escaped(cut(name))}</text>`
      : '',
  );
  const levels = [low, bound, high].map(
    (v) => `<text x="${LEFT - 8}" y="${(y(v) + 4).toFixed(1)}" text-anchor="end">${Math.round(v)}</text>`,
  );
  const height = TOP + HIGH + NAMES;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${LEFT + wide + 8}" height="${height}" viewBox="0 0 ${LEFT + wide + 8} ${height}" role="img" aria-label="${escaped(label)}"><path class="axis" d="M${LEFT} ${TOP} v${HIGH} h${wide}"/><text x="4" y="${TOP + 4}">${escaped(unit)}</text>${levels.join('')}<line class="bound" x1="${LEFT}" x2="${LEFT + wide}" y1="${y(bound).toFixed(1)}" y2="${y(bound).toFixed(1)}"/><polyline class="line" points="${shown.map((p) => `${p.x},${p.y}`).join(' ')}"/>${dots.join('')}${ticks.join('')}</svg>`;
}
