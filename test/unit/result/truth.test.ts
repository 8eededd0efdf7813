import assert from 'node:assert/strict';
import { attributionMethods } from '../../../src/method/index.js';
import type { Estimate } from '../../../src/result/estimate.js';
import { foundShare, TRUTH, truthOf } from '../../../src/result/truth.js';
import { estimate, massOn, peakOn, sobel } from '../../bench/truth/measures.js';
import { measureTruth } from '../../bench/truth/table.js';
import { assertClose } from '../support/close.js';

const within = ({ mean, low, high }: Estimate): boolean => low <= mean && mean <= high && low >= 0 && high <= 1;

describe('result/truth: what methods find', () => {
  it('has every method of the list, on every network that it can be asked about', () => {
    assert.deepEqual(
      TRUTH.methods.map(({ id }) => id),
      attributionMethods.map(({ id }) => id),
    );
    const transformers = TRUTH.networks.filter(({ kind }) => kind === 'transformer');
    for (const { id, networks: found } of [...TRUTH.methods, ...TRUTH.references]) {
      const attends = attributionMethods.some((m) => m.id === id && m.attends === true);
      assert.deepEqual(
        found.map(({ network }) => network),
        (attends ? transformers : TRUTH.networks).map((network) => network.id),
        id,
      );
      for (const { mass, peak } of found) assert.ok(within(mass) && within(peak), id);
    }
  });

  it('puts what knows nothing of the network where chance is, and the best well above', () => {
    for (const { id } of TRUTH.networks) {
      const random = TRUTH.references.find((r) => r.id === 'random')!.networks.find((n) => n.network === id)!;
      assertClose(random.mass.mean, TRUTH.area, { absolute: 0.01 }, `random numbers on ${id}`);
      const best = Math.max(
        ...TRUTH.methods.flatMap((m) => m.networks.filter((n) => n.network === id).map(foundShare)),
      );
      assert.ok(best > 4 * TRUTH.area, `${best}`);
    }
  });

  it('says what is found again: three methods, measured here', async function () {
    this.timeout(300_000);
    const methods = ['gradcam', 'gradient', 'guided_gradcam'];
    const again = await measureTruth({ methods, pictures: TRUTH.pictures, checked: 0, photographs: 0 });
    assertClose(again.area, TRUTH.area, { absolute: 1e-3 }, 'the area of the marks');
    for (const { id, networks } of again.methods)
      for (const { network, mass, peak } of networks) {
        const known = truthOf(id, network)!;
        // Two runtimes differ in the last digits: a peak may move on one picture.
        assertClose(mass.mean, known.mass.mean, { absolute: 0.005 }, `mass of ${id} on ${network}`);
        assertClose(peak.mean, known.peak.mean, { absolute: 1.5 / TRUTH.pictures }, `peaks of ${id} on ${network}`);
      }
  });
});

describe('bench/truth: measures', () => {
  const mark = Uint8Array.of(0, 1, 1, 0);

  it('adds up magnitudes on the mark, and looks where the largest is', () => {
    assert.equal(massOn(Float32Array.of(1, -2, 1, 0), mark), 0.75);
    assert.equal(peakOn(Float32Array.of(1, -2, 1, 0), mark), 1);
    assert.equal(peakOn(Float32Array.of(3, -2, 1, 0), mark), 0);
    assert.equal(peakOn(Float32Array.of(2, 2, 0, 0), mark), 0.5);
    assert.equal(massOn(new Float32Array(4), mark) + peakOn(new Float32Array(4), mark), 0);
  });

  it('gives a mean the interval that repeated draws have', () => {
    const values = Array.from({ length: 100 }, (_, i) => (i < 50 ? 1 : 0));
    const { mean, low, high } = estimate(values);
    assert.equal(mean, 0.5);
    // ±1.96 · √(0.25 / 100)
    assertClose([low, high], [0.402, 0.598], { absolute: 0.02 }, 'the interval');
    assert.deepEqual(estimate([0.3, 0.3, 0.3]), { mean: 0.3, low: 0.3, high: 0.3 });
  });

  it('finds edges and nothing else', () => {
    const data = Uint8Array.from({ length: 3 * 16 }, (_, i) => (Math.floor(i / 3) % 4 < 2 ? 0 : 255));
    const edges = sobel({ width: 4, height: 4, data });
    assert.deepEqual(
      Array.from(edges.slice(4, 8), (v) => v > 0),
      [false, true, true, false],
    );
  });
});
