import assert from 'node:assert/strict';
import path from 'node:path';
import { filePath } from '../../../src/base/place.js';
import { LensError } from '../../../src/base/errors.js';
import { given } from '../../../src/base/given.js';
import { openCheckpoint } from '../../../src/checkpoint/reader.js';
import { writeModelFile } from '../../../src/checkpoint/writer.js';
import { buildGraph } from '../../../src/graph/build/build.js';
import type { Call } from '../../../src/protocol/channel.js';
import type { RunnerApi } from '../../../src/protocol/runner.js';
import { runsModel, TRAITS } from '../../../src/protocol/traits.js';
import { RunnerService } from '../../../src/runner/service.js';
import type { Session } from '../../../src/session/session.js';
import { call } from '../support/call.js';
import { temporaryFolder } from '../support/temporary.js';

/** A runtime that opens nothing and counts how often it is asked. */
class NoSessions {
  asked = 0;
  open(): Promise<Session> {
    this.asked++;
    return Promise.reject(new LensError('runtime', 'test/no-session', 'Nothing is run in this test.'));
  }
  async dispose(): Promise<void> {}
}

describe('the traits of the operations and what they do', () => {
  const sessions = new NoSessions();
  const runner = new RunnerService({}, sessions);
  const folder = temporaryFolder();
  const model = filePath(path.join(folder, 'alone.onnx'));
  const input = filePath(path.resolve('models/birds/pictures/Butterfinch/butterfinch-3000000.png'));
  const place = filePath(path.dirname(input));
  const layer = 'stem';
  const file = filePath(path.join(folder, 'gradient.onnx'));
  // Alone in its folder and without the shape of its output, nothing says how many classes there are.
  before(async () => {
    const graph = buildGraph(await openCheckpoint('models/birds/birds_cnn.onnx'));
    const outputs = graph.outputs.map(({ name, type }) => ({ name, ...given({ type }) }));
    await writeModelFile({ ...graph, outputs }, model, { keepMetadata: false });
  });
  after(() => runner.dispose());

  const requests: { readonly [K in keyof RunnerApi]: readonly Parameters<RunnerApi[K]>[0][] } = {
    outline: [{ model }],
    methodFits: [{ model }],
    inspect: [{ model }],
    overview: [{ model }],
    measure: [{ model }],
    scanWeights: [{ model }],
    graphView: [{ model }, { model, measured: false }, { model, measured: true }],
    graphNode: [
      { model, node: 1 },
      { model, node: 1, measured: true },
    ],
    graphActivations: [{ model, input }],
    weights: [{ model, layer }],
    weightStatistics: [{ model, layer }],
    compareWeights: [{ model, layer, other: { model: filePath(path.resolve('models/birds/birds_cnn_epoch1.onnx')) } }],
    weightsPca: [{ model }],
    weightNeighbours: [{ model, index: 0 }],
    exportWeights: [{ model, layer }],
    activations: [{ model, input, layer }],
    exportActivations: [{ model, inputs: [input], layer }],
    topPictures: [{ model, inputs: [input], layer, channel: 0 }],
    predict: [{ model, inputs: [input] }],
    labels: [{ model }],
    photograph: [
      { input, crop: { left: 0, top: 0, width: 9, height: 9, originalWidth: 64, originalHeight: 64 }, most: 5 },
    ],
    methods: [{}],
    explain: [{ model, inputs: [input], method: 'gradient' }],
    explainCells: [{ model, inputs: [input], questions: [{ method: 'gradient' }], cells: [{ input: 0, question: 0 }] }],
    attention: [{ model, inputs: [input] }],
    silence: [{ model, inputs: [input], each: 'head' }],
    visualize: [{ model, layer, channel: 0 }],
    visualizeChannels: [{ model, layer, known: true }],
    visualizeForm: [{ model, start: 'noise', folder: false, oneClass: true, inversion: false }],
    train: [{ model, place }],
    trainForm: [{ model, place }],
    embed: [{ model, inputs: [input], of: 'activations', method: 'pca' }],
    compareModels: [
      { model, other: { model, randomWeights: 1 } },
      { model, other: { model, randomWeights: 1 }, place: filePath(path.dirname(input)) },
    ],
    share: [{ model, work: 'predict', inputs: [input], job: { folder: filePath(path.join(folder, 'job')) } }],
    survey: [{ model, place }],
    roar: [{ model, place, methods: [], params: { fractions: '50', seeds: 1 }, training: { epochs: 1, pictures: 16 } }],
    evaluate: [
      { model, inputs: [input], methods: [{ method: 'gradient' }], metric: 'deletion', params: { points: 2 } },
    ],
    layout: [{ model, place, of: 'activations', method: 'pca' }],
    steer: [{ run: 'none', state: 'stop' }],
    nearest: [{ model, place, name: 'butterfinch-3000000.png', metric: 'cosine', k: 1 }],
    layerCurve: [{ model, place }],
    scoreColumn: [{ model, place, score: { kind: 'entropy' } }],
    heat: [{ model, place, name: 'butterfinch-3000000.png' }],
    thumbnails: [{ place, names: ['butterfinch-3000000.png', 'none.png'], size: 8 }],
    extract: [{ place, name: 'butterfinch-3000000.png' }],
    emptyStore: [{}],
    sanity: [{ model, input, method: 'gradient' }],
    check: [{ model, only: ['numbers'] }],
    checkList: [{}],
    exportGradient: [{ model, file, embed: true }],
    recipe: [{ model, method: 'weights', params: {}, notes: [] }],
    findSettings: [{ model, inputs: [input] }],
    sidecarText: [{ model, change: { range: [0, 255] } }],
    presets: [{}],
    release: [{ model }],
    status: [{}],
  };

  for (const name of Object.keys(TRAITS) as (keyof RunnerApi)[]) {
    for (const request of requests[name]) {
      const runs = runsModel(name, request);
      const which = 'measured' in request ? ` (measured: ${request.measured})` : '';
      it(`${name}${which} ${runs ? 'runs the model' : 'runs nothing'}, as described`, async () => {
        const before = sessions.asked;
        const operation = runner.operations[name] as (request: unknown, call: Call<never>) => Promise<unknown>;
        const outcome = await operation(request, call()).then(
          () => undefined,
          (error: unknown) => error,
        );
        if (runs) assert.ok(sessions.asked > before, `it is said to run the model, and did not: ${String(outcome)}`);
        else assert.deepEqual([sessions.asked - before, outcome], [0, undefined]);
      });
    }
  }
});
