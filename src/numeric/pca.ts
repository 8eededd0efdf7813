import { floatTensor, type FloatTensor } from '../base/tensor.js';
import { Random } from '../base/random.js';
import { firstEigenvectors, orthonormalise } from './eigen.js';
import { centred, rows as rowsOf } from './neighbours.js';
import { plainProducts, type Products } from './products.js';

/** Principal components of the rows of a matrix. */
export interface Principal {
  /** `[features]` */
  readonly mean: Float64Array;
  /** `[components, features]`, unit length; the largest loading of each is positive. */
  readonly components: FloatTensor;
  /** Variance along each component (divided by samples - 1), and its share of the whole. */
  readonly variance: readonly number[];
  readonly explained: readonly number[];
  /** `[samples, components]` */
  readonly scores: FloatTensor;
}

/**
 * Principal component analysis (Pearson 1901, Hotelling 1933) through the smaller of the two matrices that have its
 * eigenvalues: the covariance of the features, or the Gram matrix of the samples where these are fewer.
 *
 * @param rows `[samples, features]`, finite numbers
 */
export function principalComponents(rows: FloatTensor, wanted: number): Principal {
  const [n = 0, d = 0] = rows.dims;
  const count = Math.max(0, Math.min(wanted, n - 1, d));
  const mean = new Float64Array(d);
  for (let i = 0; i < n; i++) for (let j = 0; j < d; j++) mean[j]! += rows.data[i * d + j]! / n;
  const x = new Float64Array(n * d);
  for (let i = 0; i < n; i++) for (let j = 0; j < d; j++) x[i * d + j] = rows.data[i * d + j]! - mean[j]!;
  let total = 0;
  for (const v of x) total += v * v;
  total /= Math.max(1, n - 1);
  const components = floatTensor([count, d]);
  const scores = floatTensor([n, count]);
  const variance: number[] = [];
  if (count > 0) {
    const gram = n < d;
    const { values, vectors } = firstEigenvectors(
      gram ? products(x, n, d) : covariance(x, n, d),
      Math.min(n, d),
      count,
    );
    for (let k = 0; k < count; k++) {
      const v = vectors[k]!;
      const direction = gram ? combined(x, v, n, d) : v;
      orient(direction);
      components.data.set(direction, k * d);
      variance.push(Math.max(0, values[k]!));
      for (let i = 0; i < n; i++) {
        let sum = 0;
        for (let j = 0; j < d; j++) sum += x[i * d + j]! * direction[j]!;
        scores.data[i * count + k] = sum;
      }
    }
  }
  return { mean, components, scores, variance, explained: variance.map((v) => (total > 0 ? v / total : 0)) };
}

/** Up to so many features or samples the plain way costs no more than the products do. */
const SMALL = 64;
/** Up to so many features their whole covariance is formed; of more, the range of the first components is found. */
const FEATURES = 1024;
/** Rows of one product: what is summed in single precision stays short, and memory bounded. */
const BLOCK = 4096;
const OVERSAMPLED = 10;
const POWERS = 4;

/**
 * The same for many points, with products that another machine may do: the covariance of up to 1024 features, else the
 * randomised range finder (Halko, Martinsson and Tropp 2011; seeded, 4 power iterations), whose later components are
 * approximate where eigenvalues fall slowly.
 *
 * @param points `[samples, features]`, finite
 * @param onProgress called before each product; what it throws ends the search
 */
