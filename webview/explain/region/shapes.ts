import { readRegion, writeRegion, type Region } from '../../../src/base/region.js';
import { touched, type Brush } from '../../shared/canvas/brush.js';
import type { Pixel, Point, Size } from '../../shared/canvas/geometry.js';

/** Shapes of painted places, without a DOM. Regions are never changed: each answers another one. */

export function emptyRegion({ width, height }: Size): Region {
  return { width, height, data: new Uint8Array(width * height) };
}

/** Corners of a rectangle, the second two behind its last pixels. */
export type Corners = readonly [x0: number, y0: number, x1: number, y1: number];

/** The rectangle between two pixels, both within. */
export function cornersBetween(a: Pixel, b: Pixel): Corners {
  return [Math.min(a.x, b.x), Math.min(a.y, b.y), Math.max(a.x, b.x) + 1, Math.max(a.y, b.y) + 1];
}

export function rectangle(size: Size, [x0, y0, x1, y1]: Corners): Region {
  const region = emptyRegion(size);
  const within = (v: number, length: number): number => Math.min(length, Math.max(0, Math.round(v)));
  const [left, right] = [within(x0, size.width), within(x1, size.width)];
  for (let y = within(y0, size.height); y < within(y1, size.height); y++)
    region.data.fill(1, y * size.width + left, y * size.width + right);
  return region;
}

/** A stroke of the brush from one point to another: painted, or taken away. */
export function brushed(region: Region, brush: Brush, from: Point, to: Point, painted: boolean): Region {
  const data = region.data.slice();
  touched(region, brush, from, to, (at) => (data[at] = painted ? 1 : 0));
  return { ...region, data };
}

/** The same places in a grid of another size: the nearest ones. */
function resized(region: Region, { width, height }: Size): Region {
  if (region.width === width && region.height === height) return region;
  const data = new Uint8Array(width * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const row = Math.floor(((y + 0.5) * region.height) / height);
      data[y * width + x] = region.data[row * region.width + Math.floor(((x + 0.5) * region.width) / width)]!;
    }
  return { width, height, data };
}

/** Target texts of regions. */

export function rectangleTarget(corners: Corners): string {
  return `mask:${corners.join(',')}`;
}

export function regionTarget(region: Region): string {
  return `mask:${writeRegion(region)}`;
}

/** The region that a target text paints over a picture; undefined where it is another kind of target. */
export function regionOfTarget(text: string, size: Size): Region | undefined {
  const what = /^\s*mask:\s*(.*?)\s*$/i.exec(text)?.[1];
  if (what === undefined) return undefined;
  const region = readRegion(what);
  if (region !== undefined) return resized(region, size);
  const four = what.split(',').map((part) => (part.trim() === '' ? NaN : Number(part)));
  return four.length === 4 && four.every(Number.isFinite) ? rectangle(size, four as unknown as Corners) : undefined;
}
