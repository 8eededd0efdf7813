import assert from 'node:assert/strict';
import { int64Tensor } from '../../../src/base/tensor.js';
import { inMemory } from '../../../src/checkpoint/model.js';
import { Attributes, float } from '../../../src/graph/attributes.js';
import { makeNode } from '../../../src/graph/edits.js';
import type { GraphNode } from '../../../src/graph/graph.js';
import { difference, input, load, randomFeed, run, runGraph, saveSketch, weight, type Sketch } from './support.js';

/** Old forms of operators: what the file says must be what the upgraded graph computes. */
interface Case extends Partial<Sketch> {
  readonly title: string;
  readonly opset: number;
  readonly nodes: readonly GraphNode[];
  /** Operators that the upgraded graph must consist of. */
  readonly ops?: readonly string[];
}

const X = input('x', 2, 3, 4, 5);
const many: Case[] = [];
for (const op of [
  'ReduceSum',
  'ReduceMean',
  'ReduceMax',
  'ReduceMin',
  'ReduceProd',
  'ReduceL1',
  'ReduceL2',
  'ReduceLogSumExp',
  'ReduceSumSquare',
]) {
  const axes = op === 'ReduceSum' ? [7, 11, 12] : [7, 11, 13, 17];
  for (const opset of axes)
    many.push({
      title: `${op} of opset ${opset}`,
      opset,
      nodes: [makeNode(op, 'y', ['x'], { axes: opset < 11 ? [1, 3] : [-1, 1], keepdims: 0 })],
      ops: [op],
    });
  many.push({ title: `${op} without axes`, opset: axes[0]!, nodes: [makeNode(op, 'y', ['x'])], ops: [op] });
}
for (const op of ['Softmax', 'LogSoftmax', 'Hardmax']) {
  for (const axis of [undefined, 0, 1, 2, 3])
    many.push({
      title: `${op} over axis ${axis ?? 'default'} and all behind`,
      opset: 9,
      nodes: [makeNode(op, 'y', ['x'], { axis })],
    });
  many.push({
    title: `${op} of opset 11 over the last axis`,
    opset: 11,
    nodes: [makeNode(op, 'y', ['x'], { axis: -1 })],
    ops: [op],
  });
  many.push({
    title: `${op} of opset 11 over a negative axis`,
    opset: 11,
    nodes: [makeNode(op, 'y', ['x'], { axis: -2 })],
  });
  many.push({
    title: `${op} of a matrix`,
    opset: 9,
    inputs: [input('x', 2, 7)],
    nodes: [makeNode(op, 'y', ['x'])],
    ops: [op],
  });
  many.push({
    title: `${op} over channels of single positions`,
    opset: 9,
    inputs: [input('x', 2, 7, 1, 1)],
    nodes: [makeNode(op, 'y', ['x'])],
    ops: [op],
  });
  many.push({
    title: `${op} with a free batch`,
    opset: 9,
    inputs: [input('x', 'N', 3, 4)],
    nodes: [makeNode('Relu', 'r', ['x']), makeNode(op, 'y', ['r'])],
  });
}
const scales = (s: readonly number[]): Case['weights'] => [weight('s', [s.length], s)];
const R = input('x', 1, 2, 6, 6);
for (const [what, s] of [
  ['enlarging', [1, 1, 2, 3]],
  ['by fractions', [1, 1, 1.5, 2.5]],
] as const) {
  many.push({
    title: `Upsample 7 nearest, ${what}`,
    opset: 7,
    inputs: [R],
    nodes: [makeNode('Upsample', 'y', ['x'], new Attributes([{ name: 'scales', type: 'floats', value: s }]))],
    ops: ['Resize'],
  });
  for (const mode of ['nearest', 'linear']) {
    many.push({
      title: `Upsample 9 ${mode}, ${what}`,
      opset: 9,
      inputs: [R],
      weights: scales(s)!,
      nodes: [makeNode('Upsample', 'y', ['x', 's'], { mode })],
      ops: ['Resize'],
    });
    many.push({
      title: `Resize 10 ${mode}, ${what}`,
      opset: 10,
      inputs: [R],
      weights: scales(s)!,
      nodes: [makeNode('Resize', 'y', ['x', 's'], { mode })],
      ops: ['Resize'],
    });
  }
}
for (const s of [
  [1, 1, 0.5, 0.5],
  [1, 1, 0.4, 0.7],
  [1, 1, 2, 0.5],
  [1, 1, 0.3, 1.7],
]) {
  many.push({
    title: `Resize 10 nearest by ${s.slice(2).join(' × ')}`,
    opset: 10,
    inputs: [R],
    weights: scales(s)!,
    nodes: [makeNode('Resize', 'y', ['x', 's'], { mode: 'nearest' })],
  });
}
many.push({
  title: 'Resize 10 linear, shrinking',
  opset: 10,
  inputs: [R],
  weights: scales([1, 1, 0.5, 0.5])!,
  nodes: [makeNode('Resize', 'y', ['x', 's'], { mode: 'linear' })],
});
many.push({
  title: 'Resize 11 stays',
  opset: 11,
  inputs: [R],
  weights: [...scales([1, 1, 2, 2])!, weight('roi', [0], [])],
  nodes: [
    makeNode('Resize', 'y', ['x', 'roi', 's'], {
      mode: 'nearest',
      coordinate_transformation_mode: 'half_pixel',
      nearest_mode: 'round_prefer_ceil',
    }),
  ],
});

