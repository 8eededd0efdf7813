import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { filePath, type FilePath } from '../../../src/base/place.js';
import { writeNpy } from '../../../src/base/npy.js';
import { Random } from '../../../src/base/random.js';
import { floatTensor, sizeOf, toNumbers, type FloatTensor } from '../../../src/base/tensor.js';
import { inMemory } from '../../../src/checkpoint/model.js';
import { writeModelFile } from '../../../src/checkpoint/writer.js';
import { makeNode } from '../../../src/graph/edits.js';
import type { Graph } from '../../../src/graph/graph.js';
import type { Explanation } from '../../../src/result/explanation.js';
import type { ParameterValue } from '../../../src/result/method.js';
import { RunnerService } from '../../../src/runner/service.js';
import { input, sketch } from '../graph/support.js';
import { call } from '../support/call.js';
import { assertClose } from '../support/close.js';
import { temporaryFolder } from '../support/temporary.js';

const CLASSES = 3;

const random = new Random(5);
const normal = (...dims: number[]): FloatTensor =>
  floatTensor(
    dims,
    Float32Array.from({ length: sizeOf(dims) }, () => random.normal()),
  );

/** What kind of input a network takes; the network is linear, so that its gradient is the same everywhere. */
interface Kind {
  readonly title: string;
  /** Dimensions as the model declares them. */
  readonly dims: readonly (number | string)[];
  /** Of one sample. */
  readonly sample: readonly number[];
  readonly space: readonly number[];
  /** Nodes from `x` to `features`, `[1, F]`. */
  readonly nodes: Graph['nodes'];
  readonly weights: readonly FloatTensor[];
  readonly features: number;
}

const conv = (from: string, rank: number): Graph['nodes'][number] =>
  makeNode('Conv', 'conv', [from, 'w0'], { pads: new Array<number>(2 * (rank - 2)).fill(1) });
const pooled = [makeNode('GlobalAveragePool', 'gap', ['conv']), makeNode('Flatten', 'features', ['gap'], { axis: 1 })];
const flat = [makeNode('Flatten', 'features', ['x'], { axis: 1 })];

const KINDS: readonly Kind[] = [
  { title: 'N×H×W', dims: ['N', 20, 14], sample: [20, 14], space: [20, 14], nodes: flat, weights: [], features: 280 },
  { title: 'a vector', dims: ['N', 24], sample: [24], space: [24], nodes: flat, weights: [], features: 24 },
  {
    title: 'a signal',
    dims: ['N', 2, 40],
    sample: [2, 40],
    space: [40],
    nodes: [conv('x', 3), ...pooled],
    weights: [normal(4, 2, 3)],
    features: 4,
  },
  {
    title: 'a volume of two channels',
    dims: ['N', 2, 6, 8, 10],
    sample: [2, 6, 8, 10],
    space: [6, 8, 10],
    nodes: [conv('x', 5), ...pooled],
    weights: [normal(4, 2, 3, 3, 3)],
    features: 4,
  },
  {
    title: 'a volume with its channels last',
    dims: [1, 6, 8, 10, 2],
    sample: [6, 8, 10, 2],
    space: [6, 8, 10],
    nodes: [makeNode('Transpose', 't', ['x'], { perm: [0, 4, 1, 2, 3] }), conv('t', 5), ...pooled],
    weights: [normal(4, 2, 3, 3, 3)],
    features: 4,
  },
  {
    title: 'C×H×W without a batch',
    dims: [3, 12, 10],
    sample: [3, 12, 10],
    space: [12, 10],
    nodes: [makeNode('Unsqueeze', 'u', ['x', 'zero']), conv('u', 4), ...pooled],
    weights: [normal(4, 3, 3, 3)],
    features: 4,
  },
  {
    title: 'H×W×C without a batch',
    dims: ['H', 'W', 3],
    sample: [12, 10, 3],
    space: [12, 10],
    nodes: [
      makeNode('Transpose', 't', ['x'], { perm: [2, 0, 1] }),
      makeNode('Unsqueeze', 'u', ['t', 'zero']),
      conv('u', 4),
      ...pooled,
    ],
    weights: [normal(4, 3, 3, 3)],
    features: 4,
  },
];

type Explained = (method: string, params?: Readonly<Record<string, ParameterValue>>) => Promise<Explanation>;

