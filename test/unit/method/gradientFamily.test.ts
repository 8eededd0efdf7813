import assert from 'node:assert/strict';
import { Random } from '../../../src/base/random.js';
import { quadrature } from '../../../src/method/attribution/path.js';
import { smoothAttribution, smoothParameters, type Moment } from '../../../src/method/attribution/smooth.js';
import { parseParameters } from '../../../src/method/parameters.js';
import type { ParameterValue } from '../../../src/result/method.js';
import { reference, relativeError } from '../support/data.js';
import { expected, suiteSubject } from '../support/subject.js';

const MODELS = ['small_cnn', 'odd_cnn', 'cifar_resnet20', 'small_vit', 'mnist_vit'];
const RECTIFIED = ['small_cnn', 'cifar_resnet20'];

/**
 * How far float32 itself is off (INDEX.md): a ReLU near zero flips on some inputs of small_cnn and ResNet20, which moves
 * sums over many points a little. All must be near, and most within 1e-4.
 */
const LOOSE: Readonly<Record<string, number>> = { small_cnn: 2e-3, cifar_resnet20: 2e-2 };

describe('method/attribution: the gradient family', () => {
  for (const model of MODELS) {
    describe(model, () => {
      const t = suiteSubject(model);

      const check = async (name: string, run: (k: number) => Promise<Float32Array>, cases = 2): Promise<void> => {
        const errors: number[] = [];
        for (let k = 0; k < cases; k++) errors.push(relativeError(await run(k), expected(model, name, k)));
        const shown = `${name}: ${errors.map((e) => e.toExponential(1)).join(' ')}`;
        const within = errors.filter((e) => e < 1e-4).length;
        assert.ok(Math.max(...errors) < (LOOSE[model] ?? 1e-4), shown);
        assert.ok(within >= (LOOSE[model] === undefined ? cases : 0), shown);
      };
      const values = async (
        id: string,
        k: number,
        params: Record<string, ParameterValue> = {},
      ): Promise<Float32Array> => (await t.run(id, k, params)).attribution.values.data as Float32Array;

      it('input × gradient', () => check('input_x_gradient', (k) => values('input_x_gradient', k)));

      for (const rule of ['gausslegendre', 'riemann_middle', 'riemann_trapezoid']) {
        it(`integrated gradients, ${rule}`, async () => {
          const { params } = reference(model, `integrated_gradients_${rule}`);
          const steps = params['n_steps'] as number;
          let delta: number | undefined;
          await check(
            `integrated_gradients_${rule}`,
            async (k) => {
              const answer = await t.run('integrated_gradients', k, { rule, steps });
              if (k === 0) delta = answer.delta;
              return answer.attribution.values.data as Float32Array;
            },
            rule === 'gausslegendre' ? 2 : 1,
          );
          const [theirs] = params['convergence_delta'] as number[];
          const scale = reference(model, 'logits').data.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
          assert.ok(Math.abs(delta! - theirs!) < 5e-3 * scale, `${delta} ${theirs}`);
        });
      }

      for (const [name, moment] of [
        ['smoothgrad', 'mean'],
        ['smoothgrad_squared', 'square'],
        ['vargrad', 'variance'],
      ] as [string, Moment][]) {
        it(`${name} of the reference's noise`, () =>
          check(name, async (k) => {
            const noise = reference(model, 'smoothgrad_noise');
            const { samples, noise_level: level } = reference(model, name).params as {
              samples: number;
              noise_level: number;
            };
            const size = noise.data.length / noise.dims[0]! / samples;
            const params = parseParameters(name, smoothParameters, { samples, noise: level });
            const context = { signal: t.signal, random: new Random(0), progress: () => undefined };
            const request = { ...t.case(k), score: 'logit', seed: 0, params } as const;
            const source = (s: number): Float32Array =>
              noise.data.subarray((k * samples + s) * size, (k * samples + s + 1) * size);
            const answer = await smoothAttribution(t.subject, request, context, moment, source);
            return answer.attribution.values.data as Float32Array;
          }));
      }

      if (RECTIFIED.includes(model)) {
        it('guided backpropagation and deconvnet', async () => {
          await check('guided_backprop', (k) => values('guided_backprop', k), 4);
          await check('deconvnet', (k) => values('deconvnet', k), 4);
        });
      }
    });
  }

  describe('squeezenet_v1.0_dc', () => {
    const t = suiteSubject('squeezenet_v1.0_dc');
    it('guided backpropagation', async () => {
      const map = (await t.run('guided_backprop', 0, { reduce: 'l1' })).attribution.values.data as Float32Array;
      assert.ok(relativeError(map, expected('squeezenet_v1.0_dc', 'guided_backprop_abs_sum', 0)) < 1e-4);
    });
  });
});

describe('method/attribution/path', () => {
  it('integrates polynomials exactly by Gauss-Legendre', () => {
    for (const n of [1, 2, 5, 50, 200]) {
      const { alphas, weights } = quadrature('gausslegendre', n);
      for (const degree of [0, 1, Math.min(9, 2 * n - 1)]) {
        const sum = alphas.reduce((s, a, i) => s + weights[i]! * a ** degree, 0);
        assert.ok(Math.abs(sum - 1 / (degree + 1)) < 1e-12, `${n} points, degree ${degree}: ${sum}`);
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
