import assert from 'node:assert/strict';
import path from 'node:path';
import { inMemory, type StoredTensor } from '../../../src/checkpoint/model.js';
import { writeModelFile } from '../../../src/checkpoint/writer.js';
import { makeNode } from '../../../src/graph/edits.js';
import type { Graph, GraphNode } from '../../../src/graph/graph.js';
import { firstNodes } from '../../../src/graph/measure/firstNodes.js';
import { filePath } from '../../../src/base/place.js';
import { RunnerService } from '../../../src/runner/service.js';
import { resolve, removeModels, valuesOf, type Dims } from './models.js';
import { sketch, weight } from '../graph/support.js';
import { call } from '../support/call.js';
import { assertClose } from '../support/close.js';
import { temporaryFolder } from '../support/temporary.js';

const MEAN = [0.485, 0.456, 0.406];
const STD = [0.229, 0.224, 0.225];
const DIMS: Dims = [1, 3, 8, 8];

type Type = 'uint8' | 'int8';
const zero = (name: string, value: number, type: Type = 'uint8'): StoredTensor =>
  inMemory(name, { type, dims: [], data: type === 'uint8' ? Uint8Array.of(value) : Int8Array.of(value) });
const storage = (s: number, z: number, type: Type = 'uint8'): StoredTensor[] => [
  weight('s', [], [s]),
  zero('z', z, type),
];
const quantise = (from: string, to: string): GraphNode => makeNode('QuantizeLinear', to, [from, 's', 'z']);
const back = (from: string, to: string): GraphNode => makeNode('DequantizeLinear', to, [from, 's', 'z']);

/** A mean of each channel behind the given nodes, which end in `ready`. */
const graphOf = (
  nodes: readonly GraphNode[],
  weights: readonly StoredTensor[],
  type: 'float32' | Type = 'float32',
): Graph =>
  sketch({
    opset: 18,
    inputs: [{ name: 'input', type, dims: [1, 3, 8, 8] }],
    outputs: [{ name: 'logits', type: 'float32', dims: [1, 3] }],
    weights,
    nodes: [...nodes, makeNode('GlobalAveragePool', 'mean', ['ready']), makeNode('Flatten', 'logits', ['mean'])],
  });

const plan = async (graph: Graph, more: Omit<Parameters<typeof resolve>[0], 'context' | 'input'> = {}) => {
  const resolved = await resolve({ ...more, type: graph.inputs[0]!.type!, input: DIMS, context: { graph } });
  const { range, mean, std } = valuesOf(resolved) as { range: number[]; mean: number[]; std: number[] };
  return { range, mean, std, origin: resolved.preprocessing!.mean.origin, warnings: resolved.warnings };
};

const near = (actual: readonly number[], expected: readonly number[], what: string): void =>
  assertClose(actual, expected, { relative: 2e-3 }, what);

