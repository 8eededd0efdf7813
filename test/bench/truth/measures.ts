import { Random } from '../../../src/base/random.js';
import type { Rgb } from '../../../src/base/picture.js';
import type { Estimate } from '../../../src/result/truth.js';

const DRAWS = 2000;

/** Mean of the values with a 95 % interval: percentiles of the means of as many values drawn from them with replacement. */
export function estimate(values: readonly number[], seed = 0): Estimate {
  const random = new Random(seed);
  const mean = (of: (i: number) => number): number => {
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += of(i);
    return sum / values.length;
  };
  const means = Array.from({ length: DRAWS }, () => mean(() => values[random.below(values.length)]!)).sort(
    (a, b) => a - b,
  );
  const at = (share: number): number => rounded(means[Math.round(share * (DRAWS - 1))]!);
  return { mean: rounded(mean((i) => values[i]!)), low: at(0.025), high: at(0.975) };
}

export const rounded = (value: number): number => Number(value.toFixed(4));

/** Share of the map's magnitudes that lie where `mark` is 1; 0 for a map of zeros. */
export function massOn(map: Float32Array, mark: Uint8Array): number {
  let [on, all] = [0, 0];
  for (let i = 0; i < map.length; i++) {
    const v = Math.abs(map[i]!);
    all += v;
    if (mark[i] === 1) on += v;
  }
  return all > 0 ? on / all : 0;
}

/** Share of the places with the largest magnitude that lie on the mark: 1 or 0, but for maps with several such places. */
export function peakOn(map: Float32Array, mark: Uint8Array): number {
  const top = map.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  if (!(top > 0)) return 0;
  let [on, all] = [0, 0];
  for (let i = 0; i < map.length; i++) {
    if (Math.abs(map[i]!) !== top) continue;
    all++;
    if (mark[i] === 1) on++;
  }
  return on / all;
}

/** The edges of a picture: magnitude of Sobel's gradient of its brightness. It knows nothing of any network. */
export function sobel({ width, height, data }: Rgb): Float32Array {
  const grey = Float32Array.from(
    { length: width * height },
    (_, i) => data[3 * i]! + data[3 * i + 1]! + data[3 * i + 2]!,
  );
  const at = (y: number, x: number): number =>
    grey[Math.min(height - 1, Math.max(0, y)) * width + Math.min(width - 1, Math.max(0, x))]!;
  return Float32Array.from(grey, (_, i) => {
    const [y, x] = [Math.floor(i / width), i % width];
    const row = (dy: number): number => at(y + dy, x - 1) + 2 * at(y + dy, x) + at(y + dy, x + 1);
    const column = (dx: number): number => at(y - 1, x + dx) + 2 * at(y, x + dx) + at(y + 1, x + dx);
    return Math.hypot(row(1) - row(-1), column(1) - column(-1));
  });
}

/** A map of uniform random numbers. */
export function randomMap(length: number, seed: number): Float32Array {
  const random = new Random(seed);
  return Float32Array.from({ length }, () => random.uniform());
}
