import { assertClose } from '../../support/close.js';
import { pooledNet, sharesOf } from './pooledNet.js';

describe('method/attribution/integratedGradients', () => {
  const net = pooledNet();

  for (const rule of ['gausslegendre', 'riemann_middle']) {
    it(`from black is the share of each pixel, whatever the steps, where the score grows evenly on the way (${rule})`, async () => {
      for (const steps of [1, 7]) {
        const { map, delta } = await net.ask('integrated_gradients', { rule, steps, baseline: 'zero' });
        assertClose(map, sharesOf(net), { relative: 1e-5 }, `map of ${steps} steps`);
        assertClose(delta!, 0, { absolute: 1e-5 }, 'what is left over');
      }
    });
  }

  it('from another baseline is the difference that each pixel makes, with enough steps', async () => {
    const { map } = await net.ask('integrated_gradients', { steps: 800, rule: 'riemann_middle', baseline: 'grey' });
    const base = net.filled('grey');
    const expected = net.slopes.map((s, i) => s * (net.on[i]! - Math.max(0, base[i]! * net.factors[i]!)));
    assertClose(map, expected, { relative: 2e-3 }, 'map');
  });
});
