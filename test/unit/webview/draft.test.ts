import assert from 'node:assert/strict';
import { presets } from '../../../src/input/presets.js';
import type { Origin, PreprocessingRecord } from '../../../src/result/recipe.js';
import {
  draftOf,
  freedomOf,
  isEditable,
  presetOf,
  presetsFor,
  readDraft,
  withChannel,
  withColor,
  withMode,
  withPreset,
} from '../../../webview/explain/settings/draft.js';

const fallback: Origin = { kind: 'default', detail: 'nobody said so' };
const shape: Origin = { kind: 'metadata', detail: "the model's input shape" };
const said = (value: unknown, origin = fallback) => ({ value, origin });

const record: PreprocessingRecord = {
  layout: said('NCHW', shape),
  channels: said(3, shape),
  color: said('RGB'),
  size: said([224, 224], shape),
  resize: said({ mode: 'shortSide', size: [256, 256], interpolation: 'bilinear' }),
  crop: said('center'),
  range: said([0, 1]),
  mean: said([0.485, 0.456, 0.406]),
  std: said([0.229, 0.224, 0.225]),
  pad: said([0, 0, 0]),
};
const draft = draftOf(record);
const preset = (id: string) => presets.find((p) => p.id === id)!;

describe('the preparation of pictures as it is edited', () => {
  it('changes nothing before a field is changed, and writes all of it down then still', () => {
    const { change, whole, problems } = readDraft(draft, record);
    assert.deepEqual([change, problems], [undefined, {}]);
    assert.deepEqual(whole, {
      color: 'RGB',
      resize: { mode: 'shortSide', interpolation: 'bilinear', size: [256, 256] },
      crop: 'center',
      range: [0, 1],
      mean: [0.485, 0.456, 0.406],
      std: [0.229, 0.224, 0.225],
    });
  });

  it('takes labels as the name of a file or as names, and says what is none', () => {
    const of = (labels: string, said?: string | readonly string[]) => {
      const { change, problems } = readDraft({ ...draftOf(record, said), labels }, record, said);
      return change?.labels ?? problems.labels;
    };
    assert.equal(of('labels.txt'), 'labels.txt');
    assert.equal(of(' names/a, b.json '), 'names/a, b.json');
    assert.deepEqual(of('cat, dog'), ['cat', 'dog']);
    assert.deepEqual(of('tench, Tinca tinca\ngoldfish'), ['tench, Tinca tinca', 'goldfish']);
    assert.match(of('cat\n\ndog') as string, /Name 2 of 3 is missing/);
    assert.match(of('//server/labels.txt') as string, /not on this machine/);
    assert.equal(of('cat\ndog', ['cat', 'dog']), undefined, 'as before');
    assert.equal(of('', undefined), undefined);
    assert.match(of('', 'labels.txt') as string, /take "labels" out/);
  });

  it('changes together what only means something together', () => {
    assert.deepEqual(readDraft({ ...draft, low: '-1' }, record).change, {
      range: [-1, 1],
      mean: [0.485, 0.456, 0.406],
      std: [0.229, 0.224, 0.225],
    });
    assert.deepEqual(readDraft({ ...draft, side: '240' }, record).change, {
      resize: { mode: 'shortSide', interpolation: 'bilinear', size: 240 },
      crop: 'center',
    });
    assert.deepEqual(readDraft({ ...draft, color: 'gray' }, record).change, { color: 'gray' });
  });

  it('says at the field what is wrong, and comes to nothing meanwhile', () => {
    const problemsOf = (part: Partial<typeof draft>) => readDraft({ ...draft, ...part }, record).problems;
    assert.deepEqual(problemsOf({ low: '1' }), { high: 'Must be more than 1, where black goes.' });
    assert.deepEqual(problemsOf({ std: ['0.2', '0', ''] }), {
      'std.1': 'Must not be 0: pixels are divided by it.',
      'std.2': 'A number is missing.',
    });
    assert.deepEqual(problemsOf({ mean: ['0,485', 'x', '1e400'] }), {
      'mean.0': '"0,485" is not a number: write 0.485.',
      'mean.1': '"x" is not a number.',
      'mean.2': '"1e400" is not a number.',
    });
    assert.match(problemsOf({ side: '12.5' }).side!, /whole number/);
    assert.match(problemsOf({ side: '1×2×3' }).side!, /One length|one length/);
    assert.match(problemsOf({ mode: 'letterbox', pad: '300' }).pad!, /"300" does not/);
    assert.match(problemsOf({ mode: 'letterbox', pad: '1 2' }).pad!, /one level, or red, green and blue/);
    // What no field shows is not held against a person.
    assert.deepEqual(problemsOf({ pad: '300' }), {});
    const wrong = readDraft({ ...draft, low: 'x' }, record);
    assert.deepEqual([wrong.change, wrong.whole], [undefined, undefined]);
  });

  it('reads a typographic minus, width before height, and a padding of three levels', () => {
    const { change } = readDraft(
      { ...withMode(draft, 'longSide'), low: '−1', side: '320×240', pad: '1, 2, 3' },
      record,
    );
    assert.deepEqual(change?.range, [-1, 1]);
    assert.deepEqual(change?.resize?.size, [240, 320]);
    assert.deepEqual(change?.pad, [1, 2, 3]);
  });

  it('takes mean and deviation with their colours into the other order, and back', () => {
    const turned = withColor(draft, 'BGR', false);
    assert.deepEqual(turned.mean, ['0.406', '0.456', '0.485']);
    assert.deepEqual(withColor(turned, 'RGB', false), draft);
    assert.deepEqual(withColor(turned, 'gray', true).mean, ['0.485']);
    assert.deepEqual(withColor(withColor(draft, 'gray', true), 'RGB', true).mean.length, 3);
  });

  it('spreads a pasted list over the channels, and takes a single number for one', () => {
    for (const text of ['[104, 117, 123]', '104 117 123', '104,117,123', '(104; 117; 123)'])
      assert.deepEqual(withChannel(draft, 'mean', 1, text).mean, ['104', '117', '123'], text);
    assert.deepEqual(withChannel(draft, 'std', 1, '58.4').std, ['0.229', '58.4', '0.225']);
    assert.deepEqual(withChannel(draft, 'std', 1, '1,2').std[1], '1,2');
  });

  it('goes to the size of the model where a resize has no length of its own', () => {
    const squeezed = withMode(draft, 'exact');
    assert.deepEqual([squeezed.crop, squeezed.side], ['none', '224']);
    assert.deepEqual(readDraft(squeezed, record).change, {
      resize: { mode: 'exact', interpolation: 'bilinear' },
      crop: 'none',
    });
    assert.equal(withMode(squeezed, 'shortSide').crop, 'center');
  });

  it('fills in a preset, says which one it is, and leaves what its source does not say', () => {
    const caffe = withPreset(draft, preset('keras-caffe'));
    assert.deepEqual(readDraft(caffe, record).change, {
      color: 'BGR',
      range: [0, 255],
      mean: [103.939, 116.779, 123.68],
      std: [1, 1, 1],
    });
    assert.equal(presetOf(caffe, presets)?.id, 'keras-caffe');
    const clip = withPreset(caffe, preset('clip'));
    assert.deepEqual(readDraft(clip, record).change?.resize, {
      mode: 'shortSide',
      interpolation: 'bicubic',
      size: 224,
    });
    assert.equal(presetOf({ ...clip, low: '0.5' }, presets), undefined);
    // Its 256 is of a side of 224, whatever the model's is.
    assert.equal(withPreset({ ...draft, width: '448', height: '448' }, preset('torchvision')).side, '512');
  });

  it('offers what the model leaves open', () => {
    assert.deepEqual(freedomOf(record), {
      layout: false,
      size: false,
      channels: false,
      colors: ['RGB', 'BGR', 'gray'],
    });
    const grey: PreprocessingRecord = {
      ...record,
      channels: said(1, shape),
      color: said('gray', shape),
      size: said([28, 28]),
      mean: said([0]),
      std: said([1]),
    };
    const free = freedomOf(grey);
    assert.deepEqual([free.size, free.colors], [true, ['gray']]);
    const offered = presetsFor(presets, draftOf(grey), free).map((p) => p.id);
    assert.deepEqual(offered, ['mnist', 'grey-unit', 'grey-bytes', 'grey-double']);
    assert.ok(
      presetsFor(presets, draft, freedomOf(record)).every((p) => p.settings.mean.length === 3),
      'three channels get three numbers',
    );
    assert.deepEqual(readDraft({ ...draftOf(grey), width: '32' }, grey).change, { size: [28, 32] });
  });

  it('edits pictures, no tensors that are taken as given', () => {
    assert.ok(isEditable(record));
    assert.ok(!isEditable({ tensor: said('as given') }));
    assert.ok(!isEditable(undefined));
  });

  it('has a source for every preset, and presets that differ', () => {
    assert.equal(new Set(presets.map((p) => p.id)).size, presets.length);
    for (const { source, settings } of presets) {
      assert.notEqual(source, '');
      assert.equal(settings.mean.length, settings.std.length);
      assert.ok(settings.range[0] < settings.range[1], source);
    }
  });
});
