import assert from 'node:assert/strict';
import { floatTensor, sizeOf, type FloatTensor } from '../../../src/base/tensor.js';
import { Random } from '../../../src/base/random.js';
import { inMemory } from '../../../src/checkpoint/model.js';
import type { AttributeInput } from '../../../src/graph/attributes.js';
import { makeNode } from '../../../src/graph/edits.js';
import type { Graph, GraphNode } from '../../../src/graph/graph.js';
import { OrtSessions } from '../../../src/session/ort/ortSession.js';
import { assertClose } from '../support/close.js';
import { bothForms, graphOf, opsOf, random } from './bothForms.js';

type Attributes = Readonly<Record<string, AttributeInput>>;

describe('gradient/blocked: forms for the blocked layout', () => {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  after(() => sessions.dispose());
  const both = (graph: Graph, x: FloatTensor, wrt = 'x') => bothForms(sessions, graph, x, wrt);

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
          assert.ok(!opsOf(found.graph).includes('ScatterElements'), 'the blocked form');
          assert.ok(opsOf(found.other).includes('ScatterElements'), 'the plain form');
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
        opsOf(
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
        assert.ok(!opsOf(found.graph).includes('Greater') && !opsOf(found.graph).includes('Where'));
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
    assertClose(found.blocked, found.plain, { relative: 1e-6 }, 'gradient over blocks');
    const left = opsOf(found.graph).filter((op) => op === 'ReduceMean' || op === 'ReduceSum' || op === 'Expand');
    assert.ok(left.length <= 2, left.join()); // of the score itself
    assert.equal(opsOf(found.graph).filter((op) => op === 'GlobalAveragePool').length, 2);
    assert.ok(opsOf(found.other).includes('ReduceMean'));
  });

  it('a normalisation in front of a rectifier: its factor joins the kernel behind, unless somebody asks for what is between', async () => {
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
      assertClose(found.blocked, found.plain, { relative: 1e-6 }, `gradient over blocks by ${wrt}`);
    }
    const written = (await both(graph, x)).graph.graph.nodes.filter((n) => /^(n|r|y)\/grad/.test(n.name));
    const count = (op: string): number => written.filter((n) => n.op === op).length;
    // One product is that of the weights, which is done before the first run.
    assert.deepEqual([count('Mul'), count('Conv'), count('HardSigmoid')], [2, 1, 1]);
    // A sum has no kernel that could take the factor: it joins the mask.
    const summed: Graph = {
      ...graph,
      nodes: [
        ...graph.nodes.slice(0, 2),
        makeNode('Conv', 'z', ['r', 'w'], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }),
        makeNode('Add', 'y', ['z', 'r']),
      ],
    };
    const other = await both(summed, x);
    assertClose(other.blocked, other.plain, { relative: 1e-6 }, 'gradient over blocks');
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
    assertClose(found.blocked, found.plain, { relative: 1e-6 }, 'gradient over blocks');
    const entries = found.graph.graph.nodes.filter(
      (n) =>
        n.op === 'Conv' &&
        n.attributes.int('group', 1) === 16 &&
        found.graph.graph.nodes.some((o) => o.op === 'Reshape' && o.outputs[0] === n.inputs[0]),
    );
    assert.equal(entries.length, 1);
  });
});
