import { Random } from '../base/random.js';

/** A mean, and where it lies in 95 of 100 draws of as many values (bootstrap). */
export interface Estimate {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

const DRAWS = 2000;

/** Mean of the values with a 95 % interval: percentiles of the means of as many values drawn from them with replacement. */
export function estimate(values: ArrayLike<number>, seed = 0): Estimate {
  const n = values.length;
  if (n === 0) return { mean: NaN, low: NaN, high: NaN };
  const random = new Random(seed);
  const mean = (of: (i: number) => number): number => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += of(i);
    return sum / n;
  };
  const means = Array.from({ length: DRAWS }, () => mean(() => values[random.below(n)]!)).sort((a, b) => a - b);
  const at = (share: number): number => means[Math.round(share * (DRAWS - 1))]!;
  return { mean: mean((i) => values[i]!), low: at(0.025), high: at(0.975) };
}
