import { toFloat32 } from '../../../../src/base/tensor.js';
import { squares } from '../../../../src/method/attribution/parts/squares.js';
import { assertClose } from '../../support/close.js';
import { expected, suiteSubject } from '../../support/subject.js';
import { pooledNet } from './pooledNet.js';
import { perPart, sharesOfParts } from './parts/shares.js';

describe('method/attribution/featureAblation', () => {
  const net = pooledNet();

  it('is what each part adds, where the score is a sum over the pixels', async () => {
    const { map } = await net.ask('feature_ablation', { parts: 'squares', count: 16 });
    const parts = squares(16, 16, 16);
    assertClose(perPart(map, parts), sharesOfParts(net, parts), { relative: 1e-5 }, 'drops');
  });

  for (const model of ['small_cnn', 'odd_cnn', 'small_vit', 'mnist_vit'])
    describe(model, () => {
      const t = suiteSubject(model);
      it('over a grid of squares equals the reference', async () => {
        for (let k = 0; k < 4; k++) {
          const { attribution } = await t.run('feature_ablation', k, { parts: 'squares', count: 16 });
          const { height, width } = t.subject.input;
          const drops = perPart(toFloat32(attribution.values), squares(height, width, 16));
          // Each is the difference of two scores of up to 20, rounded to float32 by some units in the last place.
          assertClose(drops, expected(model, 'feature_ablation', k), { absolute: 1e-5 }, `drops of input ${k}`);
        }
      });
    });
});
