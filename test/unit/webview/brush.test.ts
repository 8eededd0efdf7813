import assert from 'node:assert/strict';
import { touched, type Brush } from '../../../webview/shared/canvas/brush.js';
import type { Point } from '../../../webview/shared/canvas/geometry.js';

const size = { width: 7, height: 5 };
const at = (brush: Brush, from: Point, to: Point = from): number[] => {
  const out: number[] = [];
  touched(size, brush, from, to, (i) => out.push(i));
  return out;
};

describe('a brush', () => {
  it('touches the pixel that it is on, however fine it is', () => {
    assert.deepEqual(at({ size: 0.1, shape: 'disc' }, { x: 2.5, y: 1.5 }), [9]);
    assert.ok(at({ size: 0.1, shape: 'disc' }, { x: 2.1, y: 1.9 }).includes(9), 'also in a corner of it');
    assert.deepEqual(at({ size: 1, shape: 'square' }, { x: 2.5, y: 1.5 }), [9]);
  });

  it('is a square of its side, or a disc of its diameter', () => {
    assert.deepEqual(at({ size: 3, shape: 'square' }, { x: 1.5, y: 1.5 }), [0, 1, 2, 7, 8, 9, 14, 15, 16]);
    assert.deepEqual(at({ size: 2.2, shape: 'disc' }, { x: 1.5, y: 1.5 }), [1, 7, 8, 9, 15]);
  });

  it('leaves no gap on its way, and nothing beside the picture', () => {
    const row = at({ size: 1, shape: 'square' }, { x: -3, y: 2.5 }, { x: 30, y: 2.5 });
    assert.deepEqual(row, [14, 15, 16, 17, 18, 19, 20]);
    assert.deepEqual(at({ size: 2, shape: 'disc' }, { x: -9, y: -9 }), []);
  });
});
