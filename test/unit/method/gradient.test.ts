import assert from 'node:assert/strict';
import { concatBatches } from '../../../src/session/batches.js';
import { relativeError } from '../support/data.js';
import { expected, suiteSubject } from '../support/subject.js';

/** cifar_resnet20: a ReLU near zero flips in float32 for one input (INDEX.md), so most inputs must agree closely and all roughly. */
const MODELS = ['small_cnn', 'odd_cnn', 'cifar_resnet20', 'small_vit', 'mnist_vit', 'squeezenet_v1.0_dc'];

describe('method/gradient', () => {
  for (const model of MODELS) {
    describe(model, () => {
      const t = suiteSubject(model);

      it('equals the references', async () => {
        const cases = model.startsWith('squeezenet') ? 2 : 4;
        const errors: number[] = [];
        for (let k = 0; k < cases; k++) {
          const plain = await t.run('gradient', k);
          assert.equal(plain.attribution.axes, 'CHW');
          assert.equal(plain.attribution.signed, true);
          errors.push(relativeError(plain.attribution.values.data as Float32Array, expected(model, 'gradient', k)));
          const l1 = await t.run('gradient', k, { reduce: 'l1' });
          assert.equal(l1.attribution.axes, 'HW');
          errors.push(
            relativeError(l1.attribution.values.data as Float32Array, expected(model, 'gradient_abs_sum', k)),
          );
          if (model.startsWith('squeezenet')) continue;
          const max = await t.run('gradient', k, { reduce: 'max' });
          errors.push(
            relativeError(max.attribution.values.data as Float32Array, expected(model, 'gradient_abs_max', k)),
          );
          // The logits' float32 rounding is magnified by exp where one class takes nearly all.
          const p = await t.run('gradient', k, {}, { score: 'probability' });
          const error = relativeError(
            p.attribution.values.data as Float32Array,
            expected(model, 'gradient_of_probability', k),
          );
          errors.push(model === 'mnist_vit' ? error / 5 : error);
        }
        const bad = errors.filter((e) => !(e < 1e-4));
        assert.ok(
          bad.length <= (model === 'cifar_resnet20' ? 4 : 0),
          `errors ${errors.map((e) => e.toExponential(1)).join(' ')}`,
        );
        assert.ok(Math.max(...errors) < 5e-2);
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
        assert.ok(relativeError(both.gradients.get(name)!.data.subarray(0, n), one.gradients.get(name)!.data) < 1e-4);
        assert.ok(Math.abs(both.scores[0]! - one.scores[0]!) <= 1e-4 * Math.max(1, Math.abs(one.scores[0]!)));
      });
    });
  }
});
