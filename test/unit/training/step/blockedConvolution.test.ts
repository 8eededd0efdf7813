import assert from 'node:assert/strict';
import { Random } from '../../../../src/base/random.js';
import { floatTensor, sizeOf, toFloat32, type FloatTensor } from '../../../../src/base/tensor.js';
import type { Graph } from '../../../../src/graph/graph.js';
import { OrtSessions } from '../../../../src/session/ort/ortSession.js';
import {
  biasGradient,
  convolution,
  inputGradient,
  weightGradient,
} from '../../../../src/training/step/blocked/convolution.js';
import { hasBlockedForm, type Convolution } from '../../../../src/training/step/blocked/geometry.js';
import { enter, leave, NCHWC, Writer } from '../../../../src/training/step/blocked/writer.js';
import { blockSize } from '../../../../src/training/step/form.js';
import { relativeError } from '../../support/data.js';

type Case = Partial<Omit<Convolution, 'output'>> & { readonly plain?: boolean };

/** Sizes of a convolution, with PyTorch's rule for its output. */
function sizes(c: Case): Convolution {
  const s = {
    batch: 3,
    channels: 16,
    filters: 16,
    group: 1,
    input: [6, 7],
    kernel: [3, 3],
    strides: [1, 1],
    dilations: [1, 1],
    begin: [1, 1],
    end: [1, 1],
    ...c,
  };
  const output = s.kernel.map((k, i) => {
    const free = s.input[i]! + s.begin[i]! + s.end[i]! - s.dilations[i]! * (k - 1) - 1;
    return Math.floor(free / s.strides[i]!) + 1;
  });
  return { ...s, output };
}

/** Forward and gradients by their definitions, in float64. */
function reference(s: Convolution, x: Float32Array, weight: Float32Array, bias: Float32Array, dy: Float32Array) {
  const [H, W] = s.input as [number, number];
  const [OH, OW] = s.output as [number, number];
  const [kh, kw] = s.kernel as [number, number];
  const [cg, kg] = [s.channels / s.group, s.filters / s.group];
  const y = new Float64Array(dy.length);
  const dx = new Float64Array(x.length);
  const dw = new Float64Array(weight.length);
  const db = new Float64Array(s.filters);
  for (let n = 0; n < s.batch; n++)
    for (let k = 0; k < s.filters; k++)
      for (let i = 0; i < OH; i++)
        for (let j = 0; j < OW; j++) {
          const o = ((n * s.filters + k) * OH + i) * OW + j;
          y[o]! += bias[k]!;
          db[k]! += dy[o]!;
          for (let c = 0; c < cg; c++)
            for (let r = 0; r < kh; r++)
              for (let t = 0; t < kw; t++) {
                const h = i * s.strides[0]! + r * s.dilations[0]! - s.begin[0]!;
                const v = j * s.strides[1]! + t * s.dilations[1]! - s.begin[1]!;
                if (h < 0 || h >= H || v < 0 || v >= W) continue;
                const at = ((n * s.channels + Math.floor(k / kg) * cg + c) * H + h) * W + v;
                const p = ((k * cg + c) * kh + r) * kw + t;
                y[o]! += x[at]! * weight[p]!;
                dx[at]! += dy[o]! * weight[p]!;
                dw[p]! += dy[o]! * x[at]!;
              }
        }
  return { y, dx, dw, db };
}

const CASES: readonly (readonly [what: string, sizes: Case])[] = [
  ['3×3', {}],
  ['a batch of whole blocks', { batch: 32, input: [4, 4] }],
  ['a batch of 17', { batch: 17, input: [4, 5] }],
  ['32 channels to 48', { channels: 32, filters: 48 }],
  ['24 channels to 56, filled up', { channels: 24, filters: 56 }],
  ['5 channels to 7', { channels: 5, filters: 7 }],
  ['a picture', { channels: 3, filters: 24, plain: true }],
  [
    'a picture, 7×7 with stride 2',
    {
      channels: 3,
      filters: 16,
      kernel: [7, 7],
      strides: [2, 2],
      begin: [3, 3],
      end: [3, 3],
      input: [13, 12],
      plain: true,
    },
  ],
  [
    'a grey picture, patches',
    {
      channels: 1,
      filters: 20,
      kernel: [4, 4],
      strides: [4, 4],
      begin: [0, 0],
      end: [0, 0],
      input: [12, 11],
      plain: true,
    },
  ],
  ['1×1', { kernel: [1, 1], begin: [0, 0], end: [0, 0], channels: 32 }],
  ['1×1 with stride 2', { kernel: [1, 1], begin: [0, 0], end: [0, 0], strides: [2, 2], input: [7, 8] }],
  ['stride 2, even', { strides: [2, 2], input: [8, 8] }],
  ['stride 2, odd', { strides: [2, 2], input: [7, 9], channels: 24 }],
  [
    'stride 3 with a kernel of 2: elements that no window sees',
    { strides: [3, 3], kernel: [2, 2], begin: [0, 0], end: [0, 0], input: [9, 10] },
  ],
  ['strides that differ', { strides: [1, 2], kernel: [2, 3], begin: [0, 1], end: [1, 0], input: [5, 9] }],
  [
    'a stride that leaves elements over',
    { strides: [3, 2], kernel: [2, 2], begin: [0, 0], end: [0, 0], input: [9, 7] },
  ],
  ['dilation', { dilations: [2, 2], begin: [2, 2], end: [2, 2] }],
  [
    'dilation that differs, with stride',
    { dilations: [1, 3], strides: [2, 2], begin: [1, 3], end: [1, 3], input: [8, 11] },
  ],
  ['dilation 2 with stride 2', { dilations: [2, 2], strides: [2, 2], begin: [2, 2], end: [2, 2], input: [9, 8] }],
  ['more padding than the kernel', { kernel: [2, 1], begin: [3, 2], end: [2, 3] }],
  ['padding on one side', { begin: [2, 0], end: [0, 1] }],
  ['no padding', { begin: [0, 0], end: [0, 0] }],
  ['a kernel as large as the picture', { kernel: [6, 7], begin: [0, 0], end: [0, 0] }],
  ['one column', { kernel: [5, 1], begin: [2, 0], end: [2, 0] }],
  ['depthwise', { channels: 32, filters: 32, group: 32 }],
  [
    'depthwise, 24 channels, stride 2',
    {
      channels: 24,
      filters: 24,
      group: 24,
      strides: [2, 2],
      kernel: [5, 5],
      begin: [2, 2],
      end: [2, 2],
      input: [9, 8],
    },
  ],
  ['depthwise, dilation', { channels: 16, filters: 16, group: 16, dilations: [2, 2], begin: [2, 2], end: [2, 2] }],
  ['groups of whole blocks', { channels: 32, filters: 64, group: 2 }],
  ['groups of 4 channels', { channels: 32, filters: 32, group: 8 }],
  ['groups of 4, the last block filled up', { channels: 24, filters: 24, group: 6, strides: [2, 2] }],
  ['groups of 8 to 16', { channels: 32, filters: 64, group: 4 }],
  ['three groups of 5', { channels: 15, filters: 30, group: 3 }],
  ['one row', { input: [1, 9], kernel: [1, 3], begin: [0, 1], end: [0, 1] }],
  ['one sample', { batch: 1 }],
];

