import { gridOf } from '../../fill.js';
import type { InputSpec } from '../../subject/subject.js';

/** Windows of one size over the input, in reading order. The last ones in a row or column are cut off by the border, as in Captum. */
export interface WindowGrid {
  readonly patch: number;
  readonly stride: number;
  readonly rows: number;
  readonly columns: number;
}

export function windowGrid(height: number, width: number, patch: number, stride: number): WindowGrid {
  const count = (side: number): number => Math.ceil(Math.max(0, side - patch) / stride) + 1;
  return { patch, stride, rows: count(height), columns: count(width) };
}

/** Pixels of a window: rows `[top, bottom)`, columns `[left, right)`. */
export interface Bounds {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

export function boundsOf(grid: WindowGrid, window: number, height: number, width: number): Bounds {
  const top = Math.floor(window / grid.columns) * grid.stride;
  const left = (window % grid.columns) * grid.stride;
  return { top, left, bottom: Math.min(height, top + grid.patch), right: Math.min(width, left + grid.patch) };
}

/** Puts the fill in the place of a window, in a sample that has the layout of the input. */
export function cover(sample: Float32Array, fill: Float32Array, input: InputSpec, bounds: Bounds): void {
  const pixels = gridOf(input);
  for (let c = 0; c < pixels.channels; c++) {
    for (let y = bounds.top; y < bounds.bottom; y++) {
      for (let x = bounds.left; x < bounds.right; x++) {
        const at = pixels.at(c, y, x);
        sample[at] = fill[at]!;
      }
    }
  }
}

/** Mean over the windows that cover a pixel of their drops; windows that are NaN do not count, pixels without any are 0. */
export function meanOverWindows(drops: Float32Array, grid: WindowGrid, height: number, width: number): Float32Array {
  const sums = new Float64Array(height * width);
  const counts = new Uint32Array(height * width);
  drops.forEach((drop, window) => {
    if (Number.isNaN(drop)) return;
    const { top, left, bottom, right } = boundsOf(grid, window, height, width);
    for (let y = top; y < bottom; y++) {
      for (let x = left; x < right; x++) {
        sums[y * width + x]! += drop;
        counts[y * width + x]!++;
      }
    }
  });
  return Float32Array.from(sums, (sum, i) => (counts[i] === 0 ? 0 : sum / counts[i]!));
}