/** Cells, layers and masks of a volume have three axes: neighbours in another slice are no rows of one tall picture. */
async function inCubes(space: readonly number[], explained: Explained): Promise<void> {
  const [D, H, W] = space as [number, number, number];
  for (const [method, params] of [
    ['feature_ablation', { count: 27 }],
    ['lime', { count: 8, samples: 60 }],
    ['kernel_shap', { count: 8, samples: 300 }],
  ] as const) {
    const { attribution } = await explained(method, params);
    assert.deepEqual(attribution.values.dims, space, method);
    const v = toNumbers(attribution.values);
    const at = (z: number, y: number, x: number): number => v[(z * H + y) * W + x]!;
    // The corner's part reaches into the next slice, row and column, and no part goes from side to side.
    assert.deepEqual([at(1, 0, 0), at(0, 1, 0), at(0, 0, 1)], [at(0, 0, 0), at(0, 0, 0), at(0, 0, 0)], method);
    for (const far of [at(D - 1, 0, 0), at(0, H - 1, 0), at(0, 0, W - 1)]) assert.notEqual(far, at(0, 0, 0), method);
  }
  const cam = await explained('gradcam', { relu: false });
  assert.deepEqual(cam.attribution.values.dims, space);
  const small = await explained('gradcam', { relu: false, upsample: false });
  assert.equal(small.attribution.values.dims.length, 3);
  assert.equal(cam.attribution.axes, 'DHW');
  const guided = await explained('guided_gradcam');
  assert.equal(guided.attribution.values.dims.length, 4);
  const outcome = await explained('perturbation').then(
    () => undefined,
    (e: unknown) => String(e),
  );
  assert.match(outcome ?? '', /smooths its mask over rows and columns/);
}

describe('inputs of any rank', () => {
  const runner = new RunnerService();
  const service = runner.operations;
  const folder = temporaryFolder();
  after(() => runner.dispose());

  async function written(kind: Kind, k: number): Promise<{ model: FilePath; save(x: FloatTensor): FilePath }> {
    const model = path.join(folder, `${k}.onnx`);
    await writeModelFile(
      sketch({
        opset: 17,
        inputs: [input('x', ...kind.dims)],
        outputs: ['y'],
        weights: [
          inMemory('zero', { type: 'int64', dims: [1], data: BigInt64Array.of(0n) }),
          ...kind.weights.map((w, i) => inMemory(`w${i}`, w)),
          inMemory('head', normal(kind.features, CLASSES)),
        ],
        nodes: [...kind.nodes, makeNode('MatMul', 'y', ['features', 'head'])],
      }),
      model,
    );
    return {
      model: filePath(model),
      save: (x) => {
        const file = path.join(folder, `${k}.npy`);
        writeFileSync(file, writeNpy(x));
        return filePath(file);
      },
    };
  }

  KINDS.forEach((kind, k) => {
    it(`${kind.title}: maps in its own shape, with the right numbers`, async () => {
      const { model, save } = await written(kind, k);
      const x = normal(...kind.sample);
      const explained = async (
        given: FloatTensor,
        method: string,
        params: Readonly<Record<string, ParameterValue>> = {},
      ): Promise<Explanation> => {
        const inputs = [save(given)];
        const answer = await service.explain({ model, inputs, method, params, target: '1', provider: 'cpu' }, call());
        const [outcome] = answer.results;
        assert.ok(outcome !== undefined && 'result' in outcome, JSON.stringify(outcome));
        return outcome.result;
      };
      const gradient = await explained(x, 'gradient');
      assert.deepEqual(gradient.attribution.values.dims, kind.sample);
      assert.equal(gradient.attribution.axes.length, kind.sample.length);
      const slopes = toNumbers(gradient.attribution.values);
      // The network is linear: a step along one element is worth its slope.
      for (const at of [0, Math.floor(x.data.length / 3), x.data.length - 1]) {
        const moved = floatTensor(kind.sample, x.data.slice());
        moved.data[at]! += 1;
        const { value } = await explained(moved, 'gradient');
        assertClose(value - gradient.value, slopes[at]!, { absolute: 2e-4 }, `slope at ${at}`);
      }
      // Blocks that do not overlap: the one at the origin, by hand.
      const patch = 4;
      const { attribution } = await explained(x, 'occlusion', { patch: String(patch), stride: String(patch) });
      assert.deepEqual(attribution.values.dims, kind.space);
      const last = kind.sample.at(-1) !== kind.space.at(-1);
      const channels = sizeOf(kind.sample) / sizeOf(kind.space);
      let drop = 0;
      for (let place = 0; place < sizeOf(kind.space); place++) {
        const index: number[] = [];
        for (let axis = kind.space.length - 1, rest = place; axis >= 0; axis--) {
          index.unshift(rest % kind.space[axis]!);
          rest = Math.floor(rest / kind.space[axis]!);
        }
        if (index.some((i) => i >= patch)) continue;
        for (let c = 0; c < channels; c++) {
          const at = last ? place * channels + c : c * sizeOf(kind.space) + place;
          drop += slopes[at]! * x.data[at]!;
        }
      }
      assertClose(toNumbers(attribution.values)[0]!, drop, { absolute: 5e-4 }, 'the first block');
      // What is drawn: all slices of a volume, none of them twice.
      const { width, height } = gradient.picture;
      assert.ok(width * height >= sizeOf(kind.space), `${width}×${height}`);
      const { preprocessing } = await service.overview({ model, provider: 'cpu' }, call());
      const isPicture = kind.space.length === 2;
      assert.equal('size' in preprocessing, isPicture, 'takes pictures');
      assert.deepEqual((await explained(x, 'rise', { samples: 20 })).attribution.values.dims, kind.space);
      if (kind.space.length === 3) await inCubes(kind.space, (method, params) => explained(x, method, params));
    });
  });
});
