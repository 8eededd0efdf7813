import assert from 'node:assert/strict';
import { Random } from '../../../../src/base/random.js';
import type { Rgb } from '../../../../src/base/picture.js';
import { toTensor } from '../../../../src/input/preprocessing.js';
import type { Preprocessing, ResizePlan } from '../../../../src/input/settings.js';
import { onCanvas } from '../../../../src/method/reconstruction/canvas.js';

const of = <T>(value: T): { value: T; origin: { kind: 'user'; detail: string } } => ({
  value,
  origin: { kind: 'user', detail: '' },
});

function planOf(
  size: readonly [number, number],
  resize: Omit<ResizePlan, 'interpolation'>,
  crop: 'center' | 'none',
): Preprocessing {
  return {
    layout: of('NCHW'),
    channels: of(3),
    color: of('RGB'),
    size: of(size),
    resize: of({ ...resize, interpolation: 'bilinear' }),
    crop: of(crop),
    range: of([0, 1]),
    mean: of([0, 0, 0]),
    std: of([1, 1, 1]),
    pad: of([0, 0, 0]),
  };
}

function pictureOf(height: number, width: number): Rgb {
  const random = new Random(1);
  return { width, height, data: Uint8Array.from({ length: 3 * height * width }, () => random.below(256)) };
}

describe('a picture as it is saved', () => {
  const PLANS: Readonly<Record<string, Preprocessing>> = {
    'is enlarged and cropped': planOf([27, 27], { mode: 'shortSide', size: 32 }, 'center'),
    'is enlarged and cropped, not square': planOf([20, 40], { mode: 'shortSide', size: 24 }, 'center'),
    'is resized to two sides and cropped': planOf([28, 28], { mode: 'exact', size: [32, 30] }, 'center'),
    'is resized to its size': planOf([12, 14], { mode: 'exact', size: [12, 14] }, 'none'),
    'is letterboxed': planOf([16, 16], { mode: 'letterbox', size: 16 }, 'none'),
    'is taken as it is': planOf([9, 11], { mode: 'none', size: 0 }, 'none'),
  };
  for (const [what, plan] of Object.entries(PLANS)) {
    it(`comes back to the bit where a picture ${what}`, () => {
      const made = pictureOf(...(plan.size.value as [number, number]));
      const { picture } = onCanvas(made, plan)!;
      const { view } = toTensor({ ...picture, channels: 3 }, plan);
      assert.deepEqual(view, made);
    });
  }

  it('is not claimed to come back where nothing does', () => {
    const plan = planOf([32, 32], { mode: 'exact', size: [16, 16] }, 'center');
    assert.equal(onCanvas(pictureOf(32, 32), plan), undefined);
  });
});
