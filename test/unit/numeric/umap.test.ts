import assert from 'node:assert/strict';
import { UMAP } from 'umap-js';
import { floatTensor, type FloatTensor } from '../../../src/base/tensor.js';
import { Random } from '../../../src/base/random.js';
import { nearestNeighbours, neighbourAccuracy } from '../../../src/numeric/neighbours.js';
import { principalComponents } from '../../../src/numeric/pca.js';
import { faithfulness } from '../../../src/numeric/quality.js';
import { curve } from '../../../src/numeric/umap/curve.js';
import { fuzzyGraph } from '../../../src/numeric/umap/fuzzy.js';
import { Umap } from '../../../src/numeric/umap/umap.js';
import { assertClose } from '../support/close.js';
import { clusters, labelsOf } from './points.js';

async function layout(points: FloatTensor, seed = 0): Promise<FloatTensor> {
  const graph = fuzzyGraph(await nearestNeighbours(points, 14));
  const umap = new Umap(graph, principalComponents(points, 2).scores, { seed, rounds: 300 });
  while (!umap.finished) umap.step();
  return umap.points;
}

describe('UMAP', () => {
  it('has the curve of umap-learn', () => {
    // Printed by umap-learn's find_ab_params(1, 0.1) and (1, 0.5).
    assertClose(Object.values(curve(0.1)), [1.5769434603113077, 0.8950608779109733], { relative: 1e-4 }, '0.1');
    assertClose(Object.values(curve(0.5)), [0.5830300205483709, 1.334166992455648], { relative: 1e-4 }, '0.5');
  });

  it('has the fuzzy graph of umap-js', async () => {
    const points = clusters(80, 5, 3, 2);
    const rows = Array.from({ length: 80 }, (_, i) => Array.from(points.data.subarray(i * 5, i * 5 + 5)));
    const random = new Random(1);
    const oracle = new UMAP({ nNeighbors: 15, random: () => random.uniform() });
    // Given exact neighbours (itself first, as it counts a point among its own), so that only the graph is compared.
    const near = await nearestNeighbours(points, 14);
    const own = (i: number): number[] => [...near.indices.subarray(i * 14, (i + 1) * 14)];
    oracle.setPrecomputedKNN(
      rows.map((_, i) => [i, ...own(i)]),
      rows.map((_, i) => [0, ...near.distances.subarray(i * 14, (i + 1) * 14)]),
    );
    oracle.initializeFit(rows);
    const theirs = (oracle as unknown as { graph: { get(row: number, column: number): number } }).graph;
    const graph = fuzzyGraph(near);
    const ours = new Map([...graph.heads].map((i, e) => [`${i},${graph.tails[e]}`, graph.weights[e]!]));
    let edges = 0;
    for (let i = 0; i < 80; i++) {
      for (let j = 0; j < 80; j++) {
        const expected = theirs.get(i, j);
        if (expected > 0) edges++;
        assertClose(ours.get(`${i},${j}`) ?? 0, expected, { absolute: 1e-4 }, `${i}, ${j}`);
      }
    }
    assert.equal(edges, graph.weights.length);
  });

  it('keeps clusters apart and neighbours together as well as umap-js does', async () => {
    const points = clusters(300, 8, 5, 3);
    const rows = Array.from({ length: 300 }, (_, i) => Array.from(points.data.subarray(i * 8, i * 8 + 8)));
    const random = new Random(1);
    const theirs = floatTensor([300, 2]);
    theirs.data.set(new UMAP({ nNeighbors: 15, nEpochs: 300, random: () => random.uniform() }).fit(rows).flat());
    const ours = await layout(points);
    const [own, other] = [
      (await faithfulness(points, ours)).trustworthiness,
      (await faithfulness(points, theirs)).trustworthiness,
    ];
    assert.ok(own >= other - 0.01, `trustworthiness ${own}, umap-js ${other}`);
    const right = neighbourAccuracy(await nearestNeighbours(ours, 10), labelsOf(300, 5));
    assert.ok(right > 0.99, `${right} of the neighbours are of the same cluster`);
  });

  it('is the same by the same seed, and another by another', async () => {
    const points = clusters(120, 4, 3);
    assert.deepEqual((await layout(points, 5)).data, (await layout(points, 5)).data);
    assert.notDeepEqual((await layout(points, 5)).data, (await layout(points, 6)).data);
  });

  it('answers for equal points and for few', async () => {
    for (const n of [1, 2, 3, 30]) {
      const points = floatTensor([n, 3]);
      points.data.fill(1);
      assert.ok(
        (await layout(points)).data.every((v) => Number.isFinite(v)),
        `${n} points`,
      );
    }
  });
});
