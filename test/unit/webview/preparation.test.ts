import assert from 'node:assert/strict';
import { LensError } from '../../../src/base/errors.js';
import { given } from '../../../src/base/given.js';
import { address, type Address } from '../../../src/base/place.js';
import type { CallOptions } from '../../../src/protocol/channel.js';
import type {
  Question,
  SettingsToTake,
  TakenSettings,
  TriedSettings,
  TryRequest,
} from '../../../src/protocol/explainPanel.js';
import type { PreprocessingRecord } from '../../../src/result/recipe.js';
import type { SettingsChange } from '../../../src/result/settings.js';
import type { SavingState } from '../../../webview/explain/settings/saving.js';
import { isKeptPreparation, Preparation } from '../../../webview/explain/settings/preparation.js';

const said = (value: unknown, kind: 'default' | 'user' | 'metadata' = 'default') => ({
  value,
  origin: { kind, detail: kind },
});
const recordWith = (change: SettingsChange = {}): PreprocessingRecord => ({
  layout: said('NCHW', 'metadata'),
  channels: said(3, 'metadata'),
  color: said(change.color ?? 'RGB', change.color === undefined ? 'default' : 'user'),
  size: said([8, 8], 'metadata'),
  resize: said({ mode: 'exact', size: [8, 8], interpolation: 'bilinear' }),
  crop: said('none'),
  range: said(change.range ?? [0, 1], change.range === undefined ? 'default' : 'user'),
  mean: said(change.mean ?? [0, 0, 0]),
  std: said(change.std ?? [1, 1, 1]),
});
const answer = (label: string, change?: SettingsChange): TriedSettings => ({
  outcome: { input: 'cat.png', result: { input: 'cat.png', top: [{ index: 0, label, logit: 1, probability: 0.5 }] } },
  preprocessing: recordWith(change),
  labels: { count: 2, origin: { kind: 'sidecar', detail: 'names.txt' }, said: 'names.txt' },
  warnings: [],
});
const settle = (ms = 0): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A panel whose predictions end when the test says so; what holds without an edit is answered at once. */
function editing(settings?: SettingsChange) {
  const asked: { readonly request: TryRequest; readonly signal: AbortSignal | undefined; finish(): void }[] = [];
  const used: (SettingsChange | undefined)[] = [];
  const written: SettingsToTake[] = [];
  let taken: TakenSettings | Error = { state: 'written', file: '/net.lens.json' };
  let saved = 0;
  const view = {
    preprocessing: recordWith(settings) as PreprocessingRecord | undefined,
    selected: address('file:///cat.png') as Address | undefined,
    question: { ...given({ settings }) } as Pick<Question, 'settings'>,
    prepare: (change: SettingsChange | undefined) => {
      used.push(change);
      view.question = given({ settings: change });
    },
    askAsWritten: () => void saved++,
  };
  const host = {
    settingsPresets: async () => [],
    trySettings: (request: TryRequest, options?: CallOptions<never>) =>
      request.settings === undefined
        ? Promise.resolve(answer('before'))
        : new Promise<TriedSettings>((resolve) =>
            asked.push({
              request,
              signal: options?.signal,
              finish: () => resolve(answer(`after ${request.settings!.range?.join()}`, request.settings)),
            }),
          ),
    takeSettings: async (take: SettingsToTake) => {
      written.push(take);
      if (taken instanceof Error) throw taken;
      return taken;
    },
  };
  const p = new Preparation(host, view, () => undefined, 1);
  const type = (high: string): void => p.change({ ...p.draft!, high });
  const answers = (next: TakenSettings | Error): void => void (taken = next);
  return { p, view, asked, used, written, type, answers, saves: () => saved };
}

const bestOf = (p: Preparation): string | undefined => {
  const { outcome } = p.trial.answer ?? {};
  return outcome !== undefined && 'result' in outcome ? outcome.result.top?.[0]?.label : undefined;
};

