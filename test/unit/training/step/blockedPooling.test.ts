import assert from 'node:assert/strict';
import { Random } from '../../../../src/base/random.js';
import { floatTensor, sizeOf, toFloat32, type FloatTensor } from '../../../../src/base/tensor.js';
import type { Window } from '../../../../src/gradient/emit/window.js';
import { OrtSessions } from '../../../../src/session/ort/ortSession.js';
import { maxPool, maxPoolGradient } from '../../../../src/training/step/blocked/pooling.js';
import { enter, leave, NCHWC, Writer } from '../../../../src/training/step/blocked/writer.js';
import { blockSize } from '../../../../src/training/step/form.js';

type Sizes = Omit<Window, 'output'>;

const square = { kernel: [2, 2], strides: [2, 2], dilations: [1, 1], begin: [0, 0], end: [0, 0], input: [6, 8] };
const CASES: readonly (readonly [what: string, sizes: Sizes, output: readonly number[]])[] = [
  ['windows side by side', square, [3, 4]],
  ['elements that are left over', { ...square, input: [7, 9] }, [3, 4]],
  ['windows that overlap, padded', { ...square, kernel: [3, 3], begin: [1, 1], end: [1, 1], input: [7, 8] }, [4, 4]],
  ['stride 1', { ...square, kernel: [3, 2], strides: [1, 1], begin: [1, 0], end: [1, 1] }, [6, 8]],
  ['gaps between windows', { ...square, strides: [3, 3], input: [8, 9] }, [3, 3]],
  ['rounded up', { ...square, kernel: [3, 3], input: [6, 8] }, [3, 4]],
  ['dilation', { ...square, dilations: [2, 2], strides: [1, 1] }, [4, 6]],
];

describe('training/step: max pooling in the blocked layout', () => {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  let block: number | undefined;
  before(async () => {
    block = await blockSize(sessions);
  });
  after(() => sessions.dispose());
  for (const [what, sizes, output] of CASES)
    it(`gives each gradient to the first of equal maxima: ${what}`, async function () {
      if (block === undefined) return this.skip();
      const s: Window = { ...sizes, output };
      const [n, c] = [2, 20];
      const random = new Random(3);
      const draw = (dims: readonly number[], value: () => number): FloatTensor =>
        floatTensor(dims, Float32Array.from({ length: sizeOf(dims) }, value));
      // Few different numbers, 0 and negative ones among them: most maxima are attained several times.
      const x = draw([n, c, ...s.input], () => random.below(3) - 2);
      const dy = draw([n, c, ...output], () => 1 + random.below(9));
      const w = new Writer(new Set(['x', 'dy']), block);
      const [from, gradient] = [enter(w, 'x', x.dims), enter(w, 'dy', dy.dims)];
      const y = maxPool(w, from, s);
      leave(w, y, 'y');
      leave(w, maxPoolGradient(w, { dy: gradient, x: from, y }, s, false), 'dx');
      const session = await sessions.open({
        name: 'pool',
        irVersion: 10,
        opset: 18,
        opsets: new Map([[NCHWC, 1]]),
        inputs: [
          { name: 'x', type: 'float32', dims: x.dims },
          { name: 'dy', type: 'float32', dims: dy.dims },
        ],
        outputs: [{ name: 'y' }, { name: 'dx' }],
        nodes: w.nodes,
        weights: w.weights,
        metadata: new Map(),
      });
      const out = await session.run({ x, dy }, ['y', 'dx']);
      await session.dispose();
      const expected = reference(s, x, dy);
      assert.deepEqual([...toFloat32(out['y']!)], [...expected.y]);
      assert.deepEqual([...toFloat32(out['dx']!)], [...expected.dx]);
    });
});

/** By the definition, plane by plane. */
function reference(s: Window, x: FloatTensor, dy: FloatTensor): { y: Float32Array; dx: Float32Array } {
  const [H, W] = s.input as [number, number];
  const [OH, OW] = s.output as [number, number];
  const y = new Float32Array(dy.data.length);
  const dx = new Float32Array(x.data.length);
  for (let o = 0; o < y.length; o++) {
    const plane = Math.floor(o / (OH * OW)) * H * W;
    const [i, j] = [Math.floor(o / OW) % OH, o % OW];
    let best = -Infinity;
    let at = -1;
    for (let k = 0; k < s.kernel[0]! * s.kernel[1]!; k++) {
      const h = i * s.strides[0]! + Math.floor(k / s.kernel[1]!) * s.dilations[0]! - s.begin[0]!;
      const v = j * s.strides[1]! + (k % s.kernel[1]!) * s.dilations[1]! - s.begin[1]!;
      if (h < 0 || h >= H || v < 0 || v >= W || x.data[plane + h * W + v]! <= best) continue;
      at = plane + h * W + v;
      best = x.data[at]!;
    }
    y[o] = best;
    dx[at]! += dy.data[o]!;
  }
  return { y, dx };
}
