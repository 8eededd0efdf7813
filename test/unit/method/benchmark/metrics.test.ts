import assert from 'node:assert/strict';
import { Random } from '../../../../src/base/random.js';
import { floatTensor, type FloatTensor } from '../../../../src/base/tensor.js';
import { edgesOf, randomMap } from '../../../../src/method/benchmark/baselines.js';
import { averaged, metricById, type MetricPicture } from '../../../../src/method/benchmark/metrics.js';
import { equalSteps, rankedPixels } from '../../../../src/method/benchmark/order.js';
import { percentagesOf } from '../../../../src/method/benchmark/road.js';
import { sizesOf } from '../../../../src/method/benchmark/sensitivity.js';
import { overChannels } from '../../../../src/result/heatmap.js';
import { METRICS } from '../../../../src/result/benchmark.js';
import { parseParameters } from '../../../../src/method/parameters.js';
import { assertClose } from '../../support/close.js';
import { reference, requireData, sample } from '../../support/data.js';
import { testSpec, testSubject, type TestSubject } from '../../support/subject.js';

const SIGNAL = new AbortController().signal;
const SIDE = 8;
const SPEC = testSpec('x', [2, SIDE, SIDE]);
const PIXELS = SIDE * SIDE;

const defaults = (id: (typeof METRICS)[number]['id'], more: Record<string, string | number> = {}) =>
  parseParameters(id, METRICS.find((m) => m.id === id)!.parameters, more);

/** A picture whose score is a weighted sum of its values: what a pixel matters is known. */
function linear(weights: ArrayLike<number>, most = 5): MetricPicture {
  const random = new Random(2);
  const input = floatTensor([1, 2, SIDE, SIDE]);
  for (let i = 0; i < input.data.length; i++) input.data[i] = random.normal();
  const score = async (batch: FloatTensor): Promise<number[]> => {
    assert.ok(batch.dims[0]! <= most, `${batch.dims[0]} samples at once`);
    return Array.from({ length: batch.dims[0]! }, (_, k) => {
      let sum = 0;
      for (let i = 0; i < 2 * PIXELS; i++) sum += weights[i % PIXELS]! * batch.data[k * 2 * PIXELS + i]!;
      return sum;
    });
  };
  return { input, spec: SPEC, most, score, signal: SIGNAL };
}

/** What each pixel adds to the sum. */
const shares = ({ input }: MetricPicture, weights: ArrayLike<number>): Float64Array =>
  Float64Array.from({ length: PIXELS }, (_, p) => weights[p]! * (input.data[p]! + input.data[PIXELS + p]!));

describe('method/benchmark: order', () => {
  it('puts the largest first, and equal pixels in an order that the seed draws', () => {
    const map = [0, 3, 0, NaN, -1, 3, 0];
    const order = rankedPixels(map, new Random(1));
    assert.deepEqual(Array.from(order.slice(0, 2).sort()), [1, 5]);
    assert.deepEqual(Array.from(order.slice(2, 5).sort()), [0, 2, 6]);
    assert.deepEqual(Array.from(order.slice(5)), [4, 3]);
    const zeros = (seed: number): string => rankedPixels(new Float32Array(40), new Random(seed)).join();
    assert.equal(zeros(1), zeros(1));
    assert.notEqual(zeros(1), zeros(2));
  });

  it('takes equal steps', () => {
    assert.deepEqual(equalSteps(1024, 10), [0, 102, 205, 307, 410, 512, 614, 717, 819, 922, 1024]);
    assert.deepEqual(sizesOf(100, 3), [1, 9, 80]);
    assert.deepEqual(sizesOf(1, 8), [1]);
    assert.deepEqual(percentagesOf('50, 10'), [10, 50]);
    for (const wrong of ['0', '100', '10,120']) assert.throws(() => percentagesOf(wrong), /between 0 and 100/);
  });
});

describe('method/benchmark: deletion and insertion', () => {
  let subject: TestSubject;
  before(requireData);
  before(async () => void (subject = await testSubject('cifar_resnet20')));
  after(() => subject?.dispose());

  it('are the reference curves of ResNet20', async () => {
    const maps = reference('cifar_resnet20', 'integrated_gradients_gausslegendre');
    for (let k = 0; k < 4; k++) {
      const { input, target } = subject.case(k);
      const map = sample(maps, k);
      const attribution = { values: map, axes: 'CHW', signed: true, unit: '' } as const;
      const importance = overChannels({ ...attribution, values: { ...map, dims: map.dims.slice(-3) } }, 'l1');
      const picture: MetricPicture = {
        input,
        spec: subject.subject.input,
        most: 7,
        score: (batch, kind) => subject.subject.scores(batch, target, kind, SIGNAL),
        signal: SIGNAL,
      };
      for (const id of ['deletion', 'insertion'] as const) {
        const { curves, score } = await metricById(id).measure(
          picture,
          { importance, values: importance },
          defaults(id),
          new Random(0),
        );
        const want = sample(reference('cifar_resnet20', `${id}_curve`), k).data;
        assertClose(curves['probability']!, want, { absolute: 1e-5 }, `${id} of input ${k}`);
        const inner = want.slice(1, -1).reduce((a, b) => a + b, 0);
        assertClose(score, (inner + (want[0]! + want.at(-1)!) / 2) / 10, { absolute: 1e-5 }, 'its area');
      }
    }
  });
});

