import assert from 'node:assert/strict';
import { quadrature } from '../../../src/method/attribution/shared/path.js';
import { assertClose } from '../support/close.js';
import { reference } from '../support/data.js';
import { suiteSubject } from '../support/subject.js';

describe('method/attribution: integrated gradients', () => {
  for (const model of ['small_cnn', 'odd_cnn', 'cifar_resnet20', 'small_vit', 'mnist_vit']) {
    describe(model, () => {
      const t = suiteSubject(model);
      for (const rule of ['gausslegendre', 'riemann_middle', 'riemann_trapezoid']) {
        it(`leave as much unexplained as the reference does, ${rule}`, async () => {
          const { n_steps: steps, convergence_delta: theirs } = reference(model, `integrated_gradients_${rule}`)
            .params as { n_steps: number; convergence_delta: number[] };
          const { delta } = await t.run('integrated_gradients', 0, { rule, steps });
          const scale = reference(model, 'logits').data.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
          assertClose(delta!, theirs[0]!, { absolute: 5e-3 * scale }, 'delta');
        });
      }
    });
  }
});

describe('method/attribution/path', () => {
  it('integrates polynomials exactly by Gauss-Legendre', () => {
    for (const n of [1, 2, 5, 50, 200]) {
      const { alphas, weights } = quadrature('gausslegendre', n);
      for (const degree of [0, 1, Math.min(9, 2 * n - 1)]) {
        const sum = alphas.reduce((s, a, i) => s + weights[i]! * a ** degree, 0);
        assertClose(sum, 1 / (degree + 1), { absolute: 1e-12 }, `${n} points, degree ${degree}`);
      }
      assert.deepEqual(
        [...alphas],
        [...alphas].sort((a, b) => a - b),
      );
    }
  });

  it('places the points of the other rules as Captum does', () => {
    assert.deepEqual([...quadrature('riemann_middle', 4).alphas], [0.125, 0.375, 0.625, 0.875]);
    assert.deepEqual([...quadrature('riemann_trapezoid', 3).alphas], [0, 0.5, 1]);
    assert.deepEqual([...quadrature('riemann_trapezoid', 4).weights], [0.125, 0.25, 0.25, 0.125]);
  });
});
