import assert from 'node:assert/strict';
import { toTensor } from '../../../src/input/preprocessing.js';
import { requirePreprocessing } from '../../../src/input/resolve.js';
import type { Preprocessing } from '../../../src/input/settings.js';
import { removeModels, resolve, valuesOf, type Dims } from './models.js';
import { noise } from './pictures.js';

describe('conventions', () => {
  after(removeModels);

  it('Ultralytics', async () => {
    const metadata = {
      author: 'Ultralytics',
      task: 'classify',
      imgsz: '[64, 64]',
      stride: '1',
      names: "{0: 'ant', 1: \"bee's\"}",
      batch: '1',
    };
    const classifier = await resolve({ input: [1, 3, 64, 64], output: [1, 2], metadata });
    const values = valuesOf(classifier);
    assert.deepEqual(
      [values.resize, values.crop, values.range, values.mean, values.std],
      [{ mode: 'shortSide', size: 64, interpolation: 'bilinear' }, 'center', [0, 1], [0, 0, 0], [1, 1, 1]],
    );
    assert.deepEqual(classifier.labels.names, ['ant', "bee's"]);
    assert.equal(classifier.labels.origin.kind, 'metadata');
    assert.deepEqual(classifier.warnings, []);
    const detector = valuesOf(
      await resolve({
        input: [1, 3, 'h', 'w'],
        output: [1, 84, 8400],
        metadata: { ...metadata, task: 'detect', imgsz: '[640, 480]' },
      }),
    );
    assert.deepEqual(
      [detector.size, detector.resize, detector.pad],
      [[640, 480], { mode: 'letterbox', size: [640, 480], interpolation: 'bilinear' }, [114, 114, 114]],
    );
  });

  it('ONNX image keys, in any case', async () => {
    const metadata = {
      'IMAGE.bitmapPixelFormat': 'BGR8',
      'image.nominalpixelrange': 'nominalrange_0_255',
      'Image.ColorSpaceGamma': 'Linear',
    };
    const resolved = await resolve({ metadata, output: [1, 1000], denotation: 'IMAGE' });
    assert.deepEqual(
      [valuesOf(resolved).color, valuesOf(resolved).range, valuesOf(resolved).mean],
      ['BGR', [0, 255], [0, 0, 0]],
    );
    assert.match(resolved.warnings.join(' '), /linear gamma/);
    assert.deepEqual(valuesOf(await resolve({ metadata, denotation: 'TENSOR' })).color, 'RGB');
  });

  it('OpenVINO', async () => {
    const metadata = {
      'model_info labels': 'cat dog big_bird',
      'model_info mean_values': '123.675 116.28 103.53',
      'model_info scale_values': '[58.395, 57.12, 57.375]',
      'model_info resize_type': 'fit_to_window_letterbox',
      'model_info pad_value': '114',
    };
    const resolved = await resolve({ output: [1, 3], metadata });
    const values = valuesOf(resolved);
    assert.deepEqual(
      [values.range, values.mean, values.std],
      [
        [0, 255],
        [123.675, 116.28, 103.53],
        [58.395, 57.12, 57.375],
      ],
    );
    assert.deepEqual([(values.resize as { mode: string }).mode, values.pad], ['letterbox', [114, 114, 114]]);
    assert.deepEqual(resolved.labels.names, ['cat', 'dog', 'big_bird']);
  });

  describe('Hugging Face', () => {
    const of = async (
      config: unknown,
      input: Dims = ['b', 3, 224, 224],
    ): Promise<Record<keyof Preprocessing, unknown>> =>
      valuesOf(await resolve({ input, files: { '../preprocessor_config.json': config } }));
    const normal = {
      image_mean: [0.5, 0.5, 0.5],
      image_std: [0.25, 0.25, 0.25],
      rescale_factor: 0.00392156862745098,
    };

    it('ViT squeezes, CLIP crops, older files hold plain numbers', async () => {
      const vit = await of({
        ...normal,
        image_processor_type: 'ViTImageProcessor',
        do_resize: true,
        size: { height: 224, width: 224 },
        resample: 2,
      });
      assert.deepEqual(
        [vit.resize, vit.crop, vit.range, vit.mean, vit.std],
        [
          { mode: 'exact', size: [224, 224], interpolation: 'bilinear' },
          'none',
          [0, 1],
          [0.5, 0.5, 0.5],
          [0.25, 0.25, 0.25],
        ],
      );
      const clip = await of({
        ...normal,
        image_processor_type: 'CLIPImageProcessor',
        size: { shortest_edge: 256 },
        do_center_crop: true,
        crop_size: { height: 224, width: 224 },
        resample: 3,
      });
      assert.deepEqual(
        [clip.resize, clip.crop],
        [{ mode: 'shortSide', size: 256, interpolation: 'bicubic' }, 'center'],
      );
      const oldClip = await of({
        ...normal,
        feature_extractor_type: 'CLIPFeatureExtractor',
        size: 224,
        do_center_crop: true,
        crop_size: 224,
      });
      assert.deepEqual(
        [oldClip.resize, oldClip.crop],
        [{ mode: 'shortSide', size: 224, interpolation: 'bilinear' }, 'center'],
      );
      const deit = await of({
        ...normal,
        feature_extractor_type: 'DeiTFeatureExtractor',
        size: 256,
        do_center_crop: true,
        crop_size: 224,
        resample: 3,
      });
      assert.deepEqual(
        [deit.resize, deit.crop],
        [{ mode: 'exact', size: [256, 256], interpolation: 'bicubic' }, 'center'],
      );
    });

    it('ConvNeXT and LeViT have rules of their own', async () => {
      const small = await of({
        ...normal,
        image_processor_type: 'ConvNextImageProcessor',
        size: { shortest_edge: 224 },
        crop_pct: 0.875,
      });
      assert.deepEqual(
        [small.resize, small.crop],
        [{ mode: 'shortSide', size: 256, interpolation: 'bilinear' }, 'center'],
      );
      const large = await of(
        { ...normal, image_processor_type: 'ConvNextImageProcessor', size: { shortest_edge: 384 } },
        ['b', 3, 384, 384],
      );
      assert.deepEqual(
        [large.resize, large.crop],
        [{ mode: 'exact', size: [384, 384], interpolation: 'bilinear' }, 'none'],
      );
      const levit = await of({
        ...normal,
        image_processor_type: 'LevitImageProcessor',
        size: { shortest_edge: 224 },
        do_center_crop: true,
        crop_size: { height: 224, width: 224 },
      });
      assert.deepEqual(levit.resize, { mode: 'shortSide', size: 256, interpolation: 'bilinear' });
    });

    it('switches are obeyed', async () => {
      const off = await of({
        ...normal,
        do_resize: false,
        do_rescale: false,
        do_normalize: false,
        do_flip_channel_order: true,
      });
      assert.deepEqual(
        [off.range, off.mean, off.color, (off.resize as { mode: string }).mode],
        [[0, 255], [0, 0, 0], 'BGR', 'none'],
      );
      const offset = await of({ ...normal, rescale_factor: 1 / 127.5, rescale_offset: true });
      assert.deepEqual(offset.range, [-1, 1]);
      const top = await of({ ...normal, image_processor_type: 'EfficientNetImageProcessor', include_top: true });
      assert.deepEqual(top.std, [0.0625, 0.0625, 0.0625]);
      const free = await of({ ...normal, size: { height: 160, width: 192 } }, ['b', 3, 'h', 'w']);
      assert.deepEqual(
        [free.size, (free.resize as { size: unknown }).size],
        [
          [160, 192],
          [160, 192],
        ],
      );
    });

    it("another size than the model's gives way, with a warning", async () => {
      const resolved = await resolve({
        input: [1, 3, 96, 96],
        files: { 'preprocessor_config.json': { ...normal, size: { height: 224, width: 224 } } },
      });
      assert.deepEqual(valuesOf(resolved).resize, { mode: 'exact', size: [96, 96], interpolation: 'bilinear' });
      assert.match(resolved.warnings.join(' '), /preprocessor_config\.json beside the model says 224×224/);
      assert.equal(toTensor(noise(1, 10, 20, 3), requirePreprocessing(resolved)).view.width, 96);
    });

    it('labels come from config.json, unless they are placeholders', async () => {
      const resolved = await resolve({
        output: [1, 2],
        files: { '../config.json': { id2label: { 0: 'cat', 1: 'dog' } } },
      });
      assert.deepEqual(resolved.labels.names, ['cat', 'dog']);
      assert.equal(resolved.labels.origin.detail, 'id2label in config.json in the folder above the model');
      const placeholders = await resolve({
        output: [1, 2],
        files: { 'config.json': { id2label: { 0: 'LABEL_0', 1: 'LABEL_1' } } },
      });
      assert.deepEqual(placeholders.labels.names, ['class 0', 'class 1']);
    });

    it('broken or hostile files are warned about, never fatal', async () => {
      const hostile = [
        '{',
        '[]',
        'null',
        '"x"',
        '{"size": {"height": -1, "width": 1e99}, "image_mean": [null], "image_std": "x", "resample": 99, "crop_size": {}}',
      ];
      for (const text of hostile) {
        const resolved = await resolve({ files: { 'preprocessor_config.json': text, 'config.json': text } });
        assert.ok(resolved.preprocessing !== undefined && resolved.warnings.length > 0, text);
      }
    });
  });

  describe('timm', () => {
    const cfg = {
      input_size: [3, 224, 224],
      test_input_size: [3, 288, 288],
      interpolation: 'bicubic',
      crop_pct: 0.9,
      test_crop_pct: 1.0,
      mean: [0.1, 0.2, 0.3],
      std: [0.4, 0.5, 0.6],
    };
    const of = async (config: unknown, size: number | string): Promise<Record<keyof Preprocessing, unknown>> =>
      valuesOf(await resolve({ input: ['b', 3, size, size], files: { 'config.json': config } }));

    it('resizes to floor(size / crop_pct), nested or flat', async () => {
      for (const config of [{ pretrained_cfg: cfg }, cfg]) {
        const values = await of(config, 224);
        assert.deepEqual(
          [values.resize, values.crop, values.mean, values.std],
          [{ mode: 'shortSide', size: 248, interpolation: 'bicubic' }, 'center', [0.1, 0.2, 0.3], [0.4, 0.5, 0.6]],
        );
      }
      assert.deepEqual((await of(cfg, 288)).resize, { mode: 'shortSide', size: 288, interpolation: 'bicubic' });
      assert.deepEqual((await of(cfg, 320)).resize, { mode: 'shortSide', size: 355, interpolation: 'bicubic' });
      assert.deepEqual((await of(cfg, 'side')).size, [224, 224]);
    });

    it('squash and border', async () => {
      assert.deepEqual((await of({ ...cfg, crop_mode: 'squash' }, 224)).resize, {
        mode: 'exact',
        size: [248, 248],
        interpolation: 'bicubic',
      });
      const border = await of({ ...cfg, crop_mode: 'border' }, 224);
      assert.deepEqual(
        [border.resize, border.pad],
        [{ mode: 'longSide', size: [248, 248], interpolation: 'bicubic' }, [26, 51, 77]],
      );
    });

    it('an interpolation that is no word, or a word of JavaScript, is the usual one', async () => {
      for (const interpolation of ['constructor', 'toString', '__proto__', 7, null, { toString: 1 }, []])
        assert.deepEqual(
          (await of({ ...cfg, interpolation }, 224)).resize,
          { mode: 'shortSide', size: 248, interpolation: 'bicubic' },
          JSON.stringify(interpolation),
        );
    });

    it('labels, with WordNet ids as aliases where they are described', async () => {
      const resolved = await resolve({
        output: [1, 2],
        files: {
          'config.json': {
            ...cfg,
            label_names: ['n01440764', 'n01443537'],
            label_descriptions: { n01440764: 'tench', n01443537: 'goldfish' },
          },
        },
      });
      assert.deepEqual(
        [resolved.labels.names, resolved.labels.aliases],
        [
          ['tench', 'goldfish'],
          ['n01440764', 'n01443537'],
        ],
      );
    });
  });

  it("label files: the model's own first, then common names; the number of names must fit", async () => {
    const imagenet = Array.from({ length: 1000 }, (_, i) => `thing ${i}`).join('\n');
    const files = {
      'labels.txt': 'cat\ndog',
      'net_labels.txt': 'ant\nbee',
      '../labels/imagenet_classes.txt': imagenet,
    };
    assert.deepEqual((await resolve({ output: [1, 2], files })).labels.names, ['ant', 'bee']);
    assert.deepEqual((await resolve({ output: [1, 2], files: { ...files, 'net_labels.txt': 'only' } })).labels.names, [
      'cat',
      'dog',
    ]);
    const thousand = await resolve({ output: [1, 1000], files });
    assert.equal(thousand.labels.names[999], 'thing 999');
    assert.match(thousand.labels.origin.detail, /imagenet_classes\.txt in the folder above the model/);
    assert.equal((await resolve({ output: [1, 1001], files })).labels.names[1000], 'thing 999');
    assert.equal((await resolve({ output: [1, 7], files })).labels.origin.kind, 'default');
    const unfit = await resolve({ output: [1, 3], sidecar: { labels: ['a', 'b'] } });
    assert.deepEqual(unfit.labels.names, ['class 0', 'class 1', 'class 2'], 'nobody knows which name is off by one');
    assert.match(unfit.warnings.join(' '), /labels in net\.lens\.json has 2 names for 3 classes: they are not used/);
    assert.deepEqual((await resolve({ output: [1, 2], files, sidecar: { labels: 'labels.txt' } })).labels.origin, {
      kind: 'sidecar',
      detail: 'labels.txt, named in net.lens.json',
    });
  });

  it('what the model says goes before the files beside it', async () => {
    const resolved = await resolve({
      output: [1, 2],
      metadata: { 'Image.NominalPixelRange': 'Normalized_1_1', names: "['x', 'y']", stride: '32' },
      files: {
        'preprocessor_config.json': {
          image_mean: [0.5],
          image_std: [0.5],
          resample: 3,
          size: { height: 224, width: 224 },
        },
        'labels.txt': 'cat\ndog',
      },
    });
    assert.equal(resolved.preprocessing!.range.origin.kind, 'convention');
    assert.deepEqual(resolved.labels.names, ['x', 'y']);
  });
});
