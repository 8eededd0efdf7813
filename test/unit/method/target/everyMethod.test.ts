import assert from 'node:assert/strict';
import { LensError } from '../../../../src/base/errors.js';
import { Random } from '../../../../src/base/random.js';
import { floatTensor, toFloat32, type FloatTensor } from '../../../../src/base/tensor.js';
import { attributionMethods } from '../../../../src/method/index.js';
import type { AttributionAnswer, AttributionMethod } from '../../../../src/method/method.js';
import { parseParameters } from '../../../../src/method/parameters.js';
import type { ModelSubject } from '../../../../src/method/subject/modelSubject.js';
import type { Target } from '../../../../src/method/target/target.js';
import type { ParameterValue } from '../../../../src/result/method.js';
import { OrtSessions } from '../../../../src/session/ort/ortSession.js';
import { assertClose } from '../../support/close.js';
import { tinyPicture } from '../tinyNet.js';
import { CASES, openCase } from './cases.js';

/**
 * Every method of the registry with every kind of target: a map that is not zero everywhere and holds to what the method
 * promises, or a refusal that names its reason.
 */

/** Small amounts of work for whatever a method calls its amount of work. */
const LESS: Readonly<Record<string, ParameterValue>> = {
  samples: 60,
  steps: 60,
  patch: '4',
  stride: '4',
  baseline: 'zero',
};

function parametersOf({ parameters }: AttributionMethod): Record<string, ParameterValue> {
  return Object.fromEntries(
    Object.entries(LESS).filter(([key, value]) => {
      const spec = parameters[key];
      return spec !== undefined && (spec.type !== 'choice' || spec.choices.includes(String(value)));
    }),
  );
}

/** What may be missing of the difference of the scores: nothing but rounding for the secant, the steps of a path for others. */
function missing({ id }: AttributionMethod, jumps: boolean): number {
  if (jumps) return 1;
  return id === 'deeplift' ? 1e-4 : id === 'integrated_gradients' ? 0.05 : 0.1;
}

describe('method/target: every method of the registry', () => {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  const { signal } = new AbortController();
  const x = tinyPicture();
  after(() => sessions.dispose());

  for (const asked of CASES)
    describe(asked.text, () => {
      let own: ModelSubject;
      let subject: ModelSubject;
      let target: Target;
      before(async () => {
        ({ own, target } = await openCase(asked, sessions, signal));
        subject = own.asking(target);
      });
      after(() => own.dispose());

      const score = async (input: FloatTensor): Promise<number> =>
        (await subject.scores(input, target, 'logit', signal))[0]!;

      for (const method of attributionMethods)
        it(method.id, async () => {
          const params = parseParameters(method.id, method.parameters, parametersOf(method));
          const request = { input: x, target, score: 'logit', params, seed: 0 } as const;
          const context = { signal, random: new Random(0), progress: () => undefined };
          let answer: AttributionAnswer;
          try {
            answer = await method.run(subject, request, context);
          } catch (error) {
            assert.ok(error instanceof LensError, String(error));
            assert.equal(error.kind, 'unsupported', error.message);
            return;
          }
          const { attribution, delta, notes } = answer;
          const data = toFloat32(attribution.values);
          assert.ok(data.every(Number.isFinite), 'numbers');
          assert.ok(
            data.some((v) => v !== 0),
            `all zeros; ${notes.join(' ')}`,
          );
          assert.equal(attribution.axes, method.properties.shape === 'pixel' ? 'HW' : 'CHW');
          if (!method.properties.signed)
            assert.ok(
              data.every((v) => v >= 0),
              'signs',
            );
          if (!method.properties.complete) return;
          const apart = (await score(x)) - (await score(floatTensor(x.dims)));
          const sum = data.reduce((a, b) => a + b, 0);
          assert.ok(delta !== undefined, 'a complete method says its delta');
          assertClose(
            sum - apart,
            delta,
            { absolute: 2e-3 * Math.max(1, Math.abs(apart)) },
            'sum less difference of scores',
          );
          assertClose(
            delta,
            0,
            { absolute: missing(method, asked.jumps === true) * Math.max(1, Math.abs(apart)) },
            'delta',
          );
        });
    });
});
