import assert from 'node:assert/strict';
import { floatTensor } from '../../../src/base/tensor.js';
import { KeptCells } from '../../../src/host/explain/keptCells.js';
import type { Explanation } from '../../../src/result/explanation.js';

/** An explanation of which only the size counts: 3 bytes a pixel of the picture, 4 a value of the map. */
function explanation(pixels: number): Explanation {
  return {
    picture: { width: pixels, height: 1, data: new Uint8Array(3 * pixels) },
    attribution: { values: floatTensor([1, pixels]), axes: 'HW', signed: true, unit: 'logit' },
  } as unknown as Explanation;
}

describe('cells of a grid that are kept for a hidden tab', () => {
  it('are the newest up to a size in bytes; what was read again counts as new', () => {
    const cells = new KeptCells(3 * 700);
    for (const key of ['a', 'b', 'c']) cells.set(key, explanation(100));
    assert.ok(cells.get('a') !== undefined);
    cells.set('d', explanation(100));
    assert.deepEqual(
      ['a', 'b', 'c', 'd'].map((key) => cells.get(key) !== undefined),
      [true, false, true, true],
    );
    cells.set('large', explanation(200));
    assert.deepEqual(
      ['a', 'c', 'd', 'large'].map((key) => cells.get(key) !== undefined),
      [false, false, true, true],
    );
  });

  it('are counted once where they are set again, and forgotten together', () => {
    const cells = new KeptCells(3 * 700);
    const [first, second] = [explanation(100), explanation(100)];
    for (let i = 0; i < 5; i++) cells.set('a', first);
    cells.set('b', second);
    assert.equal(cells.get('a'), first);
    assert.equal(cells.get('b'), second);
    cells.clear();
    assert.equal(cells.get('a'), undefined);
    for (const key of ['c', 'd', 'e']) cells.set(key, explanation(100));
    assert.ok(cells.get('c') !== undefined, 'nothing of before is counted');
  });

  it('that are too large by themselves are not kept', () => {
    const cells = new KeptCells(100);
    cells.set('a', explanation(100));
    assert.equal(cells.get('a'), undefined);
  });
});
