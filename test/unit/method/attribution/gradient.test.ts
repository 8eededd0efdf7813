import assert from 'node:assert/strict';
import { concatBatches } from '../../../../src/session/batches.js';
import { assertClose } from '../../support/close.js';
import { suiteSubject } from '../../support/subject.js';
import { gradientOf, pooledNet } from './pooledNet.js';

const MODELS = ['small_cnn', 'odd_cnn', 'cifar_resnet20', 'small_vit', 'mnist_vit', 'squeezenet_v1.0_dc'];

describe('method/gradient', () => {
  for (const model of MODELS) {
    describe(model, () => {
      const t = suiteSubject(model);

      it('has a sign and channels, unless they are summed up', async () => {
        const plain = await t.run('gradient', 0);
        assert.equal(plain.attribution.axes, 'CHW');
        assert.equal(plain.attribution.signed, true);
        for (const reduce of ['l1', 'max']) {
          const map = await t.run('gradient', 0, { reduce });
          assert.equal(map.attribution.axes, 'HW');
          assert.equal(map.attribution.signed, false);
        }
      });

      it('is the same in a batch as alone', async () => {
        const { input, target } = t.case(0);
        const { value } = t.subject.scoreValue('logit');
        const two = concatBatches([input, t.case(1).input]);
        const of = { value, pick: { index: target.index } };
        const both = await t.subject.gradients(two, { of }, t.signal);
        const one = await t.subject.gradients(input, { of }, t.signal);
        const name = t.subject.input.name;
        const n = input.data.length;
        assertClose(
          both.gradients.get(name)!.data.subarray(0, n),
          one.gradients.get(name)!.data,
          { relative: 1e-4 },
          name,
        );
        assertClose(
          both.scores[0]!,
          one.scores[0]!,
          { absolute: 1e-4 * Math.max(1, Math.abs(one.scores[0]!)) },
          'score',
        );
      });
    });
  }
});

describe('method/attribution/gradient in closed form', () => {
  const net = pooledNet();

  it('is the slope of the units that are on', async () => {
    assertClose((await net.ask('gradient')).map, gradientOf(net), { relative: 1e-5 }, 'map');
  });
});
