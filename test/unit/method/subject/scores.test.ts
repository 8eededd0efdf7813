import assert from 'node:assert/strict';
import { floatTensor } from '../../../../src/base/tensor.js';
import { softmax } from '../../../../src/method/softmax.js';
import { isDistribution, project } from '../../../../src/method/subject/scores.js';
import { assertClose } from '../../support/close.js';

describe('method/subject/scores', () => {
  it('softmax neither overflows nor loses the small ones', () => {
    const p = softmax([1000, 1000 - 50]);
    assert.equal(p[0], 1);
    assertClose(p[1]!, Math.exp(-50), { relative: 1e-12 }, 'small probability');
    assert.ok(isDistribution(p) && !isDistribution([1, 1]) && !isDistribution([2, -1]));
  });

  it('take an element, a weighted sum or the sum of each sample', () => {
    const values = Float32Array.of(1, 2, 3, 4, 5, 6);
    const direction = floatTensor([3], Float32Array.of(1, 0, -2));
    const directions = floatTensor([2, 3], Float32Array.of(1, 0, 0, 0, 0, 2));
    assert.deepEqual([...project(values, 2, { index: 1 })], [2, 5]);
    assert.deepEqual([...project(values, 2, { direction })], [-5, -8]);
    assert.deepEqual([...project(values, 2, { directions })], [1, 12]);
    assert.deepEqual([...project(values, 2, 'sum')], [6, 15]);
    assert.deepEqual(
      [...project(Float32Array.of(1, NaN, 3), 1, { direction })],
      [-5],
      'what has no weight does not count',
    );
  });
});
