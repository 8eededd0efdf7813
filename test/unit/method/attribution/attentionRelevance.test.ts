import assert from 'node:assert/strict';
import { toFloat32 } from '../../../../src/base/tensor.js';
import { Random } from '../../../../src/base/random.js';
import { attentionOf } from '../../../../src/method/attention/layers.js';
import { followed, readersOf } from '../../../../src/method/attribution/attention/attributed.js';
import { attributionMethodById } from '../../../../src/method/index.js';
import { parseParameters } from '../../../../src/method/parameters.js';
import { findTarget } from '../../../../src/method/target/index.js';
import type { Target } from '../../../../src/method/target/target.js';
import { OrtSessions } from '../../../../src/session/ort/ortSession.js';
import { openTiny, tinyPicture } from '../tinyNet.js';
import { tinyVit } from '../tinyVit.js';
import type { AttributionAnswer } from '../../../../src/method/method.js';
import { assertClose } from '../../support/close.js';
import { expected, suiteSubject } from '../../support/subject.js';

const NEAR = { relative: 1e-5 } as const;
const gridOf = (answer: AttributionAnswer): Float32Array => toFloat32(answer.attribution.values);

for (const model of ['small_vit', 'mnist_vit'] as const)
  describe(`method/attribution/attentionRelevance on ${model}`, () => {
    const at = suiteSubject(model);

    it("is the class token's row of the reference", async () => {
      for (const k of [0, 1, 2, 3]) {
        const answer = await at.run('attention_relevance', k, { upsample: false });
        assertClose(gridOf(answer), expected(model, 'attention_relevance', k).slice(1, 17), NEAR, `input ${k}`);
      }
    });
  });

describe('method/attribution/attentionRelevance: what is asked about', () => {
  const at = suiteSubject('small_vit');
  const ask = async (target: Target): Promise<Float32Array> => {
    const method = attributionMethodById('attention-relevance');
    const request = {
      input: at.case(0).input,
      target,
      score: 'logit',
      seed: 0,
      params: parseParameters(method.id, method.parameters, { upsample: false }),
    } as const;
    const context = { signal: at.signal, random: new Random(0), progress: () => undefined };
    return toFloat32((await method.run(at.subject.asking(target), request, context)).attribution.values);
  };
  const named = (text: string): Target =>
    findTarget(text, {
      scores: new Float32Array(10),
      labels: { names: [], origin: { kind: 'default', detail: '' } },
      subject: at.subject,
    });

  it('differs from class to class, and for a difference of two', async () => {
    const [a, b, both] = [await ask(named('1')), await ask(named('2')), await ask(named('1 - 2'))];
    for (const map of [a, b, both]) assert.ok(map.some((v) => v > 0) && map.every((v) => v >= 0), 'a map');
    assert.notDeepEqual([...a], [...b]);
    assert.notDeepEqual([...a], [...both]);
  });

  it('follows only the layers before a unit', async () => {
    const map = await ask(named('blocks.1.mlp.fc1#3'));
    assert.ok(map.some((v) => v > 0) && map.every(Number.isFinite), 'a map');
    await assert.rejects(ask(named('patch_embed.proj#2')), /does not depend on any attention/);
  });
});

describe('method/attribution/attentionRelevance: tokens that are read', () => {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  after(() => sessions.dispose());

  it('are the class token, or all where their mean is', async () => {
    for (const averaged of [false, true]) {
      const subject = await openTiny(tinyVit({ averaged }), sessions);
      const { signal } = new AbortController();
      const attention = await attentionOf(subject, signal);
      const of = subject.scoreAt({ index: 1, label: '' }, 'logit');
      const way = followed(attention, of.value, 0);
      const found = await subject.gradients(tinyPicture(), { of, wrt: [way.read!] }, signal);
      const readers = [...readersOf(way.chain.at(-1)!, found.gradients.get(way.read!))];
      assertClose(
        readers,
        averaged ? readers.map(() => 1 / 17) : readers.map((_, t) => (t === 0 ? 1 : 0)),
        NEAR,
        'share',
      );
      await subject.dispose();
    }
  });
});
