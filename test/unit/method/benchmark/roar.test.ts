import assert from 'node:assert/strict';
import { Random } from '../../../../src/base/random.js';
import { floatTensor } from '../../../../src/base/tensor.js';
import {
  baselineImportance,
  channelMeans,
  importanceOf,
  levelsOf,
  removalOf,
  tensorOf,
  withRemoved,
} from '../../../../src/method/benchmark/roar.js';
import { parseParameters } from '../../../../src/method/parameters.js';
import { overSeeds, ROAR_PARAMETERS, roarRanked, type RoarCell } from '../../../../src/result/roar.js';
import { PicturesInMemory } from '../../../../src/training/pictures.js';
import { testSpec } from '../../support/subject.js';

const SHAPE = { height: 2, width: 5, channels: 3 };
const removal = (raw: Record<string, string | boolean> = {}) =>
  removalOf(parseParameters('roar', ROAR_PARAMETERS, raw));

describe('method/benchmark: remove and retrain', () => {
  it('gives every value the first fraction at which it goes: values by themselves, or pixels together', () => {
    const importance = Float64Array.from({ length: 30 }, (_, i) => 30 - i);
    const fractions = '10,50,90';
    const levels = levelsOf(importance, SHAPE, removal({ fractions }), new Random(0));
    assert.deepEqual(
      [0, 1, 2, 3].map((level) => levels.filter((l) => l === level).length),
      [3, 12, 12, 3],
    );
    assert.deepEqual(Array.from(levels.slice(0, 4)), [0, 0, 0, 1]);
    const kept = levelsOf(importance, SHAPE, removal({ fractions, keep: true }), new Random(0));
    assert.deepEqual(Array.from(kept.slice(-4)), [1, 0, 0, 0]);
    for (const map of [importance, importance.slice(0, 10)]) {
      const pixels = levelsOf(map, SHAPE, removal({ fractions, rank: 'pixels' }), new Random(0));
      for (let p = 0; p < 10; p++) assert.equal(new Set(pixels.slice(3 * p, 3 * p + 3)).size, 1, 'a pixel goes as one');
      assert.deepEqual(Array.from(pixels.slice(0, 6)), [0, 0, 0, 1, 1, 1]);
    }
  });

  it('draws which of equal values go, so that zeros can be removed as well', () => {
    const of = (seed: number) => levelsOf(new Float64Array(30), SHAPE, removal({ fractions: '50' }), new Random(seed));
    assert.equal(of(1).filter((l) => l === 0).length, 15);
    assert.notDeepEqual(of(1), of(2));
    assert.deepEqual(of(1), of(1));
  });

  it('finds the values of the picture that a map of the input is about, in either layout and order of channels', () => {
    for (const layout of ['NCHW', 'NHWC'] as const) {
      const dims = layout === 'NCHW' ? [3, 2, 5] : [2, 5, 3];
      const spec = testSpec('x', dims, layout);
      const map = floatTensor(dims);
      // The first channel of the tensor is the last of the picture.
      map.data[layout === 'NCHW' ? 7 : 21] = -2;
      const attribution = { values: map, axes: layout === 'NCHW' ? 'CHW' : 'HWC', signed: true, unit: '' };
      const squared = importanceOf(attribution, spec, SHAPE, { source: [2, 1, 0] }, { map: 'squared' });
      assert.deepEqual([squared[7 * 3 + 2], squared.reduce((a, b) => a + b, 0)], [4, 4]);
      const signed = importanceOf(attribution, spec, SHAPE, { source: [2, 1, 0] }, { map: 'signed' });
      assert.equal(signed[7 * 3 + 2], -2);
    }
    const small = { values: floatTensor([1, 2]), axes: 'HW', signed: true, unit: '' };
    assert.throws(
      () => importanceOf(small, testSpec('x', [3, 2, 5]), SHAPE, { source: [0, 1, 2] }, { map: 'signed' }),
      /2 values for 2×5 pixels/,
    );
  });

  it('puts the mean of the channel where something is removed, and leaves the rest', () => {
    const data = Uint8Array.from({ length: 60 }, (_, i) => [10, 100, i < 30 ? 0 : 9][i % 3]!);
    const pictures = new PicturesInMemory(2, 2, 5, 3, Int32Array.of(0, 1), data);
    const means = channelMeans(pictures);
    assert.deepEqual([...means], [10, 100, 5]);
    const levels = [new Uint8Array(30).fill(1), new Uint8Array(30).fill(1)];
    levels[1]![2] = 0;
    const into = new Uint8Array(30);
    const removed = withRemoved(pictures, levels, 0, means);
    removed.bytes(1, into);
    assert.deepEqual(Array.from(into.slice(0, 6)), [10, 100, 5, 10, 100, 9]);
    assert.deepEqual([removed.label(1), removed.count], [1, 2]);
    const tables = [0, 1, 2].map(() => Float32Array.from({ length: 256 }, (_, v) => v / 2));
    const tensor = tensorOf(into, SHAPE, { layout: 'NCHW', source: [0, 1, 2], tables }, [3, 2, 5]);
    assert.deepEqual([tensor.dims, tensor.data[10], tensor.data[20]], [[1, 3, 2, 5], 50, 2.5]);
  });

  it('has baselines that know the picture at most', () => {
    const bytes = Uint8Array.from({ length: 30 }, (_, i) => (Math.floor(i / 3) % 5 < 2 ? 0 : 200));
    const edges = baselineImportance('edges', bytes, SHAPE, { rank: 'values' }, new Random(0));
    assert.deepEqual(Array.from(edges, (v) => v > 0).slice(0, 5), [false, true, true, false, false]);
    assert.equal(baselineImportance('random', bytes, SHAPE, { rank: 'values' }, new Random(0)).length, 30);
    assert.equal(baselineImportance('random', bytes, SHAPE, { rank: 'pixels' }, new Random(0)).length, 10);
  });

  it('orders methods by what is left to learn', () => {
    const cells = (method: string, ...accuracies: number[]): RoarCell[] =>
      accuracies.map((accuracy, seed) => ({ method, fraction: 50, seed, accuracy, loss: 0 }));
    const rows = ['a', 'b'].map((id) => ({ id, title: id, kind: 'method', params: {} }) as const);
    const params = parseParameters('roar', ROAR_PARAMETERS, {});
    const roar = { cells: [...cells('a', 0.5, 0.7), ...cells('b', 0.2, 0.4)], rows, fractions: [50], params };
    assert.deepEqual(overSeeds(roar, 'b', 50).low, 0.2);
    assert.deepEqual(
      roarRanked(roar).map(({ id }) => id),
      ['b', 'a'],
    );
    assert.deepEqual(
      roarRanked({ ...roar, params: { ...params, keep: true } }).map(({ id }) => id),
      ['a', 'b'],
    );
    assert.ok(Number.isNaN(overSeeds(roar, 'c', 50).mean), 'nothing is known of it');
  });
});
