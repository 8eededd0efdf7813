import assert from 'node:assert/strict';
import type { StoredTensor } from '../../../src/checkpoint/model.js';
import { makeNode } from '../../../src/graph/edits.js';
import type { Graph, GraphNode } from '../../../src/graph/graph.js';
import { firstNodes } from '../../../src/graph/measure/firstNodes.js';
import { input, sketch, weight } from '../graph/support.js';
import { removeModels, resolve, valuesOf, type Dims } from './models.js';

const MEAN = [0.485, 0.456, 0.406];
const STD = [0.229, 0.224, 0.225];
const CAFFE = [123.68, 116.78, 103.94];

/** A convolution behind the given nodes, which read `input` and end in `ready`. */
const graphOf = (dims: Dims, nodes: readonly GraphNode[], weights: readonly StoredTensor[] = []): Graph =>
  sketch({
    opset: 18,
    inputs: [input('input', ...dims)],
    outputs: ['logits'],
    weights: [...weights, weight('w', [1], [1])],
    nodes: [...nodes, makeNode('Conv', 'logits', ['ready', 'w'])],
  });

const NCHW: Dims = ['batch', 3, 224, 224];
const NHWC: Dims = ['batch', 224, 224, 3];
const channels = (name: string, values: readonly number[]): StoredTensor => weight(name, [values.length, 1, 1], values);
const node = (op: string, from: string, by: string, to: string): GraphNode => makeNode(op, to, [from, by]);

const settingsOf = async (
  graph: Graph,
  dims: Dims,
  more: Omit<Parameters<typeof resolve>[0], 'context' | 'input'> = {},
): Promise<{ values: ReturnType<typeof valuesOf>; warnings: readonly string[]; origin: string | undefined }> => {
  const resolved = await resolve({ ...more, input: dims, context: { graph } });
  return {
    values: valuesOf(resolved),
    warnings: resolved.warnings,
    origin: resolved.preprocessing?.range.origin.detail,
  };
};

