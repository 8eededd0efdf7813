import assert from 'node:assert/strict';
import { shapleyValues } from '../../../../src/method/attribution/kernelShap.js';
import { squares } from '../../../../src/method/attribution/parts/squares.js';
import { toFloat32 } from '../../../../src/base/tensor.js';
import { assertClose } from '../../support/close.js';
import { suiteSubject } from '../../support/subject.js';
import { perPart, sharesOfParts } from './parts/shares.js';
import { pooledNet } from './pooledNet.js';

describe('method/attribution/kernelShap', () => {
  const net = pooledNet();

  it('gives the shares that are known of small games', () => {
    // Gloves: part 0 has a left one, parts 1 and 2 a right one each; a pair is worth 1.
    const worth = Float64Array.from({ length: 8 }, (_, k) => (k % 2 === 1 && k > 1 ? 1 : 0));
    assertClose(shapleyValues(worth, 3), [2 / 3, 1 / 6, 1 / 6], { absolute: 1e-12 }, 'gloves');
    // Majority of four: all alike.
    const majority = Float64Array.from({ length: 16 }, (_, k) =>
      k.toString(2).replaceAll('0', '').length > 2 ? 1 : 0,
    );
    assertClose(shapleyValues(majority, 4), [0.25, 0.25, 0.25, 0.25], { absolute: 1e-12 }, 'majority');
  });

  for (const [samples, how] of [
    [600, 'all coalitions of nine parts'],
    [300, 'drawn ones'],
  ] as const)
    it(`is what each part adds, where the score is a sum: ${how}`, async () => {
      const parts = squares(16, 16, 9);
      const { map, notes } = await net.ask('kernel_shap', { parts: 'squares', count: 9, samples, fill: 'zero' });
      assertClose(perPart(map, parts), sharesOfParts(net, parts), { relative: 1e-4 }, 'values');
      assert.equal(notes.join(' ').includes('Exact'), samples === 600);
    });

  describe('on a network that is no sum', () => {
    const t = suiteSubject('small_cnn');
    it('comes near the exact values with samples, within its standard errors, and adds up to the difference', async () => {
      const { height, width } = t.subject.input;
      const parts = squares(height, width, 9);
      const ask = async (samples: number): Promise<{ values: Float64Array; notes: readonly string[] }> => {
        const answer = await t.run('kernel_shap', 0, { parts: 'squares', count: 9, samples, fill: 'zero' });
        return { values: perPart(toFloat32(answer.attribution.values), parts), notes: answer.notes };
      };
      const exact = await ask(512);
      const drawn = await ask(500);
      const { input, target } = t.case(0);
      const zero = { ...input, data: new Float32Array(input.data.length) };
      const [[whole], [nothing]] = (await Promise.all(
        [input, zero].map((x) => t.subject.scores(x, target, 'logit', t.signal)),
      )) as [Float32Array, Float32Array];
      for (const { values } of [exact, drawn])
        assertClose(
          values.reduce((a, b) => a + b),
          whole! - nothing!,
          { relative: 1e-5 },
          'sum of the values',
        );
      // Eight in ten of 512 coalitions are drawn: what is left is small, and not nothing.
      const far = Math.hypot(...drawn.values.map((v, i) => v - exact.values[i]!)) / Math.hypot(...exact.values);
      assert.ok(far > 1e-6 && far < 0.1, `relative distance ${far}`);
      assert.match(drawn.notes.join(' '), /R² 0\.\d\d/);
    });
  });
});
