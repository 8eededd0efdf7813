import assert from 'node:assert/strict';
import { Random } from '../../../src/base/random.js';
import { floatTensor, type FloatTensor } from '../../../src/base/tensor.js';
import { Alignments, gramsOf } from '../../../src/numeric/cka.js';
import { minimise } from '../../../src/numeric/lbfgs.js';
import { nearestNeighbours, neighbourAccuracy, neighbourhoodsKept, votersOf } from '../../../src/numeric/neighbours.js';
import { principalComponents, principalComponentsOfMany } from '../../../src/numeric/pca.js';
import { linearProbe } from '../../../src/numeric/probe.js';
import { procrustes } from '../../../src/numeric/procrustes.js';
import { faithfulness } from '../../../src/numeric/quality.js';
import { assertClose } from '../support/close.js';
import { reference, requireData } from '../support/data.js';
import { clusters, labelsOf } from './points.js';

function tensor(dims: readonly number[], values: readonly number[]): FloatTensor {
  return { ...floatTensor(dims), data: Float32Array.from(values) };
}

function normals(dims: readonly [number, number], seed: number): FloatTensor {
  const random = new Random(seed);
  return tensor(
    dims,
    Array.from({ length: dims[0] * dims[1] }, () => random.normal()),
  );
}

describe('neighbours', () => {
  it('are those of a search of all pairs, nearest first, never the point itself', async () => {
    const points = clusters(700, 3, 4);
    const { k, indices, distances } = await nearestNeighbours(points, 7);
    for (const i of [0, 13, 511, 512, 699]) {
      const all = Array.from({ length: 700 }, (_, j) => ({
        j,
        d: Math.hypot(...[0, 1, 2].map((c) => points.data[i * 3 + c]! - points.data[j * 3 + c]!)),
      }))
        .filter(({ j }) => j !== i)
        .sort((a, b) => a.d - b.d);
      assert.deepEqual(
        [...indices.subarray(i * k, (i + 1) * k)],
        all.slice(0, 7).map(({ j }) => j),
      );
      assertClose(
        distances.subarray(i * k, (i + 1) * k),
        all.slice(0, 7).map(({ d }) => d),
        { relative: 1e-6 },
        'distances',
      );
    }
  });

  it('by cosine do not ask how long a vector is, and answer for zero vectors and duplicates', async () => {
    const points = tensor([5, 2], [1, 0, 100, 1, 0, 1, 0, 0, 1, 0]);
    const { indices, distances } = await nearestNeighbours(points, 2, { metric: 'cosine' });
    assert.deepEqual([...indices.subarray(0, 2)], [4, 1]);
    assertClose(distances.subarray(0, 2), [0, 1 - 100 / Math.hypot(100, 1)], { absolute: 1e-6 }, 'cosine');
  });

  it('are all there are where more were asked for', async () => {
    assert.equal((await nearestNeighbours(clusters(4, 2, 1), 10)).k, 3);
    assert.equal((await nearestNeighbours(clusters(1, 2, 1), 10)).k, 0);
  });

  it('vote for a class, the nearest in a tie, and an unknown label is not asked', async () => {
    const points = tensor([5, 1], [0, 1, 2.1, 10, 11]);
    const near = await nearestNeighbours(points, 2);
    // 0: a (1) and b (2.1), the nearest says a; 1: a, b → a; 2.1 (b): 1, 0 → a, wrong; 10 is unknown; 11 (b): 2.1 alone.
    assert.equal(neighbourAccuracy(near, [0, 0, 1, -1, 1]), 3 / 4);
  });

  it('vote only as many as a class has: of ten in classes of four most are of others', async () => {
    const points = clusters(32, 3, 8, 20);
    const labels = labelsOf(32, 8);
    assert.deepEqual(
      [votersOf(labels, 10), votersOf(labels, 2), votersOf([-1, 5], 10), votersOf([], 10)],
      [3, 2, 1, 1],
    );
    assert.equal(neighbourAccuracy(await nearestNeighbours(points, 10), labels), 1);
  });

  it('that are kept are counted by the Jaccard index', async () => {
    const line = await nearestNeighbours(tensor([5, 1], [0, 1, 2, 3, 4.5]), 2);
    assert.deepEqual([...neighbourhoodsKept(line, line)], [1, 1, 1, 1, 1]);
    const moved = await nearestNeighbours(tensor([5, 1], [20, 1, 2, 3, 4.5]), 2);
    // The first had 1 and 2; now 4 and 3.
    assert.equal(neighbourhoodsKept(line, moved)[0], 0);
  });
});

