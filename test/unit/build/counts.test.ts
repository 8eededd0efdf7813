import assert from 'node:assert/strict';
import { addCounts, countSkipped, countsLine, noCounts, remarks, skipReason } from '../../../.build/counts.mjs';

describe('build/counts', () => {
  it('end with the line that is read by others, alone and always alike', () => {
    assert.equal(countsLine({ ...noCounts(), passed: 3, skipped: 2, flaky: ['a'] }), '3 passed, 0 failed, 2 skipped');
  });

  it('name each reason once with how often it holds, and every flaky test', () => {
    const first = noCounts();
    countSkipped(first, 'no data');
    countSkipped(first, 'no data');
    const second = { ...noCounts(), passed: 1, flaky: ['opens.e2e.mjs: opens quietly'] };
    countSkipped(second, 'no data');
    countSkipped(second, 'no glibc');
    addCounts(first, second);
    assert.equal(first.skipped, 4);
    assert.equal(first.passed, 1);
    assert.deepEqual(remarks('e2e', first), [
      'e2e: 3 skipped: no data',
      'e2e: 1 skipped: no glibc',
      'e2e: flaky, failed and passed when repeated: opens.e2e.mjs: opens quietly',
    ]);
  });

  it('know the reason of a test from itself, or from a suite around it', () => {
    const suite = { skippedBecause: 'no data', parent: {} };
    assert.equal(skipReason({ parent: { parent: suite } }), 'no data');
    assert.equal(skipReason({ skippedBecause: 'no glibc', parent: suite }), 'no glibc');
    assert.equal(skipReason({ parent: {} }), 'switched off in its source');
  });
});
