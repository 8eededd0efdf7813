import assert from 'node:assert/strict';
import { Random } from '../../../../src/base/random.js';
import { toFloat32 } from '../../../../src/base/tensor.js';
import { lrp } from '../../../../src/method/attribution/lrp.js';
import type { AttributionAnswer } from '../../../../src/method/method.js';
import { parseParameters } from '../../../../src/method/parameters.js';
import type { ParameterValue } from '../../../../src/result/method.js';
import { OrtSessions } from '../../../../src/session/ort/ortSession.js';
import { assertClose } from '../../support/close.js';
import { relativeError, requireData } from '../../support/data.js';
import { expected, testSubject } from '../../support/subject.js';
import { CLASSES, openTiny, tinyNet, tinyPicture } from '../tinyNet.js';
import { pooledNet, sharesOf } from './pooledNet.js';

describe('method/lrp', () => {
  let sessions: OrtSessions;
  before(() => void (sessions = new OrtSessions({ provider: 'cpu', threads: 1 })));
  after(() => sessions.dispose());

  const ask = async (
    net: Parameters<typeof tinyNet>[0],
    index: number,
    params: Record<string, ParameterValue>,
  ): Promise<{ answer: AttributionAnswer; score: number }> => {
    const subject = await openTiny(tinyNet(net), sessions);
    const { signal } = new AbortController();
    const input = tinyPicture();
    const target = { index, label: '' };
    const request = {
      input,
      target,
      score: 'logit',
      seed: 0,
      params: parseParameters('lrp', lrp.parameters, params),
    } as const;
    const answer = await lrp.run(subject, request, { signal, random: new Random(0), progress: () => undefined });
    const [score] = await subject.scores(input, target, 'logit', signal);
    await subject.dispose();
    return { answer, score: score! };
  };
  const total = (answer: AttributionAnswer): number => toFloat32(answer.attribution.values).reduce((a, b) => a + b, 0);

  for (const activation of ['Relu', 'Gelu'] as const) {
    it(`hands the whole score to the pixels by z+, biases or not (${activation})`, async () => {
      for (let index = 0; index < CLASSES; index++) {
        const { answer, score } = await ask({ activation }, index, { rule: 'z_plus' });
        assertClose(total(answer), score, { absolute: 1e-3 * Math.max(1, Math.abs(score)) }, 'sum of the relevance');
        assertClose(answer.delta!, 0, { absolute: 1e-3 * Math.max(1, Math.abs(score)) }, 'delta');
      }
    });

    it(`hands the whole score to the pixels by epsilon where there are no biases and epsilon is small (${activation})`, async () => {
      const { answer, score } = await ask({ activation, unbiased: true }, 1, { rule: 'epsilon', epsilon: 1e-7 });
      assertClose(total(answer), score, { absolute: 1e-3 * Math.max(1, Math.abs(score)) }, 'sum of the relevance');
      const damped = await ask({ activation, unbiased: true }, 1, { rule: 'epsilon', epsilon: 1 });
      assertClose(total(damped.answer), 0, { absolute: Math.abs(score) }, 'sum of the damped relevance');
    });
  }

  it('gives shares of one sign by z+: that of the score', async () => {
    for (let index = 0; index < CLASSES; index++) {
      const { answer, score } = await ask({}, index, { rule: 'z_plus' });
      assert.ok(toFloat32(answer.attribution.values).every((v) => v * score >= 0));
    }
  });

  describe('with references', () => {
    before(requireData);

    it('is input × gradient for epsilon = 0 in a network of rectifiers', async () => {
      for (const model of ['small_cnn', 'cifar_resnet20']) {
        const t = await testSubject(model);
        // Input 1 of ResNet20 has a rectifier within rounding of zero.
        for (const k of [0, 2]) {
          const { attribution } = await t.run('lrp', k, { rule: 'epsilon', epsilon: 0 });
          const error = relativeError(toFloat32(attribution.values), expected(model, 'input_x_gradient', k));
          assert.ok(error < 1e-4, `${model}, input ${k}: ${error}`);
        }
        await t.dispose();
      }
    });

    it('is the same with batch normalisation folded by us as in a fused file', async () => {
      const plain = await testSubject('cifar_resnet20');
      const fused = await testSubject('cifar_resnet20_fused', {}, 'cifar_resnet20');
      for (const rule of ['z_plus', 'epsilon', 'epsilon_plus']) {
        const a = toFloat32((await plain.run('lrp', 0, { rule })).attribution.values);
        const b = toFloat32((await fused.run('lrp', 0, { rule })).attribution.values);
        assertClose(a, b, { relative: 1e-3 }, rule);
      }
      await plain.dispose();
      await fused.dispose();
    });

    it('answers for transformers, gates and real networks', async () => {
      for (const model of ['small_vit', 'mnist_vit', 'odd_cnn', 'squeezenet_v1.0_dc']) {
        const t = await testSubject(model);
        for (const rule of ['z_plus', 'epsilon', 'epsilon_plus']) {
          const { attribution, delta } = await t.run('lrp', 0, { rule });
          const values = toFloat32(attribution.values);
          // Biases take relevance; nothing may make it grow beyond all measure.
          const [score] = await t.subject.scores(t.case(0).input, t.case(0).target, 'logit', t.signal);
          assertClose(delta!, 0, { absolute: Math.max(1, Math.abs(score!)) }, `${model} ${rule}: delta`);
          assert.ok(values.every(Number.isFinite), `${model} ${rule}`);
          assert.ok(
            values.some((v) => v !== 0),
            `${model} ${rule}`,
          );
        }
        await t.dispose();
      }
    });
  });
});

describe('method/attribution/lrp in closed form', () => {
  const net = pooledNet();

  it('by epsilon = 0 is what each pixel adds to the score', async () => {
    const { map, delta } = await net.ask('lrp', { rule: 'epsilon', epsilon: 0 });
    assertClose(map, sharesOf(net), { relative: 1e-5 }, 'map');
    assertClose(delta!, 0, { absolute: 1e-5 }, 'what is left over');
  });
});
