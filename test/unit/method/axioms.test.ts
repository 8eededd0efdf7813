import assert from 'node:assert/strict';
import { Random } from '../../../src/base/random.js';
import { toFloat32 } from '../../../src/base/tensor.js';
import { attributionMethods } from '../../../src/method/index.js';
import type { AttributionAnswer, AttributionMethod } from '../../../src/method/method.js';
import type { ModelSubject } from '../../../src/method/subject/modelSubject.js';
import { parseParameters } from '../../../src/method/parameters.js';
import type { Target } from '../../../src/method/target/target.js';
import type { ParameterValue } from '../../../src/result/method.js';
import { OrtSessions } from '../../../src/session/ort/ortSession.js';
import { assertClose } from '../support/close.js';
import { CLASSES, openTiny, SIDE, tinyNet, tinyPicture, type TinyNet } from './tinyNet.js';
import { tinyVit, type TinyVit } from './tinyVit.js';

/**
 * What every attribution method promises by its declared properties, asked of all that are registered: a new method is
 * tested here without a line of its own.
 */

const TARGET: Target = { index: 3, label: 'three' };
const BLIND = 8;

/** Small amounts of work for whatever a method calls its amount of work. */
const LESS: Readonly<Record<string, ParameterValue>> = { samples: 24, steps: 24 };

function parametersOf(
  method: AttributionMethod,
  wanted: Readonly<Record<string, ParameterValue>>,
): Record<string, ParameterValue> {
  return Object.fromEntries(
    Object.entries({ ...LESS, ...wanted }).filter(([key, value]) => {
      const spec = method.parameters[key];
      return spec !== undefined && (spec.type !== 'choice' || spec.choices.includes(String(value)));
    }),
  );
}

function ask(
  subject: ModelSubject,
  method: AttributionMethod,
  more: { params?: Record<string, ParameterValue>; target?: Target; seed?: number } = {},
): Promise<AttributionAnswer> {
  const { params = {}, target = TARGET, seed = 5 } = more;
  const request = {
    input: tinyPicture(),
    target,
    score: 'logit',
    seed,
    params: parseParameters(method.id, method.parameters, parametersOf(method, params)),
  } as const;
  const signal = new AbortController().signal;
  return method.run(subject, request, { signal, random: new Random(seed), progress: () => undefined });
}

const valuesOf = (answer: AttributionAnswer): Float32Array => toFloat32(answer.attribution.values);

/** Mean magnitude over some columns of the picture, all channels. */
function meanOver(values: Float32Array, from: number, to: number): number {
  let [sum, count] = [0, 0];
  values.forEach((v, i) => {
    const x = i % SIDE;
    if (x < from || x >= to) return;
    sum += Math.abs(v);
    count++;
  });
  return sum / count;
}

