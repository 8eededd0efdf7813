import { coveringPlaces } from '../../../result/upsample.js';

/** A picture cut into parts, the units that a black-box method switches on and off. */
export interface Parts {
  /** The part of each pixel, 0 to count - 1, or -1 where it is of none and never covered: `[height × width]`. */
  readonly of: Int32Array;
  readonly count: number;
}

/** Blocks of almost one size, as near to cubes as their number allows, of a volume; pieces of a signal. */
export function blocks(space: readonly number[], count: number): Parts {
  const size = space.reduce((a, b) => a * b, 1);
  const side = (size / count) ** (1 / space.length);
  const cells = space.map((s) => Math.max(1, Math.min(s, Math.round(s / side))));
  return { of: coveringPlaces(cells, space), count: cells.reduce((a, b) => a * b, 1) };
}

/** Rectangles of almost one size, as near to squares as their number allows. */
export function squares(height: number, width: number, count: number): Parts {
  const rows = Math.max(1, Math.min(height, Math.round(Math.sqrt((count * height) / width))));
  const columns = Math.max(1, Math.min(width, Math.round(count / rows)));
  const of = new Int32Array(height * width);
  for (let y = 0; y < height; y++) {
    const row = Math.floor((y * rows) / height);
    for (let x = 0; x < width; x++) of[y * width + x] = row * columns + Math.floor((x * columns) / width);
  }
  return { of, count: rows * columns };
}
