import assert from 'node:assert/strict';
import { LensError } from '../../../src/base/errors.js';
import type { Labels } from '../../../src/input/labels.js';
import { findTarget } from '../../../src/method/target/findTarget.js';
import type { ModelSubject } from '../../../src/method/subject/modelSubject.js';
import { isDistribution, softmax } from '../../../src/method/subject/scores.js';
import { rankOf, resolveTarget } from '../../../src/method/target/targets.js';
import { OrtSessions } from '../../../src/session/ort/ortSession.js';
import { assertClose } from '../support/close.js';
import { openTiny, tinyNet, tinyPicture } from './tinyNet.js';

const labels: Labels = {
  names: ['tench, Tinca tinca', 'goldfish', 'great white shark', 'hammer-head - shark', 'hen'],
  origin: { kind: 'default', detail: '' },
};
const scores = [0.1, 3, -1, 3, 0.5];

describe('method/targets', () => {
  it('are found by rank, index and name', () => {
    const index = (text: string): number => resolveTarget(text, scores, labels).index;
    assert.equal(index('top1'), 1);
    assert.equal(index('top'), 1);
    assert.equal(index('TOP2'), 3);
    assert.equal(index('top3'), 4);
    assert.equal(index('2'), 2);
    assert.equal(index('Goldfish'), 1);
    assert.equal(index('tinca tinca'), 0);
    assert.equal(resolveTarget('4', scores, labels).label, 'hen');
  });

  it('that are not there are refused with near names', () => {
    for (const text of ['top6', '5', 'shark', 'nothing']) {
      assert.throws(
        () => resolveTarget(text, scores, labels),
        (e: unknown) => e instanceof LensError && e.code === 'target/unknown',
      );
    }
    assert.throws(
      () => resolveTarget('goldfihs', scores, labels),
      (e: LensError) => e.hint!.includes('goldfish'),
    );
  });

  it('rank ties by index and NaN last', () => {
    assert.deepEqual(rankOf([1, NaN, 2, 2], 4), [2, 3, 0, 1]);
  });

  it('softmax neither overflows nor loses the small ones', () => {
    const p = softmax([1000, 1000 - 50]);
    assert.equal(p[0], 1);
    assertClose(p[1]!, Math.exp(-50), { relative: 1e-12 }, 'small probability');
    assert.ok(isDistribution(p) && !isDistribution([1, 1]) && !isDistribution([2, -1]));
  });

  describe('inside a model', () => {
    const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
    const signal = new AbortController().signal;
    let subject: ModelSubject;
    before(async () => void (subject = await openTiny(tinyNet(), sessions)));
    after(() => subject.dispose());
    const find = (text: string): ReturnType<typeof findTarget> => findTarget(text, scores, labels, subject);

    it('differences of two classes', async () => {
      const target = find('goldfish - hen');
      assert.deepEqual([target.index, target.label, [...target.weights!]], [1, 'goldfish − hen', [0, 1, 0, 0, -1]]);
      const { logits } = await subject.predict(tinyPicture(), signal);
      const [difference] = await subject.scores(tinyPicture(), target, 'logit', signal);
      assertClose(difference!, logits.data[1]! - logits.data[4]!, { absolute: 1e-5 }, 'difference');
      const gradient = async (text: string): Promise<Float32Array> =>
        (await subject.gradients(tinyPicture(), { of: subject.scoreAt(find(text), 'logit') }, signal)).gradients.get(
          'x',
        )!.data;
      const [a, b] = [await gradient('goldfish'), await gradient('hen')];
      assertClose(
        await gradient('goldfish - hen'),
        a.map((v, i) => v - b[i]!),
        { relative: 1e-5 },
        'gradient of the difference',
      );
      assert.equal(find('hammer-head - shark').weights, undefined, 'a class with a dash in its name is that class');
    });

    it('channels and neurons', async () => {
      const map = (await subject.values(tinyPicture(), ['act2'], signal)).get('act2')!;
      const channel = map.data.subarray(5 * 64, 6 * 64);
      const [mean] = await subject.scores(tinyPicture(), find('act2#5'), 'logit', signal);
      assertClose(mean!, channel.reduce((x, y) => x + y, 0) / 64, { absolute: 1e-5 }, 'mean of the channel');
      const [one] = await subject.scores(tinyPicture(), find('act2#5@2,7'), 'logit', signal);
      assertClose(one!, channel[2 * 8 + 7]!, { absolute: 1e-6 }, 'one unit');
      const answer = await subject.gradients(tinyPicture(), { of: subject.scoreAt(find('act2#5'), 'logit') }, signal);
      assertClose(answer.scores[0]!, mean!, { absolute: 1e-5 }, 'score beside the gradient');
      assert.equal(find('act2#5').label, `${subject.layer('act2').name} channel 5`);
    });

    it('that lie outside are refused', () => {
      for (const text of ['act2#12', 'act2#0@8,0', 'nowhere#0']) assert.throws(() => find(text), LensError, text);
    });
  });
});
