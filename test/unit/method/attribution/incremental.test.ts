import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Random } from '../../../../src/base/random.js';
import { floatTensor } from '../../../../src/base/tensor.js';
import { IncrementalOcclusion } from '../../../../src/method/attribution/occlusion/incremental/run.js';
import {
  groupPositions,
  patchSpan,
  receptive,
  slide,
} from '../../../../src/method/attribution/occlusion/incremental/windows.js';
import { coarseWindows, interpolated, strongest } from '../../../../src/method/attribution/occlusion/refine.js';
import { windowGrid } from '../../../../src/method/attribution/occlusion/grid.js';
import { windowScorer } from '../../../../src/method/attribution/occlusion/scorer.js';
import { assertClose } from '../../support/close.js';
import { requireData } from '../../support/data.js';
import { testSubject, type TestSubject } from '../../support/subject.js';

describe('method/incremental occlusion', () => {
  it('finds exactly the outputs that see the window, whatever the operator', () => {
    const whole = fc.record({
      length: fc.integer({ min: 8, max: 40 }),
      kernel: fc.integer({ min: 1, max: 5 }),
      stride: fc.integer({ min: 1, max: 3 }),
      dilation: fc.integer({ min: 1, max: 2 }),
      begin: fc.integer({ min: 0, max: 3 }),
      end: fc.integer({ min: 0, max: 3 }),
      size: fc.integer({ min: 1, max: 8 }),
      start: fc.nat(40),
    });
    fc.assert(
      fc.property(whole, ({ length, kernel, stride, dilation, begin, end, size, start }) => {
        const extent = dilation * (kernel - 1) + 1;
        fc.pre(length + begin + end >= extent && begin < extent && end < extent);
        const output = Math.floor((length + begin + end - extent) / stride) + 1;
        const top = start % (length - size + 1);
        const window = patchSpan([[0, 1]], [top], size, length);
        const op = { kernel, stride, dilation, begin, output };
        const out = slide(window, op);
        const sees = (i: number): boolean =>
          Array.from({ length: kernel }, (_, k) => i * stride - begin + k * dilation).some(
            (p) => p >= top && p < top + size,
          );
        for (let i = 0; i < output; i++) {
          const inside = i >= out.start[0]! && i < out.start[0]! + out.size[0]!;
          assert.ok(inside || !sees(i), `output ${i} sees the window and lies outside of it`);
        }
        assert.ok(
          out.start[0]! >= 0 && out.start[0]! + out.size[0]! <= output,
          `out.start[0]: ${out.start[0]!}, out.start[0] + out.size[0]: ${out.start[0]! + out.size[0]!}, output: ${output}`,
        );
        const region = receptive(out, op, length);
        assert.equal(region.start[0], out.start[0]! * stride - begin);
        assert.equal(region.size[0], (out.size[0]! - 1) * stride + extent);
      }),
    );
  });

  it('groups every position once, near ones together', () => {
    const tops = Array.from({ length: 100 }, (_, i) => Math.floor(i / 10));
    const lefts = Array.from({ length: 100 }, (_, i) => i % 10);
    const { order, groups } = groupPositions(tops, lefts, 3);
    assert.deepEqual(
      [...order].sort((a, b) => a - b),
      [...Array(100).keys()],
    );
    assert.equal(groups.length, 9);
    assert.deepEqual(
      groups.map(([a, b]) => b - a).reduce((a, b) => a + b),
      100,
    );
    for (const [from, to] of groups) {
      const rows = [...order.subarray(from, to)].map((i) => tops[i]!);
      assert.ok(Math.max(...rows) - Math.min(...rows) <= 3, `${Math.max(...rows) - Math.min(...rows)}`);
    }
  });

  for (const [model, patch, stride] of [
    ['squeezenet_v1.0_dc', 48, 45], // ceil_mode pools, Concat, windows cut off by the border
    ['cifar_resnet20', 5, 7], // BatchNormalization, residual Add, strided 1×1, gaps between squares
    ['small_cnn', 8, 5],
    ['odd_cnn', 7, 6], // dilation, groups, PRelu, ConvTranspose, Resize: whole maps from some layer on
  ] as const) {
    it(`equals whole inputs on ${model}`, async function () {
      requireData.call(this);
      const t: TestSubject = await testSubject(model);
      try {
        const { input, target } = t.case(0);
        const random = new Random(5);
        const fill = floatTensor(
          input.dims,
          input.data.map(() => random.normal()),
        );
        const { height, width } = t.subject.input;
        const grid = windowGrid(height, width, patch, stride);
        const occlusion = { input, fill, target, score: 'logit', grid } as const;
        const count = grid.rows * grid.columns;
        const exact = await collect(await windowScorer(t.subject, occlusion, false, t.signal), count, t.signal);
        const incremental = await IncrementalOcclusion.open(t.subject, occlusion, 0, t.signal);
        assert.ok(!('reason' in incremental), 'reason' in incremental ? incremental.reason : '');
        const found = await collect(incremental, count, t.signal);
        const scale = Math.max(...exact.map(Math.abs));
        // Sums in another order: a few units in the last place of float32, through at most fifty layers.
        exact.forEach((v, i) => assertClose(v, found[i]!, { absolute: 1e-5 * scale }, `window ${i}`));
        const some = [0, 1, count - 1].filter((v, i, all) => all.indexOf(v) === i);
        const part = await collect(incremental, count, t.signal, some);
        for (const i of some) assertClose(part[i]!, exact[i]!, { absolute: 1e-5 * scale }, `window ${i} of a part`);
        assert.equal(part.filter((v) => !Number.isNaN(v)).length, some.length);
      } finally {
        await t.dispose();
      }
    });
  }

  it('says why a graph allows none', async function () {
    requireData.call(this);
    for (const [model, reason] of [
      ['mnist_cnn', /fixed batch size/],
      ['mnist_vit', /./],
    ] as const) {
      const t = await testSubject(model).catch(() => undefined);
      if (t === undefined) continue; // no reference input for it
      const { input, target } = t.case(0);
      const grid = windowGrid(t.subject.input.height, t.subject.input.width, 7, 7);
      const occlusion = { input, fill: floatTensor(input.dims), target, score: 'logit', grid } as const;
      const scorer = await windowScorer(t.subject, occlusion, true, t.signal);
      assert.match(scorer.note ?? '', reason);
      await t.dispose();
    }
  });
});

