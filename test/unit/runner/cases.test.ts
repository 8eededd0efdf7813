import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { readNpy } from '../../../src/base/npy.js';
import { toNumbers } from '../../../src/base/tensor.js';
import { readTensor } from '../../../src/checkpoint/readTensor.js';
import { openCheckpoint } from '../../../src/checkpoint/reader.js';
import { buildGraph } from '../../../src/graph/build/build.js';
import type { Explanation } from '../../../src/result/explanation.js';
import { RunnerService } from '../../../src/runner/service.js';
import { assertClose } from '../support/close.js';
import { dataPath, requireData } from '../support/data.js';
import { call } from '../support/call.js';

/** Situations of public reports, rebuilt small: `cases/` of the test data. */
describe('situations of public reports', () => {
  const runner = new RunnerService();
  const service = runner.operations;
  before(requireData);
  after(() => runner.dispose());

  const SIDE = 32;

  /**
   * d out₀ / dx of both `if_` models by hand, in double precision: a 3×3 convolution with padding 1, Relu, the mean of each
   * channel (times 1 + `factor`), and a linear layer.
   */
  async function byHand(model: string, factor: number): Promise<Float64Array> {
    const graph = buildGraph(await openCheckpoint(model));
    const read = async (name: string): Promise<Float64Array> =>
      Float64Array.from(toNumbers(await readTensor(graph.weights.get(name)!)));
    const [w, b, head] = [await read('w1'), await read('b1'), await read('w2')];
    const x = toNumbers(readNpy(readFileSync(dataPath('cases/if_input.npy'))));
    const gradient = new Float64Array(3 * SIDE * SIDE);
    const inside = (at: number): boolean => at >= 0 && at < SIDE;
    for (let c = 0; c < 8; c++) {
      for (let row = 0; row < SIDE; row++) {
        for (let column = 0; column < SIDE; column++) {
          let sum = b[c]!;
          const reads: [number, number][] = [];
          for (let i = 0; i < 3; i++) {
            for (let k = 0; k < 9; k++) {
              const [r, s] = [row + Math.floor(k / 3) - 1, column + (k % 3) - 1];
              if (!inside(r) || !inside(s)) continue;
              const at = (i * SIDE + r) * SIDE + s;
              const weight = w[(c * 3 + i) * 9 + k]!;
              reads.push([at, weight]);
              sum += weight * x[at]!;
            }
          }
          if (sum <= 0) continue;
          for (const [at, weight] of reads) gradient[at]! += (weight * head[c]! * (1 + factor)) / (SIDE * SIDE);
        }
      }
    }
    return gradient;
  }

  // `two` is the factor of the branch that this input takes, beside the way around the If.
  for (const [name, factor, rough] of [
    ['if_partial', 2, [-5.841e-4, -1.0014e-3, -2.2769e-3]],
    ['if_squeeze', 0, [-1.922e-4, -3.278e-4, -7.57e-4]],
  ] as const) {
    it(`${name}: the gradient goes through the If, too`, async () => {
      const model = dataPath(`cases/${name}.onnx`);
      const asked = { model, inputs: [dataPath('cases/if_input.npy')], method: 'gradient', target: '0' };
      const [outcome] = (await service.explain(asked, call())).results;
      assert.ok(outcome !== undefined && 'result' in outcome, JSON.stringify(outcome));
      const found = toNumbers(outcome.result.attribution.values);
      const right = await byHand(model, factor);
      assertClose(found, right, { relative: 1e-5 }, 'map');
      // What a step of 0.01 changes, kinks of the Relu included.
      rough.forEach((slope, i) => assertClose(found[64 * i]!, slope, { relative: 0.1 }, `slope ${i}`));
    });
  }

  it('imagenet_inside_255: a picture is not normalised twice', async () => {
    const model = dataPath('cases/imagenet_inside_255.onnx');
    const asked = { model, inputs: [dataPath('images/photos/goldfish.jpg')], provider: 'cpu' } as const;
    const { results, warnings } = await service.predict(asked, call());
    const [outcome] = results;
    assert.ok(outcome !== undefined && 'result' in outcome, JSON.stringify(outcome));
    const [best] = outcome.result.top!;
    assertClose(best!.logit, 0.406, { absolute: 5e-4 }, 'logit of the best class');
    assert.equal(best!.index, 911);
    assert.deepEqual(
      warnings.filter((w) => /Nothing says|normalis/.test(w)),
      [],
    );
  });

  async function explained(model: string, input: string, method: string, more = {}): Promise<Explanation> {
    const asked = { model: dataPath(model), inputs: [dataPath(input)], method, provider: 'cpu', ...more } as const;
    const [outcome] = (await service.explain(asked, call())).results;
    assert.ok(outcome !== undefined && 'result' in outcome, JSON.stringify(outcome));
    return outcome.result;
  }

  it('nhw: rows and columns alone are a grey picture, and the tensor is explained in its own shape', async () => {
    for (const method of ['gradient', 'occlusion']) {
      const { target, probability, attribution } = await explained('cases/nhw.onnx', 'cases/nhw.npy', method);
      assert.equal(target.index, 8);
      assertClose(probability!, 0.698, { absolute: 5e-4 }, 'probability');
      assert.deepEqual(attribution.values.dims, [28, 28]);
    }
    const { picture } = await explained('cases/nhw.onnx', 'images/photos/goldfish.jpg', 'gradient');
    assert.deepEqual([picture.width, picture.height], [28, 28]);
  });

  it('vol3d: a volume in its own shape, occlusion over all three axes', async () => {
    const gradient = await explained('cases/vol3d.onnx', 'cases/vol3d.npy', 'gradient');
    assert.deepEqual(
      gradient.predictions.map((p) => Number(p.logit.toFixed(2))),
      [1.83, 0.44],
    );
    assert.deepEqual(gradient.attribution.values.dims, [1, 16, 16, 16]);
    const { attribution } = await explained('cases/vol3d.onnx', 'cases/vol3d.npy', 'occlusion', {
      params: { patch: '8' },
    });
    assert.deepEqual(attribution.values.dims, [16, 16, 16]);
  });

  it('hwc_uint8: a picture', async () => {
    const { attribution, warnings } = await explained('cases/hwc_uint8.onnx', 'images/photos/goldfish.jpg', 'gradient');
    assert.deepEqual(attribution.values.dims, [224, 224, 3]);
    assert.match(warnings.join(' '), /size of its input free; 224×224/);
  });

  it('text, clip: numbers of tokens are named, and what to do about them', async () => {
    const text = { model: dataPath('cases/text.onnx'), inputs: [dataPath('images/photos/goldfish.jpg')] };
    const [refused] = (await service.predict(text, call())).results;
    assert.ok(refused !== undefined && 'error' in refused, JSON.stringify(refused));
    assert.match(refused.error.message, /"input_ids" takes int64 values \(numbers of tokens, a text\), not a picture/);
    assert.match(refused.error.hint!, /\.npy/);
    await service.inspect({ model: text.model }, call());
    const { warnings, attribution } = await explained('cases/clip.onnx', 'images/photos/goldfish.jpg', 'gradient');
    assert.match(warnings.join(' '), /"input_ids" is fed with zeros: give its values with --input input_ids=FILE\.npy/);
    assert.deepEqual(attribution.values.dims, [3, 32, 32]);
  });
});
