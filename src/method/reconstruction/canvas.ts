import type { Rgb } from '../../base/picture.js';
import { centerCrop, letterbox, resizedSize } from '../../input/geometry.js';
import type { Preprocessing } from '../../input/settings.js';

/** A picture as it is saved, and where in it lies what the model gets. */
export interface Canvas {
  readonly picture: Rgb;
  readonly left: number;
  readonly top: number;
}

/**
 * A picture of the model's size in the middle of one that the model's own preprocessing leaves as it is: saved as it was
 * made, a picture would be enlarged before it is cropped, and what rests on single pixels would die. Around it is its mirror
 * image. Undefined where no size is left as it is.
 */
export function onCanvas(made: Rgb, plan: Preprocessing): Canvas | undefined {
  const size = canvasSize(plan);
  if (size === undefined) return undefined;
  const { width, height } = size;
  const letterboxed = plan.resize.value.mode === 'letterbox';
  const [left, top] = letterboxed
    ? letterbox(height, width, made.height, made.width)
    : centerCrop(height, width, made.height, made.width);
  if (left < 0 || top < 0) return undefined;
  if (width === made.width && height === made.height) return { picture: made, left, top };
  const data = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = 3 * (mirrored(y - top, made.height) * made.width + mirrored(x - left, made.width));
      data.set(made.data.subarray(from, from + 3), 3 * (y * width + x));
    }
  }
  return { picture: { width, height, data }, left, top };
}

/** The smallest size, at least the model's, that is not resized. */
function canvasSize(plan: Preprocessing): { readonly width: number; readonly height: number } | undefined {
  const [height, width] = plan.size.value;
  const { mode, size } = plan.resize.value;
  const [h, w] = typeof size === 'number' ? [size, size] : size;
  const square = { width: Math.max(width, w), height: Math.max(height, h) };
  const tried =
    mode === 'none' || mode === 'letterbox'
      ? [{ width, height }]
      : // The short side is as it must be, the long one as long as the model's window.
        [{ width: w, height: h }, { width: square.width, height: h }, { width: w, height: square.height }, square];
  return tried.find((one) => {
    const [rows, columns] = resizedSize(one, plan);
    return rows === one.height && columns === one.width && one.width >= width && one.height >= height;
  });
}

/** A place on a line of `size`, mirrored at both ends. */
function mirrored(at: number, size: number): number {
  if (size === 1) return 0;
  const period = 2 * size - 2;
  const m = ((at % period) + period) % period;
  return m < size ? m : period - m;
}
