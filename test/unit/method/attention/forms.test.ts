import assert from 'node:assert/strict';
import { castFloating, type ElementType, type FloatTensor } from '../../../../src/base/tensor.js';
import { inMemory } from '../../../../src/checkpoint/model.js';
import { openCheckpoint } from '../../../../src/checkpoint/reader.js';
import { readTensor } from '../../../../src/checkpoint/readTensor.js';
import { buildGraph } from '../../../../src/graph/build/build.js';
import type { Graph } from '../../../../src/graph/graph.js';
import { layersOf } from '../../../../src/graph/layers/layers.js';
import { attentionOf } from '../../../../src/method/attention/layers.js';
import { matricesOf } from '../../../../src/method/attention/matrices.js';
import { openSubject } from '../../../../src/method/subject/modelSubject.js';
import { OrtSessions } from '../../../../src/session/ort/ortSession.js';
import { probeFacts } from '../../../../src/session/probe.js';
import { assertClose } from '../../support/close.js';
import { modelPath, reference, requireData, sample } from '../../support/data.js';
import { expected, testSpec } from '../../support/subject.js';

describe('the attention of a model in other forms', () => {
  before(requireData);
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  after(() => sessions.dispose());

  /** The first input's matrices, one layer after the other. */
  const matrices = async (graph: Graph): Promise<{ weights: number[]; notes: readonly string[] }> => {
    const facts = await probeFacts(graph, sessions);
    const one = sample(reference('small_vit', 'input'), 0);
    const input: FloatTensor = { ...one, dims: [1, ...one.dims] };
    const spec = testSpec(graph.inputs[0]!.name, one.dims);
    const subject = await openSubject({ graph, facts, layers: layersOf(graph), input: spec, sessions });
    const { signal } = new AbortController();
    const attention = await attentionOf(subject, signal);
    const found = await matricesOf(subject, attention, attention.layers, input, signal);
    await subject.dispose();
    assert.deepEqual(
      attention.layers.map((l) => [l.heads, l.windows, l.queries, l.to?.grid, l.to?.prefix]),
      Array.from({ length: 3 }, () => [4, 1, 17, [4, 4], 1]),
    );
    return { weights: found.flatMap((m) => [...m.weights.data]), notes: attention.layers.flatMap((l) => l.notes) };
  };
  const model = async (): Promise<Graph> => buildGraph(await openCheckpoint(modelPath('small_vit.onnx')));

  it('is the same with a batch that is fixed at two', async () => {
    const graph = await model();
    const fixed: Graph = {
      ...graph,
      inputs: graph.inputs.map((i) => ({ ...i, dims: [2, ...i.dims!.slice(1)] })),
    };
    const { weights, notes } = await matrices(fixed);
    assertClose(weights, expected('small_vit', 'attention', 0), { absolute: 1e-5 }, 'matrices');
    assert.deepEqual(notes, []);
  });

  it('is that of float32 to the precision of the numbers in float16', async () => {
    const graph = await model();
    const weights = new Map(graph.weights);
    for (const [name, weight] of graph.weights)
      if (weight.type === 'float32')
        weights.set(name, inMemory(name, castFloating(await readTensor(weight), 'float16')));
    const half = (t: ElementType | undefined): ElementType | undefined => (t === 'float32' ? 'float16' : t);
    const found = await matrices({
      ...graph,
      weights,
      inputs: graph.inputs.map((i) => ({ ...i, type: half(i.type)! })),
      outputs: graph.outputs.map((o) => ({ ...o, type: half(o.type)! })),
    });
    // Eleven bits of each number, through three layers.
    assertClose(found.weights, expected('small_vit', 'attention', 0), { absolute: 5e-3 }, 'matrices');
  });
});
