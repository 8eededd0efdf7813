import assert from 'node:assert/strict';
import { floatTensor } from '../../../src/base/tensor.js';
import { mapGrid, weightGrid } from '../../../src/result/grid.js';
import type { Rgb } from '../../../src/base/picture.js';

const pixel = ({ data, width }: Rgb, x: number, y: number): number[] => [
  ...data.subarray(3 * (y * width + x), 3 * (y * width + x) + 3),
];
const page = (dims: readonly number[], values: readonly number[]) => ({
  rows: new Int32Array(0),
  columns: new Int32Array(0),
  values: floatTensor(dims, Float32Array.from(values)),
});

describe('result/grid', () => {
  it('centres weights on zero and leaves a line between kernels', () => {
    const grid = weightGrid('kernels', page([2, 2, 1, 1], [1, -1, 0, NaN]), { zoom: 2 });
    assert.deepEqual([grid.width, grid.height], [5, 5]);
    const [red, , blue] = pixel(grid, 0, 0);
    assert.ok(red! > blue!, 'positive is red');
    const negative = pixel(grid, 3, 0);
    assert.ok(negative[2]! > negative[0]!, 'negative is blue');
    const [r, g, b] = pixel(grid, 0, 3);
    assert.ok(r! > 230 && g! > 230 && b! > 230, 'zero is white');
    assert.deepEqual(pixel(grid, 3, 3), [255, 0, 255]);
    assert.deepEqual(pixel(grid, 2, 0), [128, 128, 128]);
  });

  it('shows colour filters in their colours, each by its own scale', () => {
    const values = [1, 0, -1, 0.1, 0.1, 0.1];
    const grid = weightGrid('rgb', page([2, 3, 1, 1], values), { zoom: 1, columns: 2 });
    assert.deepEqual(pixel(grid, 0, 0), [255, 128, 0]);
    assert.deepEqual(pixel(grid, 2, 0), [255, 255, 255]);
    const shared = weightGrid('rgb', page([2, 3, 1, 1], values), { zoom: 1, columns: 2, scale: 'shared' });
    assert.deepEqual(pixel(shared, 2, 0), [140, 140, 140]);
  });

  it('draws maps by one scale unless asked for their own', () => {
    const maps = floatTensor([2, 1, 2], Float32Array.of(0, 4, 0, 2));
    const shared = mapGrid(maps, { zoom: 1, columns: 1 });
    const own = mapGrid(maps, { zoom: 1, columns: 1, scale: 'own' });
    assert.notDeepEqual(pixel(shared, 1, 0), pixel(shared, 1, 2));
    assert.deepEqual(pixel(own, 1, 0), pixel(own, 1, 2));
  });
});
