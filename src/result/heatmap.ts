import { toFloat32 } from '../base/tensor.js';
import type { Colormap } from './colormap.js';
import type { Attribution } from './explanation.js';
import type { Rgb } from '../base/picture.js';
import { intoSlices, sliceGrid, type SliceGrid } from './slices.js';
import { upsampleBilinear } from './upsample.js';

/**
 * From an attribution to a coloured picture, in four pure steps: `reduce` the channels to one value per pixel, choose
 * which signs count (`select`), `normalise` by a percentile, and `render` or `overlay`. The values are never touched by
 * the steps after them, so that a map can always say the number behind a colour.
 */

/** One value per pixel, rows from the top. */
export interface ValueMap {
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array;
  /** Values below zero mean something: they argue against the target. */
  readonly signed: boolean;
  /** Of a volume: how its slices lie beside one another. */
  readonly slices?: SliceGrid;
}

/** `sum` keeps signs; `l1`, `l2` and `max` are magnitudes over the channels. */
export type Reduction = 'sum' | 'l1' | 'l2' | 'max';
export type Sign = 'both' | 'positive' | 'negative' | 'absolute';

/** A value map scaled to -1…1 (signed) or 0…1. */
export interface NormalisedMap extends ValueMap {
  /** The value that is drawn as 1. What lies beyond is drawn as 1, too. */
  readonly limit: number;
  readonly percentile: number;
}

/**
 * One value per pixel. A map that has one already is returned as it is (`sum`) or as magnitudes (the others). The slices of
 * a volume lie beside one another, as {@link sliceGrid} arranges them.
 */
export function reduce(attribution: Attribution, how: Reduction): ValueMap {
  const { depth, height, width } = layoutOf(attribution.axes, attribution.values.dims);
  const values = overChannels(attribution, how);
  const signed = how === 'sum' && attribution.signed;
  if (depth === 1) return { width, height, values, signed };
  const grid = sliceGrid(depth, height, width);
  return {
    width: grid.width,
    height: grid.height,
    values: intoSlices(values, grid, new Float32Array(grid.width * grid.height)),
    signed,
    slices: grid,
  };
}

/** One value for each place, in the order of the axes of space. */
export function overChannels(attribution: Attribution, how: Reduction): Float32Array {
  const data = toFloat32(attribution.values);
  const { dims } = attribution.values;
  const { channels, places, channelStep, pixelStep } = layoutOf(attribution.axes, dims);
  if (channels * places !== data.length)
    throw new Error(`An attribution of ${dims.join('×')} is not ${attribution.axes}`);
  const values = new Float32Array(places);
  for (let i = 0; i < values.length; i++) {
    let sum = 0;
    for (let c = 0; c < channels; c++) {
      const v = data[i * pixelStep + c * channelStep]!;
      if (how === 'sum') sum += v;
      else if (how === 'l1') sum += Math.abs(v);
      else if (how === 'l2') sum += v * v;
      else sum = Math.abs(v) > sum || Number.isNaN(v) ? Math.abs(v) : sum;
    }
    values[i] = how === 'l2' ? Math.sqrt(sum) : sum;
  }
  return values;
}

/** Whether an attribution has channels that a picture of it has to reduce. */
export function hasChannels({ axes }: Pick<Attribution, 'axes'>): boolean {
  return axes.includes('C');
}

interface Layout {
  readonly channels: number;
  /** Slices of a volume; 1 of a picture. */
  readonly depth: number;
  readonly height: number;
  readonly width: number;
  /** Places in all slices. */
  readonly places: number;
  readonly channelStep: number;
  readonly pixelStep: number;
}

function layoutOf(axes: Attribution['axes'], dims: readonly number[]): Layout {
  if (dims.length !== axes.length) throw new Error(`An attribution of ${dims.join('×')} is not ${axes}`);
  const channels = hasChannels({ axes }) ? dims[axes.indexOf('C')]! : 1;
  const space = dims.filter((_, i) => axes[i] !== 'C');
  const places = space.reduce((a, b) => a * b, 1);
  const width = space.at(-1) ?? 1;
  const height = space.at(-2) ?? 1;
  const depth = places / Math.max(1, width * height);
  const last = axes.length > 1 && axes.endsWith('C');
  return { channels, depth, height, width, places, channelStep: last ? 1 : places, pixelStep: last ? channels : 1 };
}

