import { throwIfCancelled } from '../../base/errors.js';

/** Weights of a pixel's neighbours: beside and above 1/6, across 1/12. */
const NEIGHBOURS = [
  [-1, -1, 1 / 12],
  [-1, 0, 1 / 6],
  [-1, 1, 1 / 12],
  [0, -1, 1 / 6],
  [0, 1, 1 / 6],
  [1, -1, 1 / 12],
  [1, 0, 1 / 6],
  [1, 1, 1 / 12],
] as const;

/** Largest residual that is left of the system, over the norm of its right side. */
export const RESIDUAL = 1e-6;

/** The equations of the pixels that are missing: D x = W x + b, D - W symmetric and positive definite. */
export interface System {
  /** Numbers of the missing pixels. */
  readonly missing: Uint32Array;
  /** Sum of the weights of each one's neighbours within the picture. */
  readonly diagonal: Float64Array;
  /** Places in `missing` of each one's missing neighbours, and their weights: `[missing, 8]`, −1 for none. */
  readonly neighbours: Int32Array;
  readonly weights: Float64Array;
}

/**
 * Noisy linear imputation of Rong et al. 2022 (arXiv:2202.00449), without the noise: each missing pixel is the weighted mean
 * of its neighbours, of which some are missing as well. Weights of neighbours beyond the border are given to the others.
 *
 * @param missing 1 for each pixel that is to be found; at least one must be known
 */
export function systemOf(missing: Uint8Array, height: number, width: number): System {
  const pixels: number[] = [];
  const place = new Int32Array(missing.length).fill(-1);
  for (let p = 0; p < missing.length; p++) {
    if (missing[p] !== 1) continue;
    place[p] = pixels.length;
    pixels.push(p);
  }
  const n = pixels.length;
  const diagonal = new Float64Array(n);
  const neighbours = new Int32Array(8 * n).fill(-1);
  const weights = new Float64Array(8 * n);
  for (let i = 0; i < n; i++) {
    const [y, x] = [Math.floor(pixels[i]! / width), pixels[i]! % width];
    for (const [k, [dy, dx, weight]] of NEIGHBOURS.entries()) {
      const [v, u] = [y + dy, x + dx];
      if (v < 0 || u < 0 || v >= height || u >= width) continue;
      diagonal[i]! += weight;
      neighbours[8 * i + k] = place[v * width + u]!;
      weights[8 * i + k] = weight;
    }
  }
  return { missing: Uint32Array.from(pixels), diagonal, neighbours, weights };
}

/**
 * Solves the system for one plane by conjugate gradients with the diagonal as preconditioner, and writes the pixels that were
 * missing into it.
 *
 * @param plane `[height × width]`, changed; what stands at missing pixels is where the search begins
 * @returns norm of the residual over that of the right side
 */
export function solvePlane(
  system: System,
  plane: Float64Array,
  height: number,
  width: number,
  signal?: AbortSignal,
): number {
  const { missing, diagonal } = system;
  const n = missing.length;
  if (n === 0) return 0;
  const right = rightSide(system, plane, height, width);
  const x = Float64Array.from(missing, (p) => plane[p]!);
  const [r, z, d, q] = [new Float64Array(n), new Float64Array(n), new Float64Array(n), new Float64Array(n)];
  multiply(system, x, q);
  let [rz, norm] = [0, 0];
  for (let i = 0; i < n; i++) {
    r[i] = right[i]! - q[i]!;
    d[i] = z[i] = r[i]! / diagonal[i]!;
    rz += r[i]! * z[i]!;
    norm += right[i]! ** 2;
  }
  const scale = Math.sqrt(norm) || 1;
  let left = residualOf(r) / scale;
  // In exact arithmetic n steps solve it; rounding may ask for some more.
  for (let step = 0; left > RESIDUAL && step < 2 * n + 50; step++) {
    if (step % 64 === 0 && signal !== undefined) throwIfCancelled(signal);
    multiply(system, d, q);
    let dq = 0;
    for (let i = 0; i < n; i++) dq += d[i]! * q[i]!;
    if (!(dq > 0)) break;
    const alpha = rz / dq;
    let next = 0;
    let square = 0;
    for (let i = 0; i < n; i++) {
      x[i]! += alpha * d[i]!;
      const rest = r[i]! - alpha * q[i]!;
      r[i] = rest;
      const preconditioned = rest / diagonal[i]!;
      z[i] = preconditioned;
      next += rest * preconditioned;
      square += rest * rest;
    }
    left = Math.sqrt(square) / scale;
    const beta = next / rz;
    rz = next;
    for (let i = 0; i < n; i++) d[i] = z[i]! + beta * d[i]!;
  }
  for (let i = 0; i < n; i++) plane[missing[i]!] = x[i]!;
  return left;
}

function residualOf(r: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < r.length; i++) sum += r[i]! * r[i]!;
  return Math.sqrt(sum);
}

/** What the known neighbours give each missing pixel. */
function rightSide(
  { missing, neighbours, weights }: System,
  plane: Float64Array,
  height: number,
  width: number,
): Float64Array {
  const out = new Float64Array(missing.length);
  for (let i = 0; i < out.length; i++) {
    const [y, x] = [Math.floor(missing[i]! / width), missing[i]! % width];
    for (const [k, [dy, dx]] of NEIGHBOURS.entries()) {
      const [v, u] = [y + dy, x + dx];
      if (v < 0 || u < 0 || v >= height || u >= width || neighbours[8 * i + k]! >= 0) continue;
      out[i]! += weights[8 * i + k]! * plane[v * width + u]!;
    }
  }
  return out;
}

/** (D − W) x. */
function multiply({ diagonal, neighbours, weights }: System, x: Float64Array, out: Float64Array): void {
  for (let i = 0, k = 0; i < out.length; i++) {
    let sum = diagonal[i]! * x[i]!;
    for (const end = k + 8; k < end; k++) {
      const j = neighbours[k]!;
      if (j >= 0) sum -= weights[k]! * x[j]!;
    }
    out[i] = sum;
  }
}

/**
 * Where the search begins: the means of what is known in ever larger squares, the smallest that holds something. A large gap
 * is filled with about the right colours at once, in place of step by step from its rim.
 */
export function roughly(plane: Float64Array, missing: Uint8Array, height: number, width: number): void {
  let level = {
    height,
    width,
    sum: Float64Array.from(plane, (v, p) => (missing[p] === 1 ? 0 : v)),
    count: Float64Array.from(missing, (m) => 1 - m),
  };
  const levels = [level];
  while (level.height > 1 || level.width > 1) {
    const [h, w] = [Math.ceil(level.height / 2), Math.ceil(level.width / 2)];
    const next = { height: h, width: w, sum: new Float64Array(h * w), count: new Float64Array(h * w) };
    for (let y = 0; y < level.height; y++)
      for (let x = 0; x < level.width; x++) {
        const [to, from] = [(y >> 1) * w + (x >> 1), y * level.width + x];
        next.sum[to]! += level.sum[from]!;
        next.count[to]! += level.count[from]!;
      }
    levels.push((level = next));
  }
  for (let p = 0; p < plane.length; p++) {
    if (missing[p] !== 1) continue;
    const [y, x] = [Math.floor(p / width), p % width];
    for (const [k, { width: w, sum, count }] of levels.entries()) {
      const at = (y >> k) * w + (x >> k);
      if (count[at] === 0) continue;
      plane[p] = sum[at]! / count[at]!;
      break;
    }
  }
}
