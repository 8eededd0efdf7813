import assert from 'node:assert/strict';
import { Random } from '../../../../src/base/random.js';
import { LensError } from '../../../../src/base/errors.js';
import type { Graph } from '../../../../src/graph/graph.js';
import type { Labels } from '../../../../src/input/labels.js';
import { predict, type Ranking } from '../../../../src/method/activations/prediction.js';
import { occlusion } from '../../../../src/method/attribution/occlusion.js';
import { parseParameters } from '../../../../src/method/parameters.js';
import type { ModelSubject } from '../../../../src/method/subject/modelSubject.js';
import { regionsSeen } from '../../../../src/method/target/region.js';
import { findTarget } from '../../../../src/method/target/index.js';
import type { TargetQuestion } from '../../../../src/method/target/kind.js';
import { OrtSessions } from '../../../../src/session/ort/ortSession.js';
import { assertClose } from '../../support/close.js';
import { mapNet } from '../mapNet.js';
import { openTiny, SIDE, tinyPicture } from '../tinyNet.js';

const NAMES = ['background', 'cat', 'dog', 'hen', 'car'];
const labels: Labels = { names: NAMES, origin: { kind: 'default', detail: '' } };

const questionOf = (ranking: Ranking, subject: ModelSubject): TargetQuestion => ({
  scores: ranking.logits,
  labels,
  subject,
  regions: ranking.regions,
});

describe('method/target/region', () => {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  const { signal } = new AbortController();
  const use = async (graph: Graph, work: (subject: ModelSubject) => Promise<void>): Promise<void> => {
    const subject = await openTiny(graph, sessions);
    try {
      await work(subject);
    } finally {
      await subject.dispose();
    }
  };
  after(() => sessions.dispose());

  it('explains a class of a segmentation map over its region, with or without a Softmax at the end', async () => {
    for (const softmax of [false, true]) {
      await use(mapNet(5, false, softmax), async (subject) => {
        const [ranking] = await predict(subject, labels, tinyPicture(), 5, signal);
        const total = ranking!.top.reduce((s, c) => s + c.logit, 0);
        assertClose(total, 1, { absolute: 1e-9 }, 'shares of the picture');
        assert.notEqual(ranking!.top[0]!.label, 'background');
        assert.equal(ranking!.top.at(-1)!.label, 'background');
        const target = findTarget('cat', questionOf(ranking!, subject));
        const map = (await subject.values(tinyPicture(), ['maps'], signal)).get('maps')!.data;
        const area = SIDE * SIDE;
        let [sum, count] = [0, 0];
        for (let p = 0; p < area; p++) {
          const best = NAMES.map((_, k) => map[k * area + p]!).reduce((b, v, k, all) => (v > all[b]! ? k : b), 0);
          if (best !== 1) continue;
          sum += map[area + p]!;
          count++;
        }
        assert.equal(target.label, `cat over ${count} pixels`);
        const [score] = await subject.scores(tinyPicture(), target, 'logit', signal);
        assertClose(score!, sum, { absolute: 1e-3 }, 'score');
        const answer = await subject.gradients(tinyPicture(), { of: subject.scoreAt(target, 'logit') }, signal);
        assertClose(answer.scores[0]!, sum, { absolute: 1e-3 }, 'score beside the gradient');
        const [share] = await subject.scores(tinyPicture(), target, 'probability', signal);
        if (softmax) assert.ok(share! > 0 && share! <= count, `share: ${share}, count: ${count}`);
        const difference = findTarget('cat - dog', questionOf(ranking!, subject));
        assert.ok(difference.weights!.includes(1) && difference.weights!.includes(-1));
        const params = parseParameters('occlusion', occlusion.parameters, { patch: 4, stride: 4 });
        const context = { signal, random: new Random(0), progress: () => undefined };
        const found = await occlusion.run(
          subject,
          { input: tinyPicture(), target, score: 'logit', params, seed: 0 },
          context,
        );
        assert.deepEqual(found.attribution.values.dims, [SIDE, SIDE]);
      });
    }
  });

  it('reads a class by rank, index and name, and refuses what is none', async () => {
    await use(mapNet(5, false), async (subject) => {
      const [ranking] = await predict(subject, labels, tinyPicture(), 5, signal);
      const read = (text: string): ReturnType<typeof findTarget> => findTarget(text, questionOf(ranking!, subject));
      const dog = read('dog');
      assert.equal(dog.index, 2);
      assert.deepEqual(read('2'), dog);
      assert.deepEqual(read(NAMES[2]!), dog, 'its own name leads back to it');
      assert.equal(read('top1').index, ranking!.top[0]!.index);
      assert.ok(dog.weights!.every((w) => w === 0 || w === 1));
      assert.throws(
        () => read('dgo'),
        (e: unknown) => e instanceof LensError && e.code === 'target/unknown' && e.hint!.includes('dog'),
      );
    });
  });

  it('counts the pixels that a class wins, those of a single map where it is above zero', () => {
    // Two classes on four pixels: the second wins the two in the middle.
    const scores = [1, 0, 0, 1, 0, 2, 3, 0];
    const seen = regionsSeen({ classes: 2, places: 4, at: (k, p) => 4 * k + p }, scores, {
      ...labels,
      names: ['hen', 'car'],
    });
    assert.deepEqual([...seen.shares], [0.5, 0.5]);
    assert.deepEqual([...seen.weights(1)], [0, 0, 0, 0, 0, 1, 1, 0]);
    assert.equal(seen.label(1), 'car over 2 pixels');
    const single = regionsSeen({ classes: 1, places: 4, at: (_, p) => p }, [-1, 2, 3, -4], { ...labels, names: [] });
    assert.deepEqual([...single.weights(0)], [0, 1, 1, 0]);
    assert.equal(single.shares[0], 0.5);
    const nowhere = regionsSeen({ classes: 2, places: 4, at: (k, p) => 4 * k + p }, [1, 1, 1, 1, 0, 0, 0, 0], labels);
    assert.deepEqual([...nowhere.weights(1)], [0, 0, 0, 0, 1, 1, 1, 1], 'what is nowhere is asked everywhere');
    assert.equal(nowhere.label(1), 'cat over all pixels');
  });
});
