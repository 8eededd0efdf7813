import assert from 'node:assert/strict';
import { LensError } from '../../../../src/base/errors.js';
import { numberedLabels } from '../../../../src/input/labels.js';
import { findTarget } from '../../../../src/method/target/index.js';
import { OrtSessions } from '../../../../src/session/ort/ortSession.js';
import { assertClose } from '../../support/close.js';
import { CLASSES, openTiny, tinyNet, tinyPicture } from '../tinyNet.js';

describe('method/target/value', () => {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  const { signal } = new AbortController();
  after(() => sessions.dispose());

  for (const kind of ['regression', 'embedding', 'unknown'] as const) {
    it(`is a number of the output as it stands there (${kind})`, async () => {
      const subject = await openTiny(tinyNet(), sessions, { said: { fc: { kind } } });
      try {
        const question = { scores: [], labels: numberedLabels(CLASSES), subject };
        const target = findTarget('value:3', question);
        assert.equal(target.label, 'fc 3');
        const x = tinyPicture();
        const values = (await subject.values(x, ['fc'], signal)).get('fc')!.data;
        assertClose((await subject.scores(x, target, 'logit', signal))[0]!, values[3]!, { absolute: 0 }, 'value');
        const apart = findTarget('value:3 - value:0', question);
        assertClose(
          (await subject.asking(apart).scores(x, apart, 'logit', signal))[0]!,
          values[3]! - values[0]!,
          { absolute: 1e-6 },
          'difference',
        );
        for (const [text, message] of [
          ['value:5', /no value 5: the output "fc" has 5/],
          ['value:x', /is no value of the output/],
          ['value:', /is no value of the output/],
        ] as const)
          assert.throws(
            () => findTarget(text, question),
            (e: unknown) => e instanceof LensError && message.test(e.message),
          );
      } finally {
        await subject.dispose();
      }
    });
  }
});
