import assert from 'node:assert/strict';
import { LensError } from '../../../../src/base/errors.js';
import { floatTensor, type FloatTensor } from '../../../../src/base/tensor.js';
import { numberedLabels } from '../../../../src/input/labels.js';
import { Joint } from '../../../../src/method/subject/joint.js';
import { findTarget } from '../../../../src/method/target/index.js';
import { similarFiles } from '../../../../src/method/target/similar.js';
import { OrtSessions } from '../../../../src/session/ort/ortSession.js';
import { assertClose } from '../../support/close.js';
import { CLASSES, openTiny, tinyNet, tinyPicture } from '../tinyNet.js';

describe('method/target/similar', () => {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  const { signal } = new AbortController();
  after(() => sessions.dispose());

  it('is the cosine to the embedding of another picture, whose gradient is that of central differences', async () => {
    const subject = await openTiny(tinyNet({ activation: 'Gelu' }), sessions, { said: { fc: { kind: 'embedding' } } });
    try {
      const x = tinyPicture();
      const embedding = async (input: FloatTensor): Promise<Float32Array> =>
        (await subject.values(input, ['fc'], signal)).get('fc')!.data;
      const elsewhere = floatTensor(
        x.dims,
        x.data.map((v, i) => v + Math.sin(i)),
      );
      const others = new Map([
        ['a/b.png', await embedding(elsewhere)],
        ['itself.png', await embedding(x)],
      ]);
      const question = { scores: [], labels: numberedLabels(CLASSES), subject, others };
      const target = findTarget('similar:a/b.png', question);
      assert.equal(target.label, 'similarity to b.png');
      const asking = subject.asking(target);
      const score = async (input: FloatTensor): Promise<number> =>
        (await asking.scores(input, target, 'logit', signal))[0]!;
      const cosine = (a: Float32Array, b: Float32Array): number =>
        a.reduce((sum, v, i) => sum + v * b[i]!, 0) / (Math.hypot(...a) * Math.hypot(...b));
      assertClose(await score(x), cosine(await embedding(x), others.get('a/b.png')!), { absolute: 1e-5 }, 'cosine');
      const own = findTarget('similar:itself.png', question);
      assertClose((await subject.asking(own).scores(x, own, 'logit', signal))[0]!, 1, { absolute: 1e-5 }, 'itself');

      const { gradients } = await asking.gradients(x, { of: asking.scoreAt(target, 'logit') }, signal);
      const g = [...gradients.values()][0]!.data;
      const norm = Math.hypot(...g);
      assert.ok(norm > 1e-4, `a slope of ${norm}`);
      const step = 1e-2;
      const moved = (sign: number): Promise<number> =>
        score(
          floatTensor(
            x.dims,
            x.data.map((v, i) => v + (sign * step * g[i]!) / norm),
          ),
        );
      const slope = ((await moved(1)) - (await moved(-1))) / (2 * step);
      assertClose(norm, slope, { absolute: 1e-3 + 0.02 * norm }, 'slope');

      // Nodes that the target brings are run past what counts for several questions at once.
      const joint = new Joint(subject);
      const { samples } = await joint.watch(() => joint.subject.asking(target).scores(x, target, 'logit', signal));
      assert.equal(samples, Infinity);

      const apart = findTarget('similar:a/b.png - similar:itself.png', question);
      assertClose(
        (await subject.asking(apart).scores(x, apart, 'logit', signal))[0]!,
        (await score(x)) - 1,
        { absolute: 1e-5 },
        'difference',
      );
    } finally {
      await subject.dispose();
    }
  });

  it('is refused for what is no embedding, and names its files', async () => {
    const subject = await openTiny(tinyNet(), sessions, {});
    try {
      const question = { scores: [], labels: numberedLabels(CLASSES), subject };
      assert.throws(
        () => findTarget('similar:a.png', question),
        (e: unknown) => e instanceof LensError && /not read as an embedding/.test(e.message) && e.hint !== undefined,
      );
    } finally {
      await subject.dispose();
    }
    assert.deepEqual(similarFiles('similar:a - b.png - similar:C:\\x.jpg'), ['a - b.png', 'C:\\x.jpg']);
    assert.deepEqual(similarFiles('mask:a.png'), []);
  });
});