describe('principal components of many points', () => {
  it('are those of a few, by the covariance and, of wide points, by the randomised range finder', async () => {
    for (const [n, d] of [
      [400, 90],
      [300, 1200],
    ] as const) {
      const points = clusters(n, d, 6, 3);
      const [exact, many] = [principalComponents(points, 3), await principalComponentsOfMany(points, 3)];
      assertClose(many.variance, exact.variance, { relative: 1e-5 }, `${d} features: variance`);
      assertClose(many.explained, exact.explained, { relative: 1e-5 }, `${d} features: share`);
      // Oriented alike. Single precision sums of up to 4096 rows.
      assertClose(many.scores.data, exact.scores.data, { relative: 1e-4 }, `${d} features: scores`);
    }
  });

  describe('against scikit-learn', () => {
    before(requireData);
    it('are its own up to sign', async () => {
      const own = await principalComponentsOfMany(reference('embedding_300', 'features'), 10);
      assertClose(
        own.variance,
        reference('embedding_300', 'pca_explained_variance').data,
        { relative: 1e-5 },
        'variance',
      );
      const scores = reference('embedding_300', 'pca_scores').data;
      for (let k = 0; k < 10; k++) {
        const column = (of: Float32Array): Float64Array =>
          Float64Array.from({ length: 300 }, (_, i) => of[i * 10 + k]!);
        const [a, b] = [column(own.scores.data), column(scores)];
        const sign = a.reduce((s, v, i) => s + v * b[i]!, 0) < 0 ? -1 : 1;
        assertClose(
          a.map((v) => v * sign),
          b,
          { relative: 1e-4 },
          `component ${k}`,
        );
      }
    });
  });
});

describe('faithfulness', () => {
  it('is one of a space to itself, and falls where neighbours are lost', async () => {
    const points = clusters(60, 2, 3);
    assert.deepEqual(await faithfulness(points, points, 5), {
      trustworthiness: 1,
      continuity: 1,
      kept: 1,
      k: 5,
      asked: 60,
    });
    const other = await faithfulness(points, normals([60, 2], 8), 5);
    assert.ok(other.trustworthiness < 0.7 && other.continuity < 0.7, `${other.trustworthiness} ${other.continuity}`);
  });

  it('is the same of many dimensions, where products form the distances', async () => {
    const [points, picture] = [clusters(80, 30, 3), normals([80, 2], 8)];
    const wide = floatTensor([80, 90]);
    // The same distances: each coordinate as three.
    for (let i = 0; i < wide.data.length; i++)
      wide.data[i] = points.data[Math.floor(i / 90) * 30 + Math.floor((i % 90) / 3)]! / Math.sqrt(3);
    const [narrow, many] = [await faithfulness(points, picture), await faithfulness(wide, picture)];
    assertClose(Object.values(many), Object.values(narrow), { absolute: 1e-3 }, 'the same ranks but for near ties');
  });

  it('is the number that one can work out', async () => {
    // With one neighbour the worst is n (2n - 3k - 1) / 2 = 24. In the picture the first point is nearest to the fifth, and the
    // last to the second: ranks 4. The second's nearest is the third (as near as the last, and before it), on the line as near
    // as the first and behind it: rank 2.
    const line = tensor([6, 1], [0, 1, 2, 3, 4, 5]);
    const picture = tensor([6, 1], [5.1, 1, 2, 3, 4, 0]);
    assertClose(
      (await faithfulness(line, picture, 1)).trustworthiness,
      1 - 7 / 24,
      { absolute: 1e-12 },
      'trustworthiness',
    );
  });
});

describe('Procrustes', () => {
  it('finds a turn, a mirror, a scale and a shift again, in two and three dimensions', () => {
    for (const d of [2, 3]) {
      const points = normals([30, d], 4);
      const moved = floatTensor([30, d]);
      for (let i = 0; i < 30; i++) {
        const [x, y] = [points.data[i * d]!, points.data[i * d + 1]!];
        moved.data.set([-(x * 0.6 - y * 0.8) * 3 + 7, (x * 0.8 + y * 0.6) * 3 - 2], i * d);
        if (d === 3) moved.data[i * d + 2] = points.data[i * d + 2]! * 3;
      }
      const { points: back, residual } = procrustes(points, moved);
      assertClose(back.data, points.data, { absolute: 1e-5 }, `${d} dimensions`);
      assert.ok(residual < 1e-10, `${residual}`);
    }
  });

  it('answers for clouds of one point', () => {
    const { points, residual } = procrustes(tensor([2, 2], [1, 1, 1, 1]), tensor([2, 2], [0, 0, 0, 0]));
    assert.deepEqual([[...points.data], residual], [[1, 1, 1, 1], 0]);
  });
});

