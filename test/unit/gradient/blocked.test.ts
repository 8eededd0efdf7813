import assert from 'node:assert/strict';
import { Random } from '../../../src/base/random.js';
import { floatTensor, sizeOf, toNumbers, type FloatTensor } from '../../../src/base/tensor.js';
import { inMemory } from '../../../src/checkpoint/model.js';
import type { AttributeInput } from '../../../src/graph/attributes.js';
import { makeNode } from '../../../src/graph/edits.js';
import { dimsAt } from '../../../src/graph/facts.js';
import type { Graph, GraphNode } from '../../../src/graph/graph.js';
import { buildGradient } from '../../../src/gradient/engine.js';
import type { GradientGraph } from '../../../src/gradient/request.js';
import { OrtSessions } from '../../../src/session/ort/ortSession.js';
import { probeFacts } from '../../../src/session/probe.js';
import { relativeError } from '../support/data.js';

/**
 * The forms of the CPU's blocked layout against the plain ones, which central differences check: a provider without
 * forms of its own gets those.
 */
const PLAIN = 'dml';

type Attributes = Readonly<Record<string, AttributeInput>>;

function random(dims: readonly number[], draw: (r: Random) => number, seed = 3): FloatTensor {
  const r = new Random(seed);
  return floatTensor(
    [...dims],
    Float32Array.from({ length: sizeOf(dims) }, () => draw(r)),
  );
}

function graphOf(
  dims: readonly number[],
  nodes: readonly GraphNode[],
  weights: readonly (readonly [string, FloatTensor])[] = [],
): Graph {
  return {
    name: 'blocked',
    irVersion: 10,
    opset: 18,
    opsets: new Map(),
    nodes,
    metadata: new Map(),
    inputs: [{ name: 'x', type: 'float32', dims: ['batch', ...dims.slice(1)] }],
    outputs: [{ name: nodes.at(-1)!.outputs[0]! }],
    weights: new Map(weights.map(([name, tensor]) => [name, inMemory(name, tensor)])),
  };
}