/** The part of a map whose sign is asked for. `negative` gives the size of what is below zero. */
export function select(map: ValueMap, sign: Sign): ValueMap {
  if (sign === 'both') return map;
  const pick =
    sign === 'positive'
      ? (v: number) => (v <= 0 ? 0 : v)
      : sign === 'negative'
        ? (v: number) => (v >= 0 ? 0 : -v)
        : Math.abs;
  return { ...map, values: map.values.map(pick), signed: false };
}

/**
 * Scales a map so that the given percentile of its magnitudes becomes 1: a few extreme pixels do not darken the rest.
 * A map of zeros stays zero; values that are not finite are drawn as 0 and do not count.
 *
 * @param limit the value to draw as 1, where several maps share a scale
 */
export function normalise(
  map: ValueMap,
  percentile = 99.5,
  limit = percentileOf(map.values, percentile),
): NormalisedMap {
  const low = map.signed ? -1 : 0;
  const values = map.values.map((v) => (limit > 0 && Number.isFinite(v) ? Math.min(1, Math.max(low, v / limit)) : 0));
  return { ...map, values, limit, percentile };
}

/** The given percentile of the magnitudes (linear interpolation between ranks, as NumPy does); 0 for an empty map. */
export function percentileOf(values: Float32Array, percentile: number): number {
  const sorted = values
    .filter((v) => Number.isFinite(v))
    .map(Math.abs)
    .sort();
  if (sorted.length === 0) return 0;
  const at = (Math.min(100, Math.max(0, percentile)) / 100) * (sorted.length - 1);
  const below = Math.floor(at);
  const low = sorted[below]!;
  const value = low + (at - below) * ((sorted[below + 1] ?? low) - low);
  // A map that is nearly all zeros (ReLU, masks) has a percentile of zero: its largest value is the scale then.
  return value > 0 ? value : sorted[sorted.length - 1]!;
}

/** A normalised map in colours. A sequential colour map shows 0…1, a diverging one -1…1. */
export function render(map: NormalisedMap, colors: Colormap): Rgb {
  const data = new Uint8Array(map.values.length * 3);
  const [scale, shift] = colors.kind === 'diverging' ? [127.5, 127.5] : [255, 0];
  const { table } = colors;
  // Number by number: a part of an array for each pixel takes five times as long, while somebody drags.
  for (let i = 0, to = 0; to < data.length; i++) {
    let at = 3 * Math.min(255, Math.max(0, Math.round(map.values[i]! * scale + shift)));
    data[to++] = table[at++]!;
    data[to++] = table[at++]!;
    data[to++] = table[at]!;
  }
  return { width: map.width, height: map.height, data };
}

/**
 * Heat laid over a picture of any size. With a sequential map every pixel is mixed alike; with a diverging one the
 * weight grows with the magnitude, so that "no influence" leaves the picture as it is instead of whitening it.
 *
 * @param opacity 0 (picture only) to 1
 */
export function overlay(picture: Rgb, map: NormalisedMap, colors: Colormap, opacity: number, smooth = true): Rgb {
  const fitted = fit(map, picture.width, picture.height, smooth);
  const heat = render(fitted, colors).data;
  const byMagnitude = colors.kind === 'diverging';
  const { width, height, data: below } = picture;
  const data = new Uint8Array(below.length);
  let w = opacity;
  for (let i = 0, at = 0; at < data.length; i++) {
    if (byMagnitude) w = opacity * Math.abs(fitted.values[i]!) ** 0.75;
    for (let end = at + 3; at < end; at++) data[at] = Math.round(below[at]! * (1 - w) + heat[at]! * w);
  }
  return { width, height, data };
}

/** A map at another size: smoothed (bilinear) or as the pixels it has. */
export function fit<M extends ValueMap>(map: M, width: number, height: number, smooth: boolean): M {
  if (map.width === width && map.height === height) return map;
  if (smooth)
    return { ...map, width, height, values: upsampleBilinear(map.values, map.height, map.width, height, width) };
  const values = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const row = Math.floor((y * map.height) / height) * map.width;
    for (let x = 0; x < width; x++) values[y * width + x] = map.values[row + Math.floor((x * map.width) / width)]!;
  }
  return { ...map, width, height, values };
}
