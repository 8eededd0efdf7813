import { PCA } from 'ml-pca';
import { Random } from '../base/random.js';

/** Eigenvectors of a symmetric positive matrix, largest eigenvalue first. */
export interface Eigen {
  readonly values: readonly number[];
  /** `[count][size]`, unit length. */
  readonly vectors: readonly Float64Array[];
}

/** Up to this size all eigenvectors are found at once. */
const SMALL = 200;
/** Of so many times as many there are: of more, subspaces cost as much as the whole problem (512: 62 take 3.2 s, all 2.4 s). */
const FEW = 16;
const SPARE = 12;
const MOST_ROUNDS = 12;
const STEPS = 5;
const PRECISE = 1e-9;

/**
 * The first `count` eigenvectors of a symmetric matrix (`size × size`, row by row). Large ones by subspace iteration
 * (Halko, Martinsson and Tropp 2011) in which ml-pca solves the small problem; where that does not converge, because
 * the eigenvalues lie close together, ml-pca solves the whole.
 */
export function firstEigenvectors(matrix: Float64Array, size: number, count: number): Eigen {
  if (size > SMALL && count + SPARE < size / FEW) {
    const found = bySubspace(matrix, size, count);
    if (found !== undefined) return found;
  }
  return solve(matrix, size, count);
}

function solve(matrix: Float64Array, size: number, count: number): Eigen {
  const rows = Array.from({ length: size }, (_, i) => Array.from(matrix.subarray(i * size, (i + 1) * size)));
  const pca = new PCA(rows, { isCovarianceMatrix: true });
  const vectors = pca.getEigenvectors();
  return {
    values: pca.getEigenvalues().slice(0, count),
    vectors: Array.from({ length: count }, (_, k) => Float64Array.from({ length: size }, (__, i) => vectors.get(i, k))),
  };
}

function bySubspace(matrix: Float64Array, size: number, count: number): Eigen | undefined {
  const random = new Random(1);
  const width = count + SPARE;
  let basis: Float64Array[] = Array.from({ length: width }, () =>
    Float64Array.from({ length: size }, () => random.normal()),
  );
  orthonormalise(basis);
  for (let round = 0; round < MOST_ROUNDS; round++) {
    for (let step = 0; step < STEPS; step++) {
      basis = basis.map((v) => times(matrix, size, v));
      orthonormalise(basis);
    }
    const images = basis.map((v) => times(matrix, size, v));
    const small = new Float64Array(width * width);
    for (let a = 0; a < width; a++) for (let b = 0; b < width; b++) small[a * width + b] = dot(basis[a]!, images[b]!);
    for (let a = 0; a < width; a++)
      for (let b = 0; b < a; b++)
        small[a * width + b] = small[b * width + a] = (small[a * width + b]! + small[b * width + a]!) / 2;
    const { values, vectors } = solve(small, width, width);
    const mixed = vectors.map((v) => combination(basis, v));
    const error = vectors.slice(0, count).map((v, k) => residual(combination(images, v), mixed[k]!, values[k]!));
    if (Math.max(...error) <= PRECISE * Math.max(values[0]!, Number.MIN_VALUE))
      return { values: values.slice(0, count), vectors: mixed.slice(0, count) };
    basis = mixed;
  }
  return undefined;
}

/** Modified Gram-Schmidt, twice, because once loses digits. A vector that vanishes stays zero. */
export function orthonormalise(vectors: readonly Float64Array[]): void {
  for (let pass = 0; pass < 2; pass++) {
    vectors.forEach((v, k) => {
      for (let j = 0; j < k; j++) {
        const along = dot(v, vectors[j]!);
        for (let i = 0; i < v.length; i++) v[i]! -= along * vectors[j]![i]!;
      }
      const length = Math.sqrt(dot(v, v));
      if (length > 1e-300) for (let i = 0; i < v.length; i++) v[i]! /= length;
    });
  }
}

function times(matrix: Float64Array, size: number, v: Float64Array): Float64Array {
  const out = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    let sum = 0;
    const at = i * size;
    for (let j = 0; j < size; j++) sum += matrix[at + j]! * v[j]!;
    out[i] = sum;
  }
  return out;
}

function combination(vectors: readonly Float64Array[], weights: Float64Array): Float64Array {
  const out = new Float64Array(vectors[0]!.length);
  vectors.forEach((v, k) => {
    for (let i = 0; i < v.length; i++) out[i]! += weights[k]! * v[i]!;
  });
  return out;
}

function residual(image: Float64Array, v: Float64Array, value: number): number {
  let sum = 0;
  for (let i = 0; i < v.length; i++) sum += (image[i]! - value * v[i]!) ** 2;
  return Math.sqrt(sum);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