describe('blocked convolutions', () => {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  let block: number | undefined;
  before(async () => {
    block = await blockSize(sessions);
  });
  after(() => sessions.dispose());
  for (const [what, c] of CASES) {
    it(what, async function () {
      if (block === undefined) {
        console.log('      there are no blocked operators on this processor');
        return this.skip();
      }
      const s = sizes(c);
      assert.ok(hasBlockedForm(s, block), 'this case has no blocked form');
      const random = new Random(5);
      const draw = (dims: readonly number[]): FloatTensor =>
        floatTensor(
          dims,
          Float32Array.from({ length: sizeOf(dims) }, () => random.normal()),
        );
      const feeds = {
        x: draw([s.batch, s.channels, ...s.input]),
        weight: draw([s.filters, s.channels / s.group, ...s.kernel]),
        bias: draw([s.filters]),
        dy: draw([s.batch, s.filters, ...s.output]),
      };
      const w = new Writer(new Set(Object.keys(feeds)), block);
      const x = c.plain === true ? { plain: 'x' } : enter(w, 'x', feeds.x.dims);
      const dy = enter(w, 'dy', feeds.dy.dims);
      leave(w, convolution(w, x, 'weight', 'bias', s), 'y');
      if (c.plain !== true) leave(w, inputGradient(w, dy, 'weight', s), 'dx');
      w.named('dw', 'Identity', [weightGradient(w, x, dy, s)]);
      w.named('db', 'Identity', [biasGradient(w, dy)]);
      const names = ['y', 'dw', 'db', ...(c.plain === true ? [] : ['dx'])];
      const session = await sessions.open(graphOf(w, feeds, names));
      const out = await session.run(feeds, names);
      await session.dispose();
      const expected = reference(s, feeds.x.data, feeds.weight.data, feeds.bias.data, feeds.dy.data);
      const dims = { y: feeds.dy.dims, dx: feeds.x.dims, dw: feeds.weight.dims, db: feeds.bias.dims };
      for (const name of names as (keyof typeof dims)[]) {
        assert.deepEqual([...out[name]!.dims], [...dims[name]], name);
        const error = relativeError(toFloat32(out[name]!), Float32Array.from(expected[name]));
        assert.ok(error < 2e-6, `${name} is off by ${error}`);
      }
    });
  }
});

describe('forms of blocked convolutions', () => {
  const form = (c: Case): boolean => hasBlockedForm(sizes(c), 16);
  it('are none where windows see only padding, or joining groups would cost more than it gains', () => {
    assert.ok(!form({ kernel: [2, 1], strides: [3, 3], begin: [2, 2], end: [0, 2], input: [1, 5] }));
    assert.ok(!form({ channels: 9 * 32, filters: 9 * 32, group: 32 }));
    assert.ok(!form({ kernel: [3], strides: [1], dilations: [1], begin: [1], end: [1], input: [9] }));
  });
});

function graphOf(w: Writer, feeds: Readonly<Record<string, FloatTensor>>, outputs: readonly string[]): Graph {
  return {
    name: 'blocked',
    irVersion: 10,
    opset: 18,
    opsets: new Map([[NCHWC, 1]]),
    inputs: Object.entries(feeds).map(([name, t]) => ({ name, type: 'float32' as const, dims: t.dims })),
    outputs: outputs.map((name) => ({ name, type: 'float32' as const })),
    nodes: w.nodes,
    weights: w.weights,
    metadata: new Map(),
  };
}
