import assert from 'node:assert/strict';
import { Random } from '../../../src/base/random.js';
import { floatTensor, type FloatTensor } from '../../../src/base/tensor.js';
import { nearestNeighbours } from '../../../src/numeric/neighbours.js';
import { principalComponents } from '../../../src/numeric/pca.js';
import { faithfulness } from '../../../src/numeric/quality.js';
import { jointProbabilities, type Affinities } from '../../../src/numeric/tsne/affinities.js';
import { forces } from '../../../src/numeric/tsne/forces.js';
import { Tsne } from '../../../src/numeric/tsne/tsne.js';
import { assertClose } from '../support/close.js';
import { reference, requireData } from '../support/data.js';
import { clusters } from './points.js';

async function affinitiesOf(points: FloatTensor, perplexity: number, k = points.dims[0]! - 1): Promise<Affinities> {
  return jointProbabilities(await nearestNeighbours(points, k), perplexity);
}

function dense({ count, rows, columns, weights }: Affinities): Float64Array {
  const out = new Float64Array(count * count);
  for (let i = 0; i < count; i++)
    for (let e = rows[i]!; e < rows[i + 1]!; e++) out[i * count + columns[e]!] = weights[e]!;
  return out;
}

async function run(points: FloatTensor, options: ConstructorParameters<typeof Tsne>[2] = {}): Promise<Tsne> {
  const tsne = new Tsne(await affinitiesOf(points, 30, 91), principalComponents(points, 2).scores, options);
  while (!tsne.finished) await tsne.step();
  return tsne;
}

describe('t-SNE', () => {
  it('has symmetric joint probabilities that sum to one, each row at its perplexity', async () => {
    const points = clusters(60, 5, 3);
    const p = dense(await affinitiesOf(points, 10));
    assertClose(
      p.reduce((a, b) => a + b, 0),
      1,
      { absolute: 1e-6 },
      'sum',
    );
    for (let i = 0; i < 60; i++)
      for (let j = 0; j < i; j++) assert.equal(p[i * 60 + j], p[j * 60 + i], `p of ${i} and ${j}`);
  });

  it('answers for equal points, for two points and for one', async () => {
    for (const n of [1, 2, 40]) {
      const points = floatTensor([n, 3]);
      points.data.fill(2);
      const tsne = new Tsne(await affinitiesOf(points, 30), principalComponents(points, 2).scores, { rounds: 20 });
      while (!tsne.finished) await tsne.step();
      assert.ok(
        tsne.points.data.every((v) => Number.isFinite(v)),
        `${n} equal points`,
      );
    }
  });

  for (const d of [2, 3] as const) {
    it(`differentiates its own divergence in ${d} dimensions: central differences`, async () => {
      const affinities = await affinitiesOf(clusters(40, 5, 3), 8);
      const random = new Random(4);
      const start = floatTensor([40, d]);
      for (let i = 0; i < start.data.length; i++) start.data[i] = random.normal();
      const tsne = new Tsne(affinities, start, { theta: 0 });
      const { positions } = tsne.field;
      for (let i = 0; i < positions.length; i++) positions[i] = random.normal();
      const gradient = await tsne.gradient();
      const step = 1e-5;
      const expected = Float64Array.from(positions, (v, i) => {
        const at = (x: number): number => {
          positions[i] = x;
          const value = tsne.divergence(0);
          positions[i] = v;
          return value;
        };
        return (at(v + step) - at(v - step)) / (2 * step);
      });
      // The weights sum to one up to single precision, where the formula takes it for granted.
      assertClose(gradient, expected, { relative: 1e-6 }, 'gradient');
    });

    it(`comes near the exact forces in ${d} dimensions, and nearer with a smaller theta`, async () => {
      const points = clusters(1500, 4, 6);
      const tsne = new Tsne(await affinitiesOf(points, 30, 91), principalComponents(points, d).scores);
      const random = new Random(9);
      for (let i = 0; i < tsne.field.positions.length; i++) tsne.field.positions[i] = random.normal() * 10;
      const exact = await tsne.gradient(0);
      const errorOf = (found: Float64Array): number =>
        Math.sqrt(found.reduce((s, v, i) => s + (v - exact[i]!) ** 2, 0) / exact.reduce((s, v) => s + v * v, 0));
      const [coarse, fine] = [errorOf(await tsne.gradient(0.5)), errorOf(await tsne.gradient(0.2))];
      // What an angle of 0.5 is known for; exact forces are what theta 0 gives.
      assert.ok(coarse < 0.03, `theta 0.5: ${coarse}`);
      assert.ok(fine < coarse / 4, `theta 0.2: ${fine}, theta 0.5: ${coarse}`);
    });
  }

  it('is the same by any division of the work, and by the same seed; another seed looks different', async () => {
    const points = clusters(1300, 6, 4);
    const alone = await run(points, { rounds: 30, seed: 7 });
    const shared = await run(points, {
      rounds: 30,
      seed: 7,
      allocate: (bytes) => new SharedArrayBuffer(bytes),
      team: (all, theta) => {
        // The last shares first, in three parts.
        for (const [from, to] of [
          [2, all.sums.length],
          [1, 2],
          [0, 1],
        ] as const)
          forces(all, from, to, theta);
        return Promise.resolve();
      },
    });
    assert.deepEqual(alone.points.data, shared.points.data);
    assert.notDeepEqual(alone.points.data, (await run(points, { rounds: 30, seed: 8 })).points.data);
  });

  describe('against scikit-learn', () => {
    before(requireData);

    it('has its joint probabilities and its gradient', async () => {
      const features = reference('embedding_300', 'features');
      const affinities = await affinitiesOf(features, 30);
      const p = dense(affinities);
      const corner = Float64Array.from({ length: 10_000 }, (_, i) => p[Math.floor(i / 100) * 300 + (i % 100)]!);
      const expected = reference('embedding_300', 'tsne_joint_probabilities_100');
      // scikit-learn ends its search of the width at an entropy that is 1e-5 off, as ours does.
      assertClose(corner, expected.data, { relative: 1e-5 }, 'joint probabilities');
      const embedding = reference('embedding_300', 'tsne_fixed_embedding');
      const tsne = new Tsne(affinities, embedding);
      tsne.field.positions.set(embedding.data);
      const gradient = reference('embedding_300', 'tsne_fixed_gradient');
      assertClose(await tsne.gradient(0), gradient.data, { relative: 1e-5 }, 'gradient');
    });

    it('ends at a divergence and a trustworthiness no worse than its own', async () => {
      const features = reference('embedding_300', 'features');
      const tsne = await run(features);
      const theirs = new Tsne(await affinitiesOf(features, 30, 91), reference('embedding_300', 'tsne_sklearn'));
      theirs.field.positions.set(reference('embedding_300', 'tsne_sklearn').data);
      const [own, other] = [tsne.divergence(0), theirs.divergence(0)];
      assert.ok(own <= other * 1.01, `divergence ${own}, theirs ${other}`);
      const trust = async (points: FloatTensor): Promise<number> =>
        (await faithfulness(features, points)).trustworthiness;
      const [mine, sklearn] = [await trust(tsne.points), await trust(theirs.points)];
      assert.ok(mine >= sklearn - 0.005, `trustworthiness ${mine}, theirs ${sklearn}`);
    });
  });
});
