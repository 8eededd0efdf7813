import assert from 'node:assert/strict';
import { assertClose } from '../../support/close.js';
import { valueMapOf } from '../../../../src/runner/output/valueMap.js';
import { constantNet, through } from './constantNet.js';
import { readNet } from './support.js';

const LABELS = ['sky', 'road', 'car'];

describe('method/output: maps and sequences', () => {
  it('is a segmentation by its labels, channels first or last, and ranks classes by their share', async () => {
    for (const last of [false, true]) {
      // Class 1 wins three quarters of 16×16 places, class 2 the rest.
      const at = (k: number, p: number): number => (k === (p < 192 ? 1 : 2) ? 5 : 0);
      const data = Float32Array.from({ length: 768 }, (_, i) =>
        last ? at(i % 3, Math.floor(i / 3)) : at(Math.floor(i / 256), i % 256),
      );
      const net = constantNet({ out: { parts: [{ dims: last ? [1, 16, 16, 3] : [1, 3, 16, 16], data }] } });
      const { output, ranking } = await readNet(net, { labels: LABELS });
      assert.equal(output.kind, 'segmentation', output.reason);
      assert.deepEqual(
        ranking.top.map((c) => [c.label, c.logit, c.probability]),
        [
          ['road', 0.75, undefined],
          ['car', 0.25, undefined],
          ['sky', 0, undefined],
        ],
      );
    }
  });

  it('is a segmentation by a Softmax over the channels, and by an index of the best', async () => {
    const parts = [{ dims: [1, 4, 8, 8], data: [1] }];
    for (const head of [through(['Softmax', { axis: 1 }]), through(['ArgMax', { axis: 1 }])]) {
      const { output } = await readNet(constantNet({ out: { parts, head } }));
      assert.equal(output.kind, 'segmentation', output.reason);
    }
  });

  it('of one number at each place says where it is least and greatest, channels first or last', async () => {
    const data = Float32Array.from({ length: 15 * 20 }, (_, i) => Math.sin(i));
    data[7 * 20 + 3] = -4;
    data[2 * 20 + 19] = 9;
    for (const dims of [
      [1, 1, 15, 20],
      [1, 15, 20, 1],
    ]) {
      const { output, ranking } = await readNet(constantNet({ depth: { parts: [{ dims, data }] } }));
      assert.equal(output.kind, 'dense', output.reason);
      const { map, names } = ranking.decoded!;
      assert.deepEqual(map, {
        width: 20,
        height: 15,
        lowest: { value: -4, x: 3, y: 7 },
        highest: { value: 9, x: 19, y: 2 },
      });
      assert.deepEqual(names, ['minimum at 3, 7', 'mean', 'maximum at 19, 2']);
      const drawn = valueMapOf({ output }, ranking)!;
      assert.deepEqual([drawn.width, drawn.height], [20, 15]);
      assertClose(drawn.values, data, { absolute: 1e-6 }, 'values');
    }
  });

  it('of many places is drawn by means over squares, its ends as they are', async () => {
    const data = Float32Array.from({ length: 300 * 520 }, (_, i) => i % 520);
    const { output, ranking } = await readNet(constantNet({ depth: { parts: [{ dims: [1, 1, 300, 520], data }] } }));
    const { width, height, values, extremes } = valueMapOf({ output }, ranking)!;
    assert.deepEqual([width, height], [174, 100]);
    assertClose(Array.from(values.subarray(0, 3)), [1, 4, 7], { absolute: 1e-4 }, 'means of three columns');
    // The last square holds one column alone.
    assertClose(values[173]!, 519, { absolute: 1e-4 }, 'last');
    assert.deepEqual([extremes.lowest.value, extremes.highest.value], [0, 519]);
  });

  it('is a dense map where it is one number at each place, or a picture', async () => {
    for (const [name, dims] of [
      ['depth', [1, 1, 32, 32]],
      ['out', [1, 32, 32]],
      ['out', [1, 3, 64, 64]],
    ] as const) {
      const { output, ranking } = await readNet(constantNet({ [name]: { parts: [{ dims, data: [4] }] } }));
      assert.equal(output.kind, 'dense', `${dims.join('×')}: ${output.reason}`);
      assert.deepEqual([ranking.decoded!.values![0], ranking.decoded!.values![2]], [0, 4]);
      assert.deepEqual(ranking.top, []);
    }
  });

  it('a mask is a class against nothing', async () => {
    const { output } = await readNet(
      constantNet({ out: { parts: [{ dims: [1, 1, 32, 32], data: [4] }], head: through(['Sigmoid']) } }),
    );
    assert.equal(output.kind, 'segmentation');
  });

  it('features of a backbone are no classes', async () => {
    const { output, ranking } = await readNet(constantNet({ out: { parts: [{ dims: [1, 64, 1, 2], data: [4] }] } }));
    assert.equal(output.kind, 'unknown');
    assert.deepEqual([ranking.top, ranking.decoded, ranking.probabilities], [[], undefined, undefined]);
  });

  // "hello" in 12 steps with blanks between equal letters; class 0 is the blank.
  const ALPHABET = ['h', 'e', 'l', 'o'];
  const PATH = [1, 1, 0, 2, 3, 3, 0, 3, 0, 4, 4, 0];
  const score = (t: number, k: number): number => (PATH[t] === k ? 6 : 0);

  for (const [title, dims, at, axis] of [
    ['[N, T, C]', [1, 12, 5], (i: number) => score(Math.floor(i / 5), i % 5), 2],
    ['[T, N, C]', [12, 1, 5], (i: number) => score(Math.floor(i / 5), i % 5), 2],
    ['[N, C, T]', [1, 5, 12], (i: number) => score(i % 12, Math.floor(i / 12)), 1],
  ] as const)
    for (const op of ['Softmax', 'LogSoftmax'])
      it(`text in ${title} behind ${op} is read along the axis that is not normalised`, async () => {
        const data = Float32Array.from({ length: 60 }, (_, i) => at(i));
        const net = constantNet({ out: { parts: [{ dims, data }], head: through([op, { axis }]) } });
        const { output, ranking } = await readNet(net, { labels: ALPHABET });
        assert.equal(output.kind, 'sequence', output.reason);
        assert.equal(ranking.decoded!.text, 'hello');
        const [first] = ranking.decoded!.places!;
        assertClose(
          first!.probability,
          Math.exp(6) / (Math.exp(6) + 4),
          { absolute: 1e-5 },
          'probability of the first letter',
        );
      });

  it('numbers that nothing explains are unknown', async () => {
    const { output } = await readNet(constantNet({ out: { parts: [{ dims: [1, 9, 50], data: [] }] } }));
    assert.equal(output.kind, 'unknown');
    assert.match(output.reason, /Nothing says what its 9×50 numbers are/);
  });
});
