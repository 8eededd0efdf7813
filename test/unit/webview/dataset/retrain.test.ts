import assert from 'node:assert/strict';
import { CancelledError } from '../../../../src/base/errors.js';
import { address } from '../../../../src/base/place.js';
import type { CallOptions, Client } from '../../../../src/protocol/channel.js';
import type { RoarAnswer, RoarProgress } from '../../../../src/protocol/benchmark.js';
import type { DatasetHostApi, RoarAsked, RoarBegun } from '../../../../src/protocol/datasetPanel.js';
import { NEW_VIEW, type DatasetView } from '../../../../webview/dataset/kept.js';
import { Evaluate, type EvaluateRoom } from '../../../../webview/dataset/methods/evaluate.js';
import { Retrain, RETRAINING_PARAMETERS } from '../../../../webview/dataset/methods/retrain.js';

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));
const folder = { uri: address('file:///set-net-roar'), name: 'set-net-roar' };

/** A panel whose host writes down what it is asked; a job reports one training and ends when it is stopped. */
function panelOf({ view = NEW_VIEW, begun }: { view?: DatasetView; begun?: RoarBegun } = {}) {
  const asked: RoarAsked[] = [];
  let end: () => void = () => undefined;
  const served: Partial<Client<DatasetHostApi>> = {
    roarPlace: async () => ({ folder, ...(begun === undefined ? {} : { begun }) }),
    roar: (request: RoarAsked, options: CallOptions<RoarProgress> = {}) => {
      asked.push(request);
      const cells = [{ method: 'none', fraction: 0, seed: 0, accuracy: 0.5, loss: 1 }];
      options.onProgress?.({ message: 'training', done: 1, of: 7, cells });
      options.onProgress?.({ message: 'picture 1 of 9' });
      return new Promise<RoarAnswer>((_, reject) => (end = () => reject(new CancelledError())));
    },
    stopRoar: async () => end(),
  };
  const room: EvaluateRoom = {
    host: served as Client<DatasetHostApi>,
    view,
    update(change) {
      (this as { view: DatasetView }).view = { ...this.view, ...change };
    },
    part: {},
  };
  const evaluate = new Evaluate(room, () => undefined);
  return { room, asked, retrain: new Retrain(room, evaluate, () => undefined), evaluate };
}

describe('remove-and-retrain in the panel of a data set', () => {
  it('says how many networks it would train, and asks nothing by itself', async () => {
    const { retrain, asked, evaluate } = panelOf();
    retrain.learn();
    await turn();
    assert.deepEqual([retrain.folder, asked.length], [folder, 0]);
    // Three seeds, nothing removed and three methods and two baselines at five fractions.
    assert.equal(retrain.trainings, 3 * (1 + 5 * 5));
    evaluate.choose({ methods: ['gradient'] });
    retrain.choose({ params: { fractions: '90, 50,50', seeds: 1 } });
    assert.equal(retrain.trainings, 1 + 3 * 2);
    assert.equal(RETRAINING_PARAMETERS['epochs']!.default, 40, 'of networks that start from random weights');
    assert.ok(!('from' in RETRAINING_PARAMETERS), 'which is not to be chosen');
  });

  it('shows what is done, stops, and goes on with the same question', async () => {
    const { retrain, asked } = panelOf();
    retrain.learn();
    await turn();
    retrain.choose({ params: { fractions: '90,50' } });
    retrain.ask();
    assert.deepEqual(retrain.shown?.fractions, [50, 90]);
    assert.equal(retrain.shown.cells.length, 1, 'also while maps are made');
    assert.deepEqual(
      retrain.shown.rows.map(({ id }) => id),
      ['gradient', 'integrated_gradients', 'gradcam', 'random', 'edges'],
    );
    retrain.choose({ params: {} });
    assert.ok(retrain.changed, 'another question is set than the one that runs');
    retrain.stop();
    await turn();
    assert.deepEqual([retrain.task.working, retrain.kept.stopped], [false, true]);
    retrain.goOn();
    assert.deepEqual(asked[1], asked[0]);
  });

  it('goes on when its page comes back, but not where somebody has stopped it', async () => {
    const first = panelOf();
    first.retrain.learn();
    await turn();
    first.retrain.ask();
    const back = panelOf({ view: first.room.view });
    back.retrain.learn();
    assert.deepEqual(back.asked, first.asked);
    back.retrain.stop();
    const after = panelOf({ view: back.room.view });
    after.retrain.learn();
    assert.deepEqual(after.asked, []);
  });

  it('offers what a panel that is gone has begun in the folder', async () => {
    const begun = { methods: [{ method: 'smoothgrad' }], params: { seeds: 2 }, training: { epochs: 3 }, seed: 4 };
    const { retrain, asked, evaluate } = panelOf({ begun });
    retrain.learn();
    await turn();
    assert.deepEqual(retrain.begun, begun);
    retrain.goOn();
    assert.deepEqual(asked, [{ ...begun, folder: folder.uri }]);
    assert.deepEqual(evaluate.kept.methods, ['smoothgrad']);
    assert.equal(retrain.changed, false);
    assert.equal(retrain.begun, undefined);
  });
});
