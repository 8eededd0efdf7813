import { floatTensor, type FloatTensor } from '../base/tensor.js';

/** The nearest points of each query, nearest first. */
export interface Nearest {
  /** `[queries, k]`: places in the points that were searched. */
  readonly indices: Int32Array;
  /** `[queries, k]`: squared Euclidean distances. */
  readonly squared: Float32Array;
}

/**
 * The two products that cost more than all the rest of this room, so that whoever has a faster machine for them may lend
 * it: the runner lets ONNX Runtime do them. Everything here also works with `plainProducts`.
 */
export interface Products {
  /**
   * A B, or with the first transposed Aᵀ B, with the second A Bᵀ.
   *
   * @param a `[n, m]`
   * @param b `[m, p]`
   */
  multiply(
    a: FloatTensor,
    b: FloatTensor,
    transposed?: { readonly a?: boolean; readonly b?: boolean },
  ): Promise<FloatTensor>;
  /**
   * @param queries `[queries, d]`
   * @param points `[points, d]`
   * @param k at most the number of points
   */
  nearest(queries: FloatTensor, points: FloatTensor, k: number): Promise<Nearest>;
}

/** In double precision, one number after the other. */
export const plainProducts: Products = {
  multiply: (a, b, transposed = {}) => Promise.resolve(multiply(a, b, transposed.a ?? false, transposed.b ?? false)),
  nearest: (queries, points, k) => Promise.resolve(nearest(queries, points, k)),
};

function multiply(a: FloatTensor, b: FloatTensor, first: boolean, second: boolean): FloatTensor {
  const [ar = 0, ac = 0] = a.dims;
  const [br = 0, bc = 0] = b.dims;
  const [n, m] = first ? [ac, ar] : [ar, ac];
  const [inner, p] = second ? [bc, br] : [br, bc];
  if (inner !== m) throw new Error(`A product of [${n}, ${m}] and [${inner}, ${p}]`);
  const out = floatTensor([n, p]);
  const row = new Float64Array(p);
  for (let i = 0; i < n; i++) {
    row.fill(0);
    for (let k = 0; k < m; k++) {
      const v = a.data[first ? k * ac + i : i * ac + k]!;
      if (v === 0) continue;
      if (second) for (let j = 0; j < p; j++) row[j]! += v * b.data[j * bc + k]!;
      else for (let j = 0; j < p; j++) row[j]! += v * b.data[k * bc + j]!;
    }
    out.data.set(row, i * p);
  }
  return out;
}

function nearest(queries: FloatTensor, points: FloatTensor, k: number): Nearest {
  const [n = 0, d = 0] = queries.dims;
  const [m = 0] = points.dims;
  const indices = new Int32Array(n * k);
  const squared = new Float32Array(n * k);
  const distances = new Float64Array(m);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < m; j++) {
      let sum = 0;
      for (let c = 0; c < d; c++) sum += (queries.data[i * d + c]! - points.data[j * d + c]!) ** 2;
      distances[j] = sum;
    }
    const found = smallest(distances, k);
    for (let s = 0; s < k; s++) [indices[i * k + s], squared[i * k + s]] = [found[s]!, distances[found[s]!]!];
  }
  return { indices, squared };
}

/** The places of the `k` smallest values, smallest first, the earlier first among equals; `skip` is left out. */
export function smallest(values: ArrayLike<number>, k: number, skip = -1): Int32Array {
  const found = new Int32Array(Math.min(k, values.length - (skip >= 0 ? 1 : 0)));
  let held = 0;
  for (let j = 0; j < values.length; j++) {
    if (j === skip) continue;
    const v = values[j]!;
    if (held === found.length) {
      if (held === 0 || v >= values[found[held - 1]!]!) continue;
    } else held++;
    let at = held - 1;
    for (; at > 0 && values[found[at - 1]!]! > v; at--) found[at] = found[at - 1]!;
    found[at] = j;
  }
  return found;
}