describe('editing the preparation in the panel', () => {
  it('asks once typing ceases, one at a time, and shows the latest', async () => {
    const { p, asked, type } = editing();
    p.open();
    await settle();
    for (const high of ['2', '25', '255']) type(high);
    await settle(10);
    assert.deepEqual(
      asked.map((a) => a.request.settings?.range),
      [[0, 255]],
    );
    assert.equal(p.trial.working, true);
    type('3');
    type('4');
    await settle(10);
    assert.equal(asked.length, 1, 'one is under way');
    asked[0]!.finish();
    await settle(10);
    assert.deepEqual(asked[1]?.request.settings?.range, [0, 4]);
    asked[1].finish();
    await settle();
    assert.equal(p.trial.working, false);
    assert.equal(bestOf(p), 'after 0,4');
  });

  it('knows the labels that are said, tries others, and writes them down', async () => {
    const { p, asked, written } = editing();
    p.open();
    await settle();
    assert.equal(p.draft!.labels, 'names.txt');
    assert.equal(p.reading!.change, undefined, 'nothing is edited yet');
    p.change({ ...p.draft!, labels: 'cat\ndog' });
    await settle(10);
    assert.deepEqual(asked[0]?.request.settings, { labels: ['cat', 'dog'] });
    asked[0].finish();
    await settle();
    await p.save();
    assert.deepEqual(written[0]?.change, { labels: ['cat', 'dog'] });
  });

  it('asks nothing for fields that are wrong, nor again for what was answered, nor for what is there already', async () => {
    const { p, asked, type } = editing();
    p.open();
    await settle();
    type('x');
    type('-1');
    await settle(10);
    assert.equal(asked.length, 0);
    type('8');
    type('x');
    assert.equal(p.trial.working, false, 'nothing is under way for a field that is wrong');
    type('9');
    await settle(10);
    asked[0]!.finish();
    await settle();
    type('9.');
    await settle(10);
    type('1');
    await settle(10);
    assert.equal(asked.length, 1);
    assert.equal(p.trial.answer, undefined, 'nothing differs any more');
  });

  it('cancels, and asks again for the same', async () => {
    const { p, asked, type } = editing();
    p.open();
    await settle();
    type('9');
    await settle(10);
    p.cancel();
    assert.equal(asked[0]!.signal?.aborted, true);
    assert.equal(p.trial.working, false);
    asked[0]!.finish();
    await settle();
    assert.equal(bestOf(p), undefined, 'what was cancelled does not come any more');
    type('9.0');
    await settle(10);
    assert.equal(asked.length, 2);
  });

  it('is used in the panel, begins again with what is in use, and reset leaves it', async () => {
    const { p, view, used, type, asked } = editing();
    p.open();
    await settle();
    assert.equal(p.inUse, true);
    type('255');
    assert.equal(p.inUse, false);
    p.use();
    assert.equal(p.isOpen, false);
    const change = { range: [0, 255], mean: [0, 0, 0], std: [1, 1, 1] };
    assert.deepEqual(used, [change]);
    view.preprocessing = recordWith(view.question.settings);
    p.open();
    assert.equal(p.reading, undefined, 'what it is an edit of is asked first');
    assert.equal(p.draft?.high, '255');
    await settle(10);
    assert.equal(p.inUse, true);
    assert.deepEqual(asked.at(-1)?.request.settings, change);
    p.reset();
    assert.deepEqual(used, [change, undefined]);
    assert.equal(p.draft?.high, '1');
  });

  it('saves what was edited, all of it where nothing was, and what is in use where it is closed', async () => {
    const { p, view, type, written, saves } = editing();
    p.open();
    await settle();
    await p.save();
    assert.deepEqual(Object.keys(written[0]!.change), ['color', 'resize', 'crop', 'range', 'mean', 'std']);
    assert.equal(saves(), 1);
    p.open();
    await settle();
    type('255');
    await p.save();
    assert.deepEqual(Object.keys(written[1]!.change), ['range', 'mean', 'std']);
    assert.equal(p.isOpen, false);
    view.question = { settings: { color: 'BGR' } };
    await p.save();
    assert.deepEqual(written[2]!.change, { color: 'BGR' });
  });

  it('asks before what a person wrote is replaced, and says why nothing could be written', async () => {
    const { p, written, type, answers, saves } = editing();
    answers({ state: 'asks', file: 'net.lens.json', replaces: ['mean'] });
    p.open();
    await settle();
    type('255');
    await p.save();
    const stateOf = (): string => p.saving.state.state;
    assert.equal(stateOf(), 'asks');
    assert.deepEqual([saves(), p.isOpen], [0, true]);
    answers(new LensError('usage', 'workspace/untrusted', 'Nothing is written here.'));
    await p.replace();
    assert.equal(written[1]!.replace, true);
    const { state }: { readonly state: SavingState } = p.saving;
    assert.equal(state.state === 'failed' && state.error.message, 'Nothing is written here.');
    assert.equal(p.isOpen, true, 'what was edited is not lost');
    type('254');
    assert.equal(stateOf(), 'idle');
  });

  it('is kept over a reload with what stands in the fields, also what is wrong', async () => {
    const { p, type } = editing();
    p.open();
    await settle();
    type('x');
    const kept: unknown = JSON.parse(JSON.stringify(p.keep()));
    assert.ok(isKeptPreparation(kept));
    const later = editing();
    later.view.preprocessing = undefined;
    later.p.open(kept);
    await settle();
    assert.equal(later.p.draft?.high, 'x');
    assert.deepEqual(Object.keys(later.p.reading!.problems), ['high']);
    later.p.close();
    assert.equal(later.p.keep(), undefined);
    const { layout: _layout, ...without } = kept.draft;
    for (const other of [undefined, null, {}, { draft: { mean: 1 } }, { draft: without }])
      assert.ok(!isKeptPreparation(other));
  });

  it('tries another picture under the same fields', async () => {
    const { p, view, type, asked } = editing();
    p.open();
    await settle();
    type('255');
    await settle(10);
    asked[0]!.finish();
    await settle();
    view.selected = address('file:///dog.png');
    p.refresh();
    await settle(10);
    assert.equal(asked[1]?.request.picture, 'file:///dog.png');
    assert.deepEqual(asked[1]?.request.settings?.range, [0, 255]);
  });

  it('takes no answer about one picture for one about another', async () => {
    const { p, view, type, asked } = editing();
    p.open();
    await settle();
    type('255');
    await settle(10);
    view.selected = address('file:///dog.png');
    p.refresh();
    asked[0]!.finish();
    await settle();
    assert.equal(bestOf(p), undefined);
    await settle(10);
    assert.equal(asked[1]?.request.picture, 'file:///dog.png');
    asked[1].finish();
    await settle();
    assert.equal(bestOf(p), 'after 0,255');
  });
});
