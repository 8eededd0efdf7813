import assert from 'node:assert/strict';
import fc from 'fast-check';
import { LensError } from '../../../src/base/errors.js';
import { toTensor } from '../../../src/input/preprocessing.js';
import { requirePreprocessing, type ModelContext } from '../../../src/input/resolve.js';
import type { Sidecar } from '../../../src/input/sidecar.js';
import { removeModels, resolve, valuesOf, type Dims, type Setup } from './models.js';
import { noise } from './pictures.js';

describe('resolveInput', () => {
  after(removeModels);

  describe('defaults', () => {
    it('1000 classes and three channels are ImageNet, its 256 scaled with the size', async () => {
      const sizes: [number, number][] = [
        [224, 256],
        [227, 259],
        [299, 342],
        [384, 439],
        [32, 37],
      ];
      for (const [size, short] of sizes) {
        const resolved = await resolve({ input: [1, 3, size, size], output: [1, 1000] });
        assert.deepEqual(valuesOf(resolved), {
          layout: 'NCHW',
          channels: 3,
          color: 'RGB',
          size: [size, size],
          crop: 'center',
          range: [0, 1],
          pad: [0, 0, 0],
          resize: { mode: 'shortSide', size: short, interpolation: 'bilinear' },
          mean: [0.485, 0.456, 0.406],
          std: [0.229, 0.224, 0.225],
        });
        assert.deepEqual(resolved.warnings, []);
        assert.equal(resolved.preprocessing!.mean.origin.kind, 'default');
        assert.match(resolved.preprocessing!.mean.origin.detail, /ImageNet/);
        assert.equal(resolved.preprocessing!.size.origin.kind, 'metadata');
      }
      assert.deepEqual(valuesOf(await resolve({ output: ['N', 1001, 1, 1] })).mean, [0.485, 0.456, 0.406]);
    });

    it('anything else is RGB / 255, with a warning that says so', async () => {
      for (const [input, output] of [
        [
          ['b', 3, 32, 32],
          ['b', 10],
        ],
        [
          ['b', 3, 32, 32],
          ['b', 1000, 7, 7],
        ],
        [
          ['b', 1, 28, 28],
          ['b', 1000],
        ],
      ] as [Dims, Dims][]) {
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
      assert.deepEqual(
        [valuesOf(bytes).range, valuesOf(bytes).mean],
        [
          [0, 255],
          [0, 0, 0],
        ],
      );
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
      const cases: [Dims, string][] = [
        [[1, 3, 8, 8], 'NCHW'],
        [[1, 8, 8, 3], 'NHWC'],
        [['b', 1, 28, 28], 'NCHW'],
        [['b', 'h', 'w', 1], 'NHWC'],
        [['b', 3, 224, 3], 'NCHW'],
        [['b', 'c', 'h', 'w'], 'NCHW'],
      ];
      for (const [input, layout] of cases)
        assert.equal(valuesOf(await resolve({ input })).layout, layout, String(input));
      assert.match((await resolve({ input: ['b', 'c', 'h', 'w'] })).warnings.join(' '), /NCHW is assumed/);
    });
  });

  describe('what takes no pictures', () => {
    it('is refused with a sentence and keeps its labels', async () => {
      const cases: [Partial<Setup>, RegExp][] = [
        [{ input: [1, 4, 64, 64] }, /takes 4 channels; a picture has 1 or 3/],
        [{ input: [1, 64, 64, 12] }, /takes 64 channels/],
        [{ input: ['b', 128] }, /"input" is b×128, which is a vector, not a picture/],
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
        assert.throws(
          () => requirePreprocessing(resolved),
          (e) => e instanceof LensError && expected.test(e.message) && /\.npy/.test(e.hint ?? ''),
        );
      }
    });
  });

  describe('the sidecar', () => {
    it('wins, setting by setting, and is named', async () => {
      const resolved = await resolve({
        input: ['b', 3, 227, 227],
        output: ['b', 1000],
        sidecar: {
          input: {
            resize: { mode: 'shortSide', size: 256 },
            crop: 'center',
            range: [0, 255],
            mean: [123, 117, 104],
            std: [1],
          },
        },
      });
      const values = valuesOf(resolved);
      assert.deepEqual(values.resize, { mode: 'shortSide', size: 256, interpolation: 'bilinear' });
      assert.deepEqual(
        [values.range, values.mean, values.std],
        [
          [0, 255],
          [123, 117, 104],
          [1, 1, 1],
        ],
      );
      assert.deepEqual(resolved.preprocessing!.mean.origin, { kind: 'sidecar', detail: 'net.lens.json' });
      assert.deepEqual(resolved.warnings, []);
    });

    it('does not mix its numbers with a default in other units', async () => {
      const range = await resolve({ output: ['b', 1000], sidecar: { input: { range: [0, 255] } } });
      assert.deepEqual(
        [valuesOf(range).mean, valuesOf(range).std],
        [
          [0, 0, 0],
          [1, 1, 1],
        ],
      );
      const mean = await resolve({ output: ['b', 1000], sidecar: { input: { mean: [123, 117, 104] } } });
      assert.match(mean.warnings.join(' '), /mean \[123, 117, 104\].*outside the range 0\.\.1/);
      const merged = await resolve({
        sidecar: { input: { mean: [0.1, 0.2, 0.3] } },
        files: {
          'preprocessor_config.json': {
            image_mean: [0.5, 0.5, 0.5],
            image_std: [0.25, 0.25, 0.25],
            rescale_factor: 1 / 255,
          },
        },
      });
      assert.deepEqual(
        [valuesOf(merged).mean, valuesOf(merged).std],
        [
          [0.1, 0.2, 0.3],
          [0.25, 0.25, 0.25],
        ],
      );
      assert.deepEqual(
        [merged.preprocessing!.mean.origin.kind, merged.preprocessing!.std.origin.kind],
        ['sidecar', 'file'],
      );
    });

    it('completes a resize without a crop, and a crop without a resize', async () => {
      const of = async (input: Sidecar['input']): Promise<unknown[]> => {
        const values = valuesOf(await resolve({ output: ['b', 1000], sidecar: { input } }));
        return [values.resize, values.crop];
      };
      const plan = (mode: string, size: unknown, interpolation = 'bilinear'): unknown => ({
        mode,
        size,
        interpolation,
      });
      assert.deepEqual(await of({ resize: { mode: 'exact' } }), [plan('exact', [224, 224]), 'none']);
      assert.deepEqual(await of({ resize: { mode: 'shortSide', size: 240 } }), [plan('shortSide', 240), 'center']);
      assert.deepEqual(await of({ resize: { mode: 'letterbox' } }), [plan('letterbox', [224, 224]), 'none']);
      assert.deepEqual(await of({ resize: { size: 240 } }), [plan('shortSide', 240), 'center']);
      assert.deepEqual(await of({ crop: 'none' }), [plan('exact', [224, 224]), 'none']);
      assert.deepEqual(await of({ crop: 'center' }), [plan('shortSide', 224), 'center']);
      assert.deepEqual(await of({ resize: { interpolation: 'bicubic' } }), [
        plan('shortSide', 256, 'bicubic'),
        'center',
      ]);
    });

    it('is refused where it names what the model has not', async () => {
      await assert.rejects(resolve({ sidecar: { input: { name: 'image' } } }), /no input "image"; it has "input"/);
      await assert.rejects(
        resolve({ sidecar: { output: 'probabilities' } }),
        /no output "probabilities"; it has "logits"/,
      );
      await assert.rejects(
        resolve({ sidecar: { labels: 'none.txt' } }),
        /names "none\.txt" for its labels, but there is no such file/,
      );
    });

    it('chooses the input and the output', async () => {
      const context: Partial<ModelContext> = {
        inputs: [
          { name: 'mask', dims: [1, 1, 8, 8], type: 'float32' },
          { name: 'image', dims: [1, 3, 16, 16], type: 'float32' },
        ],
        outputs: [
          { name: 'features', dims: [1, 64] },
          { name: 'classes', dims: [1, 1000] },
        ],
      };
      const resolved = await resolve({ context, sidecar: { input: { name: 'image' }, output: 'classes' } });
      assert.deepEqual(
        [resolved.input?.name, resolved.output, valuesOf(resolved).size, resolved.labels.names.length],
        ['image', 'classes', [16, 16], 1000],
      );
    });

    it('RGB for a grey model becomes grey, with a warning', async () => {
      const resolved = await resolve({
        input: [1, 1, 28, 28],
        sidecar: { input: { color: 'RGB', mean: [0.1, 0.2, 0.3] } },
      });
      assert.deepEqual([valuesOf(resolved).color, (valuesOf(resolved).mean as number[]).length], ['gray', 1]);
      assert.equal(resolved.warnings.length, 2);
    });

    it('that is broken stops everything; null leaves it aside', async () => {
      await assert.rejects(resolve({ files: { 'net.lens.json': '{"input": {"mean": 1}}' } }), LensError);
    });
  });

  it('always ends in a plan that works or a sentence', async () => {
    const dimension = fc.oneof(fc.constantFrom<number | string>(1, 3, 4, 'n', '', 0), fc.integer({ min: 1, max: 40 }));
    await fc.assert(
      fc.asyncProperty(
        fc.array(dimension, { minLength: 3, maxLength: 5 }),
        fc.constantFrom(10, 1000, 1001),
        async (input, classes) => {
          const resolved = await resolve({ input, output: ['b', classes] });
          if (resolved.preprocessing === undefined) assert.ok(resolved.refusal!.endsWith('.'));
          else {
            const { tensor } = toTensor(noise(1, 9, 7, 3), resolved.preprocessing);
            const sizes = input
              .slice(resolved.axes!.startsWith('N') ? 1 : 0)
              .filter((s) => typeof s === 'number' && s > 1);
            // A picture has four axes; those that the model lacks are 1.
            assert.deepEqual(tensor.dims.slice(1).filter((d) => sizes.includes(d)).length >= new Set(sizes).size, true);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
