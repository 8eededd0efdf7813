import assert from 'node:assert/strict';
import fc from 'fast-check';
import { LensError } from '../../../src/base/errors.js';
import { floatTensor } from '../../../src/base/tensor.js';
import { decodePicture } from '../../../src/input/decode.js';
import { roundHalfEven } from '../../../src/input/geometry.js';
import { fills, inputSpec, meanFill, toPicture, toTensor } from '../../../src/input/preprocessing.js';
import type { Raster } from '../../../src/input/resize.js';
import { upsampleBilinear } from '../../../src/result/upsample.js';
import { assertClose } from '../support/close.js';
import { dataPath, reference, requireData, sample } from '../support/data.js';
import { noise, planOf, sha } from './pictures.js';

const MEAN = [0.485, 0.456, 0.406];
const STD = [0.229, 0.224, 0.225];

function solid(height: number, width: number, rgb: readonly number[]): Raster {
  return { height, width, channels: 3, data: Uint8Array.from({ length: height * width * 3 }, (_, i) => rgb[i % 3]!) };
}

describe('toTensor', () => {
  it('puts channels first or last, in RGB or BGR', () => {
    const picture = noise(1, 2, 3, 3);
    const size = [2, 3] as const;
    const value = (y: number, x: number, c: number): number => picture.data[(y * 3 + x) * 3 + c]!;
    const at = { range: [0, 255] as const, size };
    const nchw = toTensor(picture, planOf({ ...at })).tensor;
    const nhwcBgr = toTensor(picture, planOf({ ...at, layout: 'NHWC', color: 'BGR' })).tensor;
    assert.deepEqual(nchw.dims, [1, 3, 2, 3]);
    assert.deepEqual(nhwcBgr.dims, [1, 2, 3, 3]);
    for (let y = 0; y < 2; y++) {
      for (let x = 0; x < 3; x++) {
        for (let c = 0; c < 3; c++) {
          assert.equal(nchw.data[c * 6 + y * 3 + x], value(y, x, c));
          assert.equal(nhwcBgr.data[(y * 3 + x) * 3 + c], value(y, x, 2 - c));
        }
      }
    }
  });

  it('applies range, mean and deviation per channel of the tensor', () => {
    const plan = planOf({ size: [1, 1], color: 'BGR', range: [-1, 1], mean: [0.1, 0.2, 0.3], std: [2, 4, 8] });
    const { tensor } = toTensor(solid(1, 1, [255, 51, 0]), plan);
    const expected = [(-1 - 0.1) / 2, (-0.6 - 0.2) / 4, (1 - 0.3) / 8];
    expected.forEach((value, i) => assert.equal(tensor.data[i], Math.fround(value)));
  });

  it("equals torchvision's ToTensor and Normalize to the bit, for every pixel value", () => {
    const picture: Raster = {
      width: 16,
      height: 16,
      channels: 3,
      data: Uint8Array.from({ length: 768 }, (_, i) => Math.floor(i / 3)),
    };
    const { tensor } = toTensor(picture, planOf({ size: [16, 16], mean: MEAN, std: STD }));
    assert.equal(sha(new Uint8Array(tensor.data.buffer)), '1d8b9af12b7b3918');
  });

  it("makes grey from colour by Pillow's formula, and repeats it where three channels are wanted", () => {
    const picture = solid(1, 1, [200, 100, 50]);
    const luma = (200 * 19595 + 100 * 38470 + 50 * 7471 + 0x8000) >> 16;
    const one = toTensor(picture, planOf({ size: [1, 1], channels: 1, range: [0, 255] }));
    assert.deepEqual([...one.tensor.data], [luma]);
    assert.deepEqual([...one.view.data], [luma, luma, luma]);
    const three = toTensor(picture, planOf({ size: [1, 1], channels: 3, color: 'gray', range: [0, 255] }));
    assert.deepEqual([...three.tensor.data], [luma, luma, luma]);
  });

  const mode = (
    name: 'shortSide' | 'longSide' | 'letterbox' | 'none' | 'exact',
    size: number | readonly [number, number],
  ) => ({ mode: name, size, interpolation: 'bilinear' }) as const;

  it('resizes the short side and crops the middle as torchvision does', () => {
    // Resize(256) of 376 × 263: int(256 · 376 / 263) = 365; CenterCrop(227): round(69) and round(14.5) = 14.
    const { crop } = toTensor(
      noise(2, 263, 376, 3),
      planOf({ size: [227, 227], resize: mode('shortSide', 256), crop: 'center' }),
    );
    const sx = 376 / 365;
    const sy = 263 / 256;
    assert.deepEqual(crop, {
      left: 69 * sx,
      top: 14 * sy,
      width: 227 * sx,
      height: 227 * sy,
      originalWidth: 376,
      originalHeight: 263,
    });
  });

  it('rounds a crop at half a pixel to the even side, as Python does', () => {
    assert.deepEqual([0.5, 1.5, 2.5, 3.5, -1.5, 2.4, 2.6].map(roundHalfEven), [0, 2, 2, 4, -2, 2, 3]);
    const top = (height: number): number =>
      toTensor(solid(height, 4, [1, 2, 3]), planOf({ size: [4, 4], resize: mode('none', 4), crop: 'center' })).crop.top;
    assert.deepEqual([5, 7, 9, 11].map(top), [0, 2, 2, 4]);
  });

  it('pads a picture that is smaller than the crop, the odd pixel on the far side', () => {
    const plan = planOf({ size: [4, 5], resize: mode('none', 4), crop: 'center', pad: [9, 8, 7] });
    const { view, crop } = toTensor(solid(1, 2, [255, 255, 255]), plan);
    assert.deepEqual([crop.left, crop.top, crop.width, crop.height], [-1, -1, 5, 4]);
    const white = [...view.data.keys()].filter((i) => i % 3 === 0 && view.data[i] === 255).map((i) => i / 3);
    assert.deepEqual(white, [6, 7]);
    assert.deepEqual([...view.data.subarray(0, 3)], [9, 8, 7]);
  });

  it('letterboxes as Ultralytics does', () => {
    const plan = planOf({ size: [640, 640], resize: mode('letterbox', [640, 640]), pad: [114, 114, 114] });
    const { view, crop } = toTensor(solid(601, 800, [255, 0, 0]), plan);
    // r = 0.8: 640 × round(480.8) = 481 rows, top = round(79.5 - 0.1) = 79.
    const reds = Array.from({ length: 640 }, (_, y) => view.data[y * 640 * 3]! === 255);
    assert.equal(reds.indexOf(true), 79);
    assert.equal(reds.filter(Boolean).length, 481);
    assert.equal(view.data[0], 114);
    assertClose(crop.top, -((79 * 601) / 481), { absolute: 1e-9 }, 'crop.top');
  });

  it('covers or fits both sides of a target that is not square', () => {
    const box = (resize: ReturnType<typeof mode>): number[] => {
      const { crop } = toTensor(noise(3, 100, 200, 3), planOf({ size: [50, 60], resize, crop: 'center' }));
      return [crop.left, crop.top, crop.width, crop.height];
    };
    assert.deepEqual(box(mode('shortSide', [50, 60])), [40, 0, 120, 100]);
    assert.deepEqual(box(mode('longSide', [50, 60])).map(Math.round), [0, -33, 200, 167]);
  });

  it("says what to do where resizing does not reach the model's size", () => {
    const plan = planOf({ size: [4, 4], resize: mode('shortSide', 4), crop: 'none' });
    assert.throws(
      () => toTensor(noise(1, 4, 6, 3), plan),
      (e) => e instanceof LensError && /6×4 after resizing.*4×4/.test(e.message) && /crop/.test(e.hint ?? ''),
    );
  });

  it('always gives the shape that was planned, and a crop that maps back', () => {
    const side = fc.integer({ min: 1, max: 40 });
    fc.assert(
      fc.property(
        side,
        side,
        side,
        side,
        side,
        fc.constantFrom('exact', 'shortSide', 'longSide', 'letterbox', 'none'),
        fc.boolean(),
        (h, w, H, W, n, name, pair) => {
          const resize = mode(name, pair ? ([n, Math.max(1, n - 1)] as const) : n);
          const { tensor, view, crop } = toTensor(noise(1, h, w, 3), planOf({ size: [H, W], resize, crop: 'center' }));
          assert.deepEqual(tensor.dims, [1, 3, H, W]);
          assert.equal(view.data.length, H * W * 3);
          assert.ok(
            crop.width > 0 && crop.height > 0 && crop.left > -crop.width && crop.top > -crop.height,
            `crop.width: ${crop.width}, crop.height: ${crop.height}, crop.left: ${crop.left}, -crop.width: ${-crop.width}, crop.top: ${crop.top}, -crop.height: ${-crop.height}`,
          );
          assert.ok(crop.left < w && crop.top < h, `crop.left: ${crop.left}, w: ${w}, crop.top: ${crop.top}, h: ${h}`);
        },
      ),
    );
  });
});