export async function principalComponentsOfMany(
  points: FloatTensor,
  wanted: number,
  { products = plainProducts, seed = 0, onProgress = (): void => undefined }: ManyOptions = {},
): Promise<Principal> {
  const [n = 0, d = 0] = points.dims;
  const count = Math.max(0, Math.min(wanted, n - 1, d));
  if (count === 0 || Math.min(n, d) <= SMALL) return principalComponents(points, wanted);
  const { rows: x, mean } = centred(points);
  let total = 0;
  for (let i = 0; i < x.data.length; i++) total += x.data[i]! * x.data[i]!;
  const directions =
    d <= FEATURES
      ? await byCovariance(x, count, products, onProgress)
      : await byRange(x, Math.min(count + OVERSAMPLED, n, d), new Random(seed), products, onProgress);
  const components = floatTensor([count, d]);
  directions.slice(0, count).forEach((direction, k) => {
    orient(direction);
    components.data.set(direction, k * d);
  });
  const scores = floatTensor([n, count]);
  for (let from = 0; from < n; from += BLOCK) {
    onProgress();
    scores.data.set(
      (await products.multiply(rowsOf(x, from, Math.min(n, from + BLOCK)), components, { b: true })).data,
      from * count,
    );
  }
  const squares = new Float64Array(count);
  for (let i = 0, at = 0; i < n; i++) for (let k = 0; k < count; k++, at++) squares[k]! += scores.data[at]! ** 2;
  const variance = Array.from(squares, (sum) => sum / (n - 1));
  total /= n - 1;
  return { mean, components, scores, variance, explained: variance.map((v) => (total > 0 ? v / total : 0)) };
}

interface ManyOptions {
  readonly products?: Products;
  readonly seed?: number;
  readonly onProgress?: () => void;
}

async function byCovariance(
  x: FloatTensor,
  count: number,
  products: Products,
  onProgress: () => void,
): Promise<Float64Array[]> {
  const [n = 0, d = 0] = x.dims;
  const sum = new Float64Array(d * d);
  for (let from = 0; from < n; from += BLOCK) {
    onProgress();
    const block = rowsOf(x, from, Math.min(n, from + BLOCK));
    const { data } = await products.multiply(block, block, { a: true });
    for (let i = 0; i < sum.length; i++) sum[i]! += data[i]!;
  }
  return [...firstEigenvectors(symmetric(sum, d, n - 1), d, count).vectors];
}

/** An orthonormal basis of what X does to random vectors, powered, and the eigenvectors of the small matrix within it. */
async function byRange(
  x: FloatTensor,
  width: number,
  random: Random,
  products: Products,
  onProgress: () => void,
): Promise<Float64Array[]> {
  const [n = 0, d = 0] = x.dims;
  let basis = floatTensor([d, width]);
  for (let i = 0; i < basis.data.length; i++) basis.data[i] = random.normal();
  basis = orthonormalColumns(basis);
  let small = new Float64Array(0);
  for (let power = 0; power <= POWERS; power++) {
    const image = new Float64Array(d * width);
    small = new Float64Array(width * width);
    for (let from = 0; from < n; from += BLOCK) {
      onProgress();
      const block = rowsOf(x, from, Math.min(n, from + BLOCK));
      const projected = await products.multiply(block, basis);
      const back = (await products.multiply(block, projected, { a: true })).data;
      for (let i = 0; i < image.length; i++) image[i]! += back[i]!;
      const inner = (await products.multiply(projected, projected, { a: true })).data;
      for (let i = 0; i < small.length; i++) small[i]! += inner[i]!;
    }
    if (power < POWERS) {
      // Brought to a size that single precision holds before its columns are made orthonormal.
      const most = image.reduce((a, b) => Math.max(a, Math.abs(b)), 0) || 1;
      basis = orthonormalColumns({ ...floatTensor([d, width]), data: Float32Array.from(image, (v) => v / most) });
    }
  }
  const { vectors } = firstEigenvectors(symmetric(small, width, n - 1), width, width);
  return vectors.map((v) => {
    const out = new Float64Array(d);
    for (let j = 0; j < d; j++) for (let k = 0; k < width; k++) out[j]! += basis.data[j * width + k]! * v[k]!;
    const length = Math.hypot(...chunked(out)) || 1;
    return out.map((value) => value / length);
  });
}

function orthonormalColumns(matrix: FloatTensor): FloatTensor {
  const [d = 0, width = 0] = matrix.dims;
  const columns = Array.from({ length: width }, (_, k) =>
    Float64Array.from({ length: d }, (__, j) => matrix.data[j * width + k]!),
  );
  orthonormalise(columns);
  const out = floatTensor([d, width]);
  columns.forEach((v, k) => v.forEach((value, j) => (out.data[j * width + k] = value)));
  return out;
}

