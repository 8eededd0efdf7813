import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { LensError } from '../../../src/base/errors.js';
import { requirePreprocessing, resolveInput, type ModelContext, type ResolvedInput } from '../../../src/input/resolve.js';
import type { Preprocessing } from '../../../src/input/settings.js';
import type { Sidecar } from '../../../src/input/sidecar.js';
import { toTensor } from '../../../src/input/preprocessing.js';
import { noise } from './pictures.js';

type Dims = readonly (number | string)[];

describe('resolveInput', () => {
  let root: string;
  let count = 0;
  before(() => (root = mkdtempSync(path.join(tmpdir(), 'lens-resolve-'))));
  after(() => rmSync(root, { recursive: true }));

  interface Setup {
    readonly input?: Dims;
    readonly output?: Dims;
    readonly type?: string;
    readonly denotation?: string;
    readonly metadata?: Record<string, string>;
    /** Files beside the model by relative path; objects become JSON. */
    readonly files?: Record<string, unknown>;
    readonly sidecar?: Sidecar;
    readonly context?: Partial<ModelContext>;
  }

  function resolve(setup: Setup): Promise<ResolvedInput> {
    const folder = path.join(root, String(count++), 'onnx');
    mkdirSync(folder, { recursive: true });
    const files = { ...setup.files, ...(setup.sidecar === undefined ? {} : { 'net.lens.json': setup.sidecar }) };
    for (const [name, content] of Object.entries(files)) {
      const file = path.join(folder, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
    }
    return resolveInput({
      modelPath: path.join(folder, 'net.onnx'),
      metadata: new Map(Object.entries(setup.metadata ?? {})),
      inputs: [
        {
          name: 'input',
          dims: setup.input ?? ['batch', 3, 224, 224],
          type: setup.type ?? 'float32',
          ...(setup.denotation === undefined ? {} : { denotation: setup.denotation }),
        },
      ],
      outputs: [{ name: 'logits', dims: setup.output ?? ['batch', 10], type: 'float32' }],
      ...setup.context,
    });
  }

  function valuesOf(resolved: ResolvedInput): Record<keyof Preprocessing, unknown> {
    const plan = requirePreprocessing(resolved);
    for (const { origin } of Object.values(plan)) assert.ok(origin.detail.length > 3 && origin.kind);
    return Object.fromEntries(Object.entries(plan).map(([key, setting]) => [key, setting.value])) as Record<keyof Preprocessing, unknown>;
  }

  describe('defaults', () => {
    it('1000 classes and three channels are ImageNet, its 256 scaled with the size', async () => {
      const sizes: [number, number][] = [[224, 256], [227, 259], [299, 342], [384, 439], [32, 37]];
      for (const [size, short] of sizes) {
        const resolved = await resolve({ input: [1, 3, size, size], output: [1, 1000] });
        assert.deepEqual(valuesOf(resolved), {
          layout: 'NCHW', channels: 3, color: 'RGB', size: [size, size], crop: 'center', range: [0, 1], pad: [0, 0, 0],
          resize: { mode: 'shortSide', size: short, interpolation: 'bilinear' },
          mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225],
        });
        assert.deepEqual(resolved.warnings, []);
        assert.equal(resolved.preprocessing!.mean.origin.kind, 'default');
        assert.match(resolved.preprocessing!.mean.origin.detail, /ImageNet/);
        assert.equal(resolved.preprocessing!.size.origin.kind, 'metadata');
      }
      assert.deepEqual(valuesOf(await resolve({ output: ['N', 1001, 1, 1] })).mean, [0.485, 0.456, 0.406]);
    });

    it('anything else is RGB / 255, with a warning that says so', async () => {
      for (const [input, output] of [[['b', 3, 32, 32], ['b', 10]], [['b', 3, 32, 32], ['b', 1000, 7, 7]], [['b', 1, 28, 28], ['b', 1000]]] as [Dims, Dims][]) {
        const resolved = await resolve({ input, output });
        const values = valuesOf(resolved);
        assert.deepEqual(values.range, [0, 1]);
        assert.ok((values.mean as number[]).every((m) => m === 0) && (values.std as number[]).every((s) => s === 1));
        assert.equal(resolved.warnings.length, 1);
        assert.match(resolved.warnings[0]!, /(RGB|grey) \/ 255 without normalisation.*net\.lens\.json/);
      }
    });

    it('a model of one channel takes grey; one of bytes takes bytes', async () => {
      const gray = valuesOf(await resolve({ input: [1, 1, 28, 28] }));
      assert.deepEqual([gray.color, gray.channels, gray.mean], ['gray', 1, [0]]);
      const bytes = await resolve({ input: [1, 224, 224, 3], output: [1, 1000], type: 'uint8' });
      assert.deepEqual([valuesOf(bytes).range, valuesOf(bytes).mean], [[0, 255], [0, 0, 0]]);
    });

    it('free sizes become 224 and are said to be a default', async () => {
      const resolved = await resolve({ input: ['b', 3, 'height', ''], output: ['b', 1000] });
      assert.deepEqual(valuesOf(resolved).size, [224, 224]);
      assert.equal(resolved.preprocessing!.size.origin.kind, 'default');
      assert.match(resolved.warnings.join(' '), /leaves the size of its input free; 224×224/);
      const half = await resolve({ input: ['b', 3, 320, 'w'], sidecar: { input: { size: [64, 96] } } });
      assert.deepEqual(valuesOf(half).size, [320, 96]);
      assert.match(half.warnings.join(' '), /says 64×96, but the model's input is 320×96/);
    });

    it('the layout follows from the shape', async () => {
      const cases: [Dims, string][] = [[[1, 3, 8, 8], 'NCHW'], [[1, 8, 8, 3], 'NHWC'], [['b', 1, 28, 28], 'NCHW'], [['b', 'h', 'w', 1], 'NHWC'], [['b', 3, 224, 3], 'NCHW'], [['b', 'c', 'h', 'w'], 'NCHW']];
      for (const [input, layout] of cases) assert.equal(valuesOf(await resolve({ input })).layout, layout, String(input));
      assert.match((await resolve({ input: ['b', 'c', 'h', 'w'] })).warnings.join(' '), /NCHW is assumed/);
    });
  });

  describe('what takes no pictures', () => {
    it('is refused with a sentence and keeps its labels', async () => {
      const cases: [Partial<Setup>, RegExp][] = [
        [{ input: [1, 4, 64, 64] }, /takes 4 channels; a picture has 1 or 3/],
        [{ input: [1, 64, 64, 12] }, /takes 64 channels/],
        [{ input: ['b', 128] }, /"input" is b×128, which is not a batch of pictures/],
        [{ input: ['', 'n', 5] }, /"input" is \?×n×5/],
        [{ type: 'int64' }, /takes int64 values/],
        [{ context: { inputs: [] } }, /has no input/],
        [{ context: { inputs: [{ name: 'x', type: 'float32' }] } }, /does not say the shape/],
      ];
      for (const [setup, expected] of cases) {
        const resolved = await resolve(setup);
        assert.equal(resolved.preprocessing, undefined);
        assert.match(resolved.refusal!, expected);
        assert.equal(resolved.labels.names.length, 10);
        assert.throws(() => requirePreprocessing(resolved), (e) => e instanceof LensError && expected.test(e.message) && /\.npy/.test(e.hint ?? ''));
      }
    });
  });

  describe('the sidecar', () => {
    it('wins, setting by setting, and is named', async () => {
      const resolved = await resolve({
        input: ['b', 3, 227, 227],
        output: ['b', 1000],
        sidecar: { input: { resize: { mode: 'shortSide', size: 256 }, crop: 'center', range: [0, 255], mean: [123, 117, 104], std: [1] } },
      });
      const values = valuesOf(resolved);
      assert.deepEqual(values.resize, { mode: 'shortSide', size: 256, interpolation: 'bilinear' });
      assert.deepEqual([values.range, values.mean, values.std], [[0, 255], [123, 117, 104], [1, 1, 1]]);
      assert.deepEqual(resolved.preprocessing!.mean.origin, { kind: 'sidecar', detail: 'net.lens.json' });
      assert.deepEqual(resolved.warnings, []);
    });

    it('does not mix its numbers with a default in other units', async () => {
      const range = await resolve({ output: ['b', 1000], sidecar: { input: { range: [0, 255] } } });
      assert.deepEqual([valuesOf(range).mean, valuesOf(range).std], [[0, 0, 0], [1, 1, 1]]);
      const mean = await resolve({ output: ['b', 1000], sidecar: { input: { mean: [123, 117, 104] } } });
      assert.match(mean.warnings.join(' '), /mean \[123, 117, 104\].*outside the range 0\.\.1/);
      const merged = await resolve({
        sidecar: { input: { mean: [0.1, 0.2, 0.3] } },
        files: { 'preprocessor_config.json': { image_mean: [0.5, 0.5, 0.5], image_std: [0.25, 0.25, 0.25], rescale_factor: 1 / 255 } },
      });
      assert.deepEqual([valuesOf(merged).mean, valuesOf(merged).std], [[0.1, 0.2, 0.3], [0.25, 0.25, 0.25]]);
      assert.deepEqual([merged.preprocessing!.mean.origin.kind, merged.preprocessing!.std.origin.kind], ['sidecar', 'file']);
    });

    it('completes a resize without a crop, and a crop without a resize', async () => {
      const of = async (input: Sidecar['input']): Promise<unknown[]> => {
        const values = valuesOf(await resolve({ output: ['b', 1000], sidecar: { input } }));
        return [values.resize, values.crop];
      };
      const plan = (mode: string, size: unknown, interpolation = 'bilinear'): unknown => ({ mode, size, interpolation });
      assert.deepEqual(await of({ resize: { mode: 'exact' } }), [plan('exact', [224, 224]), 'none']);
      assert.deepEqual(await of({ resize: { mode: 'shortSide', size: 240 } }), [plan('shortSide', 240), 'center']);
      assert.deepEqual(await of({ resize: { mode: 'letterbox' } }), [plan('letterbox', [224, 224]), 'none']);
      assert.deepEqual(await of({ resize: { size: 240 } }), [plan('shortSide', 240), 'center']);
      assert.deepEqual(await of({ crop: 'none' }), [plan('exact', [224, 224]), 'none']);
      assert.deepEqual(await of({ crop: 'center' }), [plan('shortSide', 224), 'center']);
      assert.deepEqual(await of({ resize: { interpolation: 'bicubic' } }), [plan('shortSide', 256, 'bicubic'), 'center']);
    });

    it('is refused where it names what the model has not', async () => {
      await assert.rejects(resolve({ sidecar: { input: { name: 'image' } } }), /no input "image"; it has "input"/);
      await assert.rejects(resolve({ sidecar: { output: 'probabilities' } }), /no output "probabilities"; it has "logits"/);
      await assert.rejects(resolve({ sidecar: { labels: 'none.txt' } }), /names "none\.txt" for its labels, but there is no such file/);
    });

    it('chooses the input and the output', async () => {
      const context: Partial<ModelContext> = {
        inputs: [{ name: 'mask', dims: [1, 1, 8, 8], type: 'float32' }, { name: 'image', dims: [1, 3, 16, 16], type: 'float32' }],
        outputs: [{ name: 'features', dims: [1, 64] }, { name: 'classes', dims: [1, 1000] }],
      };
      const resolved = await resolve({ context, sidecar: { input: { name: 'image' }, output: 'classes' } });
      assert.deepEqual([resolved.input?.name, resolved.output, valuesOf(resolved).size, resolved.labels.names.length], ['image', 'classes', [16, 16], 1000]);
    });

    it('RGB for a grey model becomes grey, with a warning', async () => {
      const resolved = await resolve({ input: [1, 1, 28, 28], sidecar: { input: { color: 'RGB', mean: [0.1, 0.2, 0.3] } } });
      assert.deepEqual([valuesOf(resolved).color, (valuesOf(resolved).mean as number[]).length], ['gray', 1]);
      assert.equal(resolved.warnings.length, 2);
    });

    it('that is broken stops everything; null leaves it aside', async () => {
      await assert.rejects(resolve({ files: { 'net.lens.json': '{"input": {"mean": 1}}' } }), LensError);
    });
  });

  describe('conventions', () => {
    it('Ultralytics', async () => {
      const metadata = { author: 'Ultralytics', task: 'classify', imgsz: '[64, 64]', stride: '1', names: "{0: 'ant', 1: \"bee's\"}", batch: '1' };
      const classifier = await resolve({ input: [1, 3, 64, 64], output: [1, 2], metadata });
      const values = valuesOf(classifier);
      assert.deepEqual([values.resize, values.crop, values.range, values.mean, values.std], [{ mode: 'shortSide', size: 64, interpolation: 'bilinear' }, 'center', [0, 1], [0, 0, 0], [1, 1, 1]]);
      assert.deepEqual(classifier.labels.names, ['ant', "bee's"]);
      assert.equal(classifier.labels.origin.kind, 'metadata');
      assert.deepEqual(classifier.warnings, []);
      const detector = valuesOf(await resolve({ input: [1, 3, 'h', 'w'], output: [1, 84, 8400], metadata: { ...metadata, task: 'detect', imgsz: '[640, 480]' } }));
      assert.deepEqual([detector.size, detector.resize, detector.pad], [[640, 480], { mode: 'letterbox', size: [640, 480], interpolation: 'bilinear' }, [114, 114, 114]]);
    });

    it('ONNX image keys, in any case', async () => {
      const metadata = { 'IMAGE.bitmapPixelFormat': 'BGR8', 'image.nominalpixelrange': 'nominalrange_0_255', 'Image.ColorSpaceGamma': 'Linear' };
      const resolved = await resolve({ metadata, output: [1, 1000], denotation: 'IMAGE' });
      assert.deepEqual([valuesOf(resolved).color, valuesOf(resolved).range, valuesOf(resolved).mean], ['BGR', [0, 255], [0, 0, 0]]);
      assert.match(resolved.warnings.join(' '), /linear gamma/);
      assert.deepEqual(valuesOf(await resolve({ metadata, denotation: 'TENSOR' })).color, 'RGB');
    });

    it('OpenVINO', async () => {
      const metadata = { 'model_info labels': 'cat dog big_bird', 'model_info mean_values': '123.675 116.28 103.53', 'model_info scale_values': '[58.395, 57.12, 57.375]', 'model_info resize_type': 'fit_to_window_letterbox', 'model_info pad_value': '114' };
      const resolved = await resolve({ output: [1, 3], metadata });
      const values = valuesOf(resolved);
      assert.deepEqual([values.range, values.mean, values.std], [[0, 255], [123.675, 116.28, 103.53], [58.395, 57.12, 57.375]]);
      assert.deepEqual([(values.resize as { mode: string }).mode, values.pad], ['letterbox', [114, 114, 114]]);
      assert.deepEqual(resolved.labels.names, ['cat', 'dog', 'big_bird']);
    });

    describe('Hugging Face', () => {
      const of = async (config: unknown, input: Dims = ['b', 3, 224, 224]): Promise<Record<keyof Preprocessing, unknown>> =>
        valuesOf(await resolve({ input, files: { '../preprocessor_config.json': config } }));
      const normal = { image_mean: [0.5, 0.5, 0.5], image_std: [0.25, 0.25, 0.25], rescale_factor: 0.00392156862745098 };

      it('ViT squeezes, CLIP crops, older files hold plain numbers', async () => {
        const vit = await of({ ...normal, image_processor_type: 'ViTImageProcessor', do_resize: true, size: { height: 224, width: 224 }, resample: 2 });
        assert.deepEqual([vit.resize, vit.crop, vit.range, vit.mean, vit.std], [{ mode: 'exact', size: [224, 224], interpolation: 'bilinear' }, 'none', [0, 1], [0.5, 0.5, 0.5], [0.25, 0.25, 0.25]]);
        const clip = await of({ ...normal, image_processor_type: 'CLIPImageProcessor', size: { shortest_edge: 256 }, do_center_crop: true, crop_size: { height: 224, width: 224 }, resample: 3 });
        assert.deepEqual([clip.resize, clip.crop], [{ mode: 'shortSide', size: 256, interpolation: 'bicubic' }, 'center']);
        const oldClip = await of({ ...normal, feature_extractor_type: 'CLIPFeatureExtractor', size: 224, do_center_crop: true, crop_size: 224 });
        assert.deepEqual([oldClip.resize, oldClip.crop], [{ mode: 'shortSide', size: 224, interpolation: 'bilinear' }, 'center']);
        const deit = await of({ ...normal, feature_extractor_type: 'DeiTFeatureExtractor', size: 256, do_center_crop: true, crop_size: 224, resample: 3 });
        assert.deepEqual([deit.resize, deit.crop], [{ mode: 'exact', size: [256, 256], interpolation: 'bicubic' }, 'center']);
      });

      it('ConvNeXT and LeViT have rules of their own', async () => {
        const small = await of({ ...normal, image_processor_type: 'ConvNextImageProcessor', size: { shortest_edge: 224 }, crop_pct: 0.875 });
        assert.deepEqual([small.resize, small.crop], [{ mode: 'shortSide', size: 256, interpolation: 'bilinear' }, 'center']);
        const large = await of({ ...normal, image_processor_type: 'ConvNextImageProcessor', size: { shortest_edge: 384 } }, ['b', 3, 384, 384]);
        assert.deepEqual([large.resize, large.crop], [{ mode: 'exact', size: [384, 384], interpolation: 'bilinear' }, 'none']);
        const levit = await of({ ...normal, image_processor_type: 'LevitImageProcessor', size: { shortest_edge: 224 }, do_center_crop: true, crop_size: { height: 224, width: 224 } });
        assert.deepEqual(levit.resize, { mode: 'shortSide', size: 256, interpolation: 'bilinear' });
      });

      it('switches are obeyed', async () => {
        const off = await of({ ...normal, do_resize: false, do_rescale: false, do_normalize: false, do_flip_channel_order: true });
        assert.deepEqual([off.range, off.mean, off.color, (off.resize as { mode: string }).mode], [[0, 255], [0, 0, 0], 'BGR', 'none']);
        const offset = await of({ ...normal, rescale_factor: 1 / 127.5, rescale_offset: true });
        assert.deepEqual(offset.range, [-1, 1]);
        const top = await of({ ...normal, image_processor_type: 'EfficientNetImageProcessor', include_top: true });
        assert.deepEqual(top.std, [0.0625, 0.0625, 0.0625]);
        const free = await of({ ...normal, size: { height: 160, width: 192 } }, ['b', 3, 'h', 'w']);
        assert.deepEqual([free.size, (free.resize as { size: unknown }).size], [[160, 192], [160, 192]]);
      });

      it('another size than the model\'s gives way, with a warning', async () => {
        const resolved = await resolve({ input: [1, 3, 96, 96], files: { 'preprocessor_config.json': { ...normal, size: { height: 224, width: 224 } } } });
        assert.deepEqual(valuesOf(resolved).resize, { mode: 'exact', size: [96, 96], interpolation: 'bilinear' });
        assert.match(resolved.warnings.join(' '), /preprocessor_config\.json beside the model says 224×224/);
        assert.equal(toTensor(noise(1, 10, 20, 3), requirePreprocessing(resolved)).view.width, 96);
      });

      it('labels come from config.json, unless they are placeholders', async () => {
        const resolved = await resolve({ output: [1, 2], files: { '../config.json': { id2label: { 0: 'cat', 1: 'dog' } } } });
        assert.deepEqual(resolved.labels.names, ['cat', 'dog']);
        assert.equal(resolved.labels.origin.detail, 'id2label in config.json in the folder above the model');
        const placeholders = await resolve({ output: [1, 2], files: { 'config.json': { id2label: { 0: 'LABEL_0', 1: 'LABEL_1' } } } });
        assert.deepEqual(placeholders.labels.names, ['class 0', 'class 1']);
      });

      it('broken or hostile files are warned about, never fatal', async () => {
        const hostile = ['{', '[]', 'null', '"x"', '{"size": {"height": -1, "width": 1e99}, "image_mean": [null], "image_std": "x", "resample": 99, "crop_size": {}}'];
        for (const text of hostile) {
          const resolved = await resolve({ files: { 'preprocessor_config.json': text, 'config.json': text } });
          assert.ok(resolved.preprocessing !== undefined && resolved.warnings.length > 0, text);
        }
      });
    });

    describe('timm', () => {
      const cfg = { input_size: [3, 224, 224], test_input_size: [3, 288, 288], interpolation: 'bicubic', crop_pct: 0.9, test_crop_pct: 1.0, mean: [0.1, 0.2, 0.3], std: [0.4, 0.5, 0.6] };
      const of = async (config: unknown, size: number | string): Promise<Record<keyof Preprocessing, unknown>> =>
        valuesOf(await resolve({ input: ['b', 3, size, size], files: { 'config.json': config } }));

      it('resizes to floor(size / crop_pct), nested or flat', async () => {
        for (const config of [{ pretrained_cfg: cfg }, cfg]) {
          const values = await of(config, 224);
          assert.deepEqual([values.resize, values.crop, values.mean, values.std], [{ mode: 'shortSide', size: 248, interpolation: 'bicubic' }, 'center', [0.1, 0.2, 0.3], [0.4, 0.5, 0.6]]);
        }
        assert.deepEqual((await of(cfg, 288)).resize, { mode: 'shortSide', size: 288, interpolation: 'bicubic' });
        assert.deepEqual((await of(cfg, 320)).resize, { mode: 'shortSide', size: 355, interpolation: 'bicubic' });
        assert.deepEqual((await of(cfg, 'side')).size, [224, 224]);
      });

      it('squash and border', async () => {
        assert.deepEqual((await of({ ...cfg, crop_mode: 'squash' }, 224)).resize, { mode: 'exact', size: [248, 248], interpolation: 'bicubic' });
        const border = await of({ ...cfg, crop_mode: 'border' }, 224);
        assert.deepEqual([border.resize, border.pad], [{ mode: 'longSide', size: [248, 248], interpolation: 'bicubic' }, [26, 51, 77]]);
      });

      it('labels, with WordNet ids as aliases where they are described', async () => {
        const resolved = await resolve({ output: [1, 2], files: { 'config.json': { ...cfg, label_names: ['n01440764', 'n01443537'], label_descriptions: { n01440764: 'tench', n01443537: 'goldfish' } } } });
        assert.deepEqual([resolved.labels.names, resolved.labels.aliases], [['tench', 'goldfish'], ['n01440764', 'n01443537']]);
      });
    });

    it('label files: the model\'s own first, then common names; the number of names must fit', async () => {
      const imagenet = Array.from({ length: 1000 }, (_, i) => `thing ${i}`).join('\n');
      const files = { 'labels.txt': 'cat\ndog', 'net_labels.txt': 'ant\nbee', '../labels/imagenet_classes.txt': imagenet };
      assert.deepEqual((await resolve({ output: [1, 2], files })).labels.names, ['ant', 'bee']);
      assert.deepEqual((await resolve({ output: [1, 2], files: { ...files, 'net_labels.txt': 'only' } })).labels.names, ['cat', 'dog']);
      const thousand = await resolve({ output: [1, 1000], files });
      assert.equal(thousand.labels.names[999], 'thing 999');
      assert.match(thousand.labels.origin.detail, /imagenet_classes\.txt in the folder above the model/);
      assert.equal((await resolve({ output: [1, 1001], files })).labels.names[1000], 'thing 999');
      assert.equal((await resolve({ output: [1, 7], files })).labels.origin.kind, 'default');
      const kept = await resolve({ output: [1, 3], sidecar: { labels: ['a', 'b'] } });
      assert.deepEqual(kept.labels.names, ['a', 'b', 'class 2']);
      assert.match(kept.warnings.join(' '), /has 2 names for 3 classes/);
      assert.deepEqual((await resolve({ output: [1, 2], files, sidecar: { labels: 'labels.txt' } })).labels.origin, { kind: 'sidecar', detail: 'labels.txt, named in net.lens.json' });
    });

    it('what the model says goes before the files beside it', async () => {
      const resolved = await resolve({
        output: [1, 2],
        metadata: { 'Image.NominalPixelRange': 'Normalized_1_1', names: "['x', 'y']", stride: '32' },
        files: { 'preprocessor_config.json': { image_mean: [0.5], image_std: [0.5], resample: 3, size: { height: 224, width: 224 } }, 'labels.txt': 'cat\ndog' },
      });
      assert.equal(resolved.preprocessing!.range.origin.kind, 'convention');
      assert.deepEqual(resolved.labels.names, ['x', 'y']);
    });
  });

  it('always ends in a plan that works or a sentence', async () => {
    const dimension = fc.oneof(fc.constantFrom<number | string>(1, 3, 4, 'n', '', 0), fc.integer({ min: 1, max: 40 }));
    await fc.assert(
      fc.asyncProperty(fc.array(dimension, { minLength: 3, maxLength: 5 }), fc.constantFrom(10, 1000, 1001), async (input, classes) => {
        const resolved = await resolve({ input, output: ['b', classes] });
        if (resolved.preprocessing === undefined) assert.ok(resolved.refusal!.endsWith('.'));
        else {
          const { tensor } = toTensor(noise(1, 9, 7, 3), resolved.preprocessing);
          input.forEach((size, axis) => axis > 0 && typeof size === 'number' && size > 0 && assert.equal(tensor.dims[axis], size));
        }
      }),
      { numRuns: 60 },
    );
  });
});
