import type { Rgb } from '../../../src/base/picture.js';
import { brightness, sobel as edges } from '../../../src/method/benchmark/baselines.js';
import { estimate as whole, type Estimate } from '../../../src/result/estimate.js';

export { randomMap } from '../../../src/method/benchmark/baselines.js';
export { massOn, peakOn } from '../../../src/method/benchmark/truth.js';

/** With as many digits as the table keeps. */
export function estimate(values: readonly number[]): Estimate {
  const { mean, low, high } = whole(values);
  return { mean: rounded(mean), low: rounded(low), high: rounded(high) };
}

export const rounded = (value: number): number => Number(value.toFixed(4));

/** The edges of a picture: of its brightness. */
export function sobel(picture: Rgb): Float32Array {
  return edges(brightness(picture), picture.height, picture.width);
}
