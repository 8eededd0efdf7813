import assert from 'node:assert/strict';
import { inMemory, type StoredTensor } from '../../../src/checkpoint/model.js';
import { Random } from '../../../src/base/random.js';
import { floatTensor, int64Tensor, sizeOf } from '../../../src/base/tensor.js';
import { makeNode } from '../../../src/graph/edits.js';
import type { Graph } from '../../../src/graph/graph.js';
import type { Labels } from '../../../src/input/labels.js';
import { predict } from '../../../src/method/activations/prediction.js';
import { occlusion } from '../../../src/method/attribution/occlusion.js';
import { findTarget } from '../../../src/method/target/findTarget.js';
import type { ModelSubject } from '../../../src/method/subject/modelSubject.js';
import { parseParameters } from '../../../src/method/parameters.js';
import { classLayoutOf, regionsOf, type ClassLayout } from '../../../src/method/target/regions.js';
import { OrtSessions } from '../../../src/session/ort/ortSession.js';
import { openTiny, SIDE, tinyPicture } from './tinyNet.js';
import { assertClose } from '../support/close.js';

const NAMES = ['background', 'cat', 'dog', 'hen', 'car'];
const labels: Labels = { names: NAMES, origin: { kind: 'default', detail: '' } };

/** A convolution to `channels` maps, as they are or as a list of boxes `[channels, boxes]`. */
function mapNet(channels: number, boxes: boolean, softmax = false): Graph {
  const random = new Random(11);
  const weights = new Map<string, StoredTensor>();
  const draw = (name: string, dims: readonly number[]): void =>
    void weights.set(
      name,
      inMemory(
        name,
        floatTensor(
          dims,
          Float32Array.from({ length: sizeOf(dims) }, () => 0.3 * random.normal()),
        ),
      ),
    );
  draw('w', [channels, 3, 3, 3]);
  draw('b', [channels]);
  weights.set('shape', inMemory('shape', int64Tensor([3], [0, channels, -1])));
  const nodes = [makeNode('Conv', 'maps', ['x', 'w', 'b'], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] })];
  if (softmax) nodes.push(makeNode('Softmax', 'shares', ['maps'], { axis: 1 }));
  if (boxes) nodes.push(makeNode('Reshape', 'boxes', ['maps', 'shape']));
  const name = boxes ? 'boxes' : softmax ? 'shares' : 'maps';
  const dims = boxes ? ['batch', channels, SIDE * SIDE] : ['batch', channels, SIDE, SIDE];
  return {
    name: 'map',
    irVersion: 9,
    opset: 18,
    opsets: new Map(),
    inputs: [{ name: 'x', type: 'float32', dims: ['batch', 3, SIDE, SIDE] }],
    outputs: [{ name, type: 'float32', dims }],
    nodes,
    weights,
    metadata: new Map(),
  };
}

describe('method/regions', () => {
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
        const total = ranking!.top.reduce((s, c) => s + c.probability, 0);
        assertClose(total, 1, { absolute: 1e-9 }, 'shares of the picture');
        assert.notEqual(ranking!.top[0]!.label, 'background');
        assert.equal(ranking!.top.at(-1)!.label, 'background');
        const target = findTarget('cat', ranking!.logits, labels, subject, ranking!.regions);
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
        if (softmax) assert.ok(share! > 0 && share! <= count);
        const difference = findTarget('cat - dog', ranking!.logits, labels, subject, ranking!.regions);
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

  it('explains a class of a detector by its best boxes', async () => {
    await use(mapNet(4 + NAMES.length, true), async (subject) => {
      const layout = classLayoutOf(subject, NAMES.length)!;
      assert.deepEqual([layout.kind, layout.classes, layout.places], ['detection', 5, 256]);
      const [ranking] = await predict(subject, labels, tinyPicture(), 3, signal);
      const target = findTarget('top1', ranking!.logits, labels, subject, ranking!.regions);
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
      assertClose(ranking!.top[0]!.probability, best[0]!, { absolute: 1e-5 }, 'probability of the best');
    });
  });

  it('reads objectness where boxes have it, boxes in rows, and a single map', () => {
    const boxes: ClassLayout = {
      kind: 'detection',
      classes: 2,
      places: 3,
      at: (k, p) => p * 7 + 5 + k,
      objectness: (p) => p * 7 + 4,
    };
    const scores = [0, 0, 0, 0, 0.1, 0.9, 0, 0, 0, 0, 0, 1, 0.5, 0.2, 0, 0, 0, 0, 0.5, 0.1, 0.8];
    const found = regionsOf(boxes, scores, labels);
    assert.deepEqual(
      [...found.ranking].map((v) => +v.toFixed(3)),
      [0.5, 0.4],
    );
    const single: ClassLayout = { kind: 'segmentation', classes: 1, places: 4, at: (_, p) => p };
    const one = regionsOf(single, [-1, 2, 3, -4], { ...labels, names: [] });
    assert.deepEqual([...one.weights(0)], [0, 1, 1, 0]);
    assert.equal(one.shares[0], 0.5);
  });

  it('leaves plain lists of classes and unknown arrangements alone', async () => {
    await use(mapNet(9, true), async (subject) => {
      assert.equal(classLayoutOf(subject, 0), undefined);
      assert.equal(classLayoutOf(subject, 77), undefined);
    });
  });
});
