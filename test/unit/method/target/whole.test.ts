import assert from 'node:assert/strict';
import { LensError } from '../../../../src/base/errors.js';
import { floatTensor } from '../../../../src/base/tensor.js';
import type { Graph } from '../../../../src/graph/graph.js';
import type { Labels } from '../../../../src/input/labels.js';
import { predict } from '../../../../src/method/activations/prediction.js';
import { openSubject, type ModelSubject } from '../../../../src/method/subject/modelSubject.js';
import { findTarget } from '../../../../src/method/target/index.js';
import type { Target } from '../../../../src/method/target/target.js';
import { OrtSessions } from '../../../../src/session/ort/ortSession.js';
import { probeFacts } from '../../../../src/session/probe.js';
import { assertClose } from '../../support/close.js';
import { testSpec } from '../../support/subject.js';
import { constantNet, SIDE, through } from '../output/constantNet.js';

describe('method/target/whole', () => {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  const { signal } = new AbortController();
  const input = floatTensor([1, 3, SIDE, SIDE]);
  after(() => sessions.dispose());

  async function use(
    graph: Graph,
    names: readonly string[],
    work: (subject: ModelSubject, find: (text: string) => Target) => Promise<void>,
  ): Promise<void> {
    const facts = await probeFacts(graph, sessions);
    const parts = { graph, facts, layers: [], input: testSpec('x', [3, SIDE, SIDE]), sessions };
    const subject = await openSubject(parts, { labels: names });
    const labels: Labels = { names, origin: { kind: 'file', detail: '' } };
    const [ranking] = await predict(subject, labels, input, 5, signal);
    const { logits: scores, regions } = ranking!;
    try {
      await work(subject, (text) => findTarget(text, { scores, labels, subject, regions }));
    } finally {
      await subject.dispose();
    }
  }
  const code = (expected: string) => (e: unknown) => e instanceof LensError && e.code === expected;

  it('is the mean of a dense map', async () => {
    const data = Float32Array.from({ length: 1024 }, (_, i) => i);
    await use(constantNet({ depth: { parts: [{ dims: [1, 1, 32, 32], data }] } }), [], async (subject, find) => {
      const target = find('top1');
      assert.equal(target.label, 'mean of depth');
      const [score] = await subject.scores(input, target, 'logit', signal);
      assertClose(score!, 511.5, { relative: 1e-5 }, 'mean');
      assert.throws(() => find('goldfish'), code('target/no-classes'));
    });
  });

  it('is the text of a sequence: its letters without the blanks', async () => {
    const path = [1, 0, 2];
    const data = Float32Array.from({ length: 9 }, (_, i) => (path[Math.floor(i / 3)] === i % 3 ? 4 : 1));
    const net = constantNet({ out: { parts: [{ dims: [1, 3, 3], data }], head: through(['Softmax', { axis: 2 }]) } });
    await use(net, ['h', 'i'], async (subject, find) => {
      const target = find('top1');
      assert.equal(target.label, '"hi"');
      const [score] = await subject.scores(input, target, 'logit', signal);
      assertClose(score!, 8, { absolute: 1e-5 }, 'sum of the logits of two letters');
    });
  });

  it('of an output that nobody understands is asked for, not taken for a class', async () => {
    await use(constantNet({ out: { parts: [{ dims: [1, 9, 50], data: [] }] } }), [], async (_subject, find) => {
      for (const text of ['top1', '3', 'goldfish']) assert.throws(() => find(text), code('target/unknown-output'));
    });
  });
});
