import assert from 'node:assert';
import { PCA } from 'ml-pca';
import { Random } from '../../../src/base/random.js';
import { firstEigenvectors } from '../../../src/numeric/eigen.js';
import { assertClose } from '../support/close.js';

/** Q D Qᵀ for random orthogonal Q: a symmetric matrix with these eigenvalues. */
function withValues(values: readonly number[], seed: number): Float64Array {
  const n = values.length;
  const random = new Random(seed);
  const matrix = new Float64Array(n * n);
  for (let i = 0; i < n; i++) matrix[i * n + i] = values[i]!;
  // Reflections from both sides keep the eigenvalues.
  for (let step = 0; step < 6; step++) {
    const v = Float64Array.from({ length: n }, () => random.normal());
    const square = v.reduce((sum, x) => sum + x * x, 0);
    for (const [along, across] of [
      [n, 1],
      [1, n],
    ] as const)
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let i = 0; i < n; i++) sum += v[i]! * matrix[i * along + j * across]!;
        for (let i = 0; i < n; i++) matrix[i * along + j * across]! -= ((2 * sum) / square) * v[i]!;
      }
  }
  for (let i = 0; i < n; i++)
    for (let j = 0; j < i; j++) matrix[i * n + j] = matrix[j * n + i] = (matrix[i * n + j]! + matrix[j * n + i]!) / 2;
  return matrix;
}

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0);

function assertEigen(matrix: Float64Array, n: number, count: number, expected: readonly number[]): void {
  const { values, vectors } = firstEigenvectors(matrix, n, count);
  const largest = Math.max(...expected.map(Math.abs));
  assert.strictEqual(vectors.length, count);
  assertClose(values.slice(0, count), expected.slice(0, count), { absolute: 1e-12 * largest }, 'eigenvalues');
  vectors.forEach((v, k) => {
    const image = Array.from({ length: n }, (_, i) => dot(matrix.subarray(i * n, (i + 1) * n), v));
    assertClose(
      image,
      Array.from(v, (x) => x * values[k]!),
      { absolute: 1e-11 * largest },
      `A v = λ v for the ${k}th`,
    );
    assertClose(
      vectors.slice(0, k + 1).map((other) => dot(v, other)),
      Array.from({ length: k + 1 }, (_, j) => Number(j === k)),
      { absolute: 1e-11 },
      `the ${k}th beside those before it`,
    );
  });
}

describe('the first eigenvectors of a symmetric matrix', () => {
  const n = 130;
  const spectra: Record<string, (k: number) => number> = {
    'that fall slowly': (k) => 1 / (k + 1),
    'that fall fast': (k) => Math.exp(-k / 3),
    'of which most are nought': (k) => (k < 7 ? 10 - k : 0),
    'that come in pairs': (k) => 20 - Math.floor(k / 2) / 10,
    'that are all the same': () => 3,
    'that are nearly the same': (k) => 3 + (n - k) * 1e-10,
    'with negative ones': (k) => 10 - k / 2,
    'of the size of squared pixels': (k) => 1e9 / (k + 1) ** 2,
  };
  for (const [name, value] of Object.entries(spectra))
    it(`are orthogonal, and exact for eigenvalues ${name}`, () => {
      const values = Array.from({ length: n }, (_, k) => value(k));
      assertEigen(withValues(values, 3), n, 20, values);
    });

  it('of a diagonal matrix are its axes', () => {
    const values = Array.from({ length: n }, (_, k) => n - k);
    const matrix = new Float64Array(n * n);
    values.forEach((x, i) => (matrix[i * n + i] = x));
    assertEigen(matrix, n, 30, values);
  });

  it('of nothing but zeros are orthogonal all the same', () =>
    assertEigen(new Float64Array(n * n), n, 5, Array<number>(n).fill(0)));

  it('are what ml-pca finds', () => {
    const matrix = withValues(
      Array.from({ length: n }, (_, k) => 1 / (k + 2)),
      5,
    );
    const rows = Array.from({ length: n }, (_, i) => [...matrix.subarray(i * n, (i + 1) * n)]);
    const whole = new PCA(rows, { isCovarianceMatrix: true });
    const { values, vectors } = firstEigenvectors(matrix, n, 10);
    assertClose(values, whole.getEigenvalues().slice(0, 10), { absolute: 1e-13 }, 'eigenvalues');
    const theirs = whole.getEigenvectors();
    const along = vectors.map((v, k) => v.reduce((sum, x, i) => sum + x * theirs.get(i, k), 0));
    assertClose(along.map(Math.abs), Array<number>(10).fill(1), { absolute: 1e-12 }, 'cosines');
  });
});
