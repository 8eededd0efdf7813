import assert from 'node:assert/strict';
import { Random } from '../../../src/base/random.js';
import { isRegionText, paintedPlaces, readRegion, writeRegion, type Region } from '../../../src/base/region.js';

describe('base/region', () => {
  const drawn = (width: number, height: number, inside: (x: number, y: number) => boolean): Region => ({
    width,
    height,
    data: Uint8Array.from({ length: width * height }, (_, i) => Number(inside(i % width, Math.floor(i / width)))),
  });

  it('is the same after it was written and read, whatever is painted', () => {
    const random = new Random(5);
    const all = [
      drawn(1, 1, () => true),
      drawn(7, 3, () => false),
      drawn(3, 7, () => true),
      drawn(40, 20, (x, y) => Math.hypot(x - 20, y - 9) < 8),
      drawn(31, 17, () => random.uniform() < 0.5),
      drawn(5, 5, (x, y) => x === 4 && y === 4),
    ];
    for (const region of all) {
      const text = writeRegion(region);
      assert.ok(isRegionText(text), text);
      assert.deepEqual(readRegion(text), region, text);
    }
  });

  it('is short: what is painted by hand is a few hundred letters', () => {
    const text = writeRegion(drawn(640, 640, (x, y) => Math.hypot(x - 300, y - 280) < 60));
    assert.ok(text.length < 1000, `${text.length} letters`);
    assert.match(text, /^640x640:[\da-z,]+$/);
  });

  it('counts what is painted', () => {
    assert.equal(paintedPlaces(drawn(10, 10, (x, y) => x < 3 && y < 2)), 6);
  });

  it('is nothing where a text claims more than its grid, or too large a grid', () => {
    for (const text of ['2x2:1,4', '2x2:5', '0x4:1', '99999x99999:1', '2x2', '2x2:,', '2x2:1,-1', 'cat', '2x2:1,2,'])
      assert.equal(readRegion(text), undefined, text);
    assert.deepEqual(readRegion('2x2:1,2'), { width: 2, height: 2, data: Uint8Array.of(0, 1, 1, 0) });
  });
});
