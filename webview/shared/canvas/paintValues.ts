import { lowest, type Colormap } from '../../../src/result/colormap.js';

/** Not a number, or infinite: a colour that stands on no scale. */
const STRANGE = [255, 0, 255] as const;

/** Part of a picture in the making, where one map goes. */
export interface Spot {
  readonly image: ImageData;
  readonly left: number;
  readonly top: number;
}

/** One map among others: `height × width` values from `offset` on. */
export interface Map2d {
  readonly values: Float32Array;
  readonly offset: number;
  readonly height: number;
  readonly width: number;
}

/**
 * Colours a map. A diverging map has `limit` at its right end and `-limit` at its left
 * one, a sequential map goes from `low` to `limit`.
 */
export function paintValues(
  { image, left, top }: Spot,
  { values, offset, height, width }: Map2d,
  colors: Colormap,
  limit: number,
  low = lowest(colors, limit),
): void {
  const { data, width: stride } = image;
  const scale = limit > low ? 255 / (limit - low) : 0;
  for (let y = 0; y < height; y++) {
    let to = 4 * ((top + y) * stride + left);
    for (let x = 0; x < width; x++, to += 4) {
      const value = values[offset + y * width + x]!;
      if (Number.isFinite(value)) {
        const at = scale === 0 ? (colors.kind === 'diverging' ? 128 : 0) : Math.round((value - low) * scale);
        const from = 3 * Math.max(0, Math.min(255, at));
        data[to] = colors.table[from]!;
        data[to + 1] = colors.table[from + 1]!;
        data[to + 2] = colors.table[from + 2]!;
      } else [data[to], data[to + 1], data[to + 2]] = STRANGE;
      data[to + 3] = 255;
    }
  }
}

/** Colours three planes, each behind the other, as red, green and blue; zero is grey, `±limit` the ends. */
export function paintColors(
  { image, left, top }: Spot,
  { values, offset, height, width }: Map2d,
  limit: number,
  order: 'RGB' | 'BGR' = 'RGB',
): void {
  const { data, width: stride } = image;
  const size = height * width;
  const scale = limit > 0 ? 127.5 / limit : 0;
  for (let y = 0; y < height; y++) {
    let to = 4 * ((top + y) * stride + left);
    for (let x = 0; x < width; x++, to += 4) {
      for (let plane = 0; plane < 3; plane++) {
        const from = offset + (order === 'RGB' ? plane : 2 - plane) * size + y * width + x;
        data[to + plane] = Math.round(127.5 + (values[from] ?? 0) * scale);
      }
      data[to + 3] = 255;
    }
  }
}

/** Largest magnitude of some values; those that are no numbers do not count. */
export function magnitudeOf(values: Float32Array, from = 0, to = values.length): number {
  let most = 0;
  for (let i = from; i < to; i++) {
    const size = Math.abs(values[i]!);
    if (size > most && size < Infinity) most = size;
  }
  return most;
}
