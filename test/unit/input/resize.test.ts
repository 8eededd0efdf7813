import assert from 'node:assert/strict';
import fc from 'fast-check';
import { resize } from '../../../src/input/resize.js';
import type { Interpolation } from '../../../src/input/settings.js';
import { noise, sha } from './pictures.js';

/** Seed, height, width, channels, new height, new width, interpolation, and the hash of what Pillow 12.3 makes of it. */
const PILLOW: readonly (readonly [number, number, number, 1 | 3, number, number, Interpolation, string])[] = [
  [1, 37, 53, 3, 17, 19, 'nearest', '720a3c0f2a833f39'],
  [2, 37, 53, 3, 17, 19, 'box', '2bc9c7d79bf606b4'],
  [3, 37, 53, 3, 17, 19, 'bilinear', 'dc447b517a1cf383'],
  [4, 37, 53, 3, 17, 19, 'bicubic', '0d06cd13f5a390f0'],
  [5, 37, 53, 3, 17, 19, 'lanczos', '701a3c026f90a708'],
  [6, 17, 19, 3, 37, 53, 'nearest', '07b99421bed0b0d9'],
  [7, 17, 19, 3, 37, 53, 'box', '5c108c860dfd2f27'],
  [8, 17, 19, 3, 37, 53, 'bilinear', '47e063a4bb9f7af1'],
  [9, 17, 19, 3, 37, 53, 'bicubic', '5702b96a3ec159f5'],
  [10, 17, 19, 3, 37, 53, 'lanczos', '07242834a407842a'],
  [11, 64, 48, 1, 32, 24, 'nearest', '4ab6fce56ccc634e'],
  [12, 64, 48, 1, 32, 24, 'box', 'e345ff70b4326d01'],
  [13, 64, 48, 1, 32, 24, 'bilinear', '0611284c2e37a01a'],
  [14, 64, 48, 1, 32, 24, 'bicubic', '51b4003330157fae'],
  [15, 64, 48, 1, 32, 24, 'lanczos', 'f7bf3d3fd6fc87f0'],
  [16, 31, 31, 3, 224, 224, 'nearest', '7d1294dbf53e3f2f'],
  [17, 31, 31, 3, 224, 224, 'box', '2951120ba78ef435'],
  [18, 31, 31, 3, 224, 224, 'bilinear', 'c14b3f6dd062707e'],
  [19, 31, 31, 3, 224, 224, 'bicubic', '737a1e570cdd8f8c'],
  [20, 31, 31, 3, 224, 224, 'lanczos', 'f308551eb4fc6e96'],
  [21, 200, 301, 3, 24, 36, 'nearest', 'b402db5309524ff2'],
  [22, 200, 301, 3, 24, 36, 'box', '58280bc17c8833aa'],
  [23, 200, 301, 3, 24, 36, 'bilinear', 'bee5d6719375eff1'],
  [24, 200, 301, 3, 24, 36, 'bicubic', 'b5d97dc87e97a343'],
  [25, 200, 301, 3, 24, 36, 'lanczos', '56c0e82f9da11409'],
  [26, 5, 400, 3, 5, 40, 'nearest', '992287f8c44e75b0'],
  [27, 5, 400, 3, 5, 40, 'box', '57311505a635193a'],
  [28, 5, 400, 3, 5, 40, 'bilinear', '274a1856c9b15654'],
  [29, 5, 400, 3, 5, 40, 'bicubic', '5adeff4589b11916'],
  [30, 5, 400, 3, 5, 40, 'lanczos', '7a2d695d6cb3c897'],
  [31, 400, 3, 1, 33, 3, 'nearest', '1bf82ae551522429'],
  [32, 400, 3, 1, 33, 3, 'box', 'bd57479e74b24636'],
  [33, 400, 3, 1, 33, 3, 'bilinear', '7be77d1f59310253'],
  [34, 400, 3, 1, 33, 3, 'bicubic', '89b326a55cb1d0b2'],
  [35, 400, 3, 1, 33, 3, 'lanczos', 'a18b3205a44e1336'],
  [36, 1, 1, 3, 7, 5, 'nearest', 'f91008318a51a04f'],
  [37, 1, 1, 3, 7, 5, 'box', '4c4272ff2a42b4e1'],
  [38, 1, 1, 3, 7, 5, 'bilinear', 'b2c0efb5f97bc584'],
  [39, 1, 1, 3, 7, 5, 'bicubic', '10fa6e58a5924476'],
  [40, 1, 1, 3, 7, 5, 'lanczos', '60d9b1000315143c'],
  [41, 90, 60, 3, 90, 61, 'nearest', 'a07774ebcb26b4e2'],
  [42, 90, 60, 3, 90, 61, 'box', 'eea215424d9e797c'],
  [43, 90, 60, 3, 90, 61, 'bilinear', '442d1f178ee23317'],
  [44, 90, 60, 3, 90, 61, 'bicubic', 'c336be3c7af98c3b'],
  [45, 90, 60, 3, 90, 61, 'lanczos', 'f82bd3238cc5491e'],
  [46, 50, 50, 3, 1, 1, 'nearest', '7bf75dc70b9e89f3'],
  [47, 50, 50, 3, 1, 1, 'box', '0cf24049ee37edb7'],
  [48, 50, 50, 3, 1, 1, 'bilinear', 'f4caa6e824dedddd'],
  [49, 50, 50, 3, 1, 1, 'bicubic', '2627aed2746e6882'],
  [50, 50, 50, 3, 1, 1, 'lanczos', 'ee435ec1ed312496'],
  [51, 33, 47, 1, 100, 11, 'nearest', '7a266e7f20778cf9'],
  [52, 33, 47, 1, 100, 11, 'box', 'fe8a5d0868951b8c'],
  [53, 33, 47, 1, 100, 11, 'bilinear', '6cfcbca2f82e1a3c'],
  [54, 33, 47, 1, 100, 11, 'bicubic', '5de0c5bb55d5f5b7'],
  [55, 33, 47, 1, 100, 11, 'lanczos', 'fa8e9d2c2c6d52c3'],
];

const INTERPOLATIONS: readonly Interpolation[] = ['nearest', 'box', 'bilinear', 'bicubic', 'lanczos'];

describe('resize', () => {
  for (const [seed, h, w, channels, H, W, interpolation, expected] of PILLOW) {
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
