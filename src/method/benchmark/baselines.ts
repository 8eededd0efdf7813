import type { Rgb } from '../../base/picture.js';
import { Random } from '../../base/random.js';
import type { FloatTensor } from '../../base/tensor.js';
import { gridOf } from '../fill.js';
import type { InputSpec } from '../subject/subject.js';

/** The edges of a plane: magnitude of Sobel's gradient. It knows nothing of any network. The border is repeated outwards. */
export function sobel(plane: ArrayLike<number>, height: number, width: number): Float32Array {
  const at = (y: number, x: number): number =>
    plane[Math.min(height - 1, Math.max(0, y)) * width + Math.min(width - 1, Math.max(0, x))]!;
  return Float32Array.from({ length: height * width }, (_, i) => {
    const [y, x] = [Math.floor(i / width), i % width];
    const row = (dy: number): number => at(y + dy, x - 1) + 2 * at(y + dy, x) + at(y + dy, x + 1);
    const column = (dx: number): number => at(y - 1, x + dx) + 2 * at(y, x + dx) + at(y + 1, x + dx);
    return Math.hypot(row(1) - row(-1), column(1) - column(-1));
  });
}

/** Brightness of a picture's pixels, times three. */
export function brightness({ width, height, data }: Rgb): Float32Array {
  return Float32Array.from({ length: width * height }, (_, i) => data[3 * i]! + data[3 * i + 1]! + data[3 * i + 2]!);
}

/** Edges of an input as the model gets it: of the sum over its channels. */
export function edgesOf(input: FloatTensor, spec: InputSpec): Float32Array {
  const { channels, height, width, at } = gridOf(spec);
  const plane = new Float32Array(height * width);
  for (let c = 0; c < channels; c++)
    for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) plane[y * width + x]! += input.data[at(c, y, x)]!;
  return sobel(plane, height, width);
}

/** A map of uniform random numbers. */
export function randomMap(length: number, random: Random | number): Float32Array {
  const draws = typeof random === 'number' ? new Random(random) : random;
  return Float32Array.from({ length }, () => draws.uniform());
}
