import { LensError } from '../base/errors.js';
import type { Crop, Rgb } from '../base/picture.js';
import { floatTensor, formatDims, type FloatTensor } from '../base/tensor.js';
import { centerCrop, letterbox, place, resizedSize, toGray } from './geometry.js';
import { resize, type Part, type Raster } from './resize.js';
import { memo } from '../base/memo.js';
import { sampleShape } from './axes.js';
import type { Preprocessing } from './settings.js';

/** A picture's way into the model and back: the plan of {@link Preprocessing} carried out. */

export interface Prepared {
  /** `[1, C, H, W]` or `[1, H, W, C]`. */
  readonly tensor: FloatTensor;
  /** The picture as the model sees it, before normalisation. */
  readonly view: Rgb;
  readonly crop: Crop;
}

/** Prepares one picture: resize, crop or pad, order of channels, range, mean and standard deviation. */
export function toTensor(picture: Raster, plan: Preprocessing): Prepared {
  const { raster, crop } = fit(plan.color.value === 'gray' ? toGray(picture) : picture, plan);
  return { tensor: normalise(raster, plan), view: asRgb(raster), crop };
}

/** The picture as the model sees it, before normalisation: of its size, with as many channels as are used of it. */
export function toView(picture: Raster, plan: Preprocessing): Raster {
  return fit(plan.color.value === 'gray' ? toGray(picture) : picture, plan).raster;
}

/** Resize and crop only: the pixels that will be normalised. */
function fit(picture: Raster, plan: Preprocessing): { raster: Raster; crop: Crop } {
  const [height, width] = plan.size.value;
  const [h, w] = resizedSize(picture, plan);
  const [left, top] = corner(h, w, plan);
  // Only what lies in the window is computed.
  const part = within(h, w, left, top, height, width);
  const scaled = resize(picture, h, w, plan.resize.value.interpolation, part);
  const raster = place(scaled, left - part.left, top - part.top, height, width, plan.pad.value);
  const sx = picture.width / w;
  const sy = picture.height / h;
  return {
    raster,
    crop: {
      left: left * sx,
      top: top * sy,
      width: width * sx,
      height: height * sy,
      originalWidth: picture.width,
      originalHeight: picture.height,
    },
  };
}

/** The part of a picture of `h × w` that lies in a window; all of it where none does. */
function within(h: number, w: number, left: number, top: number, height: number, width: number): Part {
  const [x0, x1] = [Math.max(0, left), Math.min(w, left + width)];
  const [y0, y1] = [Math.max(0, top), Math.min(h, top + height)];
  if (x1 <= x0 || y1 <= y0) return { left: 0, top: 0, width: w, height: h };
  return { left: x0, top: y0, width: x1 - x0, height: y1 - y0 };
}

/** Where the model's window begins on the resized picture of `h × w`. */
function corner(h: number, w: number, plan: Preprocessing): [left: number, top: number] {
  const [height, width] = plan.size.value;
  if (plan.resize.value.mode === 'letterbox') return letterbox(h, w, height, width);
  if (plan.crop.value === 'center') return centerCrop(h, w, height, width);
  if (h === height && w === width) return [0, 0];
  throw new LensError(
    'input',
    'input/size',
    `The picture is ${w}×${h} after resizing, but the model takes ${width}×${height} and no crop is set.`,
    {
      hint: 'Set "crop" to "center" or "resize.mode" to "exact" in the model\'s .lens.json file.',
    },
  );
}

/** Source channel (of red, green, blue or grey) of each channel of the tensor. */
export function sourceChannels(plan: Preprocessing): number[] {
  const count = plan.channels.value;
  if (plan.color.value === 'gray') return new Array<number>(count).fill(0);
  if (count !== 3)
    throw new LensError('input', 'input/channels', `The model takes ${count} channels; a colour picture has 3.`);
  return plan.color.value === 'BGR' ? [2, 1, 0] : [0, 1, 2];
}

const tables = memo<Preprocessing, number, Float32Array>();

/** {@link pixelToValue} of every pixel value 0..255. */
export function tableOf(channel: number, plan: Preprocessing): Float32Array {
  return tables(plan, channel, () =>
    Float32Array.from({ length: 256 }, (_, pixel) => pixelToValue(plan, channel, pixel)),
  );
}

/**
 * Tensor value of a pixel value in [0, 255] in one channel of the tensor: `(range(pixel) - mean) / std`, each step
 * rounded to float32 as torchvision's ToTensor and Normalize round it, so that tensors are equal to the bit.
 */
export function pixelToValue(plan: Preprocessing, channel: number, pixel: number): number {
  const [low, high] = plan.range.value;
  const ranged = Math.fround(low + ((high - low) * pixel) / 255);
  const centred = Math.fround(ranged - Math.fround(plan.mean.value[channel]!));
  return Math.fround(centred / Math.fround(plan.std.value[channel]!));
}

/** The inverse of {@link pixelToValue}: neither rounded nor clipped. */
export function valueToPixel(plan: Preprocessing, channel: number, value: number): number {
  const [low, high] = plan.range.value;
  return ((value * plan.std.value[channel]! + plan.mean.value[channel]! - low) / (high - low)) * 255;
}

function normalise(raster: Raster, plan: Preprocessing): FloatTensor {
  const [height, width] = plan.size.value;
  const channels = sourceChannels(plan);
  const count = channels.length;
  const area = height * width;
  const out = new Float32Array(count * area);
  const planar = plan.layout.value === 'NCHW';
  channels.forEach((source, channel) => {
    const table = tableOf(channel, plan);
    const step = planar ? 1 : count;
    // Of its own variables: a field that is read a hundred thousand times costs more than what is done with it.
    const { data, channels: stride } = raster;
    let o = planar ? channel * area : channel;
    for (let i = source, end = area * stride; i < end; i += stride, o += step) out[o] = table[data[i]!]!;
  });
  return floatTensor(planar ? [1, count, height, width] : [1, height, width, count], out);
}