describe('centred kernel alignment', () => {
  it('is one for a rotated and scaled layer, near zero for one that knows nothing of it, by any size of batch', async () => {
    const a = normals([240, 6], 1);
    const turned = tensor(
      [240, 6],
      [...a.data].map((_, i) => {
        const [row, c] = [Math.floor(i / 6), i % 6];
        const [x, y] = [a.data[row * 6 + (c - (c % 2))]!, a.data[row * 6 + (c - (c % 2)) + 1]!];
        return 5 * (c % 2 === 0 ? 0.6 * x - 0.8 * y : 0.8 * x + 0.6 * y) + 3;
      }),
    );
    const other = normals([240, 6], 2);
    for (const batch of [240, 60]) {
      const all = new Alignments(1, 2);
      for (let from = 0; from < 240; from += batch) {
        const cut = (t: FloatTensor): FloatTensor =>
          tensor([batch, 6], [...t.data.subarray(from * 6, (from + batch) * 6)]);
        await all.add([cut(a)], [cut(turned), cut(other)]);
      }
      const [row] = all.values();
      assertClose(row![0]!, 1, { absolute: 1e-5 }, `batches of ${batch}`);
      assert.ok(Math.abs(row![1]!) < 0.05, `independent: ${row![1]}`);
    }
  });

  it('without some examples is what it is of the others alone, and far from zero costs no digits', async () => {
    const [a, b] = [normals([40, 3], 1), normals([40, 4], 2)];
    for (const row of [7, 8]) {
      a.data.fill(50, row * 3, row * 3 + 3);
      b.data.fill(-70, row * 4, row * 4 + 4);
    }
    const [all, fewer, alone, far] = Array.from({ length: 4 }, () => new Alignments(1, 1));
    const [left, right] = [await gramsOf([a]), await gramsOf([b])];
    all!.addGrams(left, right);
    fewer!.addGrams(left, right, new Set([7, 8]));
    const but = (t: FloatTensor, d: number): FloatTensor =>
      tensor(
        [38, d],
        [...t.data].filter((_, i) => ![7, 8].includes(Math.floor(i / d))),
      );
    await alone!.add([but(a, 3)], [but(b, 4)]);
    await far!.add(
      [but(a, 3)],
      [
        tensor(
          [38, 4],
          [...but(b, 4).data].map((v) => v + 1000),
        ),
      ],
    );
    const value = (of: Alignments | undefined): number => of!.values()[0]![0]!;
    assertClose(value(fewer), value(alone), { absolute: 1e-5 }, 'left out');
    assertClose(value(far), value(alone), { absolute: 1e-3 }, 'moved by a thousand');
    assert.ok(value(all) > 0.9 && value(alone) < 0.2, `two far examples: ${value(all)}, without them ${value(alone)}`);
  });

  it('is NaN for a constant layer and refuses batches that are too small', async () => {
    const all = new Alignments(1, 1);
    await all.add(
      [normals([8, 2], 1)],
      [
        tensor(
          [8, 2],
          Array.from({ length: 16 }, () => 0),
        ),
      ],
    );
    assert.deepEqual(all.values(), [[NaN]]);
    await assert.rejects(all.add([normals([3, 2], 1)], [normals([3, 2], 1)]), /at least 4/);
  });
});

describe('linear probe', () => {
  it('tells clusters apart, and labels that mean nothing at chance', async () => {
    const points = clusters(200, 5, 4, 4);
    const right = await linearProbe(points, labelsOf(200, 4));
    assert.ok(right!.accuracy > 0.97, `${right!.accuracy}`);
    assert.deepEqual([right!.majority, right!.classes, right!.examples, right!.seeds], [0.25, 4, 200, 5]);
    const random = new Random(5);
    const chance = await linearProbe(
      points,
      Int32Array.from({ length: 200 }, () => random.below(4)),
    );
    assert.ok(chance!.accuracy < 0.45, `${chance!.accuracy}`);
    assert.deepEqual(await linearProbe(points, labelsOf(200, 4)), right);
  });

  it('leaves out unknown labels and classes of one, and says nothing of one class', async () => {
    const points = clusters(12, 2, 2);
    const labels = Int32Array.from([0, 0, 0, 0, 0, -1, 1, 1, 1, 1, 1, 2]);
    assert.deepEqual((({ classes, examples }) => [classes, examples])((await linearProbe(points, labels))!), [2, 10]);
    assert.equal(await linearProbe(points, new Int32Array(12)), undefined);
  });

  it('stops where its pause throws', async () => {
    const stopped = linearProbe(clusters(20, 2, 2), labelsOf(20, 2), {
      pause: (fit) => {
        if (fit === 2) throw new Error('enough');
      },
    });
    await assert.rejects(stopped, /enough/);
  });
});

describe('L-BFGS', () => {
  it('finds the minimum of a stretched bowl', async () => {
    const x = Float64Array.from([5, -3, 2]);
    const value = await minimise(
      x,
      (at, out) => {
        out.set([2 * (at[0]! - 1), 200 * (at[1]! + 2), 0.02 * (at[2]! - 3)]);
        return (at[0]! - 1) ** 2 + 100 * (at[1]! + 2) ** 2 + 0.01 * (at[2]! - 3) ** 2;
      },
      { precise: 1e-10 },
    );
    assertClose(x, [1, -2, 3], { absolute: 1e-6 }, 'minimum');
    assert.ok(value < 1e-12, `${value}`);
  });
});
