import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Random } from '../../../src/base/random.js';
import { floatTensor, toNumbers } from '../../../src/base/tensor.js';
import { inMemory, type StoredTensor } from '../../../src/checkpoint/model.js';
import { openCheckpoint } from '../../../src/checkpoint/reader.js';
import { readTensor } from '../../../src/checkpoint/readTensor.js';
import { buildGraph } from '../../../src/graph/build/build.js';
import { makeNode } from '../../../src/graph/edits.js';
import type { Graph, GraphNode } from '../../../src/graph/graph.js';
import { layersOf } from '../../../src/graph/layers/layers.js';
import { graphOddities, unusedOddity, weightOddities } from '../../../src/method/weights/oddities.js';
import { pageOf } from '../../../src/method/weights/page.js';
import { cosineMatrix, cosineNeighbours, principalComponents } from '../../../src/numeric/pca.js';
import { statisticsOf } from '../../../src/method/weights/statistics.js';
import { shownWeight, shownWeights } from '../../../src/method/weights/view.js';
import { chunksOf, permuted, plainArray, readBlock, reshaped } from '../../../src/session/weightArray.js';
import { assertClose } from '../support/close.js';
import { dataPath, modelPath, reference, requireData } from '../support/data.js';

interface Expected {
  readonly mean: number;
  readonly std: number;
  readonly min: number;
  readonly max: number;
  readonly l1: number;
  readonly l2: number;
  readonly zeros: number;
  readonly histogram16_min_to_max: readonly number[];
}

function close(actual: number, expected: number, tolerance: number, what: string): void {
  assertClose(actual, expected, { absolute: tolerance * Math.max(1e-6, Math.abs(expected)) }, what);
}

function graphOf(nodes: readonly GraphNode[], weights: readonly StoredTensor[]): Graph {
  return {
    name: 'made',
    irVersion: 10,
    opset: 21,
    opsets: new Map(),
    inputs: [{ name: 'x', type: 'float32', dims: [1, 3, 8, 8] }],
    outputs: [{ name: nodes.at(-1)!.outputs[0]!, type: 'float32' }],
    nodes,
    weights: new Map(weights.map((w) => [w.name, w])),
    metadata: new Map(),
  };
}

const ascending = (dims: readonly number[]): Float32Array =>
  Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => i);

