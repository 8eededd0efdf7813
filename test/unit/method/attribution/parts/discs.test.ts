import assert from 'node:assert/strict';
import { discs } from '../../../../../src/method/attribution/parts/discs.js';

describe('discs', () => {
  const SIZES = [
    [64, 64, 40],
    [28, 28, 20],
    [32, 96, 30],
    [7, 5, 400],
    [64, 48, 6],
  ] as const;
  for (const [height, width, count] of SIZES) {
    it(`of ${width}×${height} are about ${count}, round, and number each pixel once`, () => {
      const parts = discs(height, width, Math.min(count, height * width));
      assert.equal(parts.of.length, height * width);
      const places = Array.from({ length: parts.count }, () => [] as [number, number][]);
      parts.of.forEach((part, i) => part >= 0 && places[part]!.push([i % width, Math.floor(i / width)]));
      assert.ok(
        places.every((p) => p.length > 0),
        'no number without a pixel',
      );
      if (count < (height * width) / 8) {
        assert.ok(parts.count > 0.6 * count && parts.count < 1.7 * count + 4, `${parts.count} of ${count}`);
        const largest = Math.max(...places.map((p) => p.length));
        for (const p of places) {
          const [xs, ys] = [p.map(([x]) => x), p.map(([, y]) => y)];
          const across = Math.max(Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys)) + 1;
          assert.ok(across <= 2.6 * Math.sqrt(largest / Math.PI) + 2, `${across} across`);
        }
        const covered = parts.of.filter((part) => part >= 0).length / parts.of.length;
        assert.ok(covered > 0.6 && covered < 0.99, `they cover ${covered}`);
      }
    });
  }
});
