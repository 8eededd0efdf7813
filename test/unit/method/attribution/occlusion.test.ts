import assert from 'node:assert/strict';
import { CancelledError, LensError } from '../../../../src/base/errors.js';
import { Random } from '../../../../src/base/random.js';
import { occlusion } from '../../../../src/method/attribution/occlusion.js';
import { meanOverWindows, windowGrid } from '../../../../src/method/attribution/occlusion/grid.js';
import type { Attribution } from '../../../../src/result/explanation.js';
import { assertClose } from '../../support/close.js';
import { suiteSubject, testSubject } from '../../support/subject.js';
import { overChannels, pooledNet } from './pooledNet.js';

describe('method/occlusion', () => {
  describe('windows', () => {
    it('are counted as Captum counts them: the last one may hang over the border', () => {
      assert.deepEqual(windowGrid(32, 32, 8, 4), { patch: 8, stride: 4, rows: 7, columns: 7 });
      assert.deepEqual(windowGrid(10, 7, 4, 3), { patch: 4, stride: 3, rows: 3, columns: 2 });
      assert.deepEqual(windowGrid(4, 4, 9, 3), { patch: 9, stride: 3, rows: 1, columns: 1 });
    });

    it('are averaged where they overlap, without those that are not known yet', () => {
      const grid = windowGrid(1, 5, 3, 2); // columns 0..2 and 2..4
      assert.deepEqual([...meanOverWindows(Float32Array.of(2, 4), grid, 1, 5)], [2, 2, 3, 4, 4]);
      assert.deepEqual([...meanOverWindows(Float32Array.of(2, NaN), grid, 1, 5)], [2, 2, 2, 0, 0]);
    });
  });

  describe('on small_cnn', () => {
    const t = suiteSubject('small_cnn');

    it('shows a running picture and stops when it is cancelled', async () => {
      const abort = new AbortController();
      const seen: [number, number][] = [];
      const request = {
        ...t.case(0),
        score: 'logit',
        seed: 0,
        params: { patch: '4', stride: '1', fill: 'zero', upsample: true, refine: 1, inference: 'incremental' },
      } as const;
      const running = occlusion.run(t.subject, request, {
        signal: abort.signal,
        random: new Random(0),
        progress: (done, total) => {
          seen.push([done, total]);
          if (seen.length === 3) abort.abort();
        },
      });
      await assert.rejects(running, CancelledError);
      assert.equal(seen.length, 3);
      assert.equal(seen[0]![1], 29 * 29);
      assert.equal(seen[0]![0], t.subject.batchSize('forward'));
    });

    it('does not depend on the batch size', async () => {
      const one = await testSubject('small_cnn', { memoryShare: 1e-12 });
      assert.equal(one.subject.batchSize('forward'), 1);
      assert.ok(
        t.subject.batchSize('forward') > 1,
        `t.subject.batchSize('forward'): ${t.subject.batchSize('forward')}`,
      );
      const a = await one.run('occlusion', 1, { patch: 8, stride: 8 });
      const b = await t.run('occlusion', 1, { patch: 8, stride: 8 });
      assertClose(
        a.attribution.values.data as Float32Array,
        b.attribution.values.data as Float32Array,
        { relative: 1e-5 },
        'map',
      );
      await one.dispose();
    });

    it('reproduces with the same seed, and differs with another, where it draws noise', async () => {
      const run = async (seed: number): Promise<Float32Array> =>
        (await t.run('occlusion', 0, { patch: 16, stride: 16, fill: 'noise' }, { seed })).attribution.values
          .data as Float32Array;
      assert.deepEqual(await run(1), await run(1));
      assert.notDeepEqual(await run(1), await run(2));
    });

    it('averages several sizes and says what "auto" settled', async () => {
      const [a, b, both] = await Promise.all(['8', '16', '8,16'].map((patch) => t.run('occlusion', 2, { patch })));
      const mean = (a!.attribution.values.data as Float32Array).map(
        (v, i) => (v + (b!.attribution.values.data[i] as number)) / 2,
      );
      assertClose(both!.attribution.values.data as Float32Array, mean, { relative: 1e-6 }, 'mean of the maps');
      const settled: Attribution & object = (await t.run('occlusion', 2)).attribution;
      assert.equal(settled.axes, 'HW');
      assert.deepEqual(settled.resolution, [15, 15]);
      assert.deepEqual((await t.run('occlusion', 2)).params, { patch: '4', stride: '2' });
    });

    it('refuses what cannot be meant', async () => {
      const usage =
        (code: string) =>
        (e: unknown): boolean =>
          e instanceof LensError && e.code === code;
      await assert.rejects(t.run('occlusion', 0, { patch: 4, stride: 8 }), usage('params/value'));
      await assert.rejects(t.run('occlusion', 0, { patch: 64 }), usage('params/value'));
      await assert.rejects(t.run('occlusion', 0, { patch: '8,16', upsample: false }), usage('params/value'));
      assert.throws(() => t.run('occlusion', 0, { patch: 'big' }), usage('params/value'));
      assert.throws(
        () => t.run('occlusion', 0, { size: 3 }),
        (e: LensError) => e.code === 'params/unknown' && e.hint!.includes('patch, stride, fill'),
      );
    });
  });
});

describe('method/attribution/occlusion in closed form', () => {
  const net = pooledNet();

  it('by zeros is the sum of what the covered pixels add to the score', async () => {
    const { map } = await net.ask('occlusion', { patch: 4, stride: 4, fill: 'zero', upsample: false });
    const shares = overChannels((i) => net.slopes[i]! * net.on[i]!);
    const expected = new Float64Array(16);
    shares.forEach((v, p) => (expected[4 * Math.floor(p / 64) + Math.floor((p % 16) / 4)]! += v));
    assertClose(map, expected, { absolute: 1e-5 }, 'drops');
  });
});
