import assert from 'node:assert/strict';
import { LensError } from '../../../../src/base/errors.js';
import type { AttentionAsked, AttentionHostApi } from '../../../../src/protocol/attentionPanel.js';
import type { Client } from '../../../../src/protocol/channel.js';
import type { AttentionLayer } from '../../../../src/result/attention.js';
import { AttentionController } from '../../../../webview/attention/controller.js';
import { documentOf, exportItems } from '../../../../webview/attention/exports.js';
import { isKept, NEW_VIEW } from '../../../../webview/attention/kept.js';
import { AttentionPage } from '../../../../webview/attention/page.js';
import { bytesOf } from '../../../../webview/attention/store.js';
import { answerAbout, recipe } from '../dataset/survey.js';
import { answered, layer, picture } from './model.js';

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));
const model = { uri: 'file:///net.onnx', name: 'net.onnx' };

/** A host that writes down what it is asked, and answers about these layers. */
function fakeHost(layers: readonly AttentionLayer[], broken: () => Error | undefined = () => undefined) {
  const asked: [string, Record<string, unknown>][] = [];
  const served: Record<string, (request: Record<string, unknown>) => unknown> = {
    setup: () => ({ model, picture, stale: [], colorMap: 'viridis' }),
    attention: (request) => {
      const error = broken();
      if (error !== undefined) throw error;
      return answered(layers, request as unknown as AttentionAsked);
    },
    silence: (request) => ({
      ...answerAbout,
      target: { index: 3, label: 'cat' },
      score: request['score'],
      counted: 1,
      of: 1,
      omitted: [],
      rows: [{ layer: 'a', head: 1, before: 2, after: 1, drop: 1, changed: 0 }],
      whole: [],
      recipe,
    }),
    chooseFolder: () => ({ uri: 'file:///set', name: 'set' }),
    scores: () => [{ index: 3, label: 'cat', logit: 2 }],
    save: () => true,
  };
  const host = new Proxy({} as Client<AttentionHostApi>, {
    get: (_target, name: string) => async (request: Record<string, unknown>) => {
      asked.push([name, request]);
      return served[name]?.(request);
    },
  });
  return { host, asked, of: () => asked.filter(([name]) => name === 'attention').map(([, request]) => request) };
}

const kindOf = ({ large }: AttentionController): string | undefined => large?.kind;

const gridOf = ({ layers }: AttentionController): readonly number[] | undefined => layers[0]?.to?.grid;

const three = ['a', 'b', 'c'].map((name) => layer(name, { grid: [2, 2] }));

async function opened(layers: readonly AttentionLayer[] = three, broken?: () => Error | undefined) {
  const fake = fakeHost(layers, broken);
  const page = new AttentionPage(fake.host, () => undefined);
  await page.start(undefined);
  await turn();
  const { controller: c } = page;
  return { ...fake, page, c };
}

