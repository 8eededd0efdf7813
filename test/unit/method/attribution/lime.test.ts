import assert from 'node:assert/strict';
import { squares } from '../../../../src/method/attribution/parts/squares.js';
import { ridge, Sums } from '../../../../src/method/attribution/parts/regression.js';
import { Random } from '../../../../src/base/random.js';
import { assertClose } from '../../support/close.js';
import { perPart, sharesOfParts } from './parts/shares.js';
import { pooledNet } from './pooledNet.js';

describe('method/attribution/lime', () => {
  const net = pooledNet();

  it('finds what each part adds, where the score is a sum, but for what the penalty takes', async () => {
    const parts = squares(16, 16, 16);
    const want = sharesOfParts(net, parts);
    const answer = await net.ask('lime', { parts: 'squares', count: 16, samples: 6000, fill: 'zero', width: 100 });
    // Every value is worth w · ¼ · samples, so that a penalty of 1 takes one in 1500 of it.
    assertClose(perPart(answer.map, parts), want, { relative: 2e-3 }, 'coefficients');
    assert.match(answer.notes.join(' '), /R² 1\.00/);
  });

  it('is the ridge regression of the weighted samples', () => {
    // Against the normal equations of a small problem by hand: z in {0,1}, y = 3 + 2z, weights 1 and 3, penalty 1.
    const sums = new Sums(1);
    sums.add(Uint8Array.of(0), 3, 1);
    sums.add(Uint8Array.of(1), 5, 3);
    // Weighted variance Σw(z-z̄)² = 0.75, covariance 1.5: slope 1.5 / 1.75, intercept ȳ - slope · z̄ = 4.5 - 0.75 slope.
    const { values, intercept } = ridge(sums, 1);
    // The billionth that keeps singular problems solvable is all that is seen.
    assertClose(values, [1.5 / 1.75], { absolute: 2e-9 }, 'slope');
    assertClose(intercept, 4.5 - (0.75 * 1.5) / 1.75, { absolute: 2e-9 }, 'intercept');
  });

  it('says that nothing can be explained where the score stays the same', async () => {
    const random = new Random(1);
    const sums = new Sums(3);
    for (let k = 0; k < 50; k++)
      sums.add(
        Uint8Array.from({ length: 3 }, () => random.below(2)),
        7,
      );
    assert.ok(Number.isNaN(ridge(sums, 1).r2), 'R² of a constant score');
    assertClose(ridge(sums, 1).values, [0, 0, 0], { absolute: 1e-9 }, 'coefficients');
  });
});
