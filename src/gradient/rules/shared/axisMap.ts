import { Algebra } from '../../emit/algebra.js';
import { fixed, range, type Dim } from '../../dims.js';
import type { Ref } from '../../rule.js';

/** A linear map along one axis: `rows` outputs from `columns` inputs, row-major. */
export interface AxisMap {
  readonly axis: number;
  readonly rows: number;
  readonly columns: number;
  readonly matrix: Float64Array;
}

/** Applies the transposes of maps along axes: the adjoint of a separable linear operator (resize, padding by reflection). */
export function adjointAlong(a: Algebra, g: Ref, dims: readonly Dim[], maps: readonly AxisMap[]): Ref {
  let out = g;
  const now = [...dims];
  // The axis that shrinks most goes first, so that the others have less to do.
  const order = [...maps].sort((p, q) => p.columns / p.rows - q.columns / q.rows);
  for (const { axis, rows, columns, matrix } of order) {
    const rank = now.length;
    if (axis === rank - 1) out = a.matmul(out, a.tensor([rows, columns], matrix, g));
    else {
      // [.., rows, rest…] -> [.., rows, R]: the transposed matrix multiplies from the left.
      const rest = now.slice(axis + 1);
      const flat = rest.length === 1 ? out : a.reshape(out, [...now.slice(0, axis), fixed(rows), a.joined(rest)]);
      const turned = new Float64Array(matrix.length);
      for (const r of range(rows)) for (const k of range(columns)) turned[k * rows + r] = matrix[r * columns + k]!;
      const product = a.matmul(a.tensor([columns, rows], turned, g), flat);
      out = rest.length === 1 ? product : a.reshape(product, [...now.slice(0, axis), fixed(columns), ...rest]);
    }
    now[axis] = fixed(columns);
  }
  return out;
}
