import { Matrix, SingularValueDecomposition } from 'ml-matrix';
import { floatTensor, type FloatTensor } from '../base/tensor.js';

export interface Alignment {
  /** `[count, d]`: the second cloud, moved onto the first. */
  readonly points: FloatTensor;
  /** What is left: the sum of squared distances over that of the first cloud from its mean; 0 where they fit. */
  readonly residual: number;
}

/**
 * Moves, turns, mirrors and scales one layout so that it lies as near as possible to another of the same points, by least
 * squares (Procrustes; Schönemann 1966). It is for the eye: how alike two spaces are is not to be read from their layouts.
 *
 * @param fixed `[count, d]`
 * @param moved `[count, d]`
 */
export function procrustes(fixed: FloatTensor, moved: FloatTensor): Alignment {
  const [n = 0, d = 0] = fixed.dims;
  if (moved.dims[0] !== n || moved.dims[1] !== d) throw new Error('Two layouts of the same points');
  const [a, b] = [centre(fixed), centre(moved)];
  const cross = Matrix.zeros(d, d);
  for (let i = 0; i < n; i++)
    for (let r = 0; r < d; r++)
      for (let c = 0; c < d; c++) cross.set(r, c, cross.get(r, c) + b.rows[i * d + r]! * a.rows[i * d + c]!);
  const { leftSingularVectors: u, rightSingularVectors: v, diagonal } = new SingularValueDecomposition(cross);
  const turn = u.mmul(v.transpose());
  const scale = b.squares > 0 ? diagonal.reduce((x, y) => x + y, 0) / b.squares : 0;
  const out = floatTensor([n, d]);
  let left = 0;
  for (let i = 0; i < n; i++) {
    for (let c = 0; c < d; c++) {
      let sum = 0;
      for (let r = 0; r < d; r++) sum += b.rows[i * d + r]! * turn.get(r, c);
      out.data[i * d + c] = sum * scale + a.mean[c]!;
      left += (sum * scale - a.rows[i * d + c]!) ** 2;
    }
  }
  return { points: out, residual: a.squares > 0 ? left / a.squares : 0 };
}

function centre({ dims: [n = 0, d = 0], data }: FloatTensor): {
  mean: Float64Array;
  rows: Float64Array;
  squares: number;
} {
  const mean = new Float64Array(d);
  for (let i = 0; i < n * d; i++) mean[i % d]! += data[i]! / n;
  const rows = Float64Array.from(data, (v, i) => v - mean[i % d]!);
  return { mean, rows, squares: rows.reduce((sum, v) => sum + v * v, 0) };
}
