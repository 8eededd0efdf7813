import assert from 'node:assert/strict';
import { Random } from '../../../src/base/random.js';
import { floatTensor } from '../../../src/base/tensor.js';
import { kMeans } from '../../../src/numeric/kmeans.js';
import { nearestNeighbours } from '../../../src/numeric/neighbours.js';
import { eigengap, laplacianPairs, symmetricGraph, type SparseMatrix } from '../../../src/numeric/spectral.js';
import { assertClose } from '../support/close.js';

/** A graph from pairs of points with edges of weight 1. */
function graphOf(size: number, edges: readonly (readonly [number, number])[]): SparseMatrix {
  const rows = Array.from({ length: size }, (_, i) =>
    edges.flatMap(([a, b]) => (a === i ? [b] : b === i ? [a] : [])).sort((a, b) => a - b),
  );
  const starts = Int32Array.from({ length: size + 1 }, (_, i) => rows.slice(0, i).flat().length);
  const columns = Int32Array.from(rows.flat());
  return { size, starts, columns, values: new Float64Array(columns.length).fill(1) };
}

const ring = (n: number, from = 0): [number, number][] =>
  Array.from({ length: n }, (_, i) => [from + i, from + ((i + 1) % n)]);

describe('numeric: spectra of graphs', () => {
  it('finds those of a ring, each twice: 1 - cos(2 pi k / n)', () => {
    const n = 60;
    const { values, vectors, components } = laplacianPairs(graphOf(n, ring(n)), 9);
    assert.equal(components, 1);
    values.forEach((value, i) =>
      assertClose(value, 1 - Math.cos((2 * Math.PI * Math.ceil(i / 2)) / n), { absolute: 1e-6 }, `value ${i}`),
    );
    for (const [i, a] of vectors.entries())
      for (const [j, b] of vectors.entries())
        assertClose(
          a.reduce((s, v, p) => s + v * b[p]!, 0),
          i === j ? 1 : 0,
          { absolute: 1e-6 },
          `${i} and ${j}`,
        );
  });

  it('has a zero for each part, however many, and for points that are alone', () => {
    const { values, components } = laplacianPairs(graphOf(25, [...ring(8), ...ring(8, 8), ...ring(8, 16)]), 6);
    assert.equal(components, 4);
    assert.deepEqual([...values.subarray(0, 4)], [0, 0, 0, 0]);
    assert.ok(values[4]! > 0.2, 'the next is not');
  });

  it('tells islands by the gap and k-means, the same for the same seed', async () => {
    const random = new Random(3);
    const sizes = [60, 40, 12];
    const truth = sizes.flatMap((size, g) => Array.from({ length: size }, () => g));
    const points = floatTensor([truth.length, 5]);
    truth.forEach((g, i) => {
      for (let d = 0; d < 5; d++) points.data[5 * i + d] = random.normal() + (d === g ? 6 : 0);
    });
    const spectrum = laplacianPairs(symmetricGraph(await nearestNeighbours(points, 10)), 10);
    const k = eigengap(spectrum);
    assert.equal(k, 3);
    const rows = truth.map((_, i) => spectrum.vectors.slice(0, k).map((v) => v[i]!));
    const groups = kMeans(rows, k, 1);
    assert.deepEqual([...groups], truth);
    assert.deepEqual(kMeans(rows, k, 1), groups);
  });
});