describe('normalisation that is part of the graph', () => {
  after(removeModels);

  const forms: [string, Graph, Dims, readonly number[], string][] = [
    [
      'mean and deviation of 0..1',
      graphOf(
        NCHW,
        [node('Sub', 'input', 'mean', 'a'), node('Div', 'a', 'std', 'ready')],
        [channels('mean', MEAN), channels('std', STD)],
      ),
      NCHW,
      [0, 1],
      'RGB',
    ],
    [
      'bytes, / 255, then mean and deviation',
      graphOf(
        NCHW,
        [node('Div', 'input', 'full', 'a'), node('Sub', 'a', 'mean', 'b'), node('Div', 'b', 'std', 'ready')],
        [weight('full', [], [255]), channels('mean', MEAN), channels('std', STD)],
      ),
      NCHW,
      [0, 255],
      'RGB',
    ],
    [
      "Caffe's means of blue, green and red",
      graphOf(NCHW, [node('Sub', 'input', 'mean', 'ready')], [channels('mean', [...CAFFE].reverse())]),
      NCHW,
      [0, 255],
      'BGR',
    ],
    [
      "Keras' Rescaling to -1..1, channels last",
      graphOf(
        NHWC,
        [
          node('Mul', 'input', 'scale', 'a'),
          node('Add', 'a', 'offset', 'b'),
          makeNode('Transpose', 'ready', ['b'], { perm: [0, 3, 1, 2] }),
        ],
        [weight('scale', [], [1 / 127.5]), weight('offset', [], [-1])],
      ),
      NHWC,
      [0, 255],
      'RGB',
    ],
    [
      'channels last with a mean for each',
      graphOf(
        NHWC,
        [node('Sub', 'input', 'mean', 'a'), node('Mul', 'a', 'std', 'ready')],
        [
          weight('mean', [3], MEAN),
          weight(
            'std',
            [1, 1, 1, 3],
            STD.map((s) => 1 / s),
          ),
        ],
      ),
      NHWC,
      [0, 1],
      'RGB',
    ],
    [
      'a BatchNormalization of the picture',
      graphOf(
        NCHW,
        [makeNode('BatchNormalization', 'ready', ['input', 'gamma', 'beta', 'mean', 'variance'])],
        [
          weight('gamma', [3], [1, 1, 1]),
          weight('beta', [3], [0, 0, 0]),
          weight('mean', [3], [110, 108, 100]),
          weight('variance', [3], [4000, 3900, 4200]),
        ],
      ),
      NCHW,
      [0, 255],
      'RGB',
    ],
    [
      'from -1..1 back to bytes, then a mean',
      graphOf(
        NCHW,
        [node('Mul', 'input', 'half', 'a'), node('Add', 'a', 'half', 'b'), node('Sub', 'b', 'mean', 'ready')],
        [weight('half', [], [127.5]), channels('mean', CAFFE)],
      ),
      NCHW,
      [-1, 1],
      'RGB',
    ],
  ];
  for (const [name, graph, dims, range, color] of forms) {
    it(`${name}: the picture comes as ${range.join('..')} ${color}, and is not normalised again`, async () => {
      const { values, origin } = await settingsOf(graph, dims, { output: ['batch', 1000] });
      assert.deepEqual([values.range, values.mean, values.std, values.color], [range, [0, 0, 0], [1, 1, 1], color]);
      assert.match(origin!, /the graph's own first nodes/);
      assert.equal((values.resize as { size: number }).size, 256, 'size and crop are those of ImageNet all the same');
    });
  }

  it('is said to be unclear where a picture of no range would come out as networks want it', async () => {
    const graph = graphOf(NCHW, [node('Mul', 'input', 'k', 'ready')], [weight('k', [], [1e-3])]);
    const { values, warnings } = await settingsOf(graph, NCHW, { output: ['batch', 1000] });
    assert.match(warnings.join(), /begins with Mul of its input; which pixel values that is meant for is not clear/);
    assert.deepEqual(values.mean, MEAN, 'the default stands, and is said to be one');
  });

  it('comes before what files say, and after what a person says; both are told', async () => {
    const [, graph] = forms[0]!;
    const files = { 'preprocessor_config.json': { image_mean: MEAN, image_std: STD, size: 224 } };
    const beside = await settingsOf(graph, NCHW, { files });
    assert.deepEqual(
      [beside.values.mean, beside.values.std],
      [
        [0, 0, 0],
        [1, 1, 1],
      ],
    );
    assert.match(beside.warnings.join(), /but the graph normalises by itself: pictures are not normalised twice/);
    const said = await settingsOf(graph, NCHW, { sidecar: { input: { range: [0, 1], mean: MEAN, std: STD } } });
    assert.deepEqual(said.values.mean, MEAN);
    assert.match(said.warnings.join(), /normalised twice, as net\.lens\.json says/);
  });

  it('ends where the network begins: at another operator, at a weight of another shape, where there are two readers', () => {
    const scaled = (more: readonly GraphNode[]): Graph =>
      graphOf(
        NCHW,
        [node('Div', 'input', 'full', 'a'), ...more],
        [weight('full', [], [255]), weight('map', [1, 1, 224, 224], new Float32Array(224 * 224))],
      );
    const found = firstNodes(scaled([node('Mul', 'a', 'map', 'ready')]), 'input', 1);
    assert.deepEqual(found?.operators, ['Div']);
    assert.equal(firstNodes(graphOf(NCHW, [makeNode('Relu', 'ready', ['input'])]), 'input', 1), undefined);
    const twice = scaled([makeNode('Relu', 'ready', ['a']), makeNode('Neg', 'other', ['input'])]);
    assert.equal(firstNodes(twice, 'input', 1), undefined);
  });

  it('counts an inversion: 1 - x', () => {
    const graph = graphOf(['batch', 1, 28, 28], [makeNode('Sub', 'ready', ['one', 'input'])], [weight('one', [], [1])]);
    assert.deepEqual(firstNodes(graph, 'input', 1), { scale: [-1], shift: [1], operators: ['Sub'] });
  });
});
