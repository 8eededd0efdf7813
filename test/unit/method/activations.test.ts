import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { floatTensor, int64Tensor } from '../../../src/base/tensor.js';
import { inMemory, type StoredTensor } from '../../../src/checkpoint/model.js';
import { makeNode } from '../../../src/graph/edits.js';
import type { Facts, ValueFact } from '../../../src/graph/facts.js';
import type { Graph, GraphNode } from '../../../src/graph/graph.js';
import { receptiveFields, type Field, type FieldOfView } from '../../../src/graph/measure/receptiveField.js';
import { boundsOf, orderOf, summarise } from '../../../src/method/activations/channels.js';
import { cutPicture, fieldBox, inOriginal, shownField } from '../../../src/method/activations/field.js';
import { layoutOf, mapOf } from '../../../src/method/activations/layout.js';
import { assertClose } from '../support/close.js';
import { dataPath, reference, relativeError, requireData } from '../support/data.js';
import { expected, testSpec, testSubject, type TestSubject } from '../support/subject.js';

/** Facts at batch 1, all dimensions but the first fixed. */
function factsOf(shapes: Readonly<Record<string, readonly number[]>>): Facts {
  const entries = new Map<string, ValueFact>(
    Object.entries(shapes).map(([name, dims]) => [
      name,
      { type: 'float32', base: [0, ...dims.slice(1)], slope: [dims[0]!, ...dims.slice(1).map(() => 0)] },
    ]),
  );
  return { dynamicBatch: true, batch: 1, get: (v) => entries.get(v) };
}

function graphOf(nodes: readonly GraphNode[], weights: readonly StoredTensor[] = []): Graph {
  return {
    name: 'made',
    irVersion: 9,
    opset: 18,
    opsets: new Map(),
    inputs: [{ name: 'x', type: 'float32', dims: ['batch', 3, 32, 32] }],
    outputs: [{ name: nodes.at(-1)!.outputs[0]!, type: 'float32' }],
    nodes,
    weights: new Map(weights.map((w) => [w.name, w])),
    metadata: new Map(),
  };
}

const kernel = (name: string, size: number): StoredTensor => inMemory(name, floatTensor([1, 1, size, size]));
const rangeOf = (field: FieldOfView | undefined): readonly number[] =>
  field === undefined || field === 'whole' ? [] : [field.vertical.jump, field.vertical.low, field.vertical.high];

