import assert from 'node:assert/strict';
import { judge } from '../../../src/method/activations/accuracy.js';

describe('method/activations/accuracy', () => {
  it('counts right answers by true class', () => {
    const labels = { names: ['a', 'b', 'c', 'd'], origin: { kind: 'default', detail: '' } } as const;
    const judged = [
      { truth: 0, predicted: 0 },
      { truth: 0, predicted: 2 },
      { truth: 2, predicted: 2 },
      { truth: 2, predicted: 2 },
    ];
    assert.deepEqual(judge(judged, labels), {
      accuracy: 0.75,
      confusion: {
        labels: ['a', 'c'],
        counts: [
          [1, 1],
          [0, 2],
        ],
      },
    });
    assert.deepEqual(judge([], labels), {});
  });
});
