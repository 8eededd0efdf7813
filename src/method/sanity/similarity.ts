import { pearson } from '../../numeric/correlation.js';
import type { ValueMap } from '../../result/heatmap.js';

/** How alike two maps are. Both measures are about magnitudes; a sign that flips everywhere is no difference to the eye. */

/** Ranks from 1; equal values share the mean of their ranks. */
export function ranks(values: ArrayLike<number>): Float64Array {
  const order = Array.from({ length: values.length }, (_, i) => i).sort((a, b) => values[a]! - values[b]!);
  const out = new Float64Array(values.length);
  for (let i = 0; i < order.length;) {
    let j = i + 1;
    while (j < order.length && values[order[j]!] === values[order[i]!]!) j++;
    for (let k = i; k < j; k++) out[order[k]!] = (i + j + 1) / 2;
    i = j;
  }
  return out;
}

/** Spearman's rank correlation, ties included; 0 where one of the two is constant. */
export function spearman(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return pearson(ranks(a), ranks(b));
}

/** Window and constants of Wang, Bovik, Sheikh, Simoncelli 2004, "Image Quality Assessment: From Error Visibility to Structural Similarity". */
const SIGMA = 1.5;
const RADIUS = 5;
const C1 = 0.01 ** 2;
const C2 = 0.03 ** 2;

/**
 * Mean structural similarity of two maps with values in [0, 1]: Gaussian windows of 11 pixels that lie wholly inside; on
 * smaller maps the largest odd window that does.
 */
export function ssim(a: ValueMap, b: ValueMap): number {
  const { width, height } = a;
  if (b.width !== width || b.height !== height) throw new Error('The maps are of different sizes');
  const ry = Math.min(RADIUS, Math.floor((height - 1) / 2));
  const rx = Math.min(RADIUS, Math.floor((width - 1) / 2));
  const blur = (values: (i: number) => number): Float64Array => windowMeans(values, width, height, rx, ry);
  const [x, y] = [a.values, b.values];
  const mx = blur((i) => x[i]!);
  const my = blur((i) => y[i]!);
  const xx = blur((i) => x[i]! * x[i]!);
  const yy = blur((i) => y[i]! * y[i]!);
  const xy = blur((i) => x[i]! * y[i]!);
  let sum = 0;
  for (let i = 0; i < mx.length; i++) {
    const [p, q] = [mx[i]!, my[i]!];
    const [vx, vy, cov] = [xx[i]! - p * p, yy[i]! - q * q, xy[i]! - p * q];
    sum += ((2 * p * q + C1) * (2 * cov + C2)) / ((p * p + q * q + C1) * (vx + vy + C2));
  }
  return sum / mx.length;
}

/** Gaussian means over the windows that lie inside, row by row. */
function windowMeans(at: (i: number) => number, width: number, height: number, rx: number, ry: number): Float64Array {
  const [kx, ky] = [kernel(rx), kernel(ry)];
  const w = width - 2 * rx;
  const rows = new Float64Array(w * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < w; x++) {
      let sum = 0;
      for (let k = 0; k < kx.length; k++) sum += kx[k]! * at(y * width + x + k);
      rows[y * w + x] = sum;
    }
  const h = height - 2 * ry;
  const out = new Float64Array(w * h);
  for (let y = 0; y < h; y++)
    for (let x = 0; x < w; x++) {
      let sum = 0;
      for (let k = 0; k < ky.length; k++) sum += ky[k]! * rows[(y + k) * w + x]!;
      out[y * w + x] = sum;
    }
  return out;
}

function kernel(radius: number): Float64Array {
  const weights = Float64Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-((i - radius) ** 2) / (2 * SIGMA ** 2)),
  );
  const total = weights.reduce((a, b) => a + b, 0);
  return weights.map((v) => v / total);
}

/** Magnitudes scaled to [0, 1]: the least becomes 0, the 99th percentile 1 (as Adebayo et al. prepare their maps). */
export function unitMagnitudes(map: ValueMap): ValueMap {
  const sorted = map.values.map(Math.abs).sort();
  const low = sorted[0] ?? 0;
  const high = sorted[Math.min(sorted.length - 1, Math.ceil(0.99 * (sorted.length - 1)))] ?? 0;
  const values = map.values.map((v) => (high > low ? Math.min(1, (Math.abs(v) - low) / (high - low)) : 0));
  return { ...map, values, signed: false };
}

const BINS = 100;

/**
 * Entropy in bits of the histogram of a map's magnitudes, 100 bins from 0 to the largest: low where few pixels stand out,
 * high where magnitudes are spread; 0 for a map of one value. The scale of a map makes no difference.
 */
export function histogramEntropy({ values }: ValueMap): number {
  const top = values.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
  if (!(top > 0)) return 0;
  const counts = new Float64Array(BINS);
  for (const v of values) counts[Math.min(BINS - 1, Math.floor((BINS * Math.abs(v)) / top))]!++;
  return counts.reduce((sum, n) => (n === 0 ? sum : sum - (n / values.length) * Math.log2(n / values.length)), 0);
}

/**
 * How much richer the histogram of a random network's map is than that of the model's map, as a share of the latter: the
 * efficient randomisation test of Hedström et al. 2024 (arXiv:2401.06465). Infinite where the model's has none.
 */
export function entropyRise(model: ValueMap, random: ValueMap): number {
  const [own, other] = [histogramEntropy(model), histogramEntropy(random)];
  return own === 0 ? (other === 0 ? 0 : Infinity) : (other - own) / own;
}
