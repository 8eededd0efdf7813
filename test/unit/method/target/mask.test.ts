import assert from 'node:assert/strict';
import { LensError } from '../../../../src/base/errors.js';
import { writeRegion } from '../../../../src/base/region.js';
import type { Labels } from '../../../../src/input/labels.js';
import { predict } from '../../../../src/method/activations/prediction.js';
import { valuesOf } from '../../../../src/method/output/layout.js';
import type { ModelSubject } from '../../../../src/method/subject/modelSubject.js';
import { findTarget } from '../../../../src/method/target/index.js';
import type { Painted, TargetQuestion } from '../../../../src/method/target/kind.js';
import { paintedFiles } from '../../../../src/method/target/mask.js';
import { OrtSessions } from '../../../../src/session/ort/ortSession.js';
import { assertClose } from '../../support/close.js';
import { mapNet } from '../mapNet.js';
import { openTiny, SIDE, tinyPicture } from '../tinyNet.js';

const NAMES = ['background', 'cat', 'dog', 'hen', 'car'];

describe('method/target/mask', () => {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  const { signal } = new AbortController();
  after(() => sessions.dispose());
  const left: Painted = { at: (x) => x < 0.5 };
  const nothing: Painted = { at: () => false };

  const use = async (
    channels: number,
    names: readonly string[],
    kind: 'segmentation' | 'dense',
    work: (subject: ModelSubject, question: TargetQuestion, map: Float32Array) => Promise<void>,
  ): Promise<void> => {
    const subject = await openTiny(mapNet(channels, false), sessions, { labels: names, said: { maps: { kind } } });
    try {
      const labels: Labels = { names, origin: { kind: 'metadata', detail: 'names' } };
      const x = tinyPicture();
      const [ranking] = await predict(subject, labels, x, 3, signal);
      const values = await subject.values(x, valuesOf(subject.output.layout!), signal);
      const sample = new Map([...values].map(([name, t]) => [name, t.data]));
      const painted = new Map([
        ['left.png', left],
        ['nothing.png', nothing],
      ]);
      const question = { scores: ranking!.logits, labels, subject, sample, painted, regions: ranking!.regions };
      await work(subject, question, sample.get('maps')!);
    } finally {
      await subject.dispose();
    }
  };
  const scoreOf = async (subject: ModelSubject, text: string, question: TargetQuestion): Promise<number> => {
    const target = findTarget(text, question);
    return (await subject.asking(target).scores(tinyPicture(), target, 'logit', signal))[0]!;
  };
  const mean = (map: Float32Array, channel: number, inside: (x: number, y: number) => boolean): number => {
    let [sum, count] = [0, 0];
    for (let y = 0; y < SIDE; y++)
      for (let x = 0; x < SIDE; x++)
        if (inside(x, y)) [sum, count] = [sum + map[(channel * SIDE + y) * SIDE + x]!, count + 1];
    return sum / count;
  };

  it('is a class of a segmentation over its places, or in a rectangle', async () => {
    await use(NAMES.length, NAMES, 'segmentation', async (subject, question, map) => {
      assert.deepEqual(findTarget('mask:dog', question), findTarget('dog', question));
      assertClose(
        await scoreOf(subject, 'dog@2,4,6,10', question),
        mean(map, 2, (x, y) => x >= 2 && x < 6 && y >= 4 && y < 10),
        { absolute: 1e-5 },
        'rectangle',
      );
      assertClose(
        await scoreOf(subject, 'dog@2,4,6,10 - cat@2,4,6,10', question),
        mean(map, 2, (x, y) => x >= 2 && x < 6 && y >= 4 && y < 10) -
          mean(map, 1, (x, y) => x >= 2 && x < 6 && y >= 4 && y < 10),
        { absolute: 1e-5 },
        'difference',
      );
    });
  });

  it('takes the class that wins most of what is painted', async () => {
    await use(NAMES.length, NAMES, 'segmentation', async (subject, question, map) => {
      const votes = NAMES.map(() => 0);
      for (let y = 0; y < SIDE; y++)
        for (let x = 0; x < SIDE / 2; x++) {
          const scores = NAMES.map((_, k) => map[(k * SIDE + y) * SIDE + x]!);
          votes[scores.indexOf(Math.max(...scores))]!++;
        }
      const winner = votes.indexOf(Math.max(...votes));
      const target = findTarget('mask:left.png', question);
      assert.equal(target.index, winner);
      assert.equal(target.label, `${NAMES[winner]} painted in left.png (128 of 256 places)`);
      assertClose(
        await scoreOf(subject, 'mask:left.png', question),
        mean(map, winner, (x) => x < SIDE / 2),
        { absolute: 1e-5 },
        'painted',
      );
    });
  });

  it('is the mean of a dense map over what is painted, over a rectangle, or at one place', async () => {
    await use(1, [], 'dense', async (subject, question, map) => {
      const all = async (text: string): Promise<number> => scoreOf(subject, text, question);
      assertClose(
        await all('mask:left.png'),
        mean(map, 0, (x) => x < 8),
        { absolute: 1e-5 },
        'painted',
      );
      assertClose(await all('mask:3,5,4,6'), map[5 * SIDE + 3]!, { absolute: 1e-5 }, 'one place');
      assertClose(await all('mask:3.2,5.1,3.4,5.3'), map[5 * SIDE + 3]!, { absolute: 1e-5 }, 'less than a place');
      assertClose(
        await all('mask:left.png - mask:3,5,4,6'),
        mean(map, 0, (x) => x < 8) - map[5 * SIDE + 3]!,
        { absolute: 1e-5 },
        'difference',
      );
    });
  });

  it('is what was painted by hand, from its text', async () => {
    const painted = (inside: (x: number, y: number) => boolean, side: number): string =>
      `mask:${writeRegion({
        width: side,
        height: side,
        data: Uint8Array.from({ length: side * side }, (_, i) => Number(inside(i % side, Math.floor(i / side)))),
      })}`;
    await use(1, [], 'dense', async (subject, question, map) => {
      const disc = (x: number, y: number): boolean => Math.hypot(x - 6, y - 9) < 4;
      const text = painted(disc, SIDE);
      assertClose(await scoreOf(subject, text, question), mean(map, 0, disc), { absolute: 1e-5 }, 'a disc');
      assert.match(findTarget(text, question).label, /^maps in the painted region \(\d+ of 256 places\)$/);
      // Painted over a grid that is twice as fine.
      const fine = painted((x, y) => disc(Math.floor(x / 2), Math.floor(y / 2)), 2 * SIDE);
      assertClose(await scoreOf(subject, fine, question), mean(map, 0, disc), { absolute: 1e-5 }, 'finer');
      // A line that passes beside the middle of every place: those that it touches.
      const line = painted((x, y) => y === 24 && x < 40, 8 * SIDE);
      assertClose(
        await scoreOf(subject, line, question),
        mean(map, 0, (x, y) => y === 3 && x < 5),
        { absolute: 1e-5 },
        'a line',
      );
      assert.equal(findTarget('mask:3,5,4,6', question).label, 'maps at 3, 5 (1 of 256 places)');
    });
  });

  it('refuses what is no part of the map, by its reason', async () => {
    const refused = (question: TargetQuestion, text: string, message: RegExp): void => {
      assert.throws(
        () => findTarget(text, question),
        (e: unknown) => e instanceof LensError && message.test(e.message) && e.hint !== undefined,
      );
    };
    await use(1, [], 'dense', async (_, question) => {
      refused(question, 'mask:cat', /"cat" is no part of the map/);
      refused(question, 'mask:nothing.png', /nothing is painted/);
      refused(question, 'mask:20,20,30,30', /lies outside of what the model sees/);
      refused(question, 'mask:9,9,9,3', /has no area/);
      refused(question, 'mask:16x16:1,zz', /is no painted region: its runs do not fit its grid/);
      refused(question, 'mask:16x16:', /nothing is painted/);
      refused(question, 'mask:box:1', /not read as one|is no part of the map/);
      refused(question, 'box:1', /not read as boxes of a detector \(dense\)/);
    });
    await use(NAMES.length, NAMES, 'segmentation', async (_, question) => {
      refused(question, 'mask:emu', /No single class is called "emu"/);
    });
  });

  it('names the files that a text asks for', () => {
    assert.deepEqual(paintedFiles('mask:a b.png - mask:C:\\x\\c.JPG'), ['a b.png', 'C:\\x\\c.JPG']);
    assert.deepEqual(paintedFiles('mask:cat - mask:a - b.png'), ['a - b.png']);
    assert.deepEqual(paintedFiles('mask:cat'), []);
    assert.deepEqual(paintedFiles('cat.png'), []);
  });
});