describe('method/coarse to fine', () => {
  it('is exact for a map that is linear, from the coarse windows alone', () => {
    const grid = windowGrid(40, 33, 8, 4);
    const plane = (i: number): number => 2 * Math.floor(i / grid.columns) - 3 * (i % grid.columns) + 1;
    const drops = new Float32Array(grid.rows * grid.columns).fill(NaN);
    const coarse = coarseWindows(grid);
    assert.ok(
      coarse.length < drops.length / 2,
      `coarse.length: ${coarse.length}, drops.length / 2: ${drops.length / 2}`,
    );
    for (const i of coarse) drops[i] = plane(i);
    interpolated(drops, grid).forEach((v, i) => assertClose(v, plane(i), { absolute: 1e-4 }, `square ${i}`));
  });

  it('refines where the map is strongest, whatever its sign', () => {
    const drops = Float32Array.of(0, NaN, 1, NaN, -9, NaN, 0);
    const guess = Float32Array.of(0, 0.5, 1, -4, -9, -4.5, 0);
    assert.deepEqual(strongest(drops, guess, 2 / 3), [5, 3]);
    assert.deepEqual(strongest(drops, guess, 0), []);
  });

  it('computes the share it says and keeps the peak', async function () {
    requireData.call(this);
    const t = await testSubject('cifar_resnet20');
    const whole = await t.run('occlusion', 0, { patch: 8, stride: 2, upsample: false });
    const fine = await t.run('occlusion', 0, { patch: 8, stride: 2, upsample: false, refine: 0.3 });
    const [a, b] = [whole, fine].map((r) => r.attribution.values.data as Float32Array) as [Float32Array, Float32Array];
    const same = a.filter((v, i) => Math.abs(v - b[i]!) < 1e-4).length;
    // A 13 × 13 grid: 49 coarse squares and 30 % of the other 120.
    assert.ok(same >= 85, `${same} of ${a.length} equal`);
    assert.ok(fine.notes.some((n) => n.includes('85 of 169')));
    assertClose(Math.max(...a), Math.max(...b), { absolute: 0.1 * Math.max(...a) }, 'largest drop');
    await t.dispose();
  });
});

async function collect(
  scorer: Awaited<ReturnType<typeof windowScorer>>,
  count: number,
  signal: AbortSignal,
  windows: readonly number[] = Array.from({ length: count }, (_, i) => i),
): Promise<number[]> {
  const out = new Array<number>(count).fill(NaN);
  await scorer.scores(windows, signal, (done, scores) => scores.forEach((s, k) => (out[done[k]!] = s)));
  return out;
}