const CASES: Case[] = [
  ...many,
  {
    title: 'Squeeze 11',
    opset: 11,
    inputs: [input('x', 1, 3, 1, 5)],
    nodes: [makeNode('Squeeze', 'y', ['x'], { axes: [0, 2] })],
    ops: ['Squeeze'],
  },
  {
    title: 'Squeeze 7 of everything',
    opset: 7,
    inputs: [input('x', 1, 3, 1, 5)],
    nodes: [makeNode('Squeeze', 'y', ['x'])],
    ops: ['Squeeze'],
  },
  { title: 'Unsqueeze 7', opset: 7, nodes: [makeNode('Unsqueeze', 'y', ['x'], { axes: [0, 3] })], ops: ['Unsqueeze'] },
  {
    title: 'Slice 7',
    opset: 7,
    nodes: [makeNode('Slice', 'y', ['x'], { starts: [1, 0], ends: [3, -1], axes: [2, 3] })],
    ops: ['Slice'],
  },
  {
    title: 'Slice 9 without axes',
    opset: 9,
    nodes: [makeNode('Slice', 'y', ['x'], { starts: [0, 1], ends: [1, 1000] })],
    ops: ['Slice'],
  },
  {
    title: 'Split 7 in halves',
    opset: 7,
    nodes: [makeNode('Split', 's', ['x'], { axis: 2 }, ['a', 'b'])],
    outputs: ['a', 'b'],
    ops: ['Split'],
  },
  {
    title: 'Split 11 by sizes',
    opset: 11,
    nodes: [makeNode('Split', 's', ['x'], { axis: -1, split: [1, 3, 1] }, ['a', 'b', 'c'])],
    outputs: ['a', 'b', 'c'],
    ops: ['Split'],
  },
  {
    title: 'Split 13 in parts',
    opset: 13,
    inputs: [input('x', 2, 6)],
    nodes: [makeNode('Split', 's', ['x'], { axis: 1 }, ['a', 'b', 'c'])],
    outputs: ['a', 'b', 'c'],
    ops: ['Split'],
  },
  {
    title: 'Split 13 by sizes',
    opset: 13,
    inputs: [input('x', 2, 6)],
    weights: [inMemory('sizes', int64Tensor([2], [2, 4]))],
    nodes: [makeNode('Split', 's', ['x', 'sizes'], { axis: 1 }, ['a', 'b'])],
    outputs: ['a', 'b'],
    ops: ['Split'],
  },
  {
    title: 'Clip 6',
    opset: 7,
    nodes: [makeNode('Clip', 'y', ['x'], { min: float(-0.5), max: float(0.25) })],
    ops: ['Clip'],
  },
  {
    title: 'Clip 6 from above only',
    opset: 10,
    nodes: [makeNode('Clip', 'y', ['x'], { max: float(0.25) })],
    ops: ['Clip'],
  },
  {
    title: 'Clip 6 from below only',
    opset: 10,
    nodes: [makeNode('Clip', 'y', ['x'], { min: float(0) })],
    ops: ['Clip'],
  },
  { title: 'Clip 6 without limits', opset: 10, nodes: [makeNode('Clip', 'y', ['x'])], ops: ['Clip'] },
  {
    title: 'Pad 7 with a value',
    opset: 7,
    nodes: [makeNode('Pad', 'y', ['x'], { pads: [0, 0, 1, 2, 0, 0, 2, 1], value: float(1.5) })],
    ops: ['Pad'],
  },
  {
    title: 'Pad 10 that reflects',
    opset: 10,
    nodes: [makeNode('Pad', 'y', ['x'], { mode: 'reflect', pads: [0, 0, 1, 2, 0, 0, 2, 1] })],
    ops: ['Pad'],
  },
  { title: 'Dropout 7', opset: 7, nodes: [makeNode('Dropout', 'y', ['x'], { ratio: float(0.3) })], ops: ['Dropout'] },
  {
    title: 'Dropout 7 and its mask, which had the type of the data',
    opset: 7,
    nodes: [makeNode('Dropout', 'y', ['x'], { ratio: float(0.3) }, ['y', 'm'])],
    outputs: ['y'],
    ops: ['Dropout', 'CastLike'],
  },
  {
    title: 'TopK 7',
    opset: 7,
    nodes: [makeNode('TopK', 't', ['x'], { k: 2, axis: 1 }, ['y', 'i'])],
    outputs: ['y', 'i'],
    ops: ['TopK'],
  },
  {
    title: 'TopK 10',
    opset: 10,
    weights: [inMemory('k', int64Tensor([1], [3]))],
    nodes: [makeNode('TopK', 't', ['x', 'k'], {}, ['y', 'i'])],
    outputs: ['y', 'i'],
    ops: ['TopK'],
  },
  {
    title: 'Scatter 9',
    opset: 9,
    inputs: [input('x', 3, 3)],
    weights: [inMemory('i', int64Tensor([1, 2], [2, 0])), weight('u', [1, 2], [7, 8])],
    nodes: [makeNode('Scatter', 'y', ['x', 'i', 'u'], { axis: 0 })],
    ops: ['ScatterElements'],
  },
  {
    title: 'BatchNormalization 7',
    opset: 7,
    weights: [
      weight('s', [3], [1, 2, 3]),
      weight('b', [3], [0, 1, 2]),
      weight('m', [3], [0.1, 0.2, 0.3]),
      weight('v', [3], [1, 2, 3]),
    ],
    nodes: [makeNode('BatchNormalization', 'y', ['x', 's', 'b', 'm', 'v'], { epsilon: float(1e-3) })],
    ops: ['BatchNormalization'],
  },
  {
    title: 'RoiAlign 10',
    opset: 10,
    inputs: [input('x', 1, 2, 8, 8)],
    weights: [weight('rois', [2, 4], [0, 0, 5, 5, 1.2, 2.4, 6.1, 7]), inMemory('bi', int64Tensor([2], [0, 0]))],
    nodes: [makeNode('RoiAlign', 'y', ['x', 'rois', 'bi'], { output_height: 3, output_width: 3, sampling_ratio: 2 })],
    ops: ['RoiAlign'],
  },
  {
    title: 'AveragePool and MaxPool of opset 7',
    opset: 7,
    nodes: [
      makeNode('AveragePool', 'a', ['x'], { kernel_shape: [2, 2], pads: [1, 1, 0, 0] }),
      makeNode('MaxPool', 'y', ['a'], { kernel_shape: [2, 2] }),
    ],
    ops: ['AveragePool', 'MaxPool'],
  },
  {
    title: 'Gemm and Flatten of opset 7',
    opset: 7,
    weights: [
      weight(
        'w',
        [60, 2],
        Array.from({ length: 120 }, (_, i) => Math.sin(i)),
      ),
      weight('c', [2], [1, -1]),
    ],
    nodes: [makeNode('Flatten', 'f', ['x']), makeNode('Gemm', 'y', ['f', 'w', 'c'], { alpha: float(0.5) })],
    ops: ['Flatten', 'Gemm'],
  },
];

