import assert from 'node:assert/strict';
import path from 'node:path';
import { InferenceSession } from 'onnxruntime-node';
import { openCheckpoint } from '../../../../src/checkpoint/reader.js';
import { buildGraph } from '../../../../src/graph/build/build.js';
import { layersOf } from '../../../../src/graph/layers/layers.js';
import { attentionOf } from '../../../../src/method/attention/layers.js';
import { matricesOf } from '../../../../src/method/attention/matrices.js';
import { openSubject } from '../../../../src/method/subject/modelSubject.js';
import { probeFacts } from '../../../../src/session/probe.js';
import { assertClose } from '../../support/close.js';
import { modelPath } from '../../support/data.js';
import { expected, suiteSubject, testSpec } from '../../support/subject.js';
import { temporaryFolder } from '../../support/temporary.js';

describe('the attention of a model that the runtime has optimised', () => {
  const at = suiteSubject('small_vit');
  const folder = temporaryFolder();

  for (const graphOptimizationLevel of ['basic', 'extended'] as const)
    it(`is that of the model, ${graphOptimizationLevel}`, async () => {
      const file = path.join(folder, `${graphOptimizationLevel}.onnx`);
      const session = await InferenceSession.create(modelPath('small_vit.onnx'), {
        graphOptimizationLevel,
        optimizedModelFilePath: file,
      });
      await session.release();
      const graph = buildGraph(await openCheckpoint(file));
      const { input } = at.case(0);
      const subject = await openSubject({
        graph,
        facts: await probeFacts(graph, at.sessions),
        layers: layersOf(graph),
        input: testSpec(graph.inputs[0]!.name, input.dims.slice(1)),
        sessions: at.sessions,
      });
      const attention = await attentionOf(subject, at.signal);
      const found = await matricesOf(subject, attention, attention.layers, input, at.signal);
      assertClose(
        found.flatMap((m) => [...m.weights.data]),
        expected('small_vit', 'attention', 0),
        { absolute: 1e-5 },
        'matrices',
      );
      assert.deepEqual(
        attention.layers.map((l) => [l.heads, l.to?.grid, l.to?.prefix]),
        attention.layers.map(() => [4, [4, 4], 1]),
      );
      await subject.dispose();
    });
});
