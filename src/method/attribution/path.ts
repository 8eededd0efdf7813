import { throwIfCancelled } from '../../base/errors.js';
import { floatTensor, type FloatTensor } from '../../base/tensor.js';

/** Points and weights on the straight path from a baseline to the input. */

export const RULES = ['gausslegendre', 'riemann_middle', 'riemann_trapezoid'] as const;
export type QuadratureRule = (typeof RULES)[number];

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

/** Walks the path in batches of at most `size`: `baseline + α (input - baseline)` for the points from `from` on. */
export async function alongPath(
  input: FloatTensor,
  baseline: FloatTensor,
  alphas: Float64Array,
  size: number,
  signal: AbortSignal,
  visit: (points: FloatTensor, from: number) => Promise<void>,
): Promise<void> {
  const { data: end } = input;
  const { data: start } = baseline;
  const length = end.length;
  for (let from = 0; from < alphas.length; from += size) {
    throwIfCancelled(signal);
    const n = Math.min(size, alphas.length - from);
    const points = floatTensor([n, ...input.dims.slice(1)]);
    const { data } = points;
    for (let k = 0, at = 0; k < n; k++) {
      const alpha = alphas[from + k]!;
      for (let i = 0; i < length; i++, at++) data[at] = start[i]! + alpha * (end[i]! - start[i]!);
    }
    await visit(points, from);
  }
}
