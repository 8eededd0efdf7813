import assert from 'node:assert/strict';
import { LensError } from '../../../../src/base/errors.js';
import type { Labels } from '../../../../src/input/labels.js';
import type { ModelSubject } from '../../../../src/method/subject/modelSubject.js';
import { findTarget } from '../../../../src/method/target/index.js';
import type { Target } from '../../../../src/method/target/target.js';
import { OrtSessions } from '../../../../src/session/ort/ortSession.js';
import { assertClose } from '../../support/close.js';
import { openTiny, tinyNet, tinyPicture } from '../tinyNet.js';

const labels: Labels = {
  names: ['tench, Tinca tinca', 'goldfish', 'great white shark', 'hammer-head - shark', 'hen'],
  origin: { kind: 'default', detail: '' },
};
const scores = [0.1, 3, -1, 3, 0.5];

describe('method/target/difference', () => {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  const signal = new AbortController().signal;
  let subject: ModelSubject;
  before(async () => void (subject = await openTiny(tinyNet(), sessions)));
  after(() => subject.dispose());
  const find = (text: string): Target => findTarget(text, { scores, labels, subject });

  it('is a weighted sum of two scores, and its gradient that of both', async () => {
    const target = find('goldfish - hen');
    assert.deepEqual([target.index, target.label, [...target.weights!]], [1, 'goldfish − hen', [0, 1, 0, 0, -1]]);
    const { logits } = await subject.predict(tinyPicture(), signal);
    const [difference] = await subject.scores(tinyPicture(), target, 'logit', signal);
    assertClose(difference!, logits.data[1]! - logits.data[4]!, { absolute: 1e-5 }, 'difference');
    const gradient = async (text: string): Promise<Float32Array> =>
      (await subject.gradients(tinyPicture(), { of: subject.scoreAt(find(text), 'logit') }, signal)).gradients.get('x')!
        .data;
    const [a, b] = [await gradient('goldfish'), await gradient('hen')];
    assertClose(
      await gradient('goldfish - hen'),
      a.map((v, i) => v - b[i]!),
      { relative: 1e-5 },
      'gradient of the difference',
    );
    assert.equal(find('hammer-head - shark').weights, undefined, 'a class with a dash in its name is that class');
  });

  it('reads ranks, indices and names on both sides, with either dash, and says both names', () => {
    const target = find('goldfish - hen');
    assert.deepEqual(find('1 − 4'), target);
    assert.deepEqual(find('top1 - top3'), target);
    assert.deepEqual(find(target.label), target, 'its label leads back to it');
  });

  it('is refused by the class that is missing', () => {
    for (const [text, missing] of [
      ['goldfish - cow', 'cow'],
      ['cow - goldfish', 'cow'],
    ] as const) {
      assert.throws(
        () => find(text),
        (e: unknown) =>
          e instanceof LensError &&
          e.code === 'target/unknown' &&
          e.message === `No single class is called "${missing}".`,
      );
    }
  });

  it('is the difference of the probabilities where those are asked for', async () => {
    const { probabilities } = await subject.predict(tinyPicture(), signal);
    const [p] = await subject.scores(tinyPicture(), find('goldfish - hen'), 'probability', signal);
    assert.equal(p, Math.fround(probabilities[1]! - probabilities[4]!));
  });
});
