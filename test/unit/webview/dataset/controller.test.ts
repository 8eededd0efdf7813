import assert from 'node:assert/strict';
import { CancelledError, LensError } from '../../../../src/base/errors.js';
import { address } from '../../../../src/base/place.js';
import { floatTensor } from '../../../../src/base/tensor.js';
import type { CallOptions, Client } from '../../../../src/protocol/channel.js';
import type { LayoutAnswer, LayoutProgress, SetProgress, SurveyAnswer } from '../../../../src/protocol/dataset.js';
import type { DatasetHostApi } from '../../../../src/protocol/datasetPanel.js';
import { DatasetController } from '../../../../webview/dataset/controller.js';
import { NEW_VIEW } from '../../../../webview/dataset/kept.js';
import { exportItems } from '../../../../webview/dataset/map/exports.js';
import type { MenuItem } from '../../../../webview/shared/form/menu.js';
import { THUMBNAIL, Thumbnails } from '../../../../webview/dataset/thumbnails.js';
import { answerAbout, recipe, surveyAnswer } from './survey.js';

type Asked = Record<string, unknown>;

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** A host that writes down what it is asked, and answers with what the test says. */
function fakeHost(answers: {
  survey?: (request: Asked, options: CallOptions<SetProgress>) => Promise<SurveyAnswer>;
  layout?: (request: Asked, options: CallOptions<LayoutProgress>) => Promise<LayoutAnswer>;
  selected?: readonly string[];
}): { host: Client<DatasetHostApi>; asked: [string, Asked][] } {
  const asked: [string, Asked][] = [];
  const file = (name: string) => ({ uri: address(`file:///${name}`), name });
  const layout = async (request: Asked): Promise<LayoutAnswer> => ({
    ...answerAbout,
    notes: [],
    embedding: {
      of: 'activations',
      layer: 'pool',
      method: String(request['method']),
      params: {},
      files: surveyAnswer().survey.names,
      labels: [],
      points: floatTensor([6, 2]),
      omitted: [],
      recipe,
    },
  });
  const served: Record<
    string,
    (request: Asked, options: CallOptions<SetProgress & LayoutProgress>) => Promise<unknown>
  > = {
    setup: async () => ({ model: file('net.onnx'), place: file('set'), selected: answers.selected ?? [], stale: [] }),
    layers: async () => [],
    survey: (request, options) => (answers.survey ?? (async () => surveyAnswer()))(request, options),
    layout: (request, options) => (answers.layout ?? layout)(request, options),
    nearest: async () => ({ names: ['cat/2.png'], distances: Float32Array.of(0.5), layer: 'pool' }),
    thumbnails: async ({ names }) => ({ pixels: new Uint8Array((names as unknown[]).length * 3 * THUMBNAIL ** 2) }),
  };
  const host = new Proxy({} as Client<DatasetHostApi>, {
    get:
      (_target, name: string) =>
      async (request: Asked, options: CallOptions<SetProgress & LayoutProgress> = {}) => {
        asked.push([name, request]);
        return served[name]?.(request, options);
      },
  });
  return { host, asked };
}

async function started(answers: Parameters<typeof fakeHost>[0] = {}, view = {}) {
  const { host, asked } = fakeHost(answers);
  let changes = 0;
  let ids = 0;
  const controller = new DatasetController(
    host,
    () => changes++,
    () => `run ${++ids}`,
  );
  const kept = { version: 1 as const, topic: {} as never, view: { ...NEW_VIEW, ...view } };
  await controller.start(kept);
  await turn();
  const of = (name: string): Asked[] => asked.filter(([n]) => n === name).map(([, request]) => request);
  return { controller, of, changes: () => changes };
}

