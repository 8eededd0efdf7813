import assert from 'node:assert/strict';
import { LensError } from '../../../../src/base/errors.js';
import { address, filePath } from '../../../../src/base/place.js';
import type { CallOptions, Client } from '../../../../src/protocol/channel.js';
import type { TrainAnswer, TrainForm, TrainProgress } from '../../../../src/protocol/training.js';
import type { TrainHostApi } from '../../../../src/protocol/trainingPanel.js';
import { TRAINING_PARAMETERS, type TrainingRecipe } from '../../../../src/result/training.js';
import { isKept, type KeptTraining } from '../../../../webview/training/kept.js';
import { TrainPage } from '../../../../webview/training/page.js';
import { answerAbout, recipe } from '../dataset/survey.js';

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));
const file = (name: string) => ({ uri: address(`file:///${name}`), name });
const params = Object.fromEntries(
  Object.entries(TRAINING_PARAMETERS).map(([name, spec]) => [name, spec.default]),
) as TrainingRecipe;
const set = {
  ...({
    title: 'a folder per class',
    trained: 6,
    heldOut: 2,
    by: 'share',
    classes: ['a', 'b'],
    newHead: true,
  } as const),
  counts: [
    { trained: 3, heldOut: 1 },
    { trained: 3, heldOut: 1 },
  ],
};
const form: TrainForm = {
  schema: TRAINING_PARAMETERS,
  presets: { head: { ...params, rate: 0.5 }, 'fine-tune': params },
  set,
  notes: [],
};
const record = { epoch: 1, loss: 1, accuracy: 0.5, rate: 0.1, seconds: 1 };
const answer: TrainAnswer = {
  ...answerAbout,
  training: {
    set,
    params,
    seed: 0,
    parameters: 5,
    curve: [record],
    epoch: 1,
    ended: 'stopped',
    resumed: 0,
    notes: [],
    measured: { loss: 1, accuracy: 0.5 },
  },
  recipe,
  written: [filePath('/new/best.onnx')],
  omitted: [],
};
type Train = (options: CallOptions<TrainProgress>) => Promise<TrainAnswer>;

/** A panel whose host writes down what it is asked. */
async function opened(kept?: KeptTraining, train: Train = async () => answer) {
  const asked: [string, unknown][] = [];
  let folders = 0;
  const served: Record<string, (request: never, options: never) => unknown> = {
    setup: () => ({ model: file('net.onnx'), place: kept === undefined ? file('pictures') : undefined, stale: false }),
    form: () => form,
    newFolder: () => file(`new-${++folders}`),
    train: (_request: never, options: CallOptions<TrainProgress>) => train(options),
  };
  const host = new Proxy({} as Client<TrainHostApi>, {
    get: (_target, name: string) => async (request: unknown, options: unknown) => {
      asked.push([name, request]);
      return served[name]?.(request as never, options as never);
    },
  });
  const page = new TrainPage(host, () => undefined);
  await page.start(kept);
  await turn();
  return { page, asked: (name: string) => asked.filter(([each]) => each === name).map(([, request]) => request) };
}

describe('the page of a training', () => {
  it('asks what would happen whenever something is set, and takes the values of the preset for the rest', async () => {
    const { page, asked } = await opened();
    assert.equal(page.schema['rate']!.default, 0.5);
    page.setParams({ epochs: 3 });
    page.ask({ preset: 'fine-tune' });
    await turn();
    assert.deepEqual(
      asked('form').map((request) => (request as { params: unknown }).params),
      [{ preset: 'head' }, { preset: 'head', epochs: 3 }, { preset: 'fine-tune' }],
    );
    assert.equal(page.schema['rate']!.default, params.rate);
  });

  it('trains each time into a folder of its own, and keeps what came of it over a reload', async () => {
    const { page, asked } = await opened();
    await page.train();
    await turn();
    assert.equal(page.result?.ended, 'stopped');
    assert.equal(page.view.done?.network, '/new/best.onnx');
    await page.train();
    await turn();
    assert.deepEqual(
      asked('train').map((request) => (request as { folder: string }).folder),
      ['file:///new-1', 'file:///new-2'],
    );
    const kept = JSON.parse(JSON.stringify(page.keep())) as unknown;
    assert.ok(isKept(kept), 'it can be kept');
    const again = await opened(kept);
    assert.deepEqual(again.asked('train'), []);
    assert.deepEqual(again.page.curve, [record]);
    again.page.goOn();
    await turn();
    assert.deepEqual(again.asked('train'), asked('train').slice(1));
  });

  it('goes on after a reload with what was under way, and not with what was cancelled', async () => {
    const waits: Train = ({ signal }) =>
      new Promise((_resolve, reject) =>
        signal?.addEventListener('abort', () => reject(new DOMException('', 'AbortError'))),
      );
    const { page } = await opened(undefined, waits);
    await page.train();
    page.steer('pause');
    assert.equal(page.view.paused, true);
    const running = page.keep()!;
    const back = await opened(running);
    assert.equal(back.asked('train').length, 1);
    assert.deepEqual(back.asked('steer').at(-1), { asked: running.view.asked, state: 'run' });
    page.cancel();
    await turn();
    assert.ok(page.view.cancelled && page.made.stopped, 'it is cancelled');
    assert.equal((await opened(page.keep())).asked('train').length, 0);
  });

  it('shows how far it is, and the error that ended it', async () => {
    const now = { epoch: 2, epochs: 9, step: 1, steps: 4, rate: 0.1, curve: [record], resumed: 0, secondsLeft: 12 };
    const fails: Train = async ({ onProgress }) => {
      onProgress?.({ message: 'epoch 2 of 9', training: now });
      throw new LensError('input', 'training/diverged', 'It ended.');
    };
    const { page } = await opened(undefined, fails);
    await page.train();
    await turn();
    assert.deepEqual([page.now, page.made.error?.message], [now, 'It ended.']);
    assert.deepEqual(page.curve, [record]);
    assert.equal(page.result, undefined);
  });
});
