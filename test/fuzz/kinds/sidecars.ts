import type { Random } from '../../../src/base/random.js';
import { bruised, hostileText, pick, rarely } from '../hostile.js';
import { answered } from '../judge.js';
import type { Kind } from '../kind.js';
import { fullSidecar } from '../../unit/input/fullSidecar.js';
import { RUN_GB } from '../subject.js';
import { smallPicture } from './pictureFiles.js';
import { bytesOf, smallNet } from './seedModels.js';

/** Settings as people write them, and the files of others that say the same. */
const SEEDS: Readonly<Record<string, unknown>> = {
  'model.lens.json': {
    input: {
      ...fullSidecar.input,
      name: 'x',
      layout: 'NCHW',
      size: [8, 8],
      resize: { ...fullSidecar.input.resize, size: 10 },
      range: [0, 1],
      mean: [0.485, 0.456, 0.406],
      std: [0.229, 0.224, 0.225],
      evidence: { mean: 'found' },
    },
    labels: ['cat', 'dog', 'emu', 'fox'],
    outputs: { y: { kind: 'classes' } },
    output: 'y',
  },
  'model.onnx.lens.json': { labels: { '0': 'cat', '3': 'fox' }, inputs: { z: [[1, 2]] } },
  'preprocessor_config.json': {
    do_resize: true,
    size: { height: 8, width: 8 },
    crop_size: 8,
    do_normalize: true,
    image_mean: [0.5, 0.5, 0.5],
    image_std: [0.5, 0.5, 0.5],
    rescale_factor: 0.00392156862745098,
    resample: 3,
  },
  'config.json': {
    id2label: { '0': 'cat', '1': 'dog', '2': 'emu', '3': 'fox' },
    architecture: 'resnet18',
    num_classes: 4,
    pretrained_cfg: {
      input_size: [3, 8, 8],
      mean: [0.5, 0.5, 0.5],
      std: [0.5, 0.5, 0.5],
      interpolation: 'bicubic',
      crop_pct: 0.9,
    },
  },
};

const LISTS: Readonly<Record<string, string>> = {
  'labels.txt': '0 cat\n1 dog\n2 emu\n3 fox\n',
  'classes.txt': 'cat\ndog\nemu\nfox\n',
};

/** Texts that JSON.stringify would not write, put in place of these strings afterwards. */
const RAW = [
  '1e400',
  '-1e400',
  '-0',
  '1E+2',
  '123456789012345678901234567890',
  'NaN',
  'Infinity',
  '"\\ud800"',
  '{"__proto__": {"size": [9, 9]}}',
  '{"a": 1, "a": 2}',
];
const MARK = '@raw:';

function hostileValue(random: Random): unknown {
  switch (random.below(12)) {
    case 0:
      return null;
    case 1:
      return pick(random, [true, false]);
    case 2:
      return pick(random, [0, -1, 1, 0.5, 255, 16_384, 16_385, 1e9, 1e308, -1e308, 1e-320, 2 ** 53, 3]);
    case 3:
      return MARK + pick(random, RAW);
    case 4:
      return [];
    case 5:
      return {};
    case 6:
      return Array.from({ length: pick(random, [1, 2, 3, 4, 5000]) }, () => pick(random, [0, 1, 'a', null]));
    case 7:
      return [hostileValue(random), hostileValue(random)];
    case 8:
      return { [hostileText(random)]: hostileValue(random) };
    case 9: {
      const depth = pick(random, [5, 200, 20_000]);
      return `${MARK}${'['.repeat(depth)}${']'.repeat(depth)}`;
    }
    default:
      return hostileText(random);
  }
}

const KEYS = [
  'input',
  'labels',
  'inputs',
  'output',
  'outputs',
  '__proto__',
  'constructor',
  'size',
  'mean',
  'std',
  'resize',
  'crop_pct',
  'id2label',
  '$schema',
  'label_files',
];

