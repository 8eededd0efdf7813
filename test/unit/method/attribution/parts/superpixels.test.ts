import assert from 'node:assert/strict';
import { Random } from '../../../../../src/base/random.js';
import { squares, type Parts } from '../../../../../src/method/attribution/parts/squares.js';
import { superpixels } from '../../../../../src/method/attribution/parts/superpixels.js';

/** How many pieces hang together in each part. */
function piecesOf({ of, count }: Parts, height: number, width: number): number[] {
  const seen = new Uint8Array(of.length);
  const pieces = new Array<number>(count).fill(0);
  for (let start = 0; start < of.length; start++) {
    if (seen[start]) continue;
    pieces[of[start]!]!++;
    const queue = [start];
    seen[start] = 1;
    while (queue.length > 0) {
      const at = queue.pop()!;
      const [y, x] = [Math.floor(at / width), at % width];
      for (const [dy, dx] of [
        [-1, 0],
        [1, 0],
        [0, -1],
        [0, 1],
      ] as const) {
        const next = (y + dy) * width + x + dx;
        if (y + dy < 0 || x + dx < 0 || y + dy >= height || x + dx >= width) continue;
        if (seen[next] || of[next] !== of[start]) continue;
        seen[next] = 1;
        queue.push(next);
      }
    }
  }
  return pieces;
}

describe('method/attribution/parts', () => {
  it('covers every pixel with parts in one piece, about as many as asked for', () => {
    const random = new Random(3);
    for (const [height, width, count] of [
      [28, 28, 40],
      [40, 100, 25],
      [64, 64, 100],
      [5, 7, 30],
      [1, 50, 6],
    ] as const) {
      const smooth = Float64Array.from(
        { length: height * width },
        (_, i) => 128 + 80 * Math.sin(i / 9) + 20 * random.normal(),
      );
      const parts = superpixels([smooth, smooth, smooth], height, width, count);
      const what = `${height}×${width} in ${count}`;
      assert.ok(
        parts.of.every((p) => p >= 0 && p < parts.count),
        what,
      );
      assert.ok(
        piecesOf(parts, height, width).every((n) => n === 1),
        `${what}: parts in one piece`,
      );
      assert.ok(parts.count >= count / 2 && parts.count <= 2 * count, `${what}: ${parts.count} parts`);
    }
  });

  it('keeps to the border between two colours', () => {
    const [height, width] = [48, 48];
    const disc = (i: number): boolean => Math.hypot((i % width) - 20, Math.floor(i / width) - 25) < 13;
    const plane = Float64Array.from({ length: height * width }, (_, i) => (disc(i) ? 220 : 40));
    const parts = superpixels([plane, plane, plane], height, width, 36);
    const inside = new Float64Array(parts.count);
    const size = new Float64Array(parts.count);
    parts.of.forEach((p, i) => {
      size[p]!++;
      if (disc(i)) inside[p]!++;
    });
    const mixed = inside.reduce((sum, n, p) => sum + Math.min(n, size[p]! - n), 0) / plane.length;
    assert.ok(mixed < 0.01, `${mixed} of the pixels lie in a part of the other colour`);
  });

  it('gives the same parts whatever the order of the channels', () => {
    const random = new Random(8);
    const planes = [0, 1, 2].map(() => Float64Array.from({ length: 900 }, () => 255 * random.uniform()));
    assert.deepEqual(superpixels(planes, 30, 30, 30), superpixels([...planes].reverse(), 30, 30, 30));
  });

  it('cuts into rectangles as square as they can be', () => {
    assert.deepEqual(squares(4, 8, 8).of.slice(0, 8), Int32Array.of(0, 0, 1, 1, 2, 2, 3, 3));
    assert.equal(squares(224, 224, 49).count, 49);
    assert.equal(squares(3, 3, 400).count, 9);
  });
});