describe('toPicture', () => {
  it('is the inverse of toTensor', () => {
    const layouts = fc.constantFrom('NCHW' as const, 'NHWC' as const);
    const colors = fc.constantFrom('RGB' as const, 'BGR' as const, 'gray' as const);
    fc.assert(
      fc.property(
        fc.nat(1000),
        layouts,
        colors,
        fc.constantFrom(1 as const, 3 as const),
        fc.boolean(),
        (seed, layout, color, channels, bytes) => {
          const values = bytes
            ? { range: [0, 255] as const, mean: [123, 117, 104], std: [1, 57, 1] }
            : { mean: MEAN, std: STD };
          const plan = planOf({
            size: [5, 4],
            layout,
            channels,
            color: channels === 1 ? 'gray' : color,
            ...values,
            ...(channels === 1 ? { mean: [0.1307], std: [0.3081] } : {}),
          });
          const { tensor, view } = toTensor(noise(seed, 5, 4, 3), plan);
          assert.deepEqual(toPicture(tensor, plan), view);
        },
      ),
    );
  });

  it('clips, takes other sizes, and refuses what is no picture', () => {
    const plan = planOf({ size: [9, 9], range: [0, 1] });
    const picture = toPicture(floatTensor([3, 1, 2], Float32Array.of(-5, 9, 0.5, 0.5, 0, 1)), plan);
    assert.deepEqual(picture, { width: 2, height: 1, data: Uint8Array.of(0, 128, 0, 255, 128, 255) });
    assert.throws(() => toPicture(floatTensor([4, 1, 1]), plan), LensError);
    assert.throws(() => toPicture(floatTensor([2, 3, 1, 1]), plan), LensError);
  });
});

