import type { Rgb } from '../base/picture.js';
import type { Colormap } from './colormap.js';
import type { PartsOfPicture } from './explanation.js';
import { fit, type NormalisedMap } from './heatmap.js';

/** Other ways than heat to say where a map is strong: lines around it, or the picture there and nowhere else. */

/** Length of the longer side below which a picture is magnified, so that lines around pixels are fine. */
const SIDE = 512;
/** Half the width of a line, as a share of the longer side. */
const LINE = 1 / 400;

/** A picture whose longer side is long enough for lines: every pixel a square of pixels. */
export function magnified(picture: Rgb, side = SIDE): Rgb {
  const times = Math.max(1, Math.round(side / Math.max(picture.width, picture.height)));
  if (times === 1) return picture;
  const [width, height] = [picture.width * times, picture.height * times];
  const data = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = 3 * (Math.floor(y / times) * picture.width + Math.floor(x / times));
      data.set(picture.data.subarray(from, from + 3), 3 * (y * width + x));
    }
  }
  return { width, height, data };
}

/**
 * The picture with lines around what lies above a level, in the colour of the map's end; of a signed map also around what
 * lies below minus the level, in the colour of the other end. Each has a dark and a light edge, to be seen on anything.
 *
 * @param level 0 to 1, of the scale
 */
export function outlined(picture: Rgb, map: NormalisedMap, colors: Colormap, level: number, smooth: boolean): Rgb {
  const base = magnified(picture);
  const { width, height } = base;
  const { values } = fit(map, width, height, smooth);
  const data = base.data.slice();
  const half = Math.max(1, Math.round(LINE * Math.max(width, height)));
  const least = Math.max(level, 1e-6);
  const line = (inside: (v: number) => boolean, end: number): void => {
    const edge = edges(values, width, height, inside);
    const color = colors.table.subarray(3 * end, 3 * end + 3);
    spread(edge, width, height, half + 1, (i) => data.fill(0, 3 * i, 3 * i + 3));
    spread(edge, width, height, half, (i) => data.fill(255, 3 * i, 3 * i + 3));
    spread(edge, width, height, Math.max(0, half - 1), (i) => data.set(color, 3 * i));
  };
  const [positive, negative] = colors.kind === 'diverging' ? [230, 25] : [200, 200];
  line((v) => v >= least, positive);
  if (map.signed) line((v) => v <= -least, negative);
  return { width, height, data };
}

/** Pixels inside whose right or lower neighbour is outside, or the other way round; the rim of the picture is no line. */
function edges(values: Float32Array, width: number, height: number, inside: (v: number) => boolean): readonly number[] {
  const out: number[] = [];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      const here = inside(values[i]!);
      const right = x + 1 < width && inside(values[i + 1]!) !== here;
      const below = y + 1 < height && inside(values[i + width]!) !== here;
      if (right || below) out.push(i);
    }
  }
  return out;
}

function spread(
  pixels: readonly number[],
  width: number,
  height: number,
  reach: number,
  visit: (at: number) => void,
): void {
  for (const i of pixels) {
    const [x, y] = [i % width, Math.floor(i / width)];
    for (let v = Math.max(0, y - reach); v <= Math.min(height - 1, y + reach); v++)
      for (let u = Math.max(0, x - reach); u <= Math.min(width - 1, x + reach); u++) visit(v * width + u);
  }
}

/** The borders of parts over a picture: a light line beside a dark one, to be seen on anything. */
export function withPartLines(
  picture: Rgb,
  { of }: Pick<PartsOfPicture, 'of'>,
  { width: columns, height: rows }: { readonly width: number; readonly height: number },
): Rgb {
  const base = magnified(picture);
  const { width, height } = base;
  const data = base.data.slice();
  const part = (x: number, y: number): number =>
    of[Math.floor((y * rows) / height) * columns + Math.floor((x * columns) / width)]!;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const here = part(x, y);
      const after = (x + 1 < width && part(x + 1, y) !== here) || (y + 1 < height && part(x, y + 1) !== here);
      const before = (x > 0 && part(x - 1, y) !== here) || (y > 0 && part(x, y - 1) !== here);
      if (after || before) data.fill(after ? 255 : 0, 3 * (y * width + x), 3 * (y * width + x) + 3);
    }
  }
  return { width, height, data };
}

/**
 * The picture where the map is strongest, and black elsewhere: this share of the map's places by magnitude. Places of no
 * influence at all are never shown, however large the share.
 *
 * @param share 0 to 1
 */
export function strongest(picture: Rgb, map: NormalisedMap, raw: Float32Array, share: number, smooth: boolean): Rgb {
  // By the values themselves: many lie at the end of a scale that is clipped.
  const sizes = raw.map((v) => (Number.isFinite(v) ? Math.abs(v) : 0));
  const least = atShare(sizes, share);
  const { values } = fit({ ...map, values: sizes }, picture.width, picture.height, smooth);
  const data = new Uint8Array(picture.data.length);
  values.forEach((v, i) => {
    if (v > 0 && v >= least) data.set(picture.data.subarray(3 * i, 3 * i + 3), 3 * i);
  });
  return { width: picture.width, height: picture.height, data };
}

/** The size that this share of values reaches. */
function atShare(sizes: Float32Array, share: number): number {
  const sorted = sizes.slice().sort();
  const count = Math.round(Math.min(1, Math.max(0, share)) * sorted.length);
  return count === 0 ? Infinity : sorted[sorted.length - count]!;
}