describe('method/weights', () => {
  describe('statistics', () => {
    before(requireData);

    for (const model of ['cifar_resnet20.onnx', 'squeezenet_v1.0_dc.onnx', 'mnist_vit.onnx']) {
      it(`of every weight of ${model} are those of the reference`, async () => {
        const file = JSON.parse(readFileSync(dataPath('reference/weight_statistics.json'), 'utf8')) as Record<
          string,
          Record<string, Expected>
        >;
        const graph = buildGraph(await openCheckpoint(modelPath(model)));
        let compared = 0;
        for (const [name, want] of Object.entries(file[model]!)) {
          const shown = await shownWeight(graph, name);
          if (shown === undefined) continue;
          const got = await statisticsOf(shown.array);
          const scale = Math.max(Math.abs(want.min), Math.abs(want.max));
          assertClose(got.mean, want.mean, { absolute: 1e-6 * Math.max(scale, 1e-12) }, `${name} mean`);
          close(got.std, want.std, 1e-5, `${name} std`);
          close(got.min, want.min, 1e-6, `${name} min`);
          close(got.max, want.max, 1e-6, `${name} max`);
          close(got.l1, want.l1, 1e-5, `${name} l1`);
          close(got.l2, want.l2, 1e-5, `${name} l2`);
          assert.equal(Math.round(got.sparsity * got.count), want.zeros, `${name} zeros`);
          const sixteen = want.histogram16_min_to_max.map((_, i) =>
            got.histogram.counts.slice(4 * i, 4 * i + 4).reduce((a, b) => a + b, 0),
          );
          // An element on the border of two bins may fall to either side by rounding.
          const off = sixteen.reduce((sum, n, i) => sum + Math.abs(n - want.histogram16_min_to_max[i]!), 0);
          assert.ok(off <= Math.max(2, 0.001 * got.count), `${name} histogram: ${off} of ${got.count} elsewhere`);
          compared++;
        }
        assert.ok(compared > 40, `${compared} weights compared`);
      });
    }

    it('counts NaN and infinities and leaves them out', async () => {
      const data = Float32Array.of(1, NaN, 3, Infinity, 0, 0, 0, -Infinity);
      const got = await statisticsOf(plainArray(inMemory('w', floatTensor([2, 4], data))));
      assert.deepEqual([got.nan, got.infinite, got.count, got.min, got.max], [1, 2, 8, 0, 3]);
      assert.equal(got.mean, 4 / 5);
      assert.equal(got.sparsity, 3 / 5);
      assert.equal(
        got.histogram.counts.reduce((a, b) => a + b, 0),
        5,
      );
      assert.deepEqual([...got.dead], [0, 1]);
    });

    it('finds dead filters beside living ones', async () => {
      const data = Float32Array.from({ length: 40 }, (_, i) => (i < 10 ? 1 : i < 20 ? 0 : i < 30 ? 1e-9 : 2));
      const got = await statisticsOf(plainArray(inMemory('w', floatTensor([4, 10], data))));
      assert.deepEqual([...got.dead], [0, 1, 1, 0]);
      close(got.filterNorms[3]!, Math.sqrt(40), 1e-6, 'norm');
    });
  });

  describe('views', () => {
    before(requireData);

    it('shows first filters as colours, deeper ones as kernels, 1×1 and linear layers as matrices', async () => {
      const graph = buildGraph(await openCheckpoint(modelPath('squeezenet_v1.0_dc.onnx')));
      const layers = layersOf(graph);
      const view = async (name: string): Promise<string> => {
        const [main] = await shownWeights(
          graph,
          layers.find((l) => l.name === name)!,
        );
        return `${main!.entry.view} ${main!.entry.shape.join('×')}`;
      };
      assert.equal(await view('conv1'), 'rgb 96×3×7×7');
      assert.equal(await view('fire2.squeeze'), 'matrix 16×96');
      assert.equal(await view('fire2.expand3x3'), 'kernels 64×16×3×3');
      assert.equal(await view('conv_final'), 'matrix 1000×512');
    });

    it('turns the matrix of a MatMul so that rows are outputs, and shows position embeddings', async () => {
      const graph = buildGraph(await openCheckpoint(modelPath('mnist_vit.onnx')));
      const name = '/layers/layers.0/mlp/fc1/Transpose_output_0';
      const shown = (await shownWeight(graph, name))!;
      assert.deepEqual([shown.entry.view, ...shown.entry.shape], ['matrix', 128, 64]);
      const raw = toNumbers(await readTensor(graph.weights.get(name)!));
      const page = await pageOf(shown, { rowFrom: 5, rowCount: 2, columnFrom: 7, columnCount: 3 }, undefined);
      assert.deepEqual(
        [...page.values.data],
        [5, 6].flatMap((o) => [7, 8, 9].map((i) => Math.fround(raw[i * 128 + o]!))),
      );
      assert.deepEqual(
        [[...page.rows], [...page.columns]],
        [
          [5, 6],
          [7, 8, 9],
        ],
      );
      const position = (await shownWeight(graph, 'pos_embed'))!;
      assert.deepEqual([position.entry.view, position.entry.role], ['position', 'position']);
    });

    it('cuts pages that reach beyond the weight, and follows an order of rows', async () => {
      const graph = buildGraph(await openCheckpoint(modelPath('cifar_resnet20.onnx')));
      const shown = (await shownWeight(graph, 'layer1.0.conv1.weight'))!;
      const raw = toNumbers(await readTensor(graph.weights.get('layer1.0.conv1.weight')!));
      const beyond = await pageOf(shown, { rowFrom: 14, rowCount: 99, columnFrom: 15, columnCount: 9 }, undefined);
      assert.deepEqual(beyond.values.dims, [2, 1, 3, 3]);
      assert.equal(beyond.values.data[9], Math.fround(raw[(15 * 16 + 15) * 9]!));
      const order = Uint32Array.from({ length: 16 }, (_, i) => (i * 5) % 16);
      const mixed = await pageOf(shown, { rowFrom: 1, rowCount: 3, columnFrom: 0, columnCount: 16 }, order);
      assert.deepEqual([...mixed.rows], [5, 10, 15]);
      assert.equal(mixed.values.data[144 + 20], Math.fround(raw[10 * 144 + 20]!));
    });

    it('dequantises per channel, through a transposition', async () => {
      const stored: StoredTensor = inMemory('q', { type: 'int8', dims: [3, 2], data: Int8Array.of(1, 2, 3, 4, 5, 6) });
      const scale = inMemory('s', floatTensor([2], Float32Array.of(0.5, 10)));
      const zero = inMemory('z', { type: 'int8', dims: [2], data: Int8Array.of(1, 0) });
      const graph = graphOf(
        [
          makeNode('DequantizeLinear', 'd', ['q', 's', 'z'], { axis: 1 }),
          makeNode('Transpose', 't', ['d'], { perm: [1, 0] }),
          makeNode('MatMul', 'y', ['x', 't']),
        ],
        [stored, scale, zero],
      );
      const shown = (await shownWeight(graph, 'q'))!;
      assert.match(shown.entry.label!, /dequantised from int8, one scale per channel/);
      // The MatMul reads 2 × 3 and its rows are outputs: 3 × 2, as it is stored.
      assert.deepEqual(shown.entry.shape, [3, 2]);
      assert.deepEqual([...(await readBlock(shown.array, [0, 0], [3, 2]))], [0, 20, 1, 40, 2, 60]);
      const got = await statisticsOf(shown.array);
      assert.deepEqual([got.min, got.max, got.l1], [0, 60, 123]);
    });

    it('says that float16 is float16 and that blocks are blocks', async () => {
      const half = inMemory('h', {
        type: 'float16',
        dims: [4, 4, 1, 1],
        data: Uint16Array.from({ length: 16 }, () => 0x3c00),
      });
      const conv = graphOf([makeNode('Conv', 'y', ['x', 'h'])], [half]);
      const shown = (await shownWeight(conv, 'h'))!;
      assert.deepEqual([shown.entry.label, shown.entry.view], ['float16', 'matrix']);
      assert.deepEqual([...(await readBlock(shown.array, [0, 0], [1, 4]))], [1, 1, 1, 1]);
      const q = inMemory('q', { type: 'int8', dims: [2, 4], data: Int8Array.of(1, 1, 1, 1, 2, 2, 2, 2) });
      const s = inMemory('s', floatTensor([2, 2], Float32Array.of(1, 10, 100, 1000)));
      const blocks = graphOf(
        [
          makeNode('DequantizeLinear', 'd', ['q', 's'], { axis: 1, block_size: 2 }),
          makeNode('MatMul', 'y', ['d', 'x']),
        ],
        [q, s],
      );
      const matrix = (await shownWeight(blocks, 'q'))!;
      assert.match(matrix.entry.label!, /blocks of 2/);
      const values: number[] = [];
      for await (const chunk of chunksOf(matrix.array, undefined, 3)) values.push(...Array.from(chunk.values));
      assert.deepEqual(values, [1, 1, 10, 10, 200, 200, 2000, 2000]);
      assert.deepEqual([...(await readBlock(matrix.array, [0, 0], [2, 4]))], values);
    });

    it('unpacks matrices of four bits', async () => {
      const b = inMemory('b', {
        type: 'uint8',
        dims: [2, 1, 8],
        data: Uint8Array.from({ length: 16 }, (_, i) => 0x10 * (15 - i) + i),
      });
      const s = inMemory('s', floatTensor([2], Float32Array.of(1, 0.5)));
      const z = inMemory('z', { type: 'uint8', dims: [2], data: Uint8Array.of(3, 0) });
      const attributes = { N: 2, K: 14, bits: 4, block_size: 16 };
      const node = { ...makeNode('MatMulNBits', 'y', ['x', 'b', 's', 'z'], attributes), domain: 'com.microsoft' };
      const shown = (await shownWeight(graphOf([node], [b, s, z]), 'b'))!;
      assert.deepEqual([shown.entry.view, shown.entry.shape], ['matrix', [2, 14]]);
      assert.match(shown.entry.label!, /dequantised from 4 bits/);
      const values = await readBlock(shown.array, [0, 0], [2, 14]);
      assert.deepEqual([...values.subarray(0, 4)], [0 - 3, 15 - 3, 1 - 3, 14 - 3]);
      assert.deepEqual(
        [...values.subarray(14, 18)],
        [8, 7, 9, 6].map((v) => v / 2),
      );
    });

    it('gives depthwise, transposed, three-dimensional and recurrent weights a shape to be seen in', async () => {
      const view = async (op: string, dims: readonly number[], input = 1): Promise<string> => {
        const w = inMemory('w', floatTensor(dims, ascending(dims)));
        const inputs = input === 1 ? ['x', 'w'] : ['x', 'x', 'w'];
        const shown = (await shownWeight(graphOf([makeNode(op, 'y', inputs)], [w]), 'w'))!;
        return `${shown.entry.view} ${shown.entry.shape.join('×')}`;
      };
      assert.equal(await view('Conv', [8, 1, 3, 3]), 'depthwise 8×1×3×3');
      assert.equal(await view('ConvTranspose', [8, 4, 2, 2]), 'kernels 4×8×2×2');
      assert.equal(await view('Conv', [8, 4, 2, 3, 3]), 'kernels 8×4×6×3');
      assert.equal(await view('Conv', [8, 4, 5]), 'kernels 8×4×1×5');
      assert.equal(await view('Gemm', [5, 7]), 'matrix 7×5');
      assert.equal(await view('LSTM', [2, 12, 7]), 'matrix 24×7');
      assert.equal(await view('Add', [1, 17, 48]), 'position 17×48');
      assert.equal(await view('Mul', [1, 16, 1, 1]), 'vector 16');
    });
  });

  describe('strided views', () => {
    it('read any block as a copy would', async () => {
      const dims = [3, 4, 5];
      const array = permuted(plainArray(inMemory('w', floatTensor(dims, ascending(dims)))), [2, 0, 1]);
      const got = await readBlock(array, [1, 0, 2], [2, 3, 2]);
      const want: number[] = [];
      for (let c = 1; c < 3; c++)
        for (let a = 0; a < 3; a++) for (let b = 2; b < 4; b++) want.push((a * 4 + b) * 5 + c);
      assert.deepEqual([...got], want);
    });

    it('merge and split axes where strides allow it, and refuse where not', async () => {
      const dims = [4, 1, 6];
      const array = plainArray(inMemory('w', floatTensor(dims, ascending(dims))));
      assert.deepEqual(reshaped(array, [2, 2, 3, 2])!.strides, [12, 6, 2, 1]);
      assert.deepEqual(reshaped(array, [24])!.strides, [1]);
      assert.equal(reshaped(array, [5, 5]), undefined);
      const turned = permuted(array, [2, 1, 0]);
      assert.equal(reshaped(turned, [24]), undefined);
      assert.deepEqual(reshaped(turned, [3, 2, 4])!.strides, [2, 1, 6]);
    });
  });

  describe('principal components', () => {
    before(requireData);

    it('of 300 embeddings are those of scikit-learn', () => {
      const features = reference('embedding_300', 'features');
      const got = principalComponents(features, 10);
      const theirs = (name: string): ArrayLike<number> => reference('embedding_300', `pca_${name}`).data;
      assertClose(got.mean, theirs('mean'), { relative: 1e-5 }, 'mean');
      assertClose(got.variance, theirs('explained_variance'), { relative: 1e-5 }, 'variance');
      assertClose(got.explained, theirs('explained_variance_ratio'), { relative: 1e-5 }, 'share of the variance');
      const [axes, scores] = [theirs('components'), theirs('scores')];
      for (let k = 0; k < 10; k++) {
        let along = 0;
        for (let j = 0; j < 64; j++) along += got.components.data[k * 64 + j]! * axes[k * 64 + j]!;
        assertClose(Math.abs(along), 1, { absolute: 1e-4 }, `component ${k} along theirs`);
        const sign = Math.sign(along);
        const own = Float32Array.from({ length: 300 }, (_, i) => got.scores.data[i * 10 + k]! * sign);
        const want = Float32Array.from({ length: 300 }, (_, i) => scores[i * 10 + k]!);
        assertClose(own, want, { relative: 1e-3 }, `scores ${k}`);
      }
    });

    it('are the same through the Gram matrix', () => {
      const all = reference('embedding_300', 'features');
      const few = floatTensor([20, 64], all.data.slice(0, 20 * 64));
      // The same samples five times over have the same axes, and are more than there are features.
      const many = floatTensor([100, 64]);
      for (let i = 0; i < 5; i++) many.data.set(few.data, i * 20 * 64);
      const gram = principalComponents(few, 3);
      const plain = principalComponents(many, 3);
      assertClose(gram.components.data, plain.components.data, { relative: 1e-4 }, 'components');
      assertClose(gram.explained, plain.explained, { relative: 1e-6 }, 'share of the variance');
      assertClose(gram.scores.data, plain.scores.data.slice(0, 60), { relative: 1e-4 }, 'scores');
    });

    it('of many features are found without all the others, and agree with them', () => {
      const random = new Random(5);
      const [n, d] = [300, 260];
      const rows = floatTensor([n, d]);
      // A spectrum that falls slowly, as that of weights.
      for (let k = 0; k < d; k++) {
        const axis = Float64Array.from({ length: d }, () => random.normal());
        for (let i = 0; i < n; i++) {
          const along = random.normal() * 0.9 ** k;
          for (let j = 0; j < d; j++) rows.data[i * d + j]! += along * axis[j]!;
        }
      }
      const few = principalComponents(rows, 3);
      const many = principalComponents(rows, 80);
      assertClose(few.variance, many.variance.slice(0, 3), { relative: 1e-9 }, 'variance');
      assertClose(few.components.data, many.components.data.slice(0, 3 * d), { relative: 1e-5 }, 'components');
    });

    it('of constant or single rows are nothing, without NaN', () => {
      const same = principalComponents(floatTensor([4, 3], new Float32Array(12).fill(2)), 2);
      assert.deepEqual([...same.scores.data], new Array(8).fill(0));
      assert.deepEqual(same.explained, [0, 0]);
      assert.deepEqual(principalComponents(floatTensor([1, 3]), 2).scores.dims, [1, 0]);
    });
  });

  it('finds neighbours by angle', () => {
    const rows = floatTensor([4, 2], Float32Array.of(1, 0, 10, 1, 0, 3, -2, 0));
    assert.deepEqual(
      cosineNeighbours(rows, 0, 3).map((n) => n.index),
      [1, 2, 3],
    );
    assert.equal(cosineNeighbours(rows, 0, 3)[2]!.cosine, -1);
    assert.equal(cosineMatrix(rows).data[5], 1);
  });

  it('says what is odd about a weight', () => {
    const plain = { name: 'w', layer: 'conv1', count: 90, mean: 0, std: 1, sparsity: 0, l2: 1, nan: 0, infinite: 0 };
    const kinds = (
      more: { min?: number; max?: number; dead?: number; nan?: number },
      view = 'kernels',
      role = 'weight',
    ): string[] =>
      weightOddities({ ...plain, min: -1, max: 1, dead: 0, filters: 10, ...more }, role, view).map((o) => o.kind);
    assert.deepEqual(kinds({}), []);
    assert.deepEqual(kinds({ nan: 2 }), ['nan']);
    assert.deepEqual(kinds({ max: 1e6 }), ['huge']);
    assert.deepEqual(kinds({ dead: 3 }), ['dead-filters']);
    assert.deepEqual(kinds({ dead: 10, min: 0, max: 0 }), ['all-dead']);
    assert.deepEqual(kinds({ min: 2, max: 2 }), ['constant-weight']);
    assert.deepEqual(kinds({ min: -1e-3 }, 'vector', 'variance'), ['negative-variance']);
    assert.deepEqual(kinds({ dead: 3 }, 'vector', 'bias'), []);
  });

  it('says what is odd about a graph', () => {
    const odd = (nodes: readonly GraphNode[], weights: readonly StoredTensor[] = []): string[] => {
      const graph = graphOf(nodes, weights);
      return graphOddities(graph, layersOf(graph)).map((o) => o.kind);
    };
    const softmax = (name: string, from: string): GraphNode => makeNode('Softmax', name, [from], { axis: -1 });
    assert.deepEqual(odd([makeNode('Relu', 'a', ['x']), softmax('y', 'a')]), []);
    const flat = makeNode('Flatten', 'b', ['a']);
    assert.deepEqual(odd([softmax('a', 'x'), flat, softmax('y', 'b')]), ['softmax-twice']);
    const training = { training_mode: 1 };
    const norm = makeNode('BatchNormalization', 'y', ['x', 's', 's', 's', 's'], training);
    assert.deepEqual(odd([norm], [inMemory('s', floatTensor([3]))]), ['training-mode']);
    const chain = Array.from({ length: 12 }, (_, i) => makeNode('Conv', `c${i}`, [i === 0 ? 'x' : `c${i - 1}`, 'w']));
    assert.deepEqual(odd(chain, [inMemory('w', floatTensor([3, 3, 1, 1]))]), ['no-normalisation-layers']);
    const padded = (maker: GraphNode, mode = 'constant', op = 'MaxPool'): GraphNode[] => [
      maker,
      makeNode('Pad', 'p', ['a', 'pads'], { mode }),
      makeNode(op, 'y', ['p'], { kernel_shape: [3, 3] }),
    ];
    assert.deepEqual(odd(padded(makeNode('Tanh', 'a', ['x']))), ['lost-zeros']);
    assert.deepEqual(odd(padded(makeNode('Relu', 'a', ['x']))), []);
    assert.deepEqual(odd(padded(makeNode('Tanh', 'a', ['x']), 'edge')), []);
    assert.deepEqual(odd(padded(makeNode('Tanh', 'a', ['x']), 'constant', 'AveragePool')), []);
    const zero = inMemory('zero', floatTensor([]));
    assert.deepEqual(odd(padded(makeNode('Clip', 'a', ['x', 'zero'])), [zero]), []);
    assert.deepEqual(odd(padded(makeNode('Clip', 'a', ['x']))), ['lost-zeros']);
    assert.deepEqual(unusedOddity([], 0), []);
    assert.match(
      unusedOddity(['a', 'b', 'c', 'd'], 2048)[0]!.sentence,
      /4 weights are read by no node \(2\.0 kB\): "a"/,
    );
  });
});
