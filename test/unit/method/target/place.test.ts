import assert from 'node:assert/strict';
import { LensError } from '../../../../src/base/errors.js';
import type { Labels } from '../../../../src/input/labels.js';
import { valuesOf } from '../../../../src/method/output/layout.js';
import { findTarget } from '../../../../src/method/target/index.js';
import type { TargetQuestion } from '../../../../src/method/target/kind.js';
import { OrtSessions } from '../../../../src/session/ort/ortSession.js';
import { assertClose } from '../../support/close.js';
import { openTiny, tinyPicture } from '../tinyNet.js';
import { LETTERS, sequenceNet } from './sequenceNet.js';

const labels: Labels = { names: LETTERS, origin: { kind: 'metadata', detail: 'names' } };

describe('method/target/place', () => {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  const { signal } = new AbortController();
  after(() => sessions.dispose());

  for (const stepsFirst of [false, true])
    for (const softmax of [false, true])
      it(`is a class at a step, steps ${stepsFirst ? 'first' : 'behind the batch'}${softmax ? ', before the Softmax' : ''}`, async () => {
        const said = { text: { kind: 'sequence' as const } };
        const subject = await openTiny(sequenceNet(stepsFirst, softmax), sessions, { labels: LETTERS, said });
        try {
          const x = tinyPicture();
          const values = await subject.values(x, valuesOf(subject.output.layout!), signal);
          const sample = new Map([...values].map(([name, t]) => [name, t.data]));
          const question: TargetQuestion = { scores: [], labels, subject, sample };
          const logits = softmax ? 'logits' : 'text';
          const row = (await subject.values(x, [logits], signal)).get(logits)!.data;
          const target = findTarget('place:7=c', question);
          assert.equal(target.label, 'c at step 7');
          const at = (step: number, k: number): number => row[step * LETTERS.length + k]!;
          const score = async (text: string): Promise<number> => {
            const asked = findTarget(text, question);
            return (await subject.asking(asked).scores(x, asked, 'logit', signal))[0]!;
          };
          assertClose(await score('place:7=c'), at(7, 3), { absolute: 1e-6 }, 'c at 7');
          assertClose(await score('place:7=3'), at(7, 3), { absolute: 1e-6 }, 'by index');
          assertClose(await score('place:0=blank'), at(0, 0), { absolute: 1e-6 }, 'blank');
          assertClose(await score('place:5'), Math.max(...LETTERS.map((_, k) => at(5, k))), { absolute: 1e-6 }, 'best');
          assertClose(await score('place:7=c - place:2=a'), at(7, 3) - at(2, 1), { absolute: 1e-6 }, 'difference');
          for (const [text, message] of [
            ['place:16=a', /no step 16: the sequence has 16, 0 to 15/],
            ['place:first=a', /names no step/],
            ['place:1=z', /No class of the sequence is called "z"/],
            ['value:80', /no value 80/],
          ] as const)
            assert.throws(
              () => findTarget(text, question),
              (e: unknown) => e instanceof LensError && message.test(e.message) && e.hint !== undefined,
            );
        } finally {
          await subject.dispose();
        }
      });
});
