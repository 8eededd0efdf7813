import assert from 'node:assert/strict';
import path from 'node:path';
import { filePath } from '../../../src/base/place.js';
import { inMemory } from '../../../src/checkpoint/model.js';
import { openCheckpoint } from '../../../src/checkpoint/reader.js';
import { readTensor } from '../../../src/checkpoint/readTensor.js';
import { writeModelFile } from '../../../src/checkpoint/writer.js';
import { buildGraph } from '../../../src/graph/build/build.js';
import { makeNode } from '../../../src/graph/edits.js';
import type { Graph } from '../../../src/graph/graph.js';
import { RunnerService } from '../../../src/runner/service.js';
import { call } from '../support/call.js';
import { temporaryFolder } from '../support/temporary.js';

describe('runner: checks of models with a fault', function () {
  this.timeout(60_000);
  const folder = temporaryFolder();
  const runner = new RunnerService();
  after(() => runner.dispose());
  const whole = async (): Promise<Graph> =>
    buildGraph(await openCheckpoint(filePath(path.resolve('models/birds/birds_cnn.onnx'))));
  const failing = async (name: string, graph: Graph): Promise<string[]> => {
    const model = filePath(path.join(folder, name));
    await writeModelFile(graph, model);
    const only = ['numbers', 'double-softmax', 'unused-weights'] as const;
    const { checks } = await runner.operations.check({ model, only }, call());
    return checks.filter(({ status }) => status === 'fail').map(({ id }) => id);
  };

  it('find a NaN among the weights', async () => {
    const graph = await whole();
    const [name, stored] = [...graph.weights].filter(([, w]) => w.dims.length === 4)[1]!;
    const tensor = await readTensor(stored);
    const data = Float32Array.from(tensor.data as Float32Array);
    data[3] = NaN;
    const weights = new Map(graph.weights).set(name, inMemory(name, { ...tensor, data }));
    assert.deepEqual(await failing('nan.onnx', { ...graph, weights }), ['numbers']);
  });

  it('find a Softmax over a Softmax', async () => {
    const graph = await whole();
    const [output] = graph.outputs;
    const nodes = [
      ...graph.nodes,
      makeNode('Softmax', 'one', [output!.name], { axis: -1 }),
      makeNode('Softmax', 'two', ['one'], { axis: -1 }),
    ];
    assert.deepEqual(await failing('twice.onnx', { ...graph, nodes, outputs: [{ ...output!, name: 'two' }] }), [
      'double-softmax',
    ]);
  });
});
