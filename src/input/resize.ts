import type { Interpolation } from './settings.js';

/**
 * Pillow's antialiased resampling, equal to the byte: separable, horizontal before vertical, the filter stretched by
 * the reduction factor, 22-bit fixed-point coefficients and 8-bit rounding between the passes.
 */

/** 8-bit pixels in rows, channels interleaved. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly data: Uint8Array;
}

/** A part of a picture, in its pixels. */
export interface Part {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

interface Filter {
  readonly support: number;
  readonly weight: (x: number) => number;
}

const CUBIC = -0.5;

function sinc(x: number): number {
  if (x === 0) return 1;
  const angle = x * Math.PI;
  return Math.sin(angle) / angle;
}

const FILTERS: Record<Exclude<Interpolation, 'nearest'>, Filter> = {
  box: { support: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: {
    support: 2,
    weight: (signed) => {
      const x = Math.abs(signed);
      if (x < 1) return ((CUBIC + 2) * x - (CUBIC + 3)) * x * x + 1;
      if (x < 2) return (((x - 5) * x + 8) * x - 4) * CUBIC;
      return 0;
    },
  },
  lanczos: { support: 3, weight: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

/** 8 bits of result and 2 of head room leave 22 for the fraction. */
const PRECISION = 32 - 8 - 2;
const HALF = 1 << (PRECISION - 1);

/** For each output position: where its window starts, how long it is, and its weights (at `i * taps`). */
interface Windows {
  readonly start: Int32Array;
  readonly length: Int32Array;
  readonly weights: Int32Array;
  readonly taps: number;
}

/** Of the positions `begin` to `begin + count` of `to`. */
function windowsOf(from: number, to: number, filter: Filter, begin: number, count: number): Windows {
  const scale = from / to;
  const stretch = Math.max(scale, 1);
  const support = filter.support * stretch;
  const taps = Math.ceil(support) * 2 + 1;
  const start = new Int32Array(count);
  const length = new Int32Array(count);
  const weights = new Int32Array(count * taps);
  const row = new Float64Array(taps);
  for (let i = 0; i < count; i++) {
    const center = (i + begin + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - support + 0.5));
    const long = Math.min(from, Math.trunc(center + support + 0.5)) - first;
    let sum = 0;
    for (let k = 0; k < long; k++) {
      const weight = filter.weight((k + first - center + 0.5) * (1 / stretch));
      row[k] = weight;
      sum += weight;
    }
    for (let k = 0; k < long; k++) {
      const weight = (sum === 0 ? row[k]! : row[k]! / sum) * (1 << PRECISION);
      weights[i * taps + k] = Math.trunc(weight < 0 ? weight - 0.5 : weight + 0.5);
    }
    start[i] = first;
    length[i] = long;
  }
  return { start, length, weights, taps };
}

function clip(sum: number): number {
  const value = sum >> PRECISION;
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

/** Rows `top` to `top + height` of the source, in the given columns of the result. */
function horizontal(source: Raster, columns: Windows, top: number, height: number): Raster {
  const { channels, data } = source;
  const { start, length, weights, taps } = columns;
  const width = start.length;
  const out = new Uint8Array(width * height * channels);
  for (let y = 0; y < height; y++) {
    const line = (top + y) * source.width * channels;
    let o = y * width * channels;
    for (let x = 0; x < width; x++) {
      let p = line + start[x]! * channels;
      let k = x * taps;
      const end = k + length[x]!;
      if (channels === 1) {
        let sum = HALF;
        for (; k < end; k++) sum = (sum + Math.imul(data[p++]!, weights[k]!)) | 0;
        out[o++] = clip(sum);
        continue;
      }
      let [red, green, blue] = [HALF, HALF, HALF];
      for (; k < end; k++, p += 3) {
        const weight = weights[k]!;
        red = (red + Math.imul(data[p]!, weight)) | 0;
        green = (green + Math.imul(data[p + 1]!, weight)) | 0;
        blue = (blue + Math.imul(data[p + 2]!, weight)) | 0;
      }
      out[o] = clip(red);
      out[o + 1] = clip(green);
      out[o + 2] = clip(blue);
      o += 3;
    }
  }
  return { width, height, channels, data: out };
}

/** The given rows of the result; the source begins at row `top` of what they were found for. */
function vertical(source: Raster, rows: Windows, top: number): Raster {
  const { width, channels, data } = source;
  const { start, length, weights, taps } = rows;
  const height = start.length;
  const line = width * channels;
  const out = new Uint8Array(height * line);
  const sums = new Int32Array(line);
  for (let y = 0; y < height; y++) {
    sums.fill(HALF);
    for (let k = 0; k < length[y]!; k++) {
      const weight = weights[y * taps + k]!;
      const from = (start[y]! - top + k) * line;
      for (let x = 0; x < line; x++) sums[x] = sums[x]! + Math.imul(data[from + x]!, weight);
    }
    for (let x = 0; x < line; x++) out[y * line + x] = clip(sums[x]!);
  }
  return { width, height, channels, data: out };
}

/** Pillow steps through the source by repeated addition; so must we, or positions on a boundary fall differently. */
function nearestPositions(from: number, to: number): Int32Array {
  const positions = new Int32Array(to);
  const step = from / to;
  let at = step * 0.5;
  for (let i = 0; i < to; i++, at += step) positions[i] = Math.min(from - 1, Math.trunc(at));
  return positions;
}

function nearest(source: Raster, H: number, W: number, { left, top, width, height }: Part): Raster {
  const { channels, data } = source;
  const columns = nearestPositions(source.width, W).subarray(left, left + width);
  const rows = nearestPositions(source.height, H).subarray(top, top + height);
  const out = new Uint8Array(width * height * channels);
  let o = 0;
  for (let y = 0; y < height; y++) {
    const line = rows[y]! * source.width;
    for (let x = 0; x < width; x++) {
      const p = (line + columns[x]!) * channels;
      for (let c = 0; c < channels; c++) out[o++] = data[p + c]!;
    }
  }
  return { width, height, channels, data: out };
}

/**
 * The raster at another size, as `PIL.Image.resize((width, height), interpolation)` makes it.
 *
 * @param part what is wanted of the result, to the byte the same as cut from all of it
 */
export function resize(
  source: Raster,
  height: number,
  width: number,
  interpolation: Interpolation,
  part: Part = { left: 0, top: 0, width, height },
): Raster {
  if (source.height === height && source.width === width) return cut(source, part);
  if (interpolation === 'nearest') return nearest(source, height, width, part);
  const filter = FILTERS[interpolation];
  const rows = source.height === height ? undefined : windowsOf(source.height, height, filter, part.top, part.height);
  // The rows of the source that the rows of the result look at.
  const first = rows?.start[0] ?? part.top;
  const end = rows === undefined ? first + part.height : rows.start.at(-1)! + rows.length.at(-1)!;
  const wide =
    source.width === width
      ? cut(source, { left: part.left, top: first, width: part.width, height: end - first })
      : horizontal(source, windowsOf(source.width, width, filter, part.left, part.width), first, end - first);
  return rows === undefined ? wide : vertical(wide, rows, first);
}

function cut(source: Raster, { left, top, width, height }: Part): Raster {
  if (width === source.width && height === source.height) return source;
  const { channels } = source;
  const data = new Uint8Array(width * height * channels);
  for (let y = 0; y < height; y++) {
    const from = ((top + y) * source.width + left) * channels;
    data.set(source.data.subarray(from, from + width * channels), y * width * channels);
  }
  return { width, height, channels, data };
}
