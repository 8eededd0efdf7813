import assert from 'node:assert/strict';
import { legendOf } from '../../../../webview/dataset/map/pngExport.js';
import type { LegendEntry } from '../../../../webview/dataset/map/scene.js';

describe('the classes below a picture that is saved', () => {
  const entry = (k: number): LegendEntry => ({ name: `c${k}`, colour: [k, 0, 0], count: k });
  const entries = Array.from({ length: 70 }, (_, k) => entry(k));
  const measure = (text: string): number => 10 * text.length;

  it('stand in lines that are no wider than it, in their order, and say how many are left out', () => {
    const placed = legendOf(entries, 300, measure);
    assert.equal(placed.length, 61);
    assert.deepEqual(
      [placed[0]!.text, placed.at(-1)!.text, placed.at(-1)!.colour],
      ['c0 (0)', 'and 10 more', undefined],
    );
    for (const [k, { text, colour, x, row }] of placed.entries()) {
      const end = x + measure(text) + (colour === undefined ? 0 : 16);
      assert.ok(end <= 300, `${text} ends at ${end}`);
      const before = placed[k - 1];
      if (before !== undefined) assert.ok(row > before.row || x > before.x, `${text} stands after ${before.text}`);
    }
  });

  it('are one line where there is room, and none where there are no classes', () => {
    assert.deepEqual(
      legendOf(entries.slice(0, 2), 300, measure).map(({ x, row }) => [x, row]),
      [
        [0, 0],
        [94, 0],
      ],
    );
    assert.deepEqual(legendOf([], 300, measure), []);
  });
});