/** Xᵀ X / (n - 1), `d × d`. */
function covariance(x: Float64Array, n: number, d: number): Float64Array {
  const out = new Float64Array(d * d);
  for (let i = 0; i < n; i++) {
    const row = x.subarray(i * d, (i + 1) * d);
    for (let a = 0; a < d; a++) {
      const va = row[a]!;
      if (va === 0) continue;
      const at = a * d;
      for (let b = a; b < d; b++) out[at + b]! += va * row[b]!;
    }
  }
  return symmetric(out, d, n - 1);
}

/** X Xᵀ / (n - 1), `n × n`: the same eigenvalues, from fewer numbers. */
function products(x: Float64Array, n: number, d: number): Float64Array {
  const out = new Float64Array(n * n);
  for (let a = 0; a < n; a++) {
    for (let b = a; b < n; b++) {
      let sum = 0;
      for (let j = 0; j < d; j++) sum += x[a * d + j]! * x[b * d + j]!;
      out[a * n + b] = sum;
    }
  }
  return symmetric(out, n, n - 1);
}

/** Fills the lower half from the upper one, in place. */
function symmetric(upper: Float64Array, size: number, divisor: number): Float64Array {
  for (let a = 0; a < size; a++) for (let b = a; b < size; b++) upper[b * size + a] = upper[a * size + b]! /= divisor;
  return upper;
}

/** The direction in feature space that an eigenvector of the Gram matrix stands for: Xᵀ v, of length 1. */
function combined(x: Float64Array, v: Float64Array, n: number, d: number): Float64Array {
  const out = new Float64Array(d);
  for (let i = 0; i < n; i++) for (let j = 0; j < d; j++) out[j]! += v[i]! * x[i * d + j]!;
  const length = Math.hypot(...chunked(out)) || 1;
  return out.map((value) => value / length);
}

/** Root sums of pieces, because a function takes only so many arguments. */
function chunked(values: Float64Array): number[] {
  const out: number[] = [];
  for (let i = 0; i < values.length; i += 1024) out.push(Math.hypot(...values.subarray(i, i + 1024)));
  return out;
}

function orient(v: Float64Array): void {
  let largest = 0;
  for (const value of v) if (Math.abs(value) > Math.abs(largest)) largest = value;
  if (largest < 0) for (let i = 0; i < v.length; i++) v[i] = -v[i]!;
}

/** Rows that point most nearly the way of one row, nearest first: index and cosine. Rows of zeros have cosine 0. */
export function cosineNeighbours(
  rows: FloatTensor,
  index: number,
  count: number,
): readonly { readonly index: number; readonly cosine: number }[] {
  const similar = cosines(rows, index);
  return [...similar.keys()]
    .filter((i) => i !== index)
    .sort((a, b) => similar[b]! - similar[a]! || a - b)
    .slice(0, count)
    .map((i) => ({ index: i, cosine: similar[i]! }));
}

/** Cosine of one row with every row. */
function cosines(rows: FloatTensor, index: number): Float64Array {
  const [n = 0, d = 0] = rows.dims;
  const own = rows.data.subarray(index * d, (index + 1) * d);
  const length = Math.sqrt(dot(own, own));
  return Float64Array.from({ length: n }, (_, i) => {
    const row = rows.data.subarray(i * d, (i + 1) * d);
    const product = Math.sqrt(dot(row, row)) * length;
    return product === 0 ? 0 : Math.max(-1, Math.min(1, dot(own, row) / product));
  });
}

/** Cosine of every row with every other, `[n, n]`. */
export function cosineMatrix(rows: FloatTensor): FloatTensor {
  const [n = 0] = rows.dims;
  const out = floatTensor([n, n]);
  for (let i = 0; i < n; i++) out.data.set(cosines(rows, i), i * n);
  return out;
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
