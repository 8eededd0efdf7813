import assert from 'node:assert/strict';
import { LensError } from '../../../../src/base/errors.js';
import type { Labels } from '../../../../src/input/labels.js';
import type { ModelSubject } from '../../../../src/method/subject/modelSubject.js';
import { findTarget } from '../../../../src/method/target/index.js';
import type { Target } from '../../../../src/method/target/target.js';
import { OrtSessions } from '../../../../src/session/ort/ortSession.js';
import { assertClose } from '../../support/close.js';
import { openTiny, SIDE, tinyNet, tinyPicture } from '../tinyNet.js';

const labels: Labels = {
  names: ['tench, Tinca tinca', 'goldfish', 'great white shark', 'hammer-head - shark', 'hen'],
  origin: { kind: 'default', detail: '' },
};
const scores = [0.1, 3, -1, 3, 0.5];

describe('method/target/unit', () => {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  const signal = new AbortController().signal;
  let subject: ModelSubject;
  before(async () => void (subject = await openTiny(tinyNet(), sessions)));
  after(() => subject.dispose());
  const find = (text: string): Target => findTarget(text, { scores, labels, subject });

  it('is the mean of a channel, or one neuron of it', async () => {
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

  it('that lies outside is refused', () => {
    for (const text of ['act2#12', 'act2#0@8,0', 'nowhere#0']) assert.throws(() => find(text), LensError, text);
  });

  it('is refused by a sentence that says what there is', () => {
    const sentence = (text: string, what: RegExp): void =>
      assert.throws(
        () => find(text),
        (e: unknown) =>
          e instanceof LensError && e.code === 'target/unit' && what.test(e.message) && e.hint !== undefined,
        text,
      );
    sentence('act2#12', /has 12 channels, 0 to 11\.$/);
    sentence('act2#0@8,0', /is 8×8\.$/);
    sentence('fc#5', /has 5 units, 0 to 4\.$/);
    sentence('fc#0@0,0', /has no channels with places\.$/);
  });

  it('of a list is its element, which has the gradient of that class', async () => {
    const target = find('fc#3');
    const [score] = await subject.scores(tinyPicture(), target, 'logit', signal);
    const { logits } = await subject.predict(tinyPicture(), signal);
    assert.equal(score, logits.data[3]);
    const slope = async (t: Target): Promise<Float32Array> =>
      (await subject.gradients(tinyPicture(), { of: subject.scoreAt(t, 'logit') }, signal)).gradients.get('x')!.data;
    assertClose(await slope(target), await slope({ index: 3, label: '' }), { relative: 1e-6 }, 'gradient');
  });

  it('of a convolution sees its own field of the picture and no more', async () => {
    const { gradients } = await subject.gradients(
      tinyPicture(),
      { of: subject.scoreAt(find('conv1#2@5,9'), 'logit') },
      signal,
    );
    gradients.get('x')!.data.forEach((g, i) => {
      const [y, x] = [Math.floor((i % (SIDE * SIDE)) / SIDE), i % SIDE];
      assert.equal(g !== 0, Math.abs(y - 5) <= 1 && Math.abs(x - 9) <= 1, `at ${y}, ${x}`);
    });
  });
});
