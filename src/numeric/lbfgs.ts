/** A function and its gradient at `x`; the gradient is written into `out`. */
export type Objective = (x: Float64Array, out: Float64Array) => number | Promise<number>;

const MEMORY = 10;
/** Sufficient decrease and the shrinking of a step that does not reach it (Armijo). */
const DECREASE = 1e-4;
const SHRINK = 0.5;

/**
 * The minimum of a smooth convex function by L-BFGS (Liu and Nocedal 1989) with backtracking. In place; ends where no
 * component of the gradient is larger than `precise`, or after `rounds`.
 *
 * @returns the value there
 */
export async function minimise(
  x: Float64Array,
  objective: Objective,
  { rounds = 200, precise = 1e-5 } = {},
): Promise<number> {
  const n = x.length;
  let gradient = new Float64Array(n);
  let value = await objective(x, gradient);
  const steps: { s: Float64Array; y: Float64Array; rho: number }[] = [];
  for (let round = 0; round < rounds && largest(gradient) > precise; round++) {
    const direction = descent(gradient, steps);
    let slope = dot(direction, gradient);
    if (slope >= 0) {
      // Rounding spoilt the memory: begin anew with the gradient itself.
      steps.length = 0;
      for (let i = 0; i < n; i++) direction[i] = -gradient[i]!;
      slope = dot(direction, gradient);
    }
    let step = steps.length === 0 ? Math.min(1, 1 / Math.sqrt(-slope)) : 1;
    const [next, nextGradient] = [new Float64Array(n), new Float64Array(n)];
    let found = Infinity;
    for (let tries = 0; tries < 40; tries++, step *= SHRINK) {
      for (let i = 0; i < n; i++) next[i] = x[i]! + step * direction[i]!;
      found = await objective(next, nextGradient);
      if (found <= value + DECREASE * step * slope) break;
    }
    if (!(found < value)) break;
    const s = next.map((v, i) => v - x[i]!);
    const y = nextGradient.map((v, i) => v - gradient[i]!);
    const curvature = dot(s, y);
    if (curvature > 1e-12 * dot(y, y)) steps.push({ s, y, rho: 1 / curvature });
    if (steps.length > MEMORY) steps.shift();
    x.set(next);
    [gradient, value] = [nextGradient, found];
  }
  return value;
}

function descent(
  gradient: Float64Array,
  steps: readonly { s: Float64Array; y: Float64Array; rho: number }[],
): Float64Array {
  const q = gradient.map((v) => -v);
  const alphas = new Float64Array(steps.length);
  for (let k = steps.length - 1; k >= 0; k--) {
    const { s, y, rho } = steps[k]!;
    alphas[k] = rho * dot(s, q);
    for (let i = 0; i < q.length; i++) q[i]! -= alphas[k]! * y[i]!;
  }
  const last = steps.at(-1);
  if (last !== undefined) {
    const scale = dot(last.s, last.y) / dot(last.y, last.y);
    for (let i = 0; i < q.length; i++) q[i]! *= scale;
  }
  steps.forEach(({ s, y, rho }, k) => {
    const beta = rho * dot(y, q);
    for (let i = 0; i < q.length; i++) q[i]! += (alphas[k]! - beta) * s[i]!;
  });
  return q;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function largest(v: Float64Array): number {
  return v.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
}
