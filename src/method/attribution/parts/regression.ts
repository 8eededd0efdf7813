import { solveDefinite } from './solve.js';

/** Sums over coalitions from which a linear model of the score follows, in double precision. */
export class Sums {
  weight = 0;
  readonly squares: Float64Array;
  readonly products: Float64Array;
  readonly means: Float64Array;
  score = 0;
  scoreSquared = 0;

  constructor(readonly size: number) {
    this.squares = new Float64Array(size * size);
    this.products = new Float64Array(size);
    this.means = new Float64Array(size);
  }

  /** @param on which parts are there, `[size]` of 0 and 1 */
  add(on: Uint8Array, score: number, weight = 1): void {
    const { size } = this;
    this.weight += weight;
    this.score += weight * score;
    this.scoreSquared += weight * score * score;
    for (let i = 0; i < size; i++) {
      if (on[i] === 0) continue;
      this.means[i]! += weight;
      this.products[i]! += weight * score;
      for (let j = 0; j <= i; j++) if (on[j] === 1) this.squares[i * size + j]! += weight;
    }
  }

  /** This and `sign` times the other. */
  plus(other: Sums, sign: 1 | -1 = 1): Sums {
    const out = new Sums(this.size);
    out.weight = this.weight + sign * other.weight;
    out.score = this.score + sign * other.score;
    out.scoreSquared = this.scoreSquared + sign * other.scoreSquared;
    for (const key of ['squares', 'products', 'means'] as const)
      for (let i = 0; i < out[key].length; i++) out[key][i] = this[key][i]! + sign * other[key][i]!;
    return out;
  }
}

/** A linear model of the score, score ≈ intercept + Σ values of the parts that are there. */
export interface Fit {
  readonly values: Float64Array;
  readonly intercept: number;
  /** Share of the weighted variance of the scores that it explains; NaN where they do not vary. */
  readonly r2: number;
}

/** Weighted ridge regression with a free intercept, which is not penalised. */
export function ridge(sums: Sums, penalty: number): Fit {
  const { size, weight } = sums;
  const centred = new Float64Array(size * size);
  const right = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++)
      centred[i * size + j] = sums.squares[i * size + j]! - (sums.means[i]! * sums.means[j]!) / weight;
    centred[i * size + i]! += penalty;
    right[i] = sums.products[i]! - (sums.means[i]! * sums.score) / weight;
  }
  const values = solveDefinite(centred, right);
  let intercept = sums.score / weight;
  values.forEach((v, i) => (intercept -= (v * sums.means[i]!) / weight));
  return { values, intercept, r2: explained(sums, values, intercept) };
}

/**
 * Least squares through a given intercept whose values add up to `total`.
 *
 * @see Lundberg, Lee 2017, equation 8; the constraint by Lagrange's multiplier
 */
export function constrained(sums: Sums, intercept: number, total: number): Fit {
  const { size } = sums;
  const right = sums.products.map((p, i) => p - intercept * sums.means[i]!);
  const free = solveDefinite(sums.squares, right);
  const ones = solveDefinite(sums.squares, new Float64Array(size).fill(1));
  const excess = (sum(free) - total) / sum(ones);
  const values = free.map((v, i) => v - excess * ones[i]!);
  return { values, intercept, r2: explained(sums, values, intercept) };
}

function explained(sums: Sums, values: Float64Array, intercept: number): number {
  const { size, weight } = sums;
  // Σ w (y - a - v·z)², multiplied out.
  let rest = sums.scoreSquared - 2 * intercept * sums.score + intercept * intercept * weight;
  for (let i = 0; i < size; i++) {
    rest +=
      values[i]! * (2 * intercept * sums.means[i]! - 2 * sums.products[i]! + values[i]! * sums.squares[i * size + i]!);
    for (let j = 0; j < i; j++) rest += 2 * values[i]! * values[j]! * sums.squares[i * size + j]!;
  }
  const all = sums.scoreSquared - (sums.score * sums.score) / weight;
  return all > 1e-12 * Math.max(1, sums.scoreSquared) ? 1 - rest / all : NaN;
}

/** How far each value would move with other samples: the delete-a-group jackknife. */
export function standardErrors(groups: readonly Sums[], fit: (sums: Sums) => Fit): Float64Array {
  const used = groups.filter((g) => g.weight > 0);
  const all = used.reduce((a, b) => a.plus(b));
  const without = used.map((group) => fit(all.plus(group, -1)).values);
  const n = without.length;
  return Float64Array.from({ length: all.size }, (_, i) => {
    const mean = without.reduce((s, values) => s + values[i]!, 0) / n;
    const spread = without.reduce((s, values) => s + (values[i]! - mean) ** 2, 0);
    return Math.sqrt((spread * (n - 1)) / n);
  });
}

function sum(values: Float64Array): number {
  return values.reduce((a, b) => a + b, 0);
}
