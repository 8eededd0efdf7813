import assert from 'node:assert/strict';
import path from 'node:path';
import { filePath } from '../../../src/base/place.js';
import type { Rgb } from '../../../src/base/picture.js';
import { pictureGrid } from '../../../src/result/grid.js';
import { RunnerService } from '../../../src/runner/service.js';
import { call } from '../support/call.js';
import { compare, type Tolerance } from './compare.js';

/**
 * Hundreds of steps, each of which builds on the last digits of the one before: on another processor the picture is another
 * one in places. What a preset makes of a class is seen all the same.
 */
const GROWN: Tolerance = { levels: 48, share: 0.03 };

describe('sheets of pictures that are made, by the shipped models', function () {
  this.timeout(180_000);
  const runner = new RunnerService();
  after(() => runner.dispose());
  const birds = (name: string) =>
    ({ model: filePath(path.resolve(`models/birds/birds_${name}.onnx`)), provider: 'cpu' }) as const;
  const photo = path.resolve('models/birds/pictures/Butterfinch/butterfinch-3000000.png');
  const PRESETS = [
    { preset: 'naive' },
    { preset: 'naive', start: photo },
    { preset: 'smooth' },
    { preset: 'distill' },
    { preset: 'maco' },
    { preset: 'accentuate', start: photo },
  ];

  for (const [name, net, classes] of [
    ['cnn', birds('cnn'), ['Foxwren', 'Lanternfinch']],
    ['vit', birds('vit'), ['Foxwren']],
  ] as const)
    it(`every preset for classes of the ${name}, each step of which begins where the last one ended`, async () => {
      const pictures: Rgb[] = [];
      for (const target of classes)
        for (const given of PRESETS) {
          const params = { ...given, steps: 48, samples: 1, stop: 0 };
          const { result } = await runner.operations.visualize({ ...net, target, seed: 1, params }, call());
          assert.ok(result.trace.at(-1)! > result.trace[0]!, `${target} by ${given.preset}`);
          pictures.push(result.picture);
        }
      const { width, height, data } = pictureGrid(
        pictures,
        { width: 64, height: 64 },
        { columns: PRESETS.length, zoom: 2 },
      );
      const rgba = new Uint8Array(4 * width * height).fill(255);
      for (let i = 0; i < width * height; i++) rgba.set(data.subarray(3 * i, 3 * i + 3), 4 * i);
      await compare(`presets-${name}`, { width, height, data: rgba }, GROWN);
    });
});