/** One change somewhere in a value. */
function changed(random: Random, value: unknown): unknown {
  if (rarely(random, 5) || typeof value !== 'object' || value === null) return hostileValue(random);
  if (Array.isArray(value)) {
    const copy: unknown[] = [...value];
    const at = random.below(copy.length + 1);
    if (rarely(random, 3)) copy.splice(at, 1);
    else copy[at] = changed(random, copy[at]);
    return copy;
  }
  const entries = Object.entries(value);
  const at = random.below(entries.length + 1);
  const entry = entries[at];
  if (entry === undefined) entries.push([pick(random, [...KEYS, hostileText(random)]), hostileValue(random)]);
  else if (rarely(random, 4)) entries.splice(at, 1);
  else if (rarely(random, 8)) entry[0] = pick(random, [...KEYS, hostileText(random)]);
  else entry[1] = changed(random, entry[1]);
  // A key like __proto__ is one of its own, as JSON.parse makes it.
  return Object.defineProperties(
    {},
    Object.fromEntries(
      entries.map(([key, v]) => [key, { value: v, enumerable: true, configurable: true, writable: true }]),
    ),
  );
}

function json(random: Random, seed: unknown): Uint8Array {
  let value = seed;
  for (let n = 1 + random.below(3); n > 0; n--) value = changed(random, value);
  const text = (JSON.stringify(value, null, rarely(random, 2) ? 2 : 0) ?? '').replace(
    /"@raw:((?:[^"\\]|\\.)*)"/g,
    (_all, raw: string) => raw.replace(/\\(["\\])/g, '$1'),
  );
  if (rarely(random, 10)) return bruised(random, Buffer.from(text));
  if (rarely(random, 12)) return Buffer.from(`\ufeff${text}`, pick(random, ['utf8', 'utf16le', 'latin1']));
  if (rarely(random, 20)) return Buffer.from(`// said\n${text},`);
  return Buffer.from(text);
}

/** Files that say how pictures are prepared and what classes are called. */
export const sidecars: Kind = {
  id: 'sidecar',
  asked: 'runner',
  async prepare() {
    const model = await bytesOf(smallNet());
    const picture = await smallPicture();
    const lists = Object.values(LISTS).map((text) => Buffer.from(text));
    return {
      shared: new Map([['picture.png', picture]]),
      make(random) {
        const name = pick(random, ['model.lens.json', ...Object.keys(SEEDS), ...Object.keys(LISTS)]);
        const list = LISTS[name];
        const bytes = list === undefined ? json(random, SEEDS[name]) : labels(random, Buffer.from(list), lists);
        const more = random.below(8);
        return {
          files: new Map([
            ['model.onnx', model],
            [name, bytes],
          ]),
          what: name,
          async ask(place) {
            const about = { model: place.path('model.onnx'), provider: 'cpu', threads: 1, memoryLimit: RUN_GB };
            const inputs = [place.path('picture.png')];
            const accepted = answered(await place.ask('predict', { ...about, inputs }));
            if (more === 0) await place.ask('inspect', about);
            if (more === 1) await place.ask('overview', about);
            if (more === 2) await place.ask('labels', about);
            if (more === 3) await place.ask('explain', { ...about, inputs, method: 'gradient' });
            if (more === 4)
              await place.ask('sidecarText', { ...about, change: { color: 'RGB', mean: [0.5], std: [0.5] } });
            await place.ask('release', { model: about.model });
            return accepted;
          },
        };
      },
    };
  },
};

function labels(random: Random, seed: Uint8Array, all: readonly Uint8Array[]): Uint8Array {
  const lines = Array.from({ length: pick(random, [0, 1, 4, 5, 50_000]) }, (_, i) =>
    rarely(random, 4) ? hostileText(random).slice(0, 200) : `class ${i}`,
  );
  switch (random.below(4)) {
    case 0:
      return Buffer.from(lines.join('\n'));
    case 1:
      return Buffer.from(lines.join('\r\n'), pick(random, ['utf16le', 'latin1']));
    case 2:
      return json(random, { '0': ['n01', 'cat'], '1': ['n02', 'dog'] });
    default:
      return bruised(random, seed, all);
  }
}
