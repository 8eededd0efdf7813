import assert from 'node:assert/strict';
import { addNodes, makeNode } from '../../../../src/graph/edits.js';
import { inMemory } from '../../../../src/checkpoint/model.js';
import { int64Tensor } from '../../../../src/base/tensor.js';
import type { Graph } from '../../../../src/graph/graph.js';
import type { Labels } from '../../../../src/input/labels.js';
import { predict, scoreIn } from '../../../../src/method/activations/prediction.js';
import type { ModelSubject } from '../../../../src/method/subject/modelSubject.js';
import { findTarget } from '../../../../src/method/target/index.js';
import { sidesSeen } from '../../../../src/method/target/side.js';
import { OrtSessions } from '../../../../src/session/ort/ortSession.js';
import { assertClose } from '../../support/close.js';
import { openTiny, tinyNet, tinyPicture } from '../tinyNet.js';

/** The network's third score alone, through a Sigmoid. */
function oneSide(): Graph {
  const net = tinyNet();
  const cut = addNodes(
    net,
    [
      makeNode('Gather', 'third', [net.outputs[0]!.name, 'place'], { axis: 1 }),
      makeNode('Sigmoid', 'answer', ['third']),
    ],
    { weights: [inMemory('place', int64Tensor([1], [2]))] },
  );
  return { ...cut, outputs: [{ name: 'answer', type: 'float32', dims: ['batch', 1] }] };
}

describe('method/target/side', () => {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  const { signal } = new AbortController();
  const labels: Labels = { names: ['cat', 'dog'], origin: { kind: 'sidecar', detail: '' } };
  let subject: ModelSubject;
  before(async () => void (subject = await openTiny(oneSide(), sessions, { labels: labels.names })));
  after(async () => {
    await subject.dispose();
    await sessions.dispose();
  });

  it('names both sides, whose probabilities add up to one', async () => {
    const [ranking] = await predict(subject, labels, tinyPicture(), 5, signal);
    const answer = (await subject.values(tinyPicture(), ['answer'], signal)).get('answer')!.data[0]!;
    const of = (label: string): number => ranking!.top.find((c) => c.label === label)!.probability!;
    assert.equal(ranking!.top.length, 2);
    assertClose(of('dog'), answer, { absolute: 1e-6 }, 'the side that the number is for');
    assertClose(of('cat') + of('dog'), 1, { absolute: 1e-9 }, 'sum');
  });

  it('is explained by the logit or by its opposite', async () => {
    const [ranking] = await predict(subject, labels, tinyPicture(), 5, signal);
    const question = { scores: ranking!.logits, labels, subject, regions: ranking!.regions };
    const gradient = async (text: string): Promise<Float32Array> =>
      (
        await subject.gradients(tinyPicture(), { of: subject.scoreAt(findTarget(text, question), 'logit') }, signal)
      ).gradients.get('x')!.data;
    const [cat, dog] = [await gradient('cat'), await gradient('dog')];
    assertClose(
      cat,
      dog.map((v) => -v),
      { relative: 1e-6 },
      'gradient of the other side',
    );
    assert.ok(
      dog.some((v) => v !== 0),
      'the gradient is not zero',
    );
    for (const name of labels.names) {
      const value = scoreIn(ranking!, findTarget(name, question), 'probability')!;
      assertClose(value, ranking!.top.find((c) => c.label === name)!.probability!, { absolute: 1e-9 }, name);
    }
  });

  it('is called by what it is not where one name is given, and by numbers where none is', () => {
    const named = sidesSeen(1, { names: ['smile'], origin: { kind: 'file', detail: '' } });
    assert.deepEqual([named.label(0), named.label(1)], ['not smile', 'smile']);
    const numbered = sidesSeen(1, { names: ['class 0'], origin: { kind: 'default', detail: '' } });
    assert.deepEqual([numbered.label(0), numbered.label(1)], ['class 0', 'class 1']);
  });
});
