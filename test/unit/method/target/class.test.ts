import assert from 'node:assert/strict';
import { LensError } from '../../../../src/base/errors.js';
import type { Labels } from '../../../../src/input/labels.js';
import type { ModelSubject } from '../../../../src/method/subject/modelSubject.js';
import { findTarget } from '../../../../src/method/target/index.js';
import type { Target } from '../../../../src/method/target/target.js';
import { OrtSessions } from '../../../../src/session/ort/ortSession.js';
import { rankOf } from '../../../../src/method/rankOf.js';
import { assertClose } from '../../support/close.js';
import { openTiny, tinyNet, tinyPicture } from '../tinyNet.js';

const labels: Labels = {
  names: ['tench, Tinca tinca', 'goldfish', 'great white shark', 'hammer-head - shark', 'hen'],
  origin: { kind: 'default', detail: '' },
};
const scores = [0.1, 3, -1, 3, 0.5];

describe('method/target/class', () => {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  const signal = new AbortController().signal;
  let subject: ModelSubject;
  before(async () => void (subject = await openTiny(tinyNet(), sessions)));
  after(() => subject.dispose());
  const read = (text: string): Target => findTarget(text, { scores, labels, subject });

  it('is found by rank, index and name', () => {
    const index = (text: string): number => read(text).index;
    assert.equal(index('top1'), 1);
    assert.equal(index('top'), 1);
    assert.equal(index('TOP2'), 3);
    assert.equal(index('top3'), 4);
    assert.equal(index('2'), 2);
    assert.equal(index('Goldfish'), 1);
    assert.equal(index('tinca tinca'), 0);
    assert.equal(read('4').label, 'hen');
  });

  it('that is not there is refused with near names', () => {
    for (const text of ['top6', '5', 'shark', 'nothing']) {
      assert.throws(
        () => read(text),
        (e: unknown) => e instanceof LensError && e.code === 'target/unknown',
      );
    }
    assert.throws(
      () => read('goldfihs'),
      (e: LensError) => e.hint!.includes('goldfish'),
    );
  });

  it('ranks ties by index and NaN last', () => {
    assert.deepEqual(rankOf([1, NaN, 2, 2], 4), [2, 3, 0, 1]);
  });

  it('is called by its name, which leads back to it', () => {
    for (const [index, name] of labels.names.entries()) {
      const target = read(name);
      assert.equal(target.index, index);
      assert.deepEqual(read(target.label), target);
      assert.deepEqual(read(String(index)), target);
    }
  });

  it('is the score at its index, and the softmax of it', async () => {
    const { logits, probabilities } = await subject.predict(tinyPicture(), signal);
    for (const index of labels.names.keys()) {
      const target = read(String(index));
      assert.deepEqual([...(await subject.scores(tinyPicture(), target, 'logit', signal))], [logits.data[index]]);
      const [p] = await subject.scores(tinyPicture(), target, 'probability', signal);
      assert.equal(p, Math.fround(probabilities[index]!));
      const answer = await subject.gradients(tinyPicture(), { of: subject.scoreAt(target, 'logit') }, signal);
      assertClose(answer.scores[0]!, logits.data[index]!, { absolute: 1e-5 }, 'score beside the gradient');
    }
  });
});