describe('the panel of a data set', () => {
  it('shows points as soon as they have a place, while the numbers about them are still computed', async () => {
    const points = Float32Array.of(0, 1, 2, 3);
    const { host } = fakeHost({
      layout: (_request, { onProgress }) => {
        onProgress?.({ message: 'features' });
        onProgress?.({ message: 'how good the picture is', points });
        onProgress?.({ message: 'how faithful the picture is', fraction: 0.1 });
        return new Promise(() => undefined);
      },
    });
    const controller = new DatasetController(
      host,
      () => undefined,
      () => 'run',
    );
    await controller.start(undefined);
    await turn();
    const { progress } = controller.layout;
    assert.deepEqual([progress?.message, progress?.points], ['how faithful the picture is', points]);
  });

  it('copies a command line only of the whole: that of a part would give other points', async () => {
    const { controller, of } = await started();
    const copy = (): MenuItem => exportItems(controller, {} as Element).at(-1)!;
    assert.deepEqual([copy().label, copy().disabled], ['Copy the command line', false]);
    copy().onClick();
    assert.equal(of('copyCommand').length, 1);
    for (const view of [{ most: 2 }, { split: 'train' }, { mapping: { cat: 1 } }]) {
      controller.update(view);
      assert.equal(copy().disabled, true, JSON.stringify(view));
      controller.view = NEW_VIEW;
    }
  });

  it('asks the model, then places the points', async () => {
    const { controller, of } = await started();
    assert.equal(controller.facts?.count, 6);
    assert.deepEqual(of('survey'), [{}]);
    assert.equal(of('layout').length, 1);
    assert.deepEqual(of('layout')[0]?.['params'], { components: 2 });
    assert.equal(controller.layout.value?.embedding.layer, 'pool');
    controller.updateMap({ tool: 'lasso', colour: 'correct' });
    await turn();
    assert.equal(of('layout').length, 1, 'how it is looked at asks nothing');
    controller.updateMap({ components: 3 });
    await turn();
    assert.deepEqual(of('layout')[1]?.['params'], { components: 3 });
  });

  it('does not place points while another view is open', async () => {
    const { controller, of } = await started({}, { tab: 'gallery' });
    assert.equal(of('layout').length, 0);
    controller.update({ tab: 'map' });
    await turn();
    assert.equal(of('layout').length, 1);
  });

  it('keeps one selection: by name, of examples that are not here as well', async () => {
    const { controller, of } = await started({ selected: ['dog/1.png', 'elsewhere.png'] });
    assert.deepEqual([...controller.selected], [2]);
    assert.equal(controller.elsewhere, 1);
    controller.select([0, 1], 'add');
    assert.deepEqual(of('select').at(-1), { names: ['elsewhere.png', 'cat/1.png', 'cat/2.png', 'dog/1.png'] });
    controller.select([2], 'toggle');
    assert.deepEqual([...controller.selected], [0, 1]);
    controller.select([5]);
    assert.deepEqual(of('select').at(-1), { names: ['loose.png'] });
    controller.follow(['cat/1.png']);
    assert.deepEqual([...controller.selected], [0]);
    assert.equal(of('select').length, 3, 'what others select is not told back');
  });

  it('asks for neighbours of the picture in focus, in the original space', async () => {
    const { controller, of } = await started();
    controller.look(0);
    await turn();
    assert.deepEqual(of('nearest'), [{ name: 'cat/1.png', metric: 'cosine', k: 5 }]);
    assert.match(controller.spoken, /labelled cat, predicted cat/);
    controller.updateMap({ metric: 'euclidean', layer: 'conv1' });
    controller.look(0);
    await turn();
    assert.deepEqual(of('nearest')[1], { name: 'cat/1.png', metric: 'euclidean', k: 5, layer: 'conv1' });
  });

  it('asks again with a mended label, and with a part', async () => {
    const { controller, of } = await started();
    controller.update({ mapping: { dog: 2 } });
    await turn();
    assert.deepEqual(of('survey').at(-1), { mapping: { dog: 2 } });
    assert.deepEqual(of('layout').at(-1)?.['mapping'], { dog: 2 });
    controller.update({ most: 3 });
    await turn();
    assert.deepEqual(of('survey').at(-1), { mapping: { dog: 2 }, most: 3 });
    controller.lookAtAll();
    controller.lookAtSplit('val');
    await turn();
    assert.deepEqual(of('survey').at(-1), { mapping: { dog: 2 }, split: 'val' });
  });

  it('steers the layout that runs, shows its points on the way, and goes on after Cancel', async () => {
    let report: ((progress: LayoutProgress) => void) | undefined;
    const { controller, of } = await started(
      {
        layout: (_request, { signal, onProgress }) =>
          new Promise((_resolve, reject) => {
            report = onProgress;
            signal?.addEventListener('abort', () => reject(new CancelledError()));
          }),
      },
      { map: { ...NEW_VIEW.map, method: 'tsne' } },
    );
    report?.({ message: 'step 10', points: new Float32Array(12), step: 10 });
    assert.equal(controller.layout.progress?.step, 10);
    controller.steer('pause');
    assert.ok(controller.paused, 'it is paused');
    assert.deepEqual(of('steer'), [{ run: 'run 1', state: 'pause' }]);
    controller.layout.cancel();
    await turn();
    assert.ok(controller.layout.stopped, 'it was stopped');
    controller.layoutAgain();
    await turn();
    assert.equal(of('layout').at(-1)?.['run'], 'run 2');
  });

  it('shows three seeds one after the other, and drops them when something else is asked', async () => {
    const { controller, of } = await started({}, { map: { ...NEW_VIEW.map, method: 'tsne', seed: 4 } });
    controller.showSeeds();
    for (let i = 0; i < 4; i++) await turn();
    assert.deepEqual(
      of('layout').map((request) => request['seed']),
      [4, 4, 5, 6],
    );
    controller.updateMap({ seed: 5 });
    assert.equal(controller.seeds.length, 0);
  });

  it('says what goes wrong, and keeps the answer before', async () => {
    let broken = false;
    const { controller } = await started({
      survey: async () => {
        if (broken) throw new LensError('input', 'model/read', 'The model cannot be read.');
        return surveyAnswer();
      },
    });
    controller.outdated(['net.onnx']);
    broken = true;
    controller.ask(true);
    await turn();
    assert.equal(controller.survey.error?.message, 'The model cannot be read.');
    assert.equal(controller.facts?.count, 6);
    assert.deepEqual(controller.stale, []);
  });

  it('keeps what was chosen, and nothing large', async () => {
    const { controller } = await started();
    controller.select([0, 1, 2]);
    controller.look(3);
    const kept = controller.keep();
    assert.equal(kept?.view.focus, 'dog/2.png');
    assert.ok(JSON.stringify(kept).length < 2000, 'the selection is kept by the host');
  });
});