function asRgb(raster: Raster): Rgb {
  const { width, height, data } = raster;
  if (raster.channels === 3) return { width, height, data };
  const rgb = new Uint8Array(width * height * 3);
  for (let i = 0; i < data.length; i++) rgb.fill(data[i]!, 3 * i, 3 * i + 3);
  return { width, height, data: rgb };
}

/**
 * The picture a tensor stands for: the tensor as the model sees it. Values outside the picture's range are clipped.
 * Takes one sample, with or without its batch dimension; its height and width may differ from the plan's.
 */
export function toPicture(tensor: FloatTensor, plan: Preprocessing): Rgb {
  const { dims } = tensor;
  const sample = dims.length === 4 && dims[0] === 1 ? dims.slice(1) : dims;
  const planar = plan.layout.value === 'NCHW';
  const [count, height, width] = planar ? sample : [sample[2], sample[0], sample[1]];
  const channels = sourceChannels(plan);
  if (sample.length !== 3 || count !== channels.length || height === undefined || width === undefined) {
    throw new LensError(
      'input',
      'input/shape',
      `A ${formatDims(dims)} tensor is not one ${plan.layout.value} picture of ${channels.length} channels.`,
    );
  }
  const area = height * width;
  const data = new Uint8Array(area * 3);
  const gray = plan.color.value === 'gray';
  channels.forEach((target, channel) => {
    if (gray && channel > 0) return;
    const step = planar ? 1 : count;
    let i = planar ? channel * area : channel;
    for (let o = 0; o < data.length; o += 3, i += step) {
      const pixel = Math.min(255, Math.max(0, Math.round(valueToPixel(plan, channel, tensor.data[i]!))));
      if (gray) data.fill(pixel, o, o + 3);
      else data[o + target] = pixel;
    }
  });
  return { width, height, data };
}

export type FillKind = 'zero' | 'black' | 'white' | 'grey';

const LEVEL: Record<Exclude<FillKind, 'zero'>, number> = { black: 0, grey: 127.5, white: 255 };

/** Tensor values, one per channel, of plain colours. `zero` is the zero tensor after preprocessing, which is seldom black. */
export function fills(plan: Preprocessing): Record<FillKind, number[]> {
  const each = (value: (channel: number) => number): number[] =>
    Array.from({ length: plan.channels.value }, (_, c) => value(c));
  return {
    zero: each(() => 0),
    black: each((c) => pixelToValue(plan, c, LEVEL.black)),
    white: each((c) => pixelToValue(plan, c, LEVEL.white)),
    grey: each((c) => pixelToValue(plan, c, LEVEL.grey)),
  };
}

/** Mean of one sample's values in each channel: its mean colour, as tensor values. */
export function meanFill(tensor: FloatTensor, plan: Preprocessing): number[] {
  const count = plan.channels.value;
  const sums = new Array<number>(count).fill(0);
  const area = tensor.data.length / count;
  const planar = plan.layout.value === 'NCHW';
  tensor.data.forEach((value, i) => {
    sums[planar ? Math.floor(i / area) : i % count]! += value;
  });
  return sums.map((sum) => sum / area);
}

/** Where the picture lies in the input tensor, for the methods. */
export interface InputSpec {
  readonly name: string;
  readonly layout: 'NCHW' | 'NHWC';
  readonly channels: number;
  /** Rows; of a volume those of all slices, one slice after the other. */
  readonly height: number;
  readonly width: number;
  /** What the axes of a sample are: `CHW` (the default, or `HWC`, by the layout), `HW`, `CDHW`, `W`. */
  readonly axes?: string;
  /** Sizes of a sample along these axes. */
  readonly shape?: readonly number[];
  /** Tensor values, one per channel, of colours in picture space. `zero` is the zero tensor after preprocessing. */
  fill(kind: FillKind): readonly number[];
  /** 8-bit picture values in [0, 255] to tensor values, for one channel, and back. */
  toTensor(channel: number, pixel: number): number;
  toPixel(channel: number, value: number): number;
}

/** The plan as methods see it. */
export function inputSpec(name: string, plan: Preprocessing, axes?: string): InputSpec {
  const [height, width] = plan.size.value;
  const colours = fills(plan);
  const channels = plan.channels.value;
  return {
    name,
    layout: plan.layout.value,
    channels,
    ...(axes === undefined ? {} : { axes, shape: sampleShape(axes, { channels, height, width }) }),
    height,
    width,
    fill: (kind) => colours[kind],
    toTensor: (channel, pixel) => pixelToValue(plan, channel, pixel),
    toPixel: (channel, value) => valueToPixel(plan, channel, value),
  };
}

/** An input that is no picture, as methods see it: what is not the last axis of space are rows. Nothing is known of colours. */
export function tensorSpec(name: string, axes: string, shape: readonly number[]): InputSpec {
  const at = axes.indexOf('C');
  const channels = at < 0 ? 1 : shape[at]!;
  const space = shape.filter((_, i) => i !== at);
  const width = space.at(-1) ?? 1;
  return {
    name,
    axes,
    shape,
    layout: axes.length > 1 && axes.endsWith('C') ? 'NHWC' : 'NCHW',
    channels,
    height: space.slice(0, -1).reduce((a, b) => a * b, 1),
    width,
    fill: () => new Array<number>(channels).fill(0),
    toTensor: (_channel, pixel) => pixel / 255,
    toPixel: (_channel, value) => value * 255,
  };
}
