import { toFloat32 } from '../../../../src/base/tensor.js';
import { assertClose } from '../../support/close.js';
import { requireData } from '../../support/data.js';
import { testSubject } from '../../support/subject.js';
import { pooledNet } from './pooledNet.js';

describe('method/deeplift', () => {
  before(requireData);

  for (const model of ['small_cnn', 'cifar_resnet20']) {
    it(`of every reference input of ${model} adds up`, async () => {
      const t = await testSubject(model);
      try {
        for (let k = 0; k < 4; k++) {
          const { delta } = await t.run('deeplift', k);
          assertClose(delta!, 0, { absolute: 1e-3 }, 'delta');
        }
      } finally {
        await t.dispose();
      }
    });
  }

  for (const model of ['odd_cnn', 'small_vit', 'mnist_vit', 'cifar_resnet20_fused', 'squeezenet_v1.0_dc'] as const) {
    it(`of ${model} adds up, through attention, gates and normalisation as well`, async () => {
      const t = await testSubject(model, {}, model.replace('_fused', ''));
      try {
        for (const params of [{}, { baseline: 'blur' }]) {
          for (const score of ['logit', 'probability'] as const) {
            const { attribution, delta } = await t.run('deeplift', 0, params, { score });
            // Float32 adds up thousands of values whose magnitudes exceed their sum.
            const whole = toFloat32(attribution.values).reduce((a, b) => a + Math.abs(b), 0);
            assertClose(delta!, 0, { absolute: 1e-3 * Math.max(0.1, whole) }, `delta of the ${score}, of ${whole}`);
          }
        }
      } finally {
        await t.dispose();
      }
    });
  }
});

describe('method/attribution/deeplift in closed form', () => {
  const net = pooledNet();

  for (const baseline of ['zero', 'grey', 'white'] as const) {
    it(`is the difference that each pixel makes, from a baseline of ${baseline}`, async () => {
      const { map, delta } = await net.ask('deeplift', { baseline });
      const base = net.filled(baseline);
      const expected = net.slopes.map((s, i) => s * (net.on[i]! - Math.max(0, base[i]! * net.factors[i]!)));
      assertClose(map, expected, { relative: 1e-5 }, 'map');
      assertClose(delta!, 0, { absolute: 1e-4 }, 'what is left over');
    });
  }
});
