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

  it('computes a part as it stands in the whole', () => {
    const edge = fc.nat(1000);
    const run = (h: number, w: number, H: number, W: number, edges: number[], interpolation: Interpolation): void => {
      const source = noise(h * 41 + w, h, w, 3);
      const [x0, x1, y0, y1] = edges.map((e, i) => e % (i < 2 ? W : H));
      const [left, width] = [Math.min(x0!, x1!), Math.abs(x1! - x0!) + 1];
      const [top, height] = [Math.min(y0!, y1!), Math.abs(y1! - y0!) + 1];
      const whole = resize(source, H, W, interpolation);
      const part = resize(source, H, W, interpolation, { left, top, width, height });
      assert.deepEqual([part.width, part.height], [width, height]);
      for (let y = 0; y < height; y++) {
        const from = 3 * ((top + y) * W + left);
        const row = Buffer.from(part.data.subarray(3 * y * width, 3 * (y + 1) * width));
        assert.ok(row.equals(whole.data.subarray(from, from + 3 * width)), `row ${y} is another`);
      }
    };
    fc.assert(
      fc.property(
        side,
        side,
        side,
        side,
        fc.tuple(edge, edge, edge, edge),
        fc.constantFrom(...INTERPOLATIONS),
        (h, w, H, W, edges, interpolation) => run(h, w, H, W, edges, interpolation),
      ),
    );
  });

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
