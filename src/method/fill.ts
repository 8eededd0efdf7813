import { floatTensor, type FloatTensor } from '../base/tensor.js';
import type { Random } from '../base/random.js';
import type { InputSpec } from './subject/subject.js';

/** What stands in the place of the picture: for occluded parts and for baselines. */
export const FILLS = ['zero', 'black', 'white', 'grey', 'mean', 'blur', 'noise'] as const;
export type Fill = (typeof FILLS)[number];

/** Offsets into a sample's data, in either layout. */
export interface PixelGrid {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  at(channel: number, y: number, x: number): number;
}

export function gridOf(input: Pick<InputSpec, 'layout' | 'channels' | 'height' | 'width'>): PixelGrid {
  const { channels, height, width } = input;
  const planar = input.layout === 'NCHW';
  return {
    channels,
    height,
    width,
    at: planar ? (c, y, x) => (c * height + y) * width + x : (c, y, x) => (y * width + x) * channels + c,
  };
}

/** Standard deviation of the Gaussian that `blur` is made with, as a share of the longer side. */
const BLUR = 1 / 16;

/**
 * A whole input made of the fill, in the shape of `input` (batch 1): a plain colour (`zero`, `black`, `white`, `grey`;
 * `mean` is the input's own mean colour), the input blurred, or uniform noise over the colours of a picture.
 */
export function fillTensor(kind: Fill, input: FloatTensor, spec: InputSpec, random: Random): FloatTensor {
  const out = floatTensor(input.dims);
  const grid = gridOf(spec);
  const each = (value: (c: number, y: number, x: number) => number): FloatTensor => {
    for (let c = 0; c < grid.channels; c++)
      for (let y = 0; y < grid.height; y++)
        for (let x = 0; x < grid.width; x++) out.data[grid.at(c, y, x)] = value(c, y, x);
    return out;
  };
  switch (kind) {
    case 'zero':
    case 'black':
    case 'white':
    case 'grey': {
      const colour = spec.fill(kind);
      return each((c) => colour[c]!);
    }
    case 'mean': {
      const means = Array.from({ length: grid.channels }, (_, c) => {
        let sum = 0;
        for (let y = 0; y < grid.height; y++) for (let x = 0; x < grid.width; x++) sum += input.data[grid.at(c, y, x)]!;
        return sum / (grid.height * grid.width);
      });
      return each((c) => means[c]!);
    }
    case 'noise':
      return each((c) => spec.toTensor(c, 255 * random.uniform()));
    case 'blur': {
      const { width } = grid;
      // Each slice of a volume by itself.
      const height = spec.shape?.filter((_, i) => spec.axes?.[i] === 'H')[0] ?? grid.height;
      for (let c = 0; c < grid.channels; c++) {
        for (let top = 0; top < grid.height; top += height) {
          const plane = new Float64Array(height * width);
          for (let y = 0; y < height; y++)
            for (let x = 0; x < width; x++) plane[y * width + x] = input.data[grid.at(c, top + y, x)]!;
          const blurred = gaussianBlur(plane, height, width, BLUR * Math.max(height, width));
          for (let y = 0; y < height; y++)
            for (let x = 0; x < width; x++) out.data[grid.at(c, top + y, x)] = blurred[y * width + x]!;
        }
      }
      return out;
    }
  }
}

/** Separable Gaussian blur of one plane; the border is repeated outwards. */
export function gaussianBlur(plane: ArrayLike<number>, height: number, width: number, sigma: number): Float64Array {
  const radius = Math.max(1, Math.ceil(3 * sigma));
  const kernel = Float64Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-((i - radius) ** 2) / (2 * sigma * sigma)),
  );
  const total = kernel.reduce((a, b) => a + b, 0);
  const pass = (
    from: ArrayLike<number>,
    length: number,
    step: number,
    lines: number,
    lineStep: number,
  ): Float64Array => {
    const out = new Float64Array(height * width);
    for (let line = 0; line < lines; line++) {
      for (let i = 0; i < length; i++) {
        let sum = 0;
        for (let k = -radius; k <= radius; k++) {
          const j = Math.min(length - 1, Math.max(0, i + k));
          sum += kernel[k + radius]! * from[line * lineStep + j * step]!;
        }
        out[line * lineStep + i * step] = sum / total;
      }
    }
    return out;
  };
  return pass(pass(plane, width, 1, height, width), height, width, width, 1);
}