describe('gradient/blocked: forms for the blocked layout', () => {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  after(() => sessions.dispose());

  /** Both gradients of Σ y·direction with respect to `wrt`, and the two graphs. */
  async function both(
    graph: Graph,
    x: FloatTensor,
    wrt = 'x',
  ): Promise<{ blocked: number[]; plain: number[]; graph: GradientGraph; other: GradientGraph }> {
    const facts = await probeFacts(graph, sessions, { x: x.dims });
    const value = graph.outputs[0]!.name;
    const build = (provider: string): GradientGraph =>
      buildGradient(graph, facts, { score: { value, seed: 'direction' }, wrt: [wrt], provider });
    // Whole numbers: their sums do not depend on the order.
    const direction = random(dimsAt(facts.get(value)!, x.dims[0]!), (r) => Math.round(16 * r.normal()) || 1, 9);
    const run = async (built: GradientGraph): Promise<number[]> => {
      const session = await sessions.open(built.graph);
      const name = built.gradients.get(wrt)!;
      const out = await session.run({ x, [built.seed!]: direction }, [name]);
      await session.dispose();
      // -0 is 0.
      return [...toNumbers(out[name]!)].map((v) => v + 0);
    };
    const [first, second] = [build('cpu'), build(PLAIN)];
    return { blocked: await run(first), plain: await run(second), graph: first, other: second };
  }

  const ops = (g: GradientGraph): string[] => g.graph.nodes.map((n) => n.op);

  describe('max pooling: every gradient goes where the indices say, to the bit', () => {
    const windows: readonly (readonly [number, number, Attributes])[] = [
      [112, 112, { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }],
      [9, 10, { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }],
      [13, 13, { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 }],
      [14, 12, { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 }],
      [8, 9, { kernel_shape: [2, 2], strides: [2, 2] }],
      [9, 9, { kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 1 }],
      [7, 8, { kernel_shape: [3, 3], strides: [1, 1], pads: [1, 1, 1, 1] }],
      [7, 8, { kernel_shape: [5, 5], strides: [1, 1], pads: [2, 2, 2, 2] }],
      [11, 12, { kernel_shape: [5, 4], strides: [3, 2], pads: [2, 1, 1, 2] }],
      [10, 9, { kernel_shape: [1, 3], strides: [1, 2] }],
      [10, 9, { kernel_shape: [3, 1], strides: [3, 1], pads: [1, 0, 1, 0] }],
      [2, 3, { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }],
      [8, 8, { kernel_shape: [3, 3], strides: [2, 2], auto_pad: 'SAME_UPPER' }],
      [8, 8, { kernel_shape: [3, 3], strides: [2, 2], auto_pad: 'SAME_LOWER' }],
    ];
    // Few different values: ties in nearly every window, zeros and windows of zeros among them, also at the edges.
    const draws: Readonly<Record<string, (r: Random) => number>> = {
      'many ties': (r) => Math.round(r.normal() * 1.5) / 2,
      'zeros and negatives': (r) => Math.min(0, Math.round(r.normal())),
      'neighbours in float32': (r) => 1 + Math.floor(r.uniform() * 3) * 2 ** -23,
    };
    for (const [height, width, attributes] of windows) {
      const title = `${height}×${width}, ${JSON.stringify(attributes)}`;
      it(title, async () => {
        const dims = [2, 16, height, width];
        const graph = graphOf(dims, [makeNode('MaxPool', 'y', ['x'], attributes)]);
        for (const [name, draw] of Object.entries(draws)) {
          const found = await both(graph, random(dims, draw));
          assert.ok(!ops(found.graph).includes('ScatterElements'), 'the blocked form');
          assert.ok(ops(found.other).includes('ScatterElements'), 'the plain form');
          assert.deepEqual(found.blocked, found.plain, name);
        }
      });
    }

    it('behind a rectifier, whose zeros may be anybody’s', async () => {
      const dims = [2, 16, 9, 10];
      const pool = makeNode('MaxPool', 'y', ['r'], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] });
      const graph = graphOf(dims, [makeNode('Relu', 'r', ['x']), pool]);
      const x = random(dims, (r) => Math.round(r.normal() * 1.5) / 2);
      const found = await both(graph, x);
      assert.deepEqual(found.blocked, found.plain);
      // Asked about, the rectified value gets its own gradient, zeros and all.
      const inner = await both({ ...graph, outputs: [{ name: 'y' }] }, x, 'r');
      assert.deepEqual(inner.blocked, inner.plain);
    });

    it('a pool whose indices are read, or with gaps in its kernel, keeps the plain form', async () => {
      const dims = [1, 16, 9, 9];
      const gaps = graphOf(dims, [
        makeNode('MaxPool', 'y', ['x'], { kernel_shape: [2, 2], dilations: [2, 2], strides: [1, 1] }),
      ]);
      assert.ok(
        ops(
          (
            await both(
              gaps,
              random(dims, (r) => r.normal()),
            )
          ).graph,
        ).includes('ScatterElements'),
      );
    });
  });

  describe('rectifiers: 0 exactly at the ends, 1 between them', () => {
    const tiny = 1.2e-38;
    const values = (high: number): number[] => [
      -1,
      -tiny,
      0,
      tiny,
      1e-20,
      1e-7,
      high / 2,
      high * (1 - 2 ** -24),
      high * (1 - 2 ** -23),
      high,
      high * (1 + 2 ** -22),
      2 * high,
    ];
    for (const high of [6, 1, 4, 0.75, 20, 1000.5]) {
      it(`Clip(0, ${high})`, async () => {
        const dims = [1, 16, 3, 4];
        const list = values(high);
        const x = floatTensor(
          dims,
          Float32Array.from({ length: sizeOf(dims) }, (_, i) => list[i % list.length]!),
        );
        const scalar = (v: number): FloatTensor => floatTensor([], Float32Array.of(v));
        const graph = graphOf(
          dims,
          [makeNode('Clip', 'y', ['x', 'low', 'high'])],
          [
            ['low', scalar(0)],
            ['high', scalar(high)],
          ],
        );
        const found = await both(graph, x);
        assert.ok(!ops(found.graph).includes('Greater') && !ops(found.graph).includes('Where'));
        const inside = [...x.data].map((v) => v > 0 && v < Math.fround(high));
        found.blocked.forEach((g, i) => assert.equal(g !== 0, inside[i], `at ${x.data[i]}`));
        assert.deepEqual(found.blocked.map(Math.abs), found.plain.map(Math.abs));
      });
    }

    it('Relu', async () => {
      const dims = [1, 16, 3, 4];
      const list = values(6);
      const x = floatTensor(
        dims,
        Float32Array.from({ length: sizeOf(dims) }, (_, i) => list[i % list.length]!),
      );
      const found = await both(graphOf(dims, [makeNode('Relu', 'y', ['x'])]), x);
      found.blocked.forEach((g, i) => assert.equal(g !== 0, x.data[i]! > 0, `at ${x.data[i]}`));
      assert.deepEqual(found.blocked.map(Math.abs), found.plain.map(Math.abs));
    });
  });

  describe('strided convolutions', () => {
    type Shape = readonly [
      c: number,
      m: number,
      h: number,
      w: number,
      kernel: number[],
      strides: number[],
      pads: number[],
      group?: number,
    ];
    const shapes: readonly Shape[] = [
      [3, 64, 32, 32, [7, 7], [2, 2], [3, 3, 3, 3]],
      [3, 64, 31, 30, [7, 7], [2, 2], [3, 3, 3, 3]],
      [3, 32, 17, 16, [5, 5], [2, 2], [0, 0, 0, 0]],
      [3, 32, 16, 16, [3, 3], [2, 2], [1, 1, 1, 1]],
      [3, 32, 15, 18, [3, 3], [2, 2], [0, 0, 1, 1]],
      [1, 16, 19, 20, [11, 9], [4, 3], [2, 4, 1, 0]],
      [16, 32, 14, 14, [3, 3], [2, 2], [1, 1, 1, 1]],
      [16, 32, 15, 13, [3, 3], [2, 2], [1, 1, 1, 1]],
      [16, 32, 12, 11, [5, 3], [3, 2], [0, 2, 1, 0]],
      [32, 16, 9, 9, [3, 3], [2, 2], [0, 0, 0, 0]],
      [32, 16, 9, 10, [4, 4], [2, 2], [3, 3, 3, 3]],
      [32, 16, 8, 8, [1, 1], [2, 2], [0, 0, 0, 0]],
      [32, 32, 14, 15, [3, 3], [2, 2], [1, 1, 1, 1], 32],
      [32, 32, 14, 15, [5, 5], [2, 2], [2, 2, 2, 2], 32],
      [32, 32, 14, 14, [3, 3], [2, 2], [1, 1, 1, 1], 2],
    ];
    for (const [c, m, h, w, kernel, strides, pads, group = 1] of shapes) {
      it(`${c} → ${m} channels, ${h}×${w}, ${kernel.join('×')} by ${strides.join('×')}, padding ${pads.join()}, ${group} group(s)`, async () => {
        const dims = [2, c, h, w];
        const weight = random([m, c / group, ...kernel], (r) => r.normal());
        const conv = makeNode('Conv', 'y', ['x', 'w'], { kernel_shape: kernel, strides, pads, group });
        const found = await both(
          graphOf(dims, [conv], [['w', weight]]),
          random(dims, (r) => r.normal()),
        );
        assert.ok(relativeError(found.blocked, found.plain) < 1e-6);
      });
    }

    it('takes each form somewhere', async () => {
      const formOf = async ([c, m, h, w, kernel, strides, pads, group = 1]: Shape): Promise<string> => {
        const dims = [1, c, h, w];
        const weight = random([m, c / group, ...kernel], (r) => r.normal());
        const conv = makeNode('Conv', 'y', ['x', 'w'], { kernel_shape: kernel, strides, pads, group });
        const { graph } = await both(
          graphOf(dims, [conv], [['w', weight]]),
          random(dims, (r) => r.normal()),
        );
        const written = graph.graph.nodes.filter((n) => n.name.includes('/grad/'));
        const count = (op: string): number => written.filter((n) => n.op === op).length;
        return `${count('Conv')} Conv, ${count('ConvTranspose')} ConvTranspose, ${count('Split')} Split`;
      };
      assert.deepEqual(await Promise.all([shapes[0]!, shapes[3]!, shapes[6]!, shapes[11]!, shapes[12]!].map(formOf)), [
        '2 Conv, 0 ConvTranspose, 1 Split',
        '1 Conv, 0 ConvTranspose, 1 Split',
        '4 Conv, 0 ConvTranspose, 0 Split',
        '0 Conv, 1 ConvTranspose, 0 Split',
        '1 Conv, 1 ConvTranspose, 0 Split',
      ]);
    });
  });

  it('squeeze and excitation: no reduction and no broadcast over the positions is left, and the values stay', async () => {
    const dims = [2, 16, 6, 5];
    const one = random([16, 16, 1, 1], (r) => r.normal());
    const conv = random([16, 16, 3, 3], (r) => r.normal());
    const graph = graphOf(
      dims,
      [
        makeNode('Conv', 'a', ['x', 'w'], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }),
        makeNode('Sigmoid', 'b', ['a']),
        makeNode('Mul', 'c', ['a', 'b']),
        makeNode('ReduceMean', 'm', ['c', 'axes'], { keepdims: 1 }),
        makeNode('Conv', 'f', ['m', 'v'], { kernel_shape: [1, 1] }),
        makeNode('Sigmoid', 'g', ['f']),
        makeNode('Mul', 'h', ['g', 'c']),
        makeNode('Conv', 'y', ['h', 'w'], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }),
      ],
      [
        ['w', conv],
        ['v', one],
      ],
    );
    const axes = { type: 'int64' as const, dims: [2], data: BigInt64Array.from([2n, -1n]) };
    const whole = { ...graph, weights: new Map([...graph.weights, ['axes', inMemory('axes', axes)]]) };
    const found = await both(
      whole,
      random(dims, (r) => r.normal()),
    );
    assert.ok(relativeError(found.blocked, found.plain) < 1e-6);
    const left = ops(found.graph).filter((op) => op === 'ReduceMean' || op === 'ReduceSum' || op === 'Expand');
    assert.ok(left.length <= 2, left.join()); // of the score itself
    assert.equal(ops(found.graph).filter((op) => op === 'GlobalAveragePool').length, 2);
    assert.ok(ops(found.other).includes('ReduceMean'));
  });

  it('a normalisation in front of a rectifier: its factor joins the mask, unless somebody asks for what is between', async () => {
    const dims = [2, 16, 6, 5];
    const conv = random([16, 16, 3, 3], (r) => r.normal());
    const statistic = (seed: number): FloatTensor => random([16], (r) => 0.5 + r.uniform(), seed);
    const graph = graphOf(
      dims,
      [
        makeNode('BatchNormalization', 'n', ['x', 'scale', 'shift', 'mean', 'variance']),
        makeNode('Relu', 'r', ['n']),
        makeNode('Conv', 'y', ['r', 'w'], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }),
      ],
      [
        ['w', conv],
        ['scale', statistic(1)],
        ['shift', statistic(2)],
        ['mean', statistic(4)],
        ['variance', statistic(5)],
      ],
    );
    const x = random(dims, (r) => r.normal());
    for (const wrt of ['x', 'n', 'r']) {
      const found = await both(graph, x, wrt);
      assert.ok(relativeError(found.blocked, found.plain) < 1e-6, wrt);
    }
    const written = (await both(graph, x)).graph.graph.nodes.filter((n) => /^(n|r)\/grad/.test(n.name));
    assert.equal(written.filter((n) => n.op === 'Mul').length, 1, 'one product for mask and factor');
  });

  it('a gradient from outside the layout enters it once, and nothing changes by it', async () => {
    const dims = [2, 16, 6, 6];
    const weight = random([16, 16, 3, 3], (r) => r.normal());
    const conv = (name: string, input: string): GraphNode =>
      makeNode('Conv', name, [input, 'w'], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] });
    // A residual block in front of a flattening: its gradient is a Reshape, which is not in the layout.
    const graph = graphOf(
      dims,
      [
        conv('a', 'x'),
        makeNode('Relu', 'b', ['a']),
        conv('c', 'b'),
        makeNode('Add', 'd', ['c', 'b']),
        makeNode('Relu', 'e', ['d']),
        makeNode('Flatten', 'y', ['e']),
      ],
      [['w', weight]],
    );
    const found = await both(
      graph,
      random(dims, (r) => r.normal()),
    );
    assert.ok(relativeError(found.blocked, found.plain) < 1e-6);
    const entries = found.graph.graph.nodes.filter(
      (n) =>
        n.op === 'Conv' &&
        n.attributes.int('group', 1) === 16 &&
        found.graph.graph.nodes.some((o) => o.op === 'Reshape' && o.outputs[0] === n.inputs[0]),
    );
    assert.equal(entries.length, 1);
  });
});
