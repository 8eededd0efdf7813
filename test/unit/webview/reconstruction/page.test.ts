import assert from 'node:assert/strict';
import { address } from '../../../../src/base/place.js';
import type { CallOptions, Client } from '../../../../src/protocol/channel.js';
import type { VisualizeChannelsProgress, VisualizeProgress } from '../../../../src/protocol/reconstruction.js';
import type {
  ChannelsPictures,
  PictureAsked,
  VisualizeAim,
  VisualizeHostApi,
} from '../../../../src/protocol/reconstructionPanel.js';
import type { ChannelPicture } from '../../../../src/result/reconstruction.js';
import { comparedCells } from '../../../../webview/reconstruction/compared.js';
import { documentOf } from '../../../../webview/reconstruction/exports.js';
import { isKept, NEW_VIEW, type KeptVisualize } from '../../../../webview/reconstruction/kept.js';
import { VisualizePage } from '../../../../webview/reconstruction/page.js';
import { answered, formOf, picture } from './model.js';

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));
const model = { uri: address('file:///net.onnx'), name: 'net.onnx' };
const photo = { uri: address('file:///photo.png'), name: 'photo.png' };

interface Fake {
  readonly aim?: VisualizeAim;
  readonly kept?: KeptVisualize;
  readonly classes?: [];
  /** Answers one picture; by default at once. */
  readonly make?: (asked: PictureAsked, options: CallOptions<VisualizeProgress>) => Promise<unknown>;
  readonly known?: (asked: PictureAsked) => unknown;
  /** The channels of a layer that are on the disk: more are made as long as it is not cancelled. */
  readonly disk?: Map<number, ChannelPicture>;
  /** Channels at which the work stands still. */
  readonly stuck?: ReadonlySet<number>;
}

const off: ChannelPicture = {
  channel: 1,
  error: { kind: 'unsupported', code: 'reconstruction/no-gradient', message: 'Off.' },
};

/** What a runner does of a layer of four channels, the second of which is off. */
function channelsOf(disk: Map<number, ChannelPicture>, stuck: ReadonlySet<number> = new Set()) {
  return async ({ known }: ChannelsPictures, { signal, onProgress }: CallOptions<VisualizeChannelsProgress>) => {
    for (let channel = 0; channel < 4 && known !== true; channel++) {
      onProgress?.({ message: 'at it', running: { channel, picture: picture(channel) } });
      if (stuck.has(channel))
        await new Promise((_resolve, reject) =>
          signal?.addEventListener('abort', () => reject(new DOMException('cancelled', 'AbortError'))),
        );
      const made = disk.get(channel) ?? (channel === 1 ? off : { channel, picture: picture(channel), value: channel });
      disk.set(channel, made);
      onProgress?.({ message: 'at it', fraction: (channel + 1) / 4, made });
    }
    if (known === true) for (const made of disk.values()) onProgress?.({ message: 'looking', made });
  };
}

/** A panel whose host writes down what it is asked. */
async function opened({
  aim,
  kept,
  classes,
  make = async (asked) => answered(asked),
  known = () => null,
  disk = new Map(),
  stuck,
}: Fake = {}) {
  const asked: [string, Record<string, unknown>][] = [];
  const layers = ['conv1', 'conv2'].map((name) => ({ name, op: 'Conv' }));
  type Served = (request: never, options: never) => unknown;
  const small = async (request: PictureAsked, options: CallOptions<VisualizeProgress>): Promise<unknown> =>
    ((await make(request, options)) as { readonly result: unknown }).result;
  const served: Record<string, Served> = {
    setup: () => ({ model, layers: [...layers, { name: 'fc', op: 'Gemm' }], stale: [], ...(aim && { aim }) }),
    form: ({ layer }: { readonly layer?: string }) => formOf(layer, classes && { classes }),
    picture: make,
    channels: channelsOf(disk, stuck),
    smallPicture: small,
    knownPictures: ({ asked: all }: { readonly asked: readonly PictureAsked[] }) => all.map(known),
  };
  const host = new Proxy({} as Client<VisualizeHostApi>, {
    get:
      (_target, name: string) =>
      async (request: Record<string, unknown>, options: CallOptions<never> = {}) => {
        asked.push([name, request]);
        return served[name]?.(request as never, options as never);
      },
  });
  const page = new VisualizePage(host, () => undefined);
  await page.start(kept);
  await turn();
  const of = (wanted: string) => asked.filter(([name]) => name === wanted).map(([, request]) => request);
  return { page, host, asked, of };
}

