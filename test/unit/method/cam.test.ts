import assert from 'node:assert/strict';
import { LensError } from '../../../src/base/errors.js';
import { camLayerOf } from '../../../src/method/attribution/cam/layer.js';
import { featureMapOf } from '../../../src/method/subject/featureMap.js';
import { assertClose } from '../support/close.js';
import { suiteSubject } from '../support/subject.js';

const RAW = { relu: false, upsample: false };

describe('method/attribution: class activation maps', () => {
  for (const [model, chosen] of [
    ['small_cnn', 'relu3'],
    ['cifar_resnet20', 'layer3.2.relu2'],
  ] as const) {
    describe(model, () => {
      const t = suiteSubject(model);

      it('choose the end of the last convolutional block by themselves, and say so', async () => {
        const answer = await t.run('gradcam', 0);
        assert.equal(answer.layer, chosen);
        assert.deepEqual(answer.attribution.resolution, [8, 8]);
        assert.ok(answer.notes.some((n) => n.includes(answer.layer!)));
      });
    });
  }

  describe('squeezenet_v1.0_dc', () => {
    const t = suiteSubject('squeezenet_v1.0_dc');

    it('move with the class, at the layer chosen for the model', async () => {
      const height = async (k: number): Promise<number> => {
        const { values } = (await t.run('gradcam', k)).attribution;
        let [sum, mass] = [0, 0];
        (values.data as Float32Array).forEach((v, i) => {
          sum += v * Math.floor(i / 227);
          mass += v;
        });
        return sum / mass / 227;
      };
      const [dog, cat] = [await height(1), await height(2)];
      assert.ok(dog > 0.3 && dog < 0.42, `bull mastiff at ${dog}`);
      assert.ok(cat > 0.55 && cat < 0.65, `tiger cat at ${cat}`);
    });
  });

  for (const [model, grid] of [
    ['small_vit', 4],
    ['mnist_vit', 4],
  ] as const) {
    describe(model, () => {
      const t = suiteSubject(model);

      it('choose tokens that still reach the class token, and leave that one out', async () => {
        const { input, target } = t.case(0);
        const of = t.subject.scoreAt(target, 'logit');
        const layer = await camLayerOf(t.subject, input, of, undefined, t.signal);
        assert.equal(layer.map.kind, 'tokens');
        assert.deepEqual([layer.map.height, layer.map.width, layer.map.skipped], [grid, grid, 1]);
        const { gradients } = await t.subject.gradients(input, { of, wrt: [layer.value] }, t.signal);
        const gradient = gradients.get(layer.value)!.data;
        for (let y = 0; y < grid; y++)
          for (let x = 0; x < grid; x++) assert.notEqual(gradient[layer.map.at(0, y, x)], 0);
        // Behind it the patch tokens are cut off: no later candidate would have done.
        assert.match(layer.name, /norm|ln|LayerNorm/i);
      });

      it('make a map of the patches', async () => {
        for (const id of ['gradcam', 'hirescam', 'layercam', 'gradcam_pp']) {
          const { attribution } = await t.run(id, 0, RAW);
          assert.deepEqual(attribution.values.dims, [grid, grid]);
          assert.ok(
            (attribution.values.data as Float32Array).some((v) => v !== 0),
            id,
          );
        }
      });
    });
  }

  describe('layers', () => {
    const t = suiteSubject('small_cnn');

    it('without places are refused, unknown ones with near names', async () => {
      await assert.rejects(
        t.run('gradcam', 0, {}, { layer: 'fc1' }),
        (e: unknown) => e instanceof LensError && e.code === 'layer/no-picture',
      );
      await assert.rejects(
        t.run('gradcam', 0, {}, { layer: 'cnv3' }),
        (e: unknown) => e instanceof LensError && e.hint!.includes('conv3'),
      );
    });

    it('are seen as maps by their shape', () => {
      assert.deepEqual(featureMapOf(t.subject, '/conv1/Conv_output_0')?.kind, 'NCHW');
      assert.equal(featureMapOf(t.subject, '/fc1/Gemm_output_0'), undefined);
    });

    it('give gradients and SmoothGrad their point of view', async () => {
      const { attribution, layer } = await t.run('input_x_gradient', 0, {}, { layer: 'relu3' });
      assert.equal(layer, 'relu3');
      assert.deepEqual(attribution.values.dims, [32, 8, 8]);
      const smooth = await t.run('smoothgrad', 0, { samples: 4 }, { layer: 'relu3' });
      assert.deepEqual(smooth.attribution.values.dims, [32, 8, 8]);
      // A × dS/dA summed over channels is HiResCAM.
      const hires = await t.run('hirescam', 0, RAW, { layer: 'relu3' });
      const sums = new Float32Array(64);
      (attribution.values.data as Float32Array).forEach((v, i) => (sums[i % 64]! += v));
      assertClose(sums, hires.attribution.values.data as Float32Array, { relative: 1e-5 }, 'sums');
    });
  });
});
