import assert from 'node:assert/strict';
import { openCheckpoint } from '../../../src/checkpoint/reader.js';
import { int64Tensor } from '../../../src/base/tensor.js';
import { inMemory } from '../../../src/checkpoint/model.js';
import { makeNode } from '../../../src/graph/edits.js';
import { buildGraph } from '../../../src/graph/build/build.js';
import { OrtSessions } from '../../../src/session/ort/ortSession.js';
import { probeFacts } from '../../../src/session/probe.js';
import { modelPath, requireData } from '../support/data.js';

describe('session/probe', () => {
  before(requireData);
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  const facts = async (name: string): ReturnType<typeof probeFacts> =>
    probeFacts(buildGraph(await openCheckpoint(modelPath(name))), sessions);

  it('learns shapes as lines over a free batch', async () => {
    const found = await facts('cifar_resnet20.onnx');
    assert.equal(found.dynamicBatch, true);
    assert.deepEqual(found.get('input'), { type: 'float32', base: [0, 3, 32, 32], slope: [1, 0, 0, 0] });
    assert.deepEqual(found.get('logits'), { type: 'float32', base: [0, 10], slope: [1, 0] });
    assert.equal(sessions.openCount, 0);
  });

  it('takes a fixed batch from the model', async () => {
    const found = await facts('mnist_cnn.onnx');
    assert.equal(found.dynamicBatch, false);
    assert.equal(found.batch, 1);
    assert.deepEqual(found.get('Plus214_Output_0'), { type: 'float32', base: [1, 10], slope: [0, 0] });
  });

  it('refuses an input that holds nothing, unless it is one beside the picture', async () => {
    const graph = buildGraph(await openCheckpoint(modelPath('mnist_cnn.onnx')));
    const [own] = graph.inputs;
    const inputs = [{ ...own!, dims: [0, 1, 28, 28] }];
    await assert.rejects(probeFacts({ ...graph, inputs }, sessions, { [own!.name]: { main: true } }), {
      code: 'session/empty-input',
      message: /0×1×28×28, which holds no numbers\.$/,
    });
    const huge = [{ ...own!, dims: [0, 1, 28, 2 ** 63] }];
    await assert.rejects(probeFacts({ ...graph, inputs: huge }, sessions), { code: 'session/input-size' });
    const past = { name: 'past', type: 'float32', dims: [0, 4] } as const;
    const beside = { ...graph, inputs: [...graph.inputs, past] };
    const found = await probeFacts(beside, sessions, { [own!.name]: { main: true }, past: { batched: false } });
    assert.equal(found.batch, 1);
  });

  it('refuses a pad that the runtime would not survive', async () => {
    const graph = buildGraph(await openCheckpoint(modelPath('mnist_cnn.onnx')));
    const [own] = graph.inputs;
    const pads = inMemory('pads', int64Tensor([8], [0, 0, 2 ** 62, 0, 0, 0, 0, 0]));
    const padded = makeNode('Pad', 'padded', [own!.name, 'pads']);
    const nodes = [...graph.nodes, padded];
    await assert.rejects(
      probeFacts({ ...graph, nodes, weights: new Map([...graph.weights, ['pads', pads]]) }, sessions),
      {
        code: 'session/pad',
        message: /^The Pad "padded" adds 4,611,/,
      },
    );
  });

  it('stops when it is cancelled', async () => {
    const graph = buildGraph(await openCheckpoint(modelPath('small_cnn.onnx')));
    await assert.rejects(probeFacts(graph, sessions, {}, AbortSignal.abort()), { name: 'CancelledError' });
    assert.equal(sessions.openCount, 0);
  });
});
