import assert from 'node:assert/strict';
import { assertClose } from './close.js';

/** The message of the failure. */
function refused(...args: Parameters<typeof assertClose>): string {
  try {
    assertClose(...args);
  } catch (error) {
    assert.ok(error instanceof assert.AssertionError);
    return error.message;
  }
  return 'not refused';
}

describe('assertClose', () => {
  it('bears what is nearer than the bound, and what is equal', () => {
    assertClose(1.5, 1, { absolute: 0.51 }, 'a number');
    assertClose(-101, -100, { relative: 0.011 }, 'a number');
    assertClose(Float32Array.of(1, 0.5), [1, 0], { relative: 0.51 }, 'an array');
    assertClose(0, 0, { relative: 1e-9 }, 'nothing of nothing');
    assertClose(Infinity, Infinity, { absolute: 1 }, 'infinity');
    assertClose([], [], { absolute: 1 }, 'no numbers');
  });

  it('says what, both values, their difference and the bound', () => {
    assert.equal(refused(1.5, 1, { absolute: 0.5 }, 'mean'), 'mean: 1.5, not 1; they are 0.5 apart, not less than 0.5');
    assert.equal(
      refused(3, 2, { relative: 0.25 }, 'mean'),
      'mean: 3, not 2; they are 1 apart, not less than 0.5 (0.25 of 2)',
    );
  });

  it('names the place of the largest difference in an array, relative to the largest magnitude', () => {
    assert.equal(
      refused([1, 5, 9], [1, 2, -8], { relative: 0.5 }, 'map'),
      'map: at 2 of 3: 9, not -8; they are 17 apart, not less than 4 (0.5 of 8)',
    );
  });

  it('bears no number that is none, wherever it stands', () => {
    assert.match(refused([NaN, 2], [1, 1], { absolute: 5 }, 'map'), /^map: at 0 of 2: NaN, not 1/);
    assert.match(refused([7, NaN, 1], [1, 1, 1], { absolute: 5 }, 'map'), /^map: at 1 of 3: NaN, not 1/);
    assert.match(refused(Infinity, 1, { absolute: 5 }, 'map'), /^map: Infinity, not 1/);
  });

  it('bears no other count of numbers', () => {
    assert.equal(refused([1, 2], [1], { absolute: 5 }, 'map'), 'map: 2 numbers, not 1');
  });
});