describe('how pictures are wanted by networks that were quantised', () => {
  after(removeModels);

  describe('numbers that the first quantiser was calibrated to hold', () => {
    const pair = [quantise('input', 'q'), back('q', 'ready')];
    for (const [what, s, z, type, range, mean, std] of [
      ["ImageNet's mean and deviation", 4.758 / 255, 114, 'uint8', [0, 1], MEAN, STD],
      ['the same, seen in fewer pictures', 4.74 / 255, 114, 'uint8', [0, 1], MEAN, STD],
      ['the same in int8', 4.758 / 255, -14, 'int8', [0, 1], MEAN, STD],
      ['0…1', 1 / 255, 0, 'uint8', [0, 1], [0, 0, 0], [1, 1, 1]],
      ['0…255', 1, 0, 'uint8', [0, 255], [0, 0, 0], [1, 1, 1]],
      ['−1…1', 2 / 255, 128, 'uint8', [-1, 1], [0, 0, 0], [1, 1, 1]],
      ['−1…1 in int8', 2 / 255, 0, 'int8', [-1, 1], [0, 0, 0], [1, 1, 1]],
    ] as const)
      it(`betray ${what}`, async () => {
        const found = await plan(graphOf(pair, storage(s, z, type)), { output: [1, 1000] });
        assert.deepEqual([found.range, found.mean, found.std], [range, mean, std]);
        assert.match(found.origin.detail, /^the graph's first QuantizeLinear, which holds -?[\d.]+…[\d.]+$/);
      });

    it('and so does a Clip; files that say it are believed before', async () => {
      const clip = graphOf(
        [makeNode('Clip', 'ready', ['input', 'low', 'high'])],
        [weight('low', [], [-1]), weight('high', [], [1])],
      );
      assert.deepEqual((await plan(clip)).range, [-1, 1]);
      const files = { 'preprocessor_config.json': { image_mean: MEAN, image_std: STD, do_rescale: true, size: 8 } };
      near((await plan(clip, { files })).mean, MEAN, 'mean');
    });

    it('say nothing where no way of preparing pictures has them, and are told then', async () => {
      const found = await plan(graphOf(pair, storage(0.05, 0)), { output: [1, 1000] });
      assert.match(
        found.warnings.join(' '),
        /first QuantizeLinear holds 0…12\.8; which pixel values these are is not clear/,
      );
      assert.deepEqual(found.mean, MEAN, 'the default');
      assert.equal(found.origin.kind, 'default');
    });
  });

  it('arithmetic is followed through a quantiser and what undoes it', async () => {
    const nodes = [
      quantise('input', 'q'),
      back('q', 'a'),
      makeNode('Div', 'b', ['a', 'full']),
      makeNode('Sub', 'c', ['b', 'mean']),
      makeNode('Div', 'ready', ['c', 'std']),
    ];
    const weights = [
      ...storage(1, 0),
      weight('full', [], [255]),
      weight('mean', [3, 1, 1], MEAN),
      weight('std', [3, 1, 1], STD),
    ];
    const found = await plan(graphOf(nodes, weights));
    assert.deepEqual(
      [found.range, found.mean, found.std],
      [
        [0, 255],
        [0, 0, 0],
        [1, 1, 1],
      ],
    );
    assert.match(found.origin.detail, /own first nodes \(Div, Sub, Div\)/);
    // The quantiser's grid is finer than the picture's where it comes behind the arithmetic.
    const behind = [makeNode('Div', 'a', ['input', 'full']), quantise('a', 'q'), back('q', 'ready')];
    const later = firstNodes(graphOf(behind, [...storage(1 / 255, 0), weight('full', [], [255])]), 'input', 1)!;
    near([later.span!.low, later.span!.high], [0, 255], 'span');
  });

  it('a quantiser whose other half has another scale ends the walk', () => {
    const nodes = [
      quantise('input', 'q'),
      makeNode('DequantizeLinear', 'a', ['q', 's2', 'z']),
      makeNode('Div', 'ready', ['a', 's2']),
    ];
    const found = firstNodes(graphOf(nodes, [...storage(1, 0), weight('s2', [], [2])]), 'input', 1)!;
    assert.deepEqual(found.operators, []);
  });

  describe('an input of integers', () => {
    for (const [what, s, z, type, range] of [
      ['bytes to 0…1', 1 / 255, 0, 'uint8', [0, 255]],
      ['bytes around 128', 0.0078125, 128, 'uint8', [0, 255]],
      ['signed bytes to −1…1', 0.0078125, 0, 'int8', [-128, 127]],
      ['signed bytes to 0…1', 1 / 255, -128, 'int8', [-128, 127]],
    ] as const)
      it(`${what}: the picture's own bytes`, async () => {
        const found = await plan(graphOf([back('input', 'ready')], storage(s, z, type), type), { output: [1, 1000] });
        assert.deepEqual([found.range, found.mean, found.std], [range, [0, 0, 0], [1, 1, 1]]);
        assert.match(found.origin.detail, /own first nodes \(DequantizeLinear\)/);
      });

    for (const [type, z] of [
      ['uint8', 114],
      ['int8', -14],
    ] as const)
      it(`in steps of what ImageNet's mean and deviation give is fed with these steps: ${type}`, async () => {
        const s = 4.758 / 255;
        const { range, mean, std } = await plan(graphOf([back('input', 'ready')], storage(s, z, type), type));
        assert.deepEqual(range, [0, 1]);
        for (let c = 0; c < 3; c++)
          for (const pixel of [0, 0.25, 1]) {
            const fed = (pixel - mean[c]!) / std[c]!;
            const meant = (pixel - MEAN[c]!) / STD[c]!;
            assertClose((fed - z) * s, meant, { absolute: 1e-6 }, `${pixel} in channel ${c}`);
          }
      });

    it('within a product of integers', async () => {
      const nodes = [
        makeNode('QLinearConv', 'product', ['input', 's', 'z', 'w', 's', 'wz', 's', 'z']),
        back('product', 'ready'),
      ];
      const kernel = inMemory('w', { type: 'int8', dims: [3, 3, 1, 1], data: new Int8Array(9).fill(1) });
      const graph = graphOf(nodes, [...storage(1 / 255, 0), kernel, zero('wz', 0, 'int8')], 'uint8');
      const found = firstNodes(graph, 'input', 1)!;
      assert.deepEqual(found.operators, ['QLinearConv']);
      near([found.scale[0]!, found.shift[0]!], [1 / 255, 0], 'numbers');
    });
  });

  it("predicts of a picture's bytes what the same network predicts of numbers 0…1", async () => {
    const folder = temporaryFolder();
    const service = new RunnerService({ idleMs: 0 });
    const picture = filePath(path.resolve('models/birds/pictures/Butterfinch/butterfinch-3000000.png'));
    const told = async (name: string, graph: Graph): Promise<number[]> => {
      const file = path.join(folder, `${name}.onnx`);
      await writeModelFile(graph, file);
      const { results } = await service.operations.predict(
        { model: filePath(file), inputs: [picture], top: 3 },
        call(),
      );
      const [first] = results;
      assert.ok(first !== undefined && 'result' in first, JSON.stringify(results));
      const { top = [], values = [] } = first.result;
      return top.length > 0 ? top.toSorted((a, b) => a.index - b.index).map((t) => t.logit) : [...values];
    };
    try {
      const numbers = await told('numbers', graphOf([makeNode('Identity', 'ready', ['input'])], []));
      assert.ok(
        numbers.every((v) => v > 0.2 && v < 1),
        numbers.join(),
      );
      for (const type of ['uint8', 'int8'] as const) {
        const graph = graphOf([back('input', 'ready')], storage(1 / 255, type === 'int8' ? -128 : 0, type), type);
        assertClose(await told(type, graph), numbers, { absolute: 0.5 / 255 }, type);
      }
    } finally {
      await service.dispose();
    }
  });
});
