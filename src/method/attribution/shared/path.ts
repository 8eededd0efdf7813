import { throwIfCancelled } from '../../../base/errors.js';
import { floatTensor, type FloatTensor } from '../../../base/tensor.js';

/** Points and weights on the straight path from a baseline to the input. */

const RULES = ['gausslegendre', 'riemann_middle', 'riemann_trapezoid'] as const;
export type QuadratureRule = (typeof RULES)[number];

export const ruleParameter = {
  type: 'choice',
  title: 'Quadrature',
  default: 'gausslegendre',
  choices: RULES,
  description: 'where the points lie and how they are weighted',
} as const;

export interface Quadrature {
  readonly alphas: Float64Array;
  readonly weights: Float64Array;
}

/** The rule with `steps` points on [0, 1], as Captum has them. */
export function quadrature(rule: QuadratureRule, steps: number): Quadrature {
  if (rule === 'gausslegendre') return gaussLegendre(steps);
  const weights = new Float64Array(steps).fill(1 / steps);
  if (rule === 'riemann_middle') return { alphas: weights.map((_, i) => (i + 0.5) / steps), weights };
  if (steps === 1) return { alphas: Float64Array.of(0), weights: Float64Array.of(1) };
  weights[0]! /= 2;
  weights[steps - 1]! /= 2;
  return { alphas: weights.map((_, i) => i / (steps - 1)), weights };
}

/** Roots of the Legendre polynomial of that degree by Newton's method, moved to [0, 1]. */
function gaussLegendre(n: number): Quadrature {
  const alphas = new Float64Array(n);
  const weights = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let x = Math.cos((Math.PI * (n - i - 0.25)) / (n + 0.5));
    let slope = 1;
    for (let round = 0; round < 100; round++) {
      let [p, before] = [1, 0];
      for (let k = 1; k <= n; k++) [p, before] = [((2 * k - 1) * x * p - (k - 1) * before) / k, p];
      slope = (n * (x * p - before)) / (x * x - 1);
      const step = p / slope;
      x -= step;
      if (Math.abs(step) < 1e-15) break;
    }
    alphas[i] = (1 + x) / 2;
    weights[i] = 1 / ((1 - x * x) * slope * slope);
  }
  return { alphas, weights };
}

/**
 * Walks the path in batches of at most `size`: `baseline + α (input - baseline)` for the points from `from` on. The memory
 * of the points is used again for the next batch: what `visit` keeps of them, it copies.
 */
export async function alongPath(
  input: FloatTensor,
  baseline: FloatTensor,
  alphas: Float64Array,
  size: number,
  signal: AbortSignal,
  visit: (points: FloatTensor, from: number) => Promise<void>,
): Promise<void> {
  const { length } = input.data;
  const sample = input.dims.slice(1);
  const most = new Float32Array(Math.min(size, alphas.length) * length);
  for (let from = 0; from < alphas.length; from += size) {
    throwIfCancelled(signal);
    const n = Math.min(size, alphas.length - from);
    for (let k = 0; k < n; k++)
      between(most.subarray(k * length, (k + 1) * length), baseline.data, input.data, alphas[from + k]!);
    await visit(floatTensor([n, ...sample], most.subarray(0, n * length)), from);
  }
}

/** One point of the path. */
function between(point: Float32Array, start: Float32Array, end: Float32Array, alpha: number): void {
  for (let i = 0; i < point.length; i++) point[i] = start[i]! + alpha * (end[i]! - start[i]!);
}

/**
 * Adds weighted gradients to a sum in double precision, two samples in one pass over the sum.
 *
 * @param gradients `[n, …]`, as many samples as there are weights
 */
export function accumulate(sum: Float64Array, gradients: Float32Array, weights: Float64Array): void {
  const { length } = sum;
  const n = weights.length;
  for (let k = 0; k + 1 < n; k += 2) {
    const [one, two] = [gradients.subarray(k * length), gradients.subarray((k + 1) * length)];
    const [a, b] = [weights[k]!, weights[k + 1]!];
    for (let i = 0; i < length; i++) sum[i] = sum[i]! + a * one[i]! + b * two[i]!;
  }
  if (n % 2 === 0) return;
  const last = gradients.subarray((n - 1) * length);
  const weight = weights[n - 1]!;
  for (let i = 0; i < length; i++) sum[i] = sum[i]! + weight * last[i]!;
}

/** `factor · sum · (input - baseline)`: the attribution that the sum of gradients stands for. */
export function scaled(sum: Float64Array, factor: number, input: Float32Array, baseline: Float32Array): Float32Array {
  const out = new Float32Array(sum.length);
  for (let i = 0; i < out.length; i++) out[i] = factor * sum[i]! * (input[i]! - baseline[i]!);
  return out;
}

/** An indexed loop in a function of its own: iterators and callbacks over a picture's values cost as much as a run. */
export function sumOf(values: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum;
}
