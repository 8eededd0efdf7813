import { assertClose } from '../../support/close.js';
import { gradientOf, pooledNet, shareOn } from './pooledNet.js';

describe('method/attribution/smoothgrad', () => {
  const net = pooledNet();

  it('is the gradient times the share of noisy copies in which the unit is on', async () => {
    const { map } = await net.ask('smoothgrad', { samples: 1000, noise: 0.15 });
    const share = shareOn(net, 0.15);
    const expected = net.slopes.map((s, i) => s * net.factors[i]! * share[i]!);
    // 1,000 draws are off by 1.6 % of the slope at most times, by four times that for one pixel of hundreds.
    assertClose(
      map,
      expected,
      { absolute: 0.07 * Math.max(...net.slopes.map((s, i) => Math.abs(s * net.factors[i]!))) },
      'map',
    );
  });

  it('without noise is the gradient', async () => {
    const { map } = await net.ask('smoothgrad', { samples: 3, noise: 0 });
    assertClose(map, gradientOf(net), { relative: 1e-5 }, 'map');
  });
});