describe('small pictures', () => {
  it('are asked for together, the last wish first, each once', async () => {
    const asked: (readonly number[])[] = [];
    const store = new Thumbnails(
      async (examples) => {
        asked.push(examples);
        return Uint8Array.from({ length: examples.length * 3 * THUMBNAIL ** 2 }, (_, i) =>
          Math.floor(i / (3 * THUMBNAIL ** 2)),
        );
      },
      () => undefined,
    );
    for (let i = 0; i < 100; i++) store.wanted(i);
    store.want([5]);
    await turn();
    assert.equal(asked.length, 3);
    assert.equal(asked[0]?.[0], 5, 'what was wanted last');
    assert.deepEqual(
      asked.flat().sort((a, b) => a - b),
      Array.from({ length: 100 }, (_, i) => i),
    );
    assert.equal(store.get(asked[0]?.[7] ?? -1)?.data[0], 7, 'each gets its own pixels');
  });

  it('that cannot be had are not asked for again and again, and what comes late from another set is dropped', async () => {
    let count = 0;
    let late: ((pixels: Uint8Array) => void) | undefined;
    const store = new Thumbnails(
      ([first]) => {
        count++;
        return first === 1 ? Promise.reject(new Error('gone')) : new Promise((resolve) => (late = resolve));
      },
      () => undefined,
    );
    store.want([1]);
    await turn();
    store.want([1]);
    await turn();
    assert.equal(count, 1);
    store.want([2]);
    await turn();
    store.clear();
    late?.(new Uint8Array(3 * THUMBNAIL ** 2));
    await turn();
    assert.equal(store.get(2), undefined);
  });
});
