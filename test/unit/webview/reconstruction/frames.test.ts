import assert from 'node:assert/strict';
import { changeOf, thinned, withFrame, type Frame } from '../../../../webview/reconstruction/frames.js';
import { picture } from './model.js';

describe('pictures on the way', () => {
  it('keeps so many, evenly apart, and always the last', () => {
    let frames: readonly Frame[] = [];
    const seen: number[][] = [];
    for (let step = 4; step <= 64; step += 4) {
      frames = withFrame(frames, { step, picture: picture(step) }, 5);
      seen.push(frames.map((frame) => frame.step));
      assert.equal(frames.at(-1)!.step, step);
      assert.ok(frames.length <= 5, `${frames.length}`);
    }
    assert.deepEqual(seen[4], [4, 8, 12, 16, 20]);
    assert.deepEqual(seen.at(-1), [4, 20, 36, 52, 64]);
  });

  it('begins anew where the steps do', () => {
    const frames = withFrame([{ step: 8, picture: picture(0) }], { step: 4, picture: picture(1) });
    assert.deepEqual(
      frames.map(({ step }) => step),
      [4],
    );
  });

  it('draws a long list in part, with both ends', () => {
    assert.deepEqual(thinned(4, 9), [0, 1, 2, 3]);
    assert.deepEqual(thinned(0, 9), []);
    assert.deepEqual(thinned(10, 4), [0, 3, 6, 9]);
    assert.deepEqual(thinned(12, 4), [0, 4, 8, 11]);
  });

  it('multiplies a change by a power of two as far as nothing is cut off', () => {
    assert.deepEqual(changeOf(picture(10), picture(13)), {
      picture: { width: 2, height: 2, data: new Uint8Array(12).fill(128 + 32 * 3) },
      factor: 32,
    });
    assert.equal(changeOf(picture(0), picture(255)).factor, 1);
    assert.deepEqual(changeOf(picture(7), picture(7)).picture, picture(128));
  });
});