describe('method/activations', () => {
  describe('of models with references', () => {
    before(requireData);

    const models = [
      ['small_cnn', ['conv1', 'pool1', 'relu3', 'fc1']],
      ['odd_cnn', ['stem', 'avg', 'inorm', 'head']],
      ['cifar_resnet20', ['conv1', 'layer1', 'layer2', 'layer3', 'avgpool']],
      ['small_vit', ['blocks.0', 'norm']],
    ] as const;
    for (const [model, layers] of models) {
      it(`equal ${model}'s`, async () => {
        const test: TestSubject = await testSubject(model);
        try {
          const { subject } = test;
          const { input } = test.case(1);
          const names = layers.map((l) => `activation_${l.replace('.', '_')}`);
          for (const [i, name] of layers.entries()) {
            const { output } = subject.layer(name);
            const sample = (await subject.values(input, [output], test.signal)).get(output)!.data;
            const want = expected(model, names[i]!, 1);
            assertClose(sample, want, { relative: 1e-4 }, name);
            const layout = layoutOf(subject.graph, subject.facts, output);
            const { statistics } = summarise(layout, sample, undefined);
            const map = new Float32Array(layout.height * layout.width);
            mapOf(layout, sample, 2, map);
            const dims = reference(model, names[i]!).dims;
            const tokens = model === 'small_vit';
            assert.equal(
              layout.layout,
              tokens ? 'tokens' : layout.height * layout.width === 1 ? 'vector' : 'maps',
              name,
            );
            assert.equal(layout.channels, tokens ? dims[2] : dims[1], name);
            // Element (2, 1, 1) of a map, or feature 2 of the token of the second row and column after the class token.
            if (layout.layout !== 'vector') {
              const at = tokens ? (1 + 4 + 1) * 48 + 2 : (2 * dims[2]! + 1) * dims[3]! + 1;
              assertClose(map[layout.width + 1]!, want[at]!, { absolute: 1e-4 }, name);
            }
            const mean = map.reduce((a, b) => a + b, 0) / map.length;
            assertClose(statistics.mean[2]!, mean, { absolute: 1e-5 }, `${name}: mean of the third`);
          }
          if (model === 'small_vit') {
            const layout = layoutOf(subject.graph, subject.facts, subject.layer('norm').output);
            assert.deepEqual([layout.height, layout.width, layout.prefixTokens], [4, 4, 1]);
            assert.match(layout.notes.join(' '), /Left out of the maps: the class token/);
          }
        } finally {
          await test.dispose();
        }
      });
    }

    it('have the moments and zeros of activation_statistics.json', async () => {
      const file = JSON.parse(readFileSync(dataPath('reference/activation_statistics.json'), 'utf8')) as Record<
        string,
        { values: Record<string, { mean: number; min: number; max: number; zero_fraction: number; shape: number[] }> }
      >;
      const { values } = file['cifar_resnet20.onnx']!;
      const test = await testSubject('cifar_resnet20');
      try {
        const { subject } = test;
        const names = Object.keys(values).filter((n) => subject.facts.get(n) !== undefined);
        assert.ok(names.length > 60, `${names.length} values`);
        const batch = reference('cifar_resnet20', 'input');
        const out = await subject.values({ ...batch, dims: [4, 3, 32, 32] }, names, test.signal);
        for (const name of names) {
          const want = values[name]!;
          const layout = layoutOf(subject.graph, subject.facts, name);
          const data = out.get(name)!.data;
          const size = data.length / 4;
          const parts = [0, 1, 2, 3].map((k) => summarise(layout, data.subarray(k * size, (k + 1) * size), undefined));
          const scale = Math.max(Math.abs(want.min), Math.abs(want.max));
          const mean = parts.reduce((sum, p) => sum + p.mean / 4, 0);
          const zero = parts.reduce((sum, p) => sum + p.zero / 4, 0);
          assertClose(mean, want.mean, { absolute: 1e-5 * scale }, `${name}: mean`);
          assertClose(zero, want.zero_fraction, { absolute: 1e-3 }, `${name}: zeros`);
          assertClose(Math.max(...parts.map((p) => p.max)), want.max, { absolute: 1e-4 * scale }, `${name}: max`);
          assertClose(Math.min(...parts.map((p) => p.min)), want.min, { absolute: 1e-4 * scale }, `${name}: min`);
        }
      } finally {
        await test.dispose();
      }
    });

    it('lie in the receptive field: what is outside changes nothing, what is at its corner does', async () => {
      const test = await testSubject('small_cnn');
      try {
        const { subject } = test;
        const { output } = subject.layer('relu3');
        const conv = 'conv3';
        const value = subject.layer(conv).output;
        const fields = receptiveFields(subject.graph, subject.facts, subject.input.name, [2, 3]);
        const field = fields.get(value) as Field;
        assert.deepEqual(fields.get(output), field);
        const [row, column] = [4, 4];
        const [top, bottom] = [field.vertical, field.vertical].map((f, i) => f.jump * row + (i === 0 ? f.low : f.high));
        const [left, right] = [field.horizontal, field.horizontal].map(
          (f, i) => f.jump * column + (i === 0 ? f.low : f.high),
        );
        const { input } = test.case(0);
        const dims = subject.facts.get(value)!.base;
        const [channels, h, w] = [dims[1]!, dims[2]!, dims[3]!];
        const units = async (change: (data: Float32Array) => void): Promise<Float32Array> => {
          const data = input.data.slice();
          change(data);
          const out = (await subject.values(floatTensor(input.dims, data), [value], test.signal)).get(value)!.data;
          return Float32Array.from({ length: channels }, (_, c) => out[(c * h + row) * w + column]!);
        };
        const set = (data: Float32Array, inside: boolean): void => {
          for (let c = 0; c < 3; c++)
            for (let y = 0; y < 32; y++)
              for (let x = 0; x < 32; x++)
                if ((y >= top! && y <= bottom! && x >= left! && x <= right!) === inside)
                  data[(c * 32 + y) * 32 + x] = 9;
        };
        assert.ok(
          top! >= 0 && bottom! < 32 && bottom! - top! < 31,
          'the field covers the picture: this proves nothing',
        );
        const plain = await units(() => undefined);
        assert.deepEqual(await units((d) => set(d, false)), plain);
        const corner = await units((d) => {
          for (let c = 0; c < 3; c++) {
            d[(c * 32 + top!) * 32 + left!] = 1e4;
            d[(c * 32 + bottom!) * 32 + right!] = -1e4;
          }
        });
        assert.ok(relativeError(corner, plain) > 1e-3, `relativeError(corner, plain): ${relativeError(corner, plain)}`);
      } finally {
        await test.dispose();
      }
    });
  });

  describe('receptive fields', () => {
    before(requireData);

    it('hold all that a unit depends on, in every layer of networks of many operators', async () => {
      let checked = 0;
      for (const model of ['odd_cnn', 'cifar_resnet20'] as const) {
        const test = await testSubject(model);
        try {
          const { subject } = test;
          const { input } = test.case(0);
          const fields = receptiveFields(subject.graph, subject.facts, subject.input.name, [2, 3]);
          const local = subject.layers.flatMap((l) => {
            const field = fields.get(l.output);
            const small =
              field !== undefined && field !== 'whole' && !field.gated && field.vertical.high - field.vertical.low < 24;
            return small ? [{ output: l.output, field }] : [];
          });
          for (const { output, field } of local) {
            const [, channels = 0, h = 0, w = 0] = subject.facts.get(output)!.base;
            const [row, column] = [Math.floor(h / 2), Math.floor(w / 2)];
            const inside = (f: Field['vertical'], unit: number, pixel: number): boolean =>
              pixel >= Math.floor(f.jump * unit + f.low) && pixel <= Math.ceil(f.jump * unit + f.high);
            const changed = input.data.slice();
            for (let c = 0; c < 3; c++)
              for (let y = 0; y < 32; y++)
                for (let x = 0; x < 32; x++)
                  if (!inside(field.vertical, row, y) || !inside(field.horizontal, column, x))
                    changed[(c * 32 + y) * 32 + x] = 5;
            const units = async (data: Float32Array): Promise<number[]> => {
              const out = (await subject.values(floatTensor(input.dims, data), [output], test.signal)).get(
                output,
              )!.data;
              return Array.from({ length: channels }, (_, c) => out[(c * h + row) * w + column]!);
            };
            const [before, after] = [await units(input.data), await units(changed)];
            assertClose(after, before, { relative: 1e-5 }, `${model} ${output}: ${JSON.stringify(field)}`);
            checked++;
          }
        } finally {
          await test.dispose();
        }
      }
      assert.ok(checked > 15, `${checked} layers`);
    });

    it('follow the arithmetic of convolutions and pools', () => {
      const conv = { kernel_shape: [3, 3], pads: [1, 1, 1, 1] };
      const graph = graphOf(
        [
          makeNode('Conv', 'a', ['x', 'w'], conv),
          makeNode('Relu', 'b', ['a']),
          makeNode('MaxPool', 'c', ['b'], { kernel_shape: [2, 2], strides: [2, 2] }),
          makeNode('Conv', 'd', ['c', 'w'], { ...conv, pads: [2, 2, 2, 2], dilations: [2, 2] }),
          makeNode('Add', 'e', ['c', 'd']),
          makeNode('ReduceMean', 'f', ['e', 'axes']),
          makeNode('Sigmoid', 'g', ['f']),
          makeNode('Mul', 'h', ['e', 'g']),
        ],
        [kernel('w', 3), inMemory('axes', int64Tensor([2], [2, 3]))],
      );
      const map = [1, 3, 16, 16];
      const facts = factsOf({
        x: [1, 3, 32, 32],
        a: [1, 3, 32, 32],
        b: [1, 3, 32, 32],
        c: map,
        d: map,
        e: map,
        h: map,
        f: [1, 3, 1, 1],
        g: [1, 3, 1, 1],
      });
      const fields = receptiveFields(graph, facts, 'x', [2, 3]);
      assert.deepEqual(rangeOf(fields.get('a')), [1, -1, 1]);
      assert.deepEqual(rangeOf(fields.get('c')), [2, -1, 2]);
      assert.deepEqual(rangeOf(fields.get('d')), [2, -5, 6]);
      assert.deepEqual(rangeOf(fields.get('e')), [2, -5, 6]);
      assert.equal(fields.get('g'), 'whole');
      assert.deepEqual([...rangeOf(fields.get('h')), (fields.get('h') as Field).gated], [2, -5, 6, true]);
    });

    it('follow transpositions, padding, slices and SAME padding', () => {
      const graph = graphOf(
        [
          makeNode('Transpose', 'a', ['x'], { perm: [0, 3, 1, 2] }),
          makeNode('Pad', 'b', ['a', 'pads']),
          makeNode('Conv', 'c', ['b', 'w'], { kernel_shape: [3, 3], strides: [2, 2], auto_pad: 'SAME_UPPER' }),
          makeNode('Slice', 'd', ['c', 'starts', 'ends', 'axes']),
          makeNode('Transpose', 'e', ['d'], { perm: [0, 2, 3, 1] }),
          makeNode('LayerNormalization', 'f', ['e', 'scale'], { axis: -1 }),
          makeNode('Reshape', 'g', ['f', 'shape']),
        ],
        [
          kernel('w', 3),
          inMemory('pads', int64Tensor([8], [0, 0, 1, 2, 0, 0, 1, 2])),
          inMemory('starts', int64Tensor([1], [1])),
          inMemory('ends', int64Tensor([1], [99])),
          inMemory('axes', int64Tensor([1], [2])),
        ],
      );
      const facts = factsOf({
        x: [1, 30, 28, 3],
        a: [1, 3, 30, 28],
        b: [1, 3, 32, 32],
        c: [1, 3, 16, 16],
        d: [1, 3, 15, 16],
        e: [1, 15, 16, 3],
        f: [1, 15, 16, 3],
        g: [1, 240, 3],
      });
      const fields = receptiveFields(graph, facts, 'x', [1, 2]);
      const c = fields.get('c') as Field;
      assert.deepEqual([c.axes, rangeOf(c), c.horizontal], [[2, 3], [2, -1, 1], { jump: 2, low: -2, high: 0 }]);
      assert.deepEqual(rangeOf(fields.get('d')), [2, 1, 3]);
      assert.deepEqual((fields.get('f') as Field).axes, [1, 2]);
      assert.equal(fields.get('g'), 'whole');
    });

    it('become boxes of the picture, cut at its border and taken back to the original', () => {
      const input = testSpec('x', [3, 32, 32]);
      const field = { size: [7, 5], stride: [2, 2], start: [-3, -2], local: true } as const;
      assert.deepEqual(fieldBox(field, 0, 1, input), { left: 0, top: 0, width: 5, height: 4 });
      assert.deepEqual(fieldBox(field, 15, 15, input), { left: 28, top: 27, width: 4, height: 5 });
      const crop = { left: 10, top: 0, width: 64, height: 64, originalWidth: 84, originalHeight: 64 };
      const box = { left: 4, top: 8, width: 8, height: 4 };
      assert.deepEqual(inOriginal(box, crop, input), { left: 18, top: 16, width: 16, height: 8 });
      const data = Uint8Array.from({ length: 27 }, (_, i) => i);
      const cut = cutPicture({ width: 3, height: 3, data }, { left: 1, top: 1, width: 2, height: 1 });
      assert.deepEqual([...cut.data], [12, 13, 14, 15, 16, 17]);
    });
  });

  describe('layouts', () => {
    it('see channels first after convolutions and last after linear layers', () => {
      const graph = graphOf(
        [
          makeNode('Conv', 'a', ['x', 'w']),
          makeNode('Transpose', 'b', ['a'], { perm: [0, 2, 3, 1] }),
          makeNode('LayerNormalization', 'c', ['b', 's']),
          makeNode('Add', 'd', ['b', 'c']),
        ],
        [kernel('w', 3)],
      );
      const facts = factsOf({ x: [1, 3, 8, 8], a: [1, 5, 8, 6], b: [1, 8, 6, 5], c: [1, 8, 6, 5], d: [1, 8, 6, 5] });
      for (const value of ['a', 'b', 'c', 'd']) {
        const layout = layoutOf(graph, facts, value);
        assert.deepEqual([layout.layout, layout.channels, layout.height, layout.width], ['maps', 5, 8, 6], value);
      }
      assert.equal(layoutOf(graph, facts, 'd').place(2, 1, 3), (6 + 3) * 5 + 2);
    });

    it('put the windows of a Swin transformer back side by side', () => {
      const graph = graphOf([makeNode('MatMul', 'y', ['x', 'w'])], [inMemory('w', floatTensor([3, 3]))]);
      const layout = layoutOf(graph, factsOf({ y: [4, 9, 3] }), 'y');
      assert.deepEqual([layout.height, layout.width, layout.channels], [6, 6, 3]);
      // Row 4, column 1: the window below, its second row.
      assert.equal(layout.place(2, 4, 1), (2 * 9 + 3 + 1) * 3 + 2);
      assert.match(layout.notes.join(' '), /4 windows of 9 tokens/);
    });

    it('put tokens on the grid of the patches, not on heads × width of the attention before them', () => {
      const graph = graphOf([
        makeNode('Conv', 'patches', ['x', 'w']),
        makeNode('Reshape', 'tokens', ['patches', 'shape']),
        makeNode('Reshape', 'heads', ['tokens', 'shape']),
        makeNode('Transpose', 'keys', ['heads'], { perm: [0, 2, 3, 1] }),
        makeNode('Reshape', 'y', ['keys', 'shape']),
      ]);
      const shapes = {
        x: [1, 3, 64, 64],
        patches: [1, 64, 8, 8],
        tokens: [1, 65, 64],
        heads: [1, 65, 4, 16],
        keys: [1, 4, 16, 65],
        y: [1, 65, 64],
      };
      const layout = layoutOf(graph, factsOf(shapes), 'y');
      assert.deepEqual([layout.layout, layout.height, layout.width, layout.prefixTokens], ['tokens', 8, 8, 1]);
    });

    it('take attention as one map for each head', () => {
      const graph = graphOf([makeNode('MatMul', 's', ['q', 'k']), makeNode('Softmax', 'y', ['s'])]);
      const layout = layoutOf(graph, factsOf({ s: [1, 4, 17, 17], y: [1, 4, 17, 17] }), 'y');
      assert.deepEqual([layout.channels, layout.height, layout.width], [4, 17, 17]);
    });
  });

  it('count dead and saturated channels, NaN and infinities', () => {
    const graph = graphOf([makeNode('Conv', 'a', ['x', 'w']), makeNode('Sigmoid', 'y', ['a'])], [kernel('w', 3)]);
    const layout = layoutOf(graph, factsOf({ a: [1, 3, 1, 2], y: [1, 3, 1, 2] }), 'y');
    const got = summarise(layout, Float32Array.of(0, 0, 0.5, 0.999, NaN, Infinity), boundsOf(graph, 'y'));
    assert.deepEqual([got.dead, got.nan, got.infinite], [1, 1, 1]);
    assert.deepEqual([...got.statistics.saturated], [1, 0.5, 0]);
    assert.deepEqual([...orderOf(got.statistics, 'max')], [1, 0, 2]);
    assert.equal(boundsOf(graph, 'a'), undefined);
    assert.equal(shownField('whole', layout, testSpec('x', [3, 8, 8])).local, false);
  });
});
