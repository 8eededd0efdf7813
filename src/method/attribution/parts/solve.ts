/**
 * Solves `(matrix + ε) · x = right` for a symmetric matrix without negative eigenvalues, by Cholesky's decomposition. ε is a
 * billionth of the largest entry of the diagonal: where the matrix has no inverse (fewer samples than parts) the smallest
 * solution comes out, and where it has one nothing is seen of it.
 *
 * @param matrix `[n × n]`, row by row; only its lower half is read
 */
export function solveDefinite(matrix: Float64Array, right: Float64Array): Float64Array {
  const n = right.length;
  const low = new Float64Array(n * n);
  let largest = 0;
  for (let i = 0; i < n; i++) largest = Math.max(largest, matrix[i * n + i]!);
  const least = Math.max(1e-9 * largest, Number.MIN_VALUE);
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * n + j]! + (i === j ? least : 0);
      for (let k = 0; k < j; k++) sum -= low[i * n + k]! * low[j * n + k]!;
      low[i * n + j] = i === j ? Math.sqrt(Math.max(sum, least)) : sum / low[j * n + j]!;
    }
  const x = Float64Array.from(right);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) x[i]! -= low[i * n + k]! * x[k]!;
    x[i]! /= low[i * n + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i]! -= low[k * n + i]! * x[k]!;
    x[i]! /= low[i * n + i]!;
  }
  return x;
}
