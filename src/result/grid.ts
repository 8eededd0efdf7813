import { colormap, type Colormap } from './colormap.js';
import type { Rgb } from '../base/picture.js';
import type { WeightPage, WeightView } from './weights.js';

/** Weights and activations as one picture: cells side by side with a line between them. The same numbers give the same pixels. */

export interface GridOptions {
  /** `shared`: one scale for all cells, so that they can be compared; `own`: each cell fills the colours by itself. */
  readonly scale?: 'shared' | 'own';
  /** Columns of cells; default about as many as rows. */
  readonly columns?: number;
  /** Pixels of a number's side; default so that the picture is about {@link WIDTH} wide. */
  readonly zoom?: number;
}

const WIDTH = 640;
const MOST_ZOOM = 16;
/** Between cells; colour filters are grey themselves and have white lines. */
const LINE: readonly [number, number, number] = [128, 128, 128];
const LINE_OF_COLOURS: readonly [number, number, number] = [255, 255, 255];
/** Pictures of one size side by side; one that is missing is as grey as the lines. */
export function pictureGrid(
  pictures: readonly (Rgb | undefined)[],
  { height, width }: { readonly height: number; readonly width: number },
  options: Pick<GridOptions, 'columns' | 'zoom'> = {},
): Rgb {
  const canvas = new Canvas(pictures.length, height, width, options);
  pictures.forEach((picture, i) => {
    if (picture === undefined) return;
    canvas.cell(i, (y, x) => {
      const at = 3 * (y * width + x);
      return [picture.data[at]!, picture.data[at + 1]!, picture.data[at + 2]!];
    });
  });
  return canvas.picture;
}

/** A value that is no number. */
const BROKEN: readonly [number, number, number] = [255, 0, 255];

/**
 * A page of weights. Colour filters are grey where they are zero; everything else has a diverging map (red is positive)
 * that is white at zero.
 */
export function weightGrid(view: WeightView, page: WeightPage, options: GridOptions = {}): Rgb {
  const { dims, data } = page.values;
  const colors = colormap('RdBu');
  const rows = dims[0] ?? 0;
  switch (view) {
    case 'rgb': {
      const [, planes = 3, h = 1, w = 1] = dims;
      return colourFilters(data, rows, planes, h, w, options);
    }
    case 'kernels': {
      const [, columns = 1, h = 1, w = 1] = dims;
      return cells(data, rows * columns, h, w, colors, { ...options, columns });
    }
    case 'depthwise':
      return cells(data, rows, dims[2] ?? 1, dims[3] ?? 1, colors, options);
    case 'vector':
      return cells(data, rows, 1, 1, colors, options);
    default:
      return cells(data, 1, rows, dims[1] ?? 1, colors, options);
  }
}

/** Maps `[n, h, w]`: sequential colours where nothing is negative, else diverging ones that are white at zero. */
export function mapGrid(
  maps: { readonly dims: readonly number[]; readonly data: Float32Array },
  options: GridOptions = {},
): Rgb {
  const [n = 0, h = 1, w = 1] = maps.dims;
  const signed = maps.data.some((v) => v < 0);
  return cells(maps.data, n, h, w, colormap(signed ? 'RdBu' : 'viridis'), options);
}

function cells(
  data: Float32Array,
  n: number,
  height: number,
  width: number,
  colors: Colormap,
  options: GridOptions,
): Rgb {
  const area = height * width;
  const shared = options.scale !== 'own';
  const all = magnitude(data, 0, n * area);
  const canvas = new Canvas(n, height, width, options);
  for (let i = 0; i < n; i++) {
    const top = shared ? all : magnitude(data, i * area, (i + 1) * area);
    canvas.cell(i, (y, x) => colourOf(data[i * area + y * width + x]!, top, colors));
  }
  return canvas.picture;
}

function colourFilters(
  data: Float32Array,
  n: number,
  planes: number,
  height: number,
  width: number,
  options: GridOptions,
): Rgb {
  const area = height * width;
  const size = planes * area;
  const shared = options.scale === 'shared' ? magnitude(data, 0, n * size) : undefined;
  const canvas = new Canvas(n, height, width, options, LINE_OF_COLOURS);
  for (let i = 0; i < n; i++) {
    const top = shared ?? magnitude(data, i * size, (i + 1) * size);
    canvas.cell(i, (y, x) => {
      const at = i * size + y * width + x;
      const [r, g, b] = [0, 1, 2].map((p) => data[at + Math.min(p, planes - 1) * area]!) as [number, number, number];
      if (!Number.isFinite(r + g + b)) return BROKEN;
      return [level(r, top), level(g, top), level(b, top)];
    });
  }
  return canvas.picture;
}

function level(v: number, top: number): number {
  return top === 0 ? 128 : Math.max(0, Math.min(255, Math.round(127.5 + (127.5 * v) / top)));
}

function colourOf(v: number, top: number, { kind, table }: Colormap): readonly [number, number, number] {
  if (!Number.isFinite(v)) return BROKEN;
  const t = top === 0 ? 0 : v / top;
  const at = 3 * Math.max(0, Math.min(255, Math.round(kind === 'diverging' ? 127.5 + 127.5 * t : 255 * t)));
  return [table[at]!, table[at + 1]!, table[at + 2]!];
}

function magnitude(data: Float32Array, from: number, to: number): number {
  let top = 0;
  for (let i = from; i < to; i++) {
    const v = Math.abs(data[i]!);
    if (v > top && v < Infinity) top = v;
  }
  return top;
}

/** Cells row by row, each `height × width` numbers of `zoom × zoom` pixels. */
class Canvas {
  readonly picture: Rgb;
  private readonly columns: number;
  private readonly zoom: number;

  constructor(
    n: number,
    private readonly height: number,
    private readonly width: number,
    options: GridOptions,
    line: readonly [number, number, number] = LINE,
  ) {
    this.columns = Math.max(1, Math.min(n, options.columns ?? Math.ceil(Math.sqrt((n * height) / width))));
    const rows = Math.max(1, Math.ceil(n / this.columns));
    const zoom = options.zoom ?? Math.floor((WIDTH - this.columns + 1) / (this.columns * width));
    this.zoom = Math.max(1, Math.min(MOST_ZOOM, zoom));
    const across = this.columns * width * this.zoom + this.columns - 1;
    const down = rows * height * this.zoom + rows - 1;
    const data = new Uint8Array(3 * across * down);
    for (let i = 0; i < data.length; i += 3) data.set(line, i);
    this.picture = { width: across, height: down, data };
  }

  cell(index: number, colour: (y: number, x: number) => readonly [number, number, number]): void {
    const { zoom, height, width, picture } = this;
    const left = (index % this.columns) * (width * zoom + 1);
    const top = Math.floor(index / this.columns) * (height * zoom + 1);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const rgb = colour(y, x);
        for (let dy = 0; dy < zoom; dy++) {
          const row = 3 * ((top + y * zoom + dy) * picture.width + left + x * zoom);
          for (let dx = 0; dx < zoom; dx++) picture.data.set(rgb, row + 3 * dx);
        }
      }
    }
  }
}