describe('method/axioms', () => {
  let sessions: OrtSessions;
  const open = new Map<string, Promise<ModelSubject>>();
  const subjectOf = (net: Parameters<typeof tinyNet>[0] = {}): Promise<ModelSubject> => {
    const key = JSON.stringify(net);
    let subject = open.get(key);
    if (subject === undefined) open.set(key, (subject = openTiny(tinyNet(net), sessions)));
    return subject;
  };
  /** What has attention, for methods that join it. */
  const transformerOf = (net: TinyVit = {}): Promise<ModelSubject> => {
    const key = `transformer ${JSON.stringify(net)}`;
    let subject = open.get(key);
    if (subject === undefined) open.set(key, (subject = openTiny(tinyVit(net), sessions)));
    return subject;
  };
  before(() => void (sessions = new OrtSessions({ provider: 'cpu', threads: 1 })));
  after(async () => {
    for (const subject of open.values()) await (await subject).dispose();
    await sessions.dispose();
  });

  it('are asked of methods with distinct ids, each with a citation', () => {
    const ids = attributionMethods.map((m) => m.id);
    assert.equal(new Set(ids).size, ids.length);
    for (const m of attributionMethods) assert.match(m.citation, /\d{4}/, m.id);
  });

  for (const method of attributionMethods) {
    const { shape, signed, complete, linear } = method.properties;
    const plainly = (net: Pick<TinyNet, 'constant' | 'fixed'> = {}): Promise<ModelSubject> =>
      method.attends === true ? transformerOf(net) : subjectOf(net);
    describe(method.id, () => {
      it('has the shape and the signs it declares', async () => {
        const { attribution } = await ask(await plainly(), method);
        assert.deepEqual(attribution.values.dims, shape === 'channel' ? [3, SIDE, SIDE] : [SIDE, SIDE]);
        assert.equal(attribution.axes, shape === 'channel' ? 'CHW' : 'HW');
        const values = valuesOf({ attribution, notes: [] });
        assert.ok(values.every(Number.isFinite));
        assert.ok(values.some((v) => v !== 0));
        assert.ok(attribution.unit.length > 0, `attribution.unit.length: ${attribution.unit.length}`);
        if (!signed) assert.ok(values.every((v) => v >= 0));
      });

      it('answers the same for the same seed', async () => {
        const subject = await plainly();
        assert.deepEqual(valuesOf(await ask(subject, method)), valuesOf(await ask(subject, method)));
      });

      it('does not change with a constant added to the logits', async () => {
        const plain = valuesOf(await ask(await plainly(), method));
        const raised = valuesOf(await ask(await plainly({ constant: 10 }), method));
        assertClose(raised, plain, { relative: 1e-3 }, 'map of the raised score');
      });

      it('runs on a model whose batch is fixed at one', async () => {
        const plain = valuesOf(await ask(await plainly(), method));
        const fixed = valuesOf(await ask(await plainly({ fixed: true }), method));
        assertClose(fixed, plain, { relative: 1e-3 }, 'map with the batch fixed');
      });

      // A class activation map is the size of its layer, where neighbours and biases are already mixed in. Tokens are looked at
      // for where they stand, whatever the picture has there.
      if (method.layer !== 'chosen' && method.attends !== true) {
        it('gives nothing to a part of the picture that the model ignores', async () => {
          const subject = await subjectOf({ blind: BLIND });
          const values = valuesOf(await ask(subject, method, { params: { samples: 400 } }));
          if (shape === 'channel') assert.equal(meanOver(values, SIDE - BLIND, SIDE), 0);
          else {
            // One value per pixel comes from patches or masks, which reach over the edge; noise is left by random ones.
            const [used, ignored] = [meanOver(values, 0, SIDE - BLIND), meanOver(values, SIDE - BLIND / 2, SIDE)];
            assert.ok(ignored < 0.35 * used, `${ignored} of ${used}`);
          }
        });
      }

      if (shape === 'channel') {
        it('gives nothing to a colour that the model ignores', async () => {
          const values = valuesOf(await ask(await subjectOf({ colourBlind: true }), method));
          const plane = SIDE * SIDE;
          assert.ok(values.subarray(2 * plane).every((v) => v === 0));
          assert.ok(values.subarray(0, plane).some((v) => v !== 0));
        });
      }

      if (complete) {
        it('adds up to the difference of the scores', async () => {
          const subject = await subjectOf();
          const answer = await ask(subject, method, { params: { baseline: 'zero', samples: 400, steps: 200 } });
          const values = valuesOf(answer);
          const sum = values.reduce((a, b) => a + b, 0);
          const input = tinyPicture();
          const nothing = { ...input, data: new Float32Array(input.data.length) };
          const { signal } = new AbortController();
          const [score] = await subject.scores(input, TARGET, 'logit', signal);
          const [base] = await subject.scores(nothing, TARGET, 'logit', signal);
          assert.ok(answer.delta !== undefined, 'a complete method says its delta');
          assertClose(answer.delta, 0, { absolute: 0.03 * Math.max(1, Math.abs(score! - base!)) }, 'delta');
          assertClose(sum - (score! - base!), answer.delta, { absolute: 2e-3 }, 'sum less difference of scores');
        });
      }

      if (linear) {
        it('is linear in the score', async () => {
          const subject = await subjectOf();
          const map = async (weights: readonly number[]): Promise<Float32Array> =>
            valuesOf(
              await ask(subject, method, { target: { index: 0, label: '', weights: Float32Array.from(weights) } }),
            );
          const unit = (i: number): number[] => Array.from({ length: CLASSES }, (_, j) => (i === j ? 1 : 0));
          const [a, b, both] = [await map(unit(1)), await map(unit(3)), await map([0, 1, 0, -2, 0])];
          assertClose(
            both,
            a.map((v, i) => v - 2 * b[i]!),
            { relative: 1e-3 },
            'map of the combined score',
          );
        });
      }
    });
  }
});