describe('upgrade to opset 18', () => {
  for (const c of CASES) {
    it(c.title, async () => {
      const file = await saveSketch({
        opset: c.opset,
        nodes: c.nodes,
        inputs: c.inputs ?? [X],
        outputs: c.outputs ?? ['y'],
        weights: c.weights ?? [],
      });
      const { graph } = await load(file);
      assert.equal(graph.opset, 18);
      if (c.ops !== undefined)
        assert.deepEqual(
          graph.nodes.map((n) => n.op),
          c.ops,
        );
      const feeds = Object.fromEntries(graph.inputs.map((v) => [v.name, randomFeed(v, 2, 7)]));
      const [before, after] = [await run(file, feeds), await runGraph(graph, feeds)];
      assert.deepEqual(Object.keys(after), Object.keys(before));
      for (const name of Object.keys(before)) {
        assert.equal(after[name]!.type, before[name]!.type);
        assert.ok(difference(before[name], after[name]) < 1e-6, `${name}: ${difference(before[name], after[name])}`);
      }
    });
  }

  it('refuses what ONNX has withdrawn, by name', async () => {
    const stats = ['s', 'b', 'm', 'v'].map((n) => weight(n, [3], [1, 1, 1]));
    for (const [node, sentence] of [
      [
        makeNode('BatchNormalization', 'y', ['x', 's', 'b', 'm', 'v'], { spatial: 0 }),
        /BatchNormalization "y" of opset 7.*spatial=0/,
      ],
      [makeNode('BatchNormalization', 'y', ['x', 's', 'b', 'm', 'v'], {}, ['y', 'mean']), /training mode/],
      [makeNode('Scan', 'y', ['', 'x'], {}), /Scan "y".*opset 8|Scan "y" of opset 7/],
    ] as const) {
      const file = await saveSketch({ opset: 7, nodes: [node], inputs: [X], outputs: ['y'], weights: stats });
      await assert.rejects(
        load(file),
        (e: Error & { code?: string }) => e.code === 'graph/upgrade' && sentence.test(e.message),
      );
    }
  });

  it('leaves opset 18 and newer alone', async () => {
    const node = makeNode('Softmax', 'y', ['x'], { axis: 1 });
    const { graph } = await load(await saveSketch({ opset: 21, nodes: [node], inputs: [X], outputs: ['y'] }));
    assert.equal(graph.opset, 21);
    assert.equal(graph.nodes.length, 1);
    assert.equal(graph.nodes[0]!.attributes.int('axis', 0), 1);
  });
});
