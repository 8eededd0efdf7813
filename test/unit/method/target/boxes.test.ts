import assert from 'node:assert/strict';
import { LensError } from '../../../../src/base/errors.js';
import type { Graph } from '../../../../src/graph/graph.js';
import type { Labels } from '../../../../src/input/labels.js';
import { predict, type Ranking } from '../../../../src/method/activations/prediction.js';
import type { ModelSubject } from '../../../../src/method/subject/modelSubject.js';
import { boxesSeen } from '../../../../src/method/target/boxes.js';
import { classLayoutOf, findTarget } from '../../../../src/method/target/index.js';
import type { TargetQuestion } from '../../../../src/method/target/kind.js';
import { OrtSessions } from '../../../../src/session/ort/ortSession.js';
import { assertClose } from '../../support/close.js';
import { mapNet } from '../mapNet.js';
import { openTiny, tinyPicture } from '../tinyNet.js';

const NAMES = ['background', 'cat', 'dog', 'hen', 'car'];
const labels: Labels = { names: NAMES, origin: { kind: 'default', detail: '' } };

const questionOf = (ranking: Ranking, subject: ModelSubject): TargetQuestion => ({
  scores: ranking.logits,
  labels,
  subject,
  regions: ranking.regions,
});

describe('method/target/boxes', () => {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  const { signal } = new AbortController();
  const use = async (graph: Graph, work: (subject: ModelSubject) => Promise<void>): Promise<void> => {
    const subject = await openTiny(graph, sessions, { labels: NAMES });
    try {
      await work(subject);
    } finally {
      await subject.dispose();
    }
  };
  after(() => sessions.dispose());

  it('explains a class of a detector by its best boxes', async () => {
    await use(mapNet(4 + NAMES.length, true), async (subject) => {
      const layout = classLayoutOf(subject)!;
      assert.deepEqual([layout.kind, layout.classes], ['boxes', 5]);
      const [ranking] = await predict(subject, labels, tinyPicture(), 3, signal);
      const target = findTarget('top1', questionOf(ranking!, subject));
      assert.match(target.label, /in its 5 best boxes$/);
      const row = (await subject.values(tinyPicture(), ['boxes'], signal)).get('boxes')!.data;
      const best = Array.from(row.subarray((4 + target.index) * 256, (5 + target.index) * 256))
        .sort((a, b) => b - a)
        .slice(0, 5);
      const [score] = await subject.scores(tinyPicture(), target, 'logit', signal);
      assertClose(
        score!,
        best.reduce((a, b) => a + b, 0),
        { absolute: 1e-4 },
        'score',
      );
      assertClose(ranking!.top[0]!.logit, best[0]!, { absolute: 1e-5 }, 'score of the best');
    });
  });

  it('reads a class by name and index, differences too, and refuses what is none', async () => {
    await use(mapNet(4 + NAMES.length, true), async (subject) => {
      const [ranking] = await predict(subject, labels, tinyPicture(), 3, signal);
      const read = (text: string): ReturnType<typeof findTarget> => findTarget(text, questionOf(ranking!, subject));
      assert.deepEqual(read('car'), read('4'));
      assert.equal(read('car').label, 'car in its 5 best boxes');
      assert.equal(read('car').weights!.filter((w) => w === 1).length, 5);
      const [both, car, hen] = await Promise.all(
        ['car - hen', 'car', 'hen'].map(
          async (text) => (await subject.scores(tinyPicture(), read(text), 'logit', signal))[0]!,
        ),
      );
      assertClose(both!, car! - hen!, { absolute: 1e-4 }, 'difference');
      assert.throws(
        () => read('5'),
        (e: unknown) => e instanceof LensError && e.message === 'There is no class 5: the model has 5 classes, 0 to 4.',
      );
    });
  });

  it('multiplies by objectness where boxes have it, in rows', () => {
    const scores = [0, 0, 0, 0, 0.1, 0.9, 0, 0, 0, 0, 0, 1, 0.5, 0.2, 0, 0, 0, 0, 0.5, 0.1, 0.8];
    const lie = {
      classes: 2,
      places: 3,
      at: (k: number, p: number) => p * 7 + 5 + k,
      objectness: (p: number) => p * 7 + 4,
    };
    const found = boxesSeen(lie, scores, labels);
    assert.deepEqual(
      [...found.ranking].map((v) => +v.toFixed(3)),
      [0.5, 0.4],
    );
  });

  it('leaves plain lists of classes and unknown arrangements alone', async () => {
    for (const labels of [[], Array.from({ length: 77 }, (_, i) => `thing ${i}`)]) {
      const subject = await openTiny(mapNet(9, true), sessions, { labels });
      assert.equal(classLayoutOf(subject), undefined);
      assert.equal(subject.output.kind, 'unknown');
      await subject.dispose();
    }
  });
});