describe('method/benchmark: sensitivity-n', () => {
  const weights = Float64Array.from({ length: PIXELS }, (_, p) => Math.sin(3 * p));

  it('is 1 for what adds up exactly, -1 for its opposite, and near 0 for random numbers', async () => {
    const picture = linear(weights);
    const exact = shares(picture, weights);
    const metric = metricById('sensitivity_n');
    const of = async (values: ArrayLike<number>) =>
      metric.measure(picture, { importance: values, values }, defaults('sensitivity_n'), new Random(3));
    const right = await of(exact);
    assertClose(
      right.curves['correlation']!,
      right.curves['correlation']!.map(() => 1),
      { absolute: 1e-4 },
      'exact',
    );
    assertClose((await of(exact.map((v) => -v))).score, -1, { absolute: 1e-4 }, 'the opposite');
    assertClose((await of(randomMap(PIXELS, 9))).score, 0, { absolute: 0.25 }, 'random numbers');
    assert.equal((await of(new Float64Array(PIXELS))).score, 0, 'a map that does not vary');
    assert.deepEqual(metric.x(defaults('sensitivity_n'), PIXELS).length, right.curves['correlation']!.length);
  });
});

describe('method/benchmark: ROAD', () => {
  // Only the left half counts, and there a pixel the more the larger it is.
  const weights = Float64Array.from({ length: PIXELS }, (_, p) => (p % SIDE < SIDE / 2 ? 1 : 0));

  it('tells what matters from what does not, whatever the batches', async () => {
    const metric = metricById('road');
    const params = defaults('road');
    const of = async (most: number, map: (picture: MetricPicture) => ArrayLike<number>) => {
      const picture = linear(weights, most);
      const importance = map(picture);
      return metric.measure(picture, { importance, values: importance }, params, new Random(5));
    };
    const right = await of(5, (picture) => shares(picture, weights));
    const wrong = await of(5, (picture) => shares(picture, weights).map((v) => -v));
    assert.ok(right.score > 1, `${right.score}`);
    assertClose(wrong.score, -right.score, { relative: 0.05 }, 'the same pixels from the other end');
    const { combined, most, least } = right.curves;
    combined!.forEach((v, i) => assertClose(v, (least![i]! - most![i]!) / 2, { absolute: 1e-12 }, 'half the gap'));
    assert.equal(combined!.length, 9);
    assert.deepEqual(await of(1, (picture) => shares(picture, weights)), right);
  });

  it('adds the noise that is asked for, by the seed', async () => {
    const picture = linear(weights);
    // No two are equal: nothing but the noise is drawn.
    const importance = shares(picture, weights).map((v, p) => v + p / 1000);
    const of = (noise: number, seed: number) =>
      metricById('road').measure(
        picture,
        { importance, values: importance },
        defaults('road', { noise, percentages: '50' }),
        new Random(seed),
      );
    assert.deepEqual(await of(0, 1), await of(0, 2));
    assert.notDeepEqual(await of(1, 1), await of(1, 2));
    assert.deepEqual(await of(1, 1), await of(1, 1));
  });
});

describe('method/benchmark: baselines and seeds', () => {
  it('finds the edges of an input in either layout', () => {
    for (const layout of ['NCHW', 'NHWC'] as const) {
      const spec = testSpec('x', layout === 'NCHW' ? [2, SIDE, SIDE] : [SIDE, SIDE, 2], layout);
      const input = floatTensor([1, 2 * PIXELS]);
      for (let p = 0; p < PIXELS; p++)
        for (let c = 0; c < 2; c++) input.data[layout === 'NCHW' ? c * PIXELS + p : 2 * p + c] = p % SIDE < 4 ? 0 : 1;
      const row = Array.from(edgesOf(input, spec).slice(SIDE, 2 * SIDE), (v) => v > 0);
      assert.deepEqual(row, [false, false, false, true, true, false, false, false]);
    }
  });

  it('counts a picture with the mean of its draws', () => {
    const measured = (v: number) => ({ score: v, curves: { a: [v, 2 * v] }, beside: { b: -v } });
    assert.deepEqual(averaged([measured(1), measured(3)]), measured(2));
  });
});