describe('fills', () => {
  const plan = planOf({ size: [2, 2], mean: MEAN, std: STD });

  it('names colours in picture space; the zero tensor is the mean colour', () => {
    const colours = fills(plan);
    assert.deepEqual(colours.zero, [0, 0, 0]);
    colours.black.forEach((v, c) => assertClose(v, -(MEAN[c]! / STD[c]!), { absolute: 1e-6 }, `black, channel ${c}`));
    colours.white.forEach((v, c) =>
      assertClose(v, (1 - MEAN[c]!) / STD[c]!, { absolute: 1e-6 }, `white, channel ${c}`),
    );
    const zero = toPicture(floatTensor([3, 1, 1]), plan);
    assert.deepEqual(
      [...zero.data],
      MEAN.map((m) => Math.round(m * 255)),
    );
    const grey = toPicture(floatTensor([3, 1, 1], Float32Array.from(colours.grey)), plan).data;
    assert.ok(grey.every((level) => level === 127 || level === 128));
  });

  it('means each channel of a sample, in both layouts', () => {
    const picture = noise(7, 2, 2, 3);
    const of = (c: number): number => [0, 1, 2, 3].reduce((sum, p) => sum + picture.data[3 * p + c]!, 0) / 4;
    for (const layout of ['NCHW', 'NHWC'] as const) {
      const bytes = planOf({ size: [2, 2], layout, range: [0, 255] });
      assert.deepEqual(meanFill(toTensor(picture, bytes).tensor, bytes), [of(0), of(1), of(2)]);
    }
  });

  it('gives methods the same numbers', () => {
    const spec = inputSpec('data', planOf({ size: [3, 5], layout: 'NHWC', mean: MEAN, std: STD }));
    assert.deepEqual([spec.name, spec.layout, spec.channels, spec.height, spec.width], ['data', 'NHWC', 3, 3, 5]);
    assert.deepEqual(
      spec.fill('black'),
      [0, 1, 2].map((c) => spec.toTensor(c, 0)),
    );
    assertClose(spec.toPixel(1, spec.toTensor(1, 77)), 77, { absolute: 1e-4 }, 'there and back');
  });
});

