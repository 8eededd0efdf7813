import { floatTensor, type FloatTensor } from '../../base/tensor.js';
import { affineOf } from './candidates.js';
import type { PixelSettings } from '../../result/settings.js';

/** Pictures in pixel values, and the small changes that a trained network should not mind. */

/** 8-bit values as they are before anything is normalised: `[channels, height, width]`, red first. */
export interface Pixels {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly data: Float32Array;
}

/**
 * The picture itself, then mirrored, shifted by a twentieth, and enlarged to nine tenths of it. Digits and letters are not
 * mirrored: grey pictures of at most 32 pixels.
 */
export function variantsOf(picture: Pixels): readonly Pixels[] {
  const { channels, height, width } = picture;
  const isSign = channels === 1 && Math.max(height, width) <= 32;
  const move = Math.max(1, Math.round(width / 20));
  const zoom = 0.9;
  return [
    picture,
    ...(isSign ? [] : [sampled(picture, (y, x) => [y, width - 1 - x])]),
    sampled(picture, (y, x) => [y + (isSign ? 0 : Math.round(move / 2)), x - move]),
    sampled(picture, (y, x) => [
      (y + 0.5 - height / 2) * zoom + height / 2 - 0.5,
      (x + 0.5 - width / 2) * zoom + width / 2 - 0.5,
    ]),
  ];
}

/** Bilinear, the border repeated. */
function sampled(picture: Pixels, from: (y: number, x: number) => readonly [y: number, x: number]): Pixels {
  const { channels, height, width, data } = picture;
  const out = new Float32Array(data.length);
  const area = height * width;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [wantedY, wantedX] = from(y, x);
      const sy = Math.min(height - 1, Math.max(0, wantedY));
      const sx = Math.min(width - 1, Math.max(0, wantedX));
      const [y0, x0] = [Math.floor(sy), Math.floor(sx)];
      const [y1, x1] = [Math.min(height - 1, y0 + 1), Math.min(width - 1, x0 + 1)];
      const [fy, fx] = [sy - y0, sx - x0];
      for (let c = 0; c < channels; c++) {
        const at = c * area;
        const top = data[at + y0 * width + x0]! * (1 - fx) + data[at + y0 * width + x1]! * fx;
        const bottom = data[at + y1 * width + x0]! * (1 - fx) + data[at + y1 * width + x1]! * fx;
        out[at + y * width + x] = top * (1 - fy) + bottom * fy;
      }
    }
  }
  return { channels, height, width, data: out };
}

/**
 * A batch of pictures as the model gets them under a reading.
 *
 * @param dims of one sample of the model's input: channels first or last, or none where there is one only
 */
export function batchOf(
  pictures: readonly Pixels[],
  settings: PixelSettings,
  layout: 'NCHW' | 'NHWC',
  dims: readonly number[],
): FloatTensor {
  const { channels, height, width } = pictures[0]!;
  const area = height * width;
  const { scale, shift, source } = affineOf(settings);
  const out = floatTensor([pictures.length, ...dims]);
  pictures.forEach(({ data }, n) => {
    for (let c = 0; c < channels; c++) {
      const from = source[c]! * area;
      const [a, b] = [scale[c]!, shift[c]!];
      const step = layout === 'NCHW' ? 1 : channels;
      let at = n * channels * area + (layout === 'NCHW' ? c * area : c);
      for (let i = 0; i < area; i++, at += step) out.data[at] = a * data[from + i]! + b;
    }
  });
  return out;
}