describe('the panel of attention', () => {
  it('asks which layers there are, and fetches all matrices that have room in one run', async () => {
    const { c, of } = await opened();
    assert.deepEqual(
      of().map(({ layers }) => layers),
      [[], ['c', 'a', 'b']],
    );
    c.sight(0, 3);
    await turn();
    assert.equal(of().length, 2);
    assert.deepEqual([c.chosen!.row, c.chosen!.head], [2, 'mean']);
    assert.deepEqual(c.pinned, { prefix: 0 });
    assert.ok(c.large?.kind === 'map', c.large?.kind);
    assert.equal(c.colors.name, 'viridis');
  });

  it('a token under the pointer moves every map at once without asking anybody', async () => {
    const { c, of } = await opened();
    c.sight(0, 3);
    await turn();
    const before = c.cells;
    c.hover({ y: 0.75, x: 0.75 });
    assert.notEqual(c.cells, before);
    assert.match(c.largeName, /what token \(1, 1\) of 2 × 2 looks at/);
    c.hover(undefined);
    assert.match(c.largeName, /class token/);
    c.change({ direction: 'incoming' });
    assert.match(c.largeName, /who looks at class token/);
    assert.equal(of().length, 2);
  });

  it('a large model is held in part: what is in sight is fetched, and numbers of what has gone stay', async () => {
    const fake = fakeHost(three);
    const view = { ...NEW_VIEW };
    const one = bytesOf(three[0]!);
    const c: AttentionController = new AttentionController(
      {
        host: fake.host,
        view,
        colorMap: 'magma',
        update: (change) => void Object.assign(view, change),
        replace: () => undefined,
      },
      { held: 2 * one, atOnce: one },
    );
    c.about(picture);
    await turn();
    assert.deepEqual(
      fake.of().map(({ layers }) => layers),
      [[], ['c']],
    );
    c.sight(0, 1);
    await turn();
    assert.deepEqual(fake.of().at(-1)!['layers'], ['a']);
    c.sight(1, 2);
    await turn();
    assert.deepEqual(fake.of().at(-1)!['layers'], ['b']);
    assert.equal(c.store!.at('a'), undefined);
    assert.equal(c.store!.known, 3);
    assert.ok(c.store!.numbers('a') !== undefined, 'its numbers stay');
    const count = fake.of().length;
    c.store!.needNumbers();
    await turn();
    assert.equal(fake.of().length, count, 'all numbers are known');
    assert.match(c.cells!.label(0, 0), /being fetched/);
    c.dispose();
  });

  it('a layer beyond all room is said to be, and not asked for', async () => {
    const fake = fakeHost([layer('huge', { grid: [8, 8] })]);
    const view = { ...NEW_VIEW };
    const c = new AttentionController(
      { host: fake.host, view, colorMap: 'magma', update: () => undefined, replace: () => undefined },
      { held: 100, atOnce: 100 },
    );
    c.about(picture);
    await turn();
    assert.equal(fake.of().length, 1);
    assert.match(c.cells!.label(0, 0), /larger than this panel holds/);
  });

  it('holding the key shows the same network with random weights, and lets go of it', async () => {
    const { c, of } = await opened();
    const before = c.large;
    c.hold(true);
    assert.equal(c.large, undefined);
    await turn();
    assert.equal(of().at(-1)!['random'], true);
    const random = c.matrices(three[2]!)!.weights.data[0]!;
    assert.ok(random >= 100, `${random} is of the model as it is`);
    assert.match(c.largeName, /random weights/);
    const count = of().length;
    c.hold(false);
    assert.deepEqual(c.large, before);
    c.hold(true);
    await turn();
    assert.equal(of().length, count, 'they are kept');
  });

  it('rollout and relevance are asked with what was chosen, and shown once they are there', async () => {
    const { c, of, asked } = await opened();
    c.change({ shown: 'rollout', fusion: 'max', start: 1 });
    await turn();
    assert.deepEqual(of().at(-1)!['params'], { map: 'rollout', start: 1, fusion: 'max' });
    assert.deepEqual(of().at(-1)!['layers'], []);
    assert.ok(c.large?.kind === 'map', c.large?.kind);
    c.change({ shown: 'relevance', target: '3', start: 0 });
    await turn();
    assert.equal(of().at(-1)!['target'], '3');
    assert.equal(c.target?.label, 'cat');
    assert.ok(
      asked.some(([name]) => name === 'scores'),
      'classes to choose from',
    );
    assert.match(c.largeName, /relevance of cat/);
  });

  it('heads are silenced on the picture or over a folder, of the class that is shown', async () => {
    const { c, asked } = await opened();
    const silenced = (): Record<string, unknown>[] =>
      asked.filter(([name]) => name === 'silence').map(([, each]) => each);
    c.silence('head', 'a');
    await turn();
    assert.deepEqual(silenced(), [{ input: picture.uri, each: 'head', score: 'logit', layer: 'a' }]);
    assert.equal(c.silencing.task.value?.rows[0]?.drop, 1);
    c.silence('head', 'a');
    await turn();
    assert.equal(silenced().length, 1, 'it is known');
    c.silencing.choose('choose');
    await turn();
    c.change({ shown: 'relevance' });
    await turn();
    c.silence('layer');
    await turn();
    assert.deepEqual(silenced().at(-1), { input: 'file:///set', each: 'layer', score: 'logit', target: '3' });
    c.silencing.choose('picture');
    assert.equal(c.view.folder, undefined);
  });

  it('what the others do without a head is fetched as another network', async () => {
    const { c, of } = await opened();
    c.without({ layer: 'b', head: 0 });
    assert.equal(c.large, undefined);
    await turn();
    assert.deepEqual(of().at(-1)!['silenced'], [{ layer: 'b', head: 0 }]);
    assert.match(c.largeName, /without head 0 of layer 1/);
    c.without(undefined);
    assert.ok(c.large !== undefined, 'the model as it is has been kept');
  });

  it('a layout that somebody says gives maps to layers whose matrices were drawn', async () => {
    const { c } = await opened([layer('a', { queries: 7, keys: 7 })]);
    assert.equal(kindOf(c), 'matrix');
    c.draft(7, { prefix: 1, rows: 2, columns: 3 });
    assert.equal(gridOf(c), undefined, 'a draft changes nothing');
    c.sayLayout(7, { prefix: 1, rows: 2, columns: 3 });
    assert.equal(kindOf(c), 'map');
    assert.deepEqual(gridOf(c), [2, 3]);
  });

  it('a model without attention is one sentence; what fails is asked again', async () => {
    let error: Error | undefined = new LensError('unsupported', 'attention/none', 'This model has no attention.');
    const { c } = await opened(three, () => error);
    assert.equal(c.list.error?.code, 'attention/none');
    error = undefined;
    c.retry();
    await turn();
    assert.equal(c.layers.length, 3);
    assert.equal(c.list.error, undefined);
  });

  it('another picture keeps what was chosen; a change on disk is said and asked again', async () => {
    const { page, c, of } = await opened();
    c.choose('a', 1);
    c.pin({ y: 0.25, x: 0.25 });
    page.show({
      model: page.setup!.model,
      picture: { uri: 'file:///other.png' as typeof picture.uri, name: 'other.png' },
    });
    await turn();
    assert.equal(of().at(-1)!['input'], 'file:///other.png');
    assert.deepEqual([c.chosen!.layer.name, c.chosen!.head], ['a', 1]);
    page.outdated(['net.onnx']);
    assert.deepEqual(page.stale, ['net.onnx']);
    const count = of().length;
    page.again();
    await turn();
    assert.deepEqual(page.stale, []);
    assert.ok(of().length > count, 'asked again');
    const kept = page.keep();
    assert.ok(isKept(JSON.parse(JSON.stringify(kept))), 'what is kept is plain');
    assert.equal(isKept({ version: 1, topic: {}, view: {} }), false);
  });

  it('what is saved: numbers with the recipe, matrices, and the command line', async () => {
    const { c, asked } = await opened();
    c.choose('b', 0);
    const written = JSON.parse(documentOf(c)) as {
      layers: { distance: number[]; onPrefix: null[] }[];
      shown: object;
      recipe: unknown;
    };
    assert.deepEqual(written.layers[1]!.distance, [2, 2]);
    assert.deepEqual(written.layers[1]!.onPrefix, [null, null]);
    assert.ok(written.recipe !== undefined, 'the recipe');
    const items = exportItems(c, () => null);
    items.find(({ label }) => label.startsWith('Save the matrices'))!.onClick();
    items.find(({ label }) => label === 'Copy the command line')!.onClick();
    await turn();
    const saved = asked.find(([name]) => name === 'save')![1];
    assert.equal(saved['name'], 'bird.b.0.npy');
    assert.deepEqual(asked.find(([name]) => name === 'copyAttentionCommand')![1], {
      input: picture.uri,
      params: { token: 'class' },
      layer: 'b',
    });
  });
});