/** A run that is shown at one step, and ends when the test says so or it is cancelled. */
function slow(step: number) {
  let end: () => void = () => undefined;
  const make: Fake['make'] = (asked, { signal, onProgress }) =>
    new Promise((resolve, reject) => {
      onProgress?.({ message: 'at it', fraction: 0.5, made: { picture: picture(step), step, trace: [0, 1] } });
      end = () => resolve(answered(asked));
      signal?.addEventListener('abort', () => reject(new DOMException('cancelled', 'AbortError')));
    });
  return { make, end: () => end() };
}

describe('the panel of pictures that are made', () => {
  it('waits for a class to be chosen, and asks with what was changed alone', async () => {
    const { page, of } = await opened({ aim: { kind: 'class' } });
    assert.deepEqual(of('picture'), []);
    page.ask({ aim: { ...page.view.aim, class: 1 } });
    page.setParams({ noise: 0.1 });
    page.make();
    await turn();
    assert.deepEqual(of('picture'), [
      { target: '1', params: { preset: 'distill', noise: 0.1 }, files: {}, seed: 0, attempt: 0 },
    ]);
    assert.equal(page.result?.preset, 'distill');
    assert.match(page.spoken, /2 steps, probability 0\.900/);
    assert.deepEqual([page.values['noise'], page.values['jitter'], page.schema['jitter']!.default], [0.1, 2, 2]);
    assert.equal(page.differs, false);
    page.ask({ seed: 4 });
    assert.equal(page.differs, true);
  });

  it('makes the picture of a layer that was clicked at once, and the same again where that is asked', async () => {
    const { page, of } = await opened({ aim: { kind: 'channel', layer: 'conv1', channel: 9 } });
    await turn();
    // There are four.
    assert.deepEqual(of('picture'), [
      { layer: 'conv1', channel: 3, params: { preset: 'distill' }, files: {}, seed: 0, attempt: 0 },
    ]);
    page.make();
    await turn();
    assert.deepEqual(
      of('picture').map(({ attempt }) => attempt),
      [0, 1],
    );
    page.show({ model, aim: { kind: 'channel', layer: 'conv2' } });
    await turn();
    await turn();
    assert.deepEqual(of('picture').at(-1), {
      layer: 'conv2',
      channel: 0,
      params: { preset: 'distill' },
      files: {},
      seed: 0,
      attempt: 1,
    });
    // Of the same layer nothing has to be asked first.
    page.show({ model, aim: { kind: 'channel', layer: 'conv2', channel: 2 } });
    await turn();
    assert.equal(of('picture').at(-1)!['channel'], 2);
  });

  it('is told what to show before it has begun, where its tab was hidden', async () => {
    const { host, of } = await opened();
    const page = new VisualizePage(host, () => undefined);
    page.show({ model, aim: { kind: 'channel', layer: 'conv1', channel: 1 } });
    await page.start(undefined);
    await turn();
    assert.deepEqual([of('picture').length, of('picture')[0]!['channel']], [1, 1]);
  });

  it('asks for differences, neurons and layers; without classes for a channel of the last convolution', async () => {
    const { page } = await opened();
    const asked = (kind: typeof page.view.aim.kind) => {
      page.ask({ aim: { ...page.view.aim, kind, row: 1, column: 2 } });
      const { target, layer, channel } = page.asking();
      return { target, layer, channel };
    };
    assert.deepEqual(asked('difference'), { target: '0 - 1', layer: undefined, channel: undefined });
    assert.deepEqual(asked('neuron'), { target: 'conv2#0@1,2', layer: undefined, channel: undefined });
    assert.deepEqual(asked('layer'), { target: undefined, layer: 'conv2', channel: undefined });
    const without = await opened({ classes: [] });
    assert.equal(without.page.view.aim.kind, 'channel');
    assert.equal(without.page.view.aim.layer, 'conv2');
  });

  it('shows it as it grows, is paused and ended, and keeps what was seen where it is cancelled', async () => {
    const run = slow(8);
    const { page, of } = await opened({ make: run.make });
    page.make();
    await turn();
    assert.equal(page.running?.step, 8);
    page.steer('pause');
    assert.equal(page.view.paused, true);
    page.steer('stop');
    assert.deepEqual(
      of('steer').map(({ state }) => state),
      ['run', 'pause', 'stop'],
    );
    page.cancel();
    await turn();
    assert.deepEqual([page.made.working, page.made.stopped, page.view.cancelled], [false, true, true]);
    assert.equal(page.running?.step, 8);
    page.make();
    await turn();
    run.end();
    await turn();
    assert.equal(page.running, undefined);
    assert.deepEqual(
      page.frames.map(({ step }) => step),
      [2],
    );
  });

  it('begins with a picture where the preset can, and wants one for accentuate', async () => {
    const { page, of } = await opened();
    page.ask({ preset: 'accentuate' });
    page.make();
    assert.equal(page.wanted, 'start');
    page.setFile('start', photo);
    page.make();
    await turn();
    assert.deepEqual(of('picture')[0]!['files'], { start: photo.uri });
    assert.equal(of('form').at(-1)!['start'], 'picture');
    assert.equal(page.result?.change?.norm, 0.01);
    page.ask({ preset: 'maco' });
    assert.deepEqual(page.asking().files, {});
  });

  it('inverts what a layer sees in a picture, and asks others only of classes', async () => {
    const { page } = await opened();
    page.setFile('natural', photo);
    page.setFile('other', model);
    assert.deepEqual(page.asking().files, { natural: photo.uri, other: model.uri });
    page.ask({ aim: { ...page.view.aim, kind: 'inversion' } });
    assert.equal(page.wanted, 'invert');
    page.setFile('invert', photo);
    assert.deepEqual(
      [page.wanted, page.asking().layer, page.asking().files],
      [undefined, 'conv2', { invert: photo.uri }],
    );
    page.update({ comparison: 'layers' });
    assert.deepEqual(
      comparedCells(page).map(({ title, asked }) => [title, asked.layer, asked.files.invert]),
      ['conv1', 'conv2', 'fc'].map((layer) => [layer, layer, photo.uri]),
    );
    page.setFile('invert', undefined);
    assert.equal(page.wanted, 'invert');
    page.ask({ aim: { ...page.view.aim, kind: 'direction' } });
    assert.equal(page.wanted, 'direction');
    page.setFile('direction', photo);
    assert.deepEqual([page.wanted, page.asking().files], [undefined, { direction: photo.uri }]);
    // Layers are compared by what they see in a photograph alone.
    assert.equal(comparedCells(page)[0]!.title, 'naive');
  });

  it('puts presets, tricks and networks side by side with one seed', async () => {
    const { page } = await opened();
    page.ask({ seed: 3 });
    const rows = () => comparedCells(page).map(({ title, asked }) => [title, asked.params, asked.seed]);
    assert.deepEqual(
      rows().map(([title]) => title),
      ['naive', 'smooth', 'distill', 'maco'],
    );
    page.update({ comparison: 'tricks' });
    const preset = 'distill';
    assert.deepEqual(rows(), [
      ['none of it', { preset, image: 'pixels', colours: 'none', jitter: 0 }, 3],
      ['+ spectrum', { preset, colours: 'none', jitter: 0 }, 3],
      ['+ colours', { preset, jitter: 0 }, 3],
      ['+ jitter', { preset }, 3],
    ]);
    page.ask({ preset: 'naive' });
    assert.deepEqual(rows(), [
      ['none of it', { preset: 'naive' }, 3],
      ['spectrum alone', { preset: 'naive', image: 'fourier' }, 3],
      ['jitter alone', { preset: 'naive', jitter: 2 }, 3],
    ]);
    page.ask({ preset: 'distill' });
    page.update({ comparison: 'networks' });
    assert.deepEqual(
      comparedCells(page).map(({ title, asked }) => [title, asked.network?.random]),
      [
        ['this network', undefined],
        ['random weights', true],
      ],
    );
  });

  it('makes every channel of a layer, stops, and goes on with what is missing', async () => {
    const stuck = new Set([2]);
    const { page, of } = await opened({ stuck });
    page.ask({ aim: { ...page.view.aim, kind: 'channel', layer: 'conv1' } });
    await turn();
    page.beginChannels();
    await turn();
    const { channels } = page;
    assert.deepEqual([channels.working, channels.done, page.view.channels.asked?.running], [true, 2, true]);
    assert.deepEqual(channels.cells[2]!.live, picture(2));
    assert.equal(channels.cells[1]!.made, off);
    channels.cancel();
    await turn();
    assert.deepEqual([channels.partial, channels.done, page.view.channels.asked?.running], [true, 2, false]);
    assert.equal(channels.cells[2]!.live, undefined);
    stuck.clear();
    await channels.resume();
    assert.deepEqual([channels.done, channels.partial], [4, false]);
    assert.deepEqual(of('channels')[0], {
      layer: 'conv1',
      params: { preset: 'distill', steps: 48 },
      files: {},
      seed: 0,
    });
  });

  it('a page that comes back asks for what was made, and goes on only where it was under way', async () => {
    const disk = new Map<number, ChannelPicture>();
    const first = await opened({ disk, stuck: new Set([1]) });
    first.page.make();
    await turn();
    first.page.ask({ aim: { ...first.page.view.aim, kind: 'channel', layer: 'conv1' } });
    await turn();
    first.page.beginChannels();
    await turn();
    first.page.channels.cancel();
    await turn();
    const kept = JSON.parse(JSON.stringify(first.page.keep())) as unknown;
    assert.ok(isKept(kept), 'what was kept is usable');
    const second = await opened({ kept, disk });
    assert.deepEqual(second.of('picture'), [first.page.view.asked]);
    assert.deepEqual([second.page.channels.done, second.page.channels.working], [1, false]);
    assert.deepEqual(
      second.of('channels').map(({ known }) => known),
      [true],
    );
    assert.equal(isKept({ version: 1, topic: {}, view: { ...NEW_VIEW, aim: undefined } }), false);
  });

  it('fetches what was made while nobody looked', async () => {
    const { page, of } = await opened({
      disk: new Map([off, { channel: 0, picture: picture(7), value: 7 }].map((one) => [one.channel, one])),
    });
    // Work that was joined tells of nothing that was before.
    void page.channels.begin({
      base: { layer: 'conv1', params: {}, files: {}, seed: 0, known: true },
      count: 4,
      running: true,
    });
    await turn();
    assert.deepEqual([page.channels.done, of('channels').length], [2, 1]);
  });

  it('asks for the form of another size where one is set', async () => {
    const { page, of } = await opened();
    page.setParams({ size: 96 });
    await turn();
    assert.equal(of('form').at(-1)!['size'], 96);
  });

  it('writes down how it was made, without pictures and numbers that JSON has not', async () => {
    const { page } = await opened();
    page.setFile('start', photo);
    page.make();
    await turn();
    const text = documentOf(page);
    const { schema, preset, says, change, saved } = JSON.parse(text) as Record<string, Record<string, unknown>>;
    assert.deepEqual([schema, preset], ['onnx-lens/visualize-panel/1', 'distill']);
    assert.equal(says!['value'], null);
    assert.deepEqual(Object.keys(change!), ['norm', 'most', 'before']);
    assert.deepEqual(saved, { width: 2, height: 2, left: 0, top: 0, exact: true });
  });
});