describe('prepared inputs equal the references', () => {
  before(requireData);

  it('CIFAR: (rgb / 255 - mean) / std', () => {
    const rgb = reference('common', 'rgb');
    for (const model of ['small_cnn', 'odd_cnn', 'cifar_resnet20', 'small_vit']) {
      const input = reference(model, 'input');
      for (let k = 0; k < 4; k++) {
        const picture: Raster = { width: 32, height: 32, channels: 3, data: Uint8Array.from(sample(rgb, k).data) };
        const { tensor } = toTensor(picture, planOf({ size: [32, 32], mean: MEAN, std: STD }));
        // The reference takes the float32 constants into double precision; torchvision rounds each step.
        assertClose(tensor.data, sample(input, k).data, { relative: 2e-7 }, `${model}, picture ${k}`);
      }
    }
  });

  it('CIFAR: the JPEG files decode to the reference pixels', async () => {
    const rgb = reference('common', 'rgb');
    const files = ['cat/0000', 'ship/0000', 'frog/0000', 'dog/0002'];
    for (const [k, file] of files.entries()) {
      const picture = await decodePicture(dataPath('images', 'cifar10_test_jpg', `${file}.jpg`));
      assert.deepEqual(picture.data, Uint8Array.from(sample(rgb, k).data), file);
    }
  });

  it('MNIST: grey / 255, mean 0.1307, deviation 0.3081', () => {
    const gray = reference('mnist_vit', 'gray');
    const input = reference('mnist_vit', 'input');
    for (let k = 0; k < 4; k++) {
      const picture: Raster = { width: 28, height: 28, channels: 1, data: Uint8Array.from(sample(gray, k).data) };
      const { tensor } = toTensor(picture, planOf({ size: [28, 28], channels: 1, mean: [0.1307], std: [0.3081] }));
      assertClose(tensor.data, sample(input, k).data, { relative: 2e-7 }, `picture ${k}`);
    }
  });

  it('SqueezeNet: short side 256, centre 227, 0..255 minus (123, 117, 104)', async () => {
    const input = reference('squeezenet_v1.0_dc', 'input');
    // The reference rounded the long side of the first picture to 385, where torchvision truncates it to 384.
    const cases = [
      ['chelsea_cat.png', { mode: 'exact', size: [256, 385] }],
      ['cat_dog_both.png', { mode: 'shortSide', size: 256 }],
    ] as const;
    for (const [k, [name, resize]] of cases.entries()) {
      const plan = planOf({
        size: [227, 227],
        resize: { ...resize, interpolation: 'bilinear' },
        crop: 'center',
        range: [0, 255],
        mean: [123, 117, 104],
      });
      const { tensor } = toTensor(await decodePicture(dataPath('images', 'photos', name)), plan);
      assert.deepEqual(Buffer.from(tensor.data.buffer), Buffer.from(sample(input, k).data.buffer), name);
    }
  });

  it('heatmaps are laid over as torch does it', () => {
    const cases = [
      ['small_cnn', 'conv3'],
      ['cifar_resnet20', 'conv2'],
      ['squeezenet_v1.0_dc', 'fire9'],
      ['squeezenet_v1.0_dc', 'conv_final'],
    ] as const;
    for (const [model, layer] of cases) {
      const map = reference(model, `gradcam_${layer}`);
      const expected = reference(model, `gradcam_${layer}_upsampled`);
      for (let k = 0; k < map.dims[0]!; k++) {
        const [h, w] = map.dims.slice(-2) as [number, number];
        const positive = sample(map, k).data.map((v) => Math.max(0, v));
        const [H, W] = expected.dims.slice(-2) as [number, number];
        const up = upsampleBilinear(positive, h, w, H, W);
        assertClose(up, sample(expected, k).data, { relative: 1e-5 }, `${model} ${layer} ${k}`);
      }
    }
  });
});
