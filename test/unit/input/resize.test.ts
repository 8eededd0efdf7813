import assert from 'node:assert/strict';
import fc from 'fast-check';
import { resize } from '../../../src/input/resize.js';
import type { Interpolation } from '../../../src/input/settings.js';
import { noise, pillowResizes, sha } from './pictures.js';

const INTERPOLATIONS: readonly Interpolation[] = ['nearest', 'box', 'bilinear', 'bicubic', 'lanczos'];

describe('resize', () => {
  for (const [seed, h, w, channels, H, W, interpolation, expected] of pillowResizes) {
    it(`equals Pillow: ${h}×${w}×${channels} to ${H}×${W}, ${interpolation}`, () => {
      const out = resize(noise(seed, h, w, channels), H, W, interpolation);
      assert.deepEqual([out.height, out.width, out.channels], [H, W, channels]);
      assert.equal(sha(out.data), expected);
    });
  }

  const side = fc.integer({ min: 1, max: 40 });

  it('keeps a plain colour plain at every size', () => {
    fc.assert(
      fc.property(
        side,
        side,
        side,
        side,
        fc.nat(255),
        fc.constantFrom(...INTERPOLATIONS),
        (h, w, H, W, level, interpolation) => {
          const out = resize(
            { width: w, height: h, channels: 3, data: new Uint8Array(h * w * 3).fill(level) },
            H,
            W,
            interpolation,
          );
          assert.equal(out.data.length, H * W * 3);
          assert.ok(out.data.every((value) => value === level));
        },
      ),
    );
  });

  it('treats rows and columns, and each channel, alike', () => {
    fc.assert(
      fc.property(
        side,
        side,
        side,
        fc.nat(1000),
        fc.constantFrom(...INTERPOLATIONS),
        (length, to, wide, seed, interpolation) => {
          const line = noise(seed, 1, length, 1);
          const across = resize(line, 1, to, interpolation).data;
          const down = resize({ ...line, width: 1, height: length }, to, 1, interpolation).data;
          assert.deepEqual(down, across);
          const colour = Uint8Array.from({ length: length * 3 }, (_, i) => line.data[Math.floor(i / 3)]!);
          const rgb = resize({ width: length, height: 1, channels: 3, data: colour }, 1, wide, interpolation).data;
          const gray = resize(line, 1, wide, interpolation).data;
          assert.ok(
            gray.every((value, i) => rgb[3 * i] === value && rgb[3 * i + 1] === value && rgb[3 * i + 2] === value),
          );
        },
      ),
    );
  });

  it('does not copy a picture that has its size already', () => {
    const picture = noise(1, 4, 5, 3);
    assert.equal(resize(picture, 4, 5, 'bicubic'), picture);
  });
});
