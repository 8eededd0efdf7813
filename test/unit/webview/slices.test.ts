import assert from 'node:assert/strict';
import { floatTensor } from '../../../src/base/tensor.js';
import type { Explanation } from '../../../src/result/explanation.js';
import { intoSlices, sliceGrid } from '../../../src/result/slices.js';
import { caption, drawingOf } from '../../../webview/explain/picture/exportPicture.js';
import {
  atSlice,
  DEFAULT_DISPLAY,
  paint,
  sceneOf,
  sliceWords,
  valueAt,
} from '../../../webview/shared/canvas/display.js';
import { differenceOf } from '../../../webview/shared/canvas/difference.js';
import { explanationWith } from '../support/explanation.js';

const [DEPTH, HEIGHT, WIDTH] = [5, 3, 4];
const SIZE = HEIGHT * WIDTH;
const grid = sliceGrid(DEPTH, HEIGHT, WIDTH);

/** A volume whose pixel and value say where they are: slice, row and column in one number. */
function volume(dims: readonly number[] = [1, DEPTH, HEIGHT, WIDTH], sign = 1): Explanation {
  const grey = intoSlices(
    Array.from({ length: DEPTH * SIZE }, (_, i) => i),
    grid,
    new Uint8Array(grid.width * grid.height),
  );
  const picture = { width: grid.width, height: grid.height, data: new Uint8Array([...grey].flatMap((v) => [v, v, v])) };
  const count = dims.reduce((a, b) => a * b, 1);
  const values = floatTensor(
    [...dims],
    Float32Array.from({ length: count }, (_, i) => sign * i),
  );
  return explanationWith({
    picture,
    slices: grid,
    attribution: { values, axes: 'CDHW', signed: true, unit: 'logit' },
  });
}

describe('the slices of a volume', () => {
  const display = { ...DEFAULT_DISPLAY, percentile: 100 };

  it('are drawn one by one, with their own values and pixels, all on one scale', () => {
    const whole = sceneOf(volume(), display);
    assert.deepEqual(whole.slices, { count: DEPTH, shown: 0 });
    assert.equal(sliceWords(whole), 'all 5 slices along depth');
    for (let slice = 1; slice <= DEPTH; slice++) {
      const scene = sceneOf(volume(), { ...display, slice });
      assert.equal(sliceWords(scene), `slice ${slice} of 5 along depth`);
      assert.deepEqual([scene.picture.width, scene.picture.height], [WIDTH, HEIGHT]);
      const first = (slice - 1) * SIZE;
      assert.deepEqual(
        [...scene.values.values],
        Array.from({ length: SIZE }, (_, i) => first + i),
      );
      assert.equal(valueAt(scene, 2, 1), first + WIDTH + 2);
      assert.equal(scene.picture.data[3 * (WIDTH + 2)], first + WIDTH + 2);
      assert.equal(scene.scaled.limit, whole.scaled.limit);
      const painted = paint(scene, { ...display, mode: 'blend' });
      assert.equal(painted.data.length, 3 * painted.width * painted.height);
    }
    assert.equal(sceneOf(volume(), { ...display, slice: 9 }).slices!.shown, 0, 'one that is not there');
  });

  it('of a coarser map are those that lie there', () => {
    const coarse = volume([1, 2, HEIGHT, WIDTH]);
    const at = (slice: number): number => sceneOf(coarse, { ...display, slice }).values.values[0]!;
    assert.deepEqual([1, 2, 3, 4, 5].map(at), [0, 0, SIZE, SIZE, SIZE]);
  });

  it('of a difference are on the scale of the whole difference', () => {
    const [a, b] = [
      sceneOf(volume(), { ...display, reduction: 'sum' }),
      sceneOf(volume(undefined, -1), { ...display, reduction: 'sum' }),
    ];
    const whole = differenceOf(a, 'logit', b, 'logit', display);
    const scene = atSlice(whole, grid, 2);
    assert.deepEqual(Array.from(scene.values.values.subarray(0, 2)), [2 * SIZE, 2 * SIZE + 2]);
    assert.equal(scene.scaled.limit, whole.scaled.limit);
  });

  it('are named where a picture is exported, and in its recipe', () => {
    const of = (slice: number) => {
      const [shown, e] = [{ ...display, slice }, volume()];
      const scene = sceneOf(e, shown);
      return {
        lines: caption({ explanation: e, scene, display: shown, method: 'Gradient' }).join('\n'),
        drawing: drawingOf(scene, shown),
      };
    };
    assert.match(of(3).lines, /slice 3 of 5 along depth, on the scale of all/);
    assert.deepEqual(of(3).drawing.slice, { index: 3, of: 5 });
    assert.match(of(0).lines, /all 5 slices along depth/);
    assert.equal(of(0).drawing.slice, undefined);
  });
});
