import { firstEigenvectors } from '../../numeric/eigen.js';

/**
 * The square root of the covariance of ImageNet's colours, as Lucid has it, divided by its longest column: directions of
 * colour that are independent in natural pictures become independent parameters (Olah et al. 2017, Feature Visualization).
 */
const IMAGENET = [0.26, 0.09, 0.02, 0.27, 0, -0.05, 0.27, -0.09, 0.03];

/** Rows: red, green, blue; columns: independent directions. `[3, 3]`, flat. */
export const IMAGENET_COLOURS: readonly number[] = overLongest(IMAGENET, 3);

/** The same of other pictures, by the covariance of their colours, `[size, size]`. */
export function colourMatrix(covariance: Float64Array, size: number): readonly number[] {
  const { values, vectors } = firstEigenvectors(covariance, size, size);
  const matrix = new Array<number>(size * size).fill(0);
  vectors.forEach((v, j) => v.forEach((x, i) => (matrix[i * size + j] = x * Math.sqrt(Math.max(0, values[j]!)))));
  return overLongest(matrix, size);
}

function overLongest(matrix: readonly number[], size: number): number[] {
  const columns = Array.from({ length: size }, (_, j) => matrix.filter((_v, i) => i % size === j));
  const most = Math.max(...columns.map((column) => Math.hypot(...column)));
  return matrix.map((v) => v / (most === 0 ? 1 : most));
}

/** Solves `matrix · x = b` for many `b`, the planes of a picture: from colours to independent directions. `[size, area]`, flat. */
export function decorrelated(matrix: readonly number[], planes: Float64Array, size: number): Float64Array {
  const inverse = inverted(matrix, size);
  const area = planes.length / size;
  const out = new Float64Array(planes.length);
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++) {
      const weight = inverse[i * size + j]!;
      if (weight !== 0) for (let k = 0; k < area; k++) out[i * area + k]! += weight * planes[j * area + k]!;
    }
  return out;
}

/** Gauss-Jordan with pivots; matrices here are 3×3 at most. */
function inverted(matrix: readonly number[], size: number): number[] {
  const rows = Array.from({ length: size }, (_, i) => [
    ...matrix.slice(i * size, (i + 1) * size),
    ...Array.from({ length: size }, (_v, j) => (i === j ? 1 : 0)),
  ]);
  for (let k = 0; k < size; k++) {
    const pivot = rows
      .slice(k)
      .reduce((best, row, i) => (Math.abs(row[k]!) > Math.abs(rows[best]![k]!) ? k + i : best), k);
    [rows[k], rows[pivot]] = [rows[pivot]!, rows[k]!];
    // A colour that never varies has no direction of its own.
    const [own] = rows[k]!.slice(k);
    const by = own === undefined || own === 0 ? 1 : own;
    rows[k] = rows[k]!.map((v) => v / by);
    rows.forEach((row, i) => {
      if (i !== k) rows[i] = row.map((v, j) => v - row[k]! * rows[k]![j]!);
    });
  }
  return rows.flatMap((row) => row.slice(size));
}
