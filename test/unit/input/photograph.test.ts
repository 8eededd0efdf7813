import assert from 'node:assert/strict';
import { photographOf } from '../../../src/input/photograph.js';
import { assertClose } from '../support/close.js';

/** Red tells the column, green the row. */
const picture = (width: number, height: number) => ({
  width,
  height,
  channels: 3 as const,
  data: Uint8Array.from({ length: 3 * width * height }, (_, i) => {
    const pixel = Math.floor(i / 3);
    return [pixel % width, Math.floor(pixel / width), 7][i % 3]!;
  }),
});
const crop = (left: number, top: number, width: number, height: number) => ({
  left,
  top,
  width,
  height,
  originalWidth: 200,
  originalHeight: 100,
});

describe('the photograph below the heat', () => {
  it('is the part that the model sees, pixel by pixel where it is small', () => {
    const out = photographOf(picture(200, 100), crop(50, 0, 100, 100), 400);
    assert.deepEqual([out.width, out.height], [100, 100]);
    assert.deepEqual([...out.data.subarray(0, 3)], [50, 0, 7]);
    assert.deepEqual([...out.data.subarray(-3)], [149, 99, 7]);
  });

  it('is averaged where it is large, and grey beside the picture', () => {
    const out = photographOf(picture(200, 100), crop(0, -50, 200, 200), 100);
    assert.deepEqual([out.width, out.height], [100, 100]);
    assert.deepEqual([...out.data.subarray(0, 3)], [114, 114, 114], 'above the picture');
    const middle = out.data.subarray(3 * (50 * 100 + 50), 3 * (50 * 100 + 50) + 2);
    assertClose(middle, [100, 50], { absolute: 3 }, 'the middle');
  });
});
