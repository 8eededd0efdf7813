import assert from 'node:assert/strict';
import { floatTensor } from '../../../src/base/tensor.js';
import { colormap, DIVERGING, SEQUENTIAL } from '../../../src/result/colormap.js';
import type { Attribution } from '../../../src/result/explanation.js';
import {
  normalise,
  overlay,
  percentileOf,
  reduce,
  render,
  select,
  type ValueMap,
} from '../../../src/result/heatmap.js';
import { assertClose } from '../support/close.js';

const attribution = (axes: Attribution['axes'], dims: number[], values: number[], signed = true): Attribution => ({
  axes,
  signed,
  unit: 'logit',
  values: floatTensor(dims, Float32Array.from(values)),
});
const map = (values: number[], signed = true): ValueMap => ({
  width: values.length,
  height: 1,
  values: Float32Array.from(values),
  signed,
});

describe('reducing an attribution to one value per pixel', () => {
  const chw = attribution('CHW', [2, 1, 2], [3, -1, -4, 2]);
  const expected = { sum: [-1, 1], l1: [7, 3], l2: [5, Math.fround(Math.sqrt(5))], max: [4, 2] } as const;
  for (const how of ['sum', 'l1', 'l2', 'max'] as const) {
    it(`${how} gives the same for CHW and HWC`, () => {
      assert.deepEqual([...reduce(chw, how).values], expected[how]);
      assert.deepEqual([...reduce(attribution('HWC', [1, 2, 2], [3, -4, -1, 2]), how).values], expected[how]);
    });
  }
  it('only the sum of a signed attribution is signed', () => {
    assert.equal(reduce(chw, 'sum').signed, true);
    assert.equal(reduce(chw, 'l1').signed, false);
    assert.equal(reduce(attribution('HW', [1, 2], [1, 2], false), 'sum').signed, false);
  });
  it('refuses a shape that is not what the axes say', () => {
    assert.throws(() => reduce(attribution('CHW', [1, 2], [1, 2]), 'sum'), /not CHW/);
  });
});

describe('signs and scale', () => {
  it('selects one sign without touching the map', () => {
    const m = map([-2, 0, 3]);
    assert.deepEqual([...select(m, 'positive').values], [0, 0, 3]);
    assert.deepEqual([...select(m, 'negative').values], [2, 0, 0]);
    assert.deepEqual([...select(m, 'absolute').values], [2, 0, 3]);
    assert.equal(select(m, 'both'), m);
  });
  it('takes percentiles as NumPy does', () => {
    // numpy.percentile([1, 2, 3, 4], 40) == 2.2
    assertClose(percentileOf(Float32Array.of(4, -1, 3, -2), 40), 2.2, { absolute: 1e-6 }, 'percentile');
    assert.equal(percentileOf(Float32Array.of(1, 2, 9), 100), 9);
    assert.equal(percentileOf(new Float32Array(0), 50), 0);
  });
  it('keeps zero at zero and clips at the limit', () => {
    const n = normalise(map([-4, 0, 1, 2]), 100, 2);
    assert.deepEqual([...n.values], [-1, 0, 0.5, 1]);
    assert.deepEqual([...normalise(map([0, 0])).values], [0, 0]);
  });
  it('draws what is not finite as zero and does not scale by it', () => {
    const n = normalise(map([NaN, Infinity, 1, 2]), 100);
    assert.deepEqual([...n.values], [0, 0, 0.5, 1]);
  });
  it('a sparse map is scaled by its largest value', () => {
    const sparse = new Array<number>(1000).fill(0);
    sparse[7] = 5;
    assert.equal(normalise(map(sparse), 99).limit, 5);
  });
});

describe('colours', () => {
  it('sequential maps grow lighter, diverging ones are lightest at zero', () => {
    const light = (table: Uint8Array, i: number): number =>
      0.2126 * table[3 * i]! + 0.7152 * table[3 * i + 1]! + 0.0722 * table[3 * i + 2]!;
    for (const name of SEQUENTIAL) {
      const { table } = colormap(name);
      for (let i = 8; i < 256; i += 8) assert.ok(light(table, i) > light(table, i - 8), `${name} at ${i}`);
    }
    for (const name of DIVERGING) {
      const { table } = colormap(name);
      assert.ok(light(table, 128) > light(table, 20) && light(table, 128) > light(table, 235), name);
    }
  });
  it('positive is red in RdBu and blue in BuRd', () => {
    const [r, , b] = render(normalise(map([1]), 100), colormap('RdBu')).data;
    assert.ok(r! > b!, `r: ${r!}, b: ${b!}`);
    const reversed = render(normalise(map([1]), 100), colormap('BuRd')).data;
    assert.ok(reversed[0]! < reversed[2]!, `reversed[0]: ${reversed[0]!}, reversed[2]: ${reversed[2]!}`);
  });
  it('overlays by opacity, and leaves the picture alone where a signed map is zero', () => {
    const picture = { width: 2, height: 1, data: Uint8Array.of(10, 20, 30, 40, 50, 60) };
    assert.deepEqual(overlay(picture, normalise(map([0, 1], false), 100), colormap('magma'), 0).data, picture.data);
    const signed = overlay(picture, normalise(map([0, 1]), 100), colormap('RdBu'), 1);
    assert.deepEqual([...signed.data.subarray(0, 3)], [10, 20, 30]);
    assert.notDeepEqual([...signed.data.subarray(3)], [40, 50, 60]);
  });
});
