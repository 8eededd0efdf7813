import { assertClose } from '../../support/close.js';
import { gradientOf, pooledNet, shareOn } from './pooledNet.js';

describe('method/attribution/smoothgradSquared', () => {
  const net = pooledNet();

  it('is the square of the gradient times the share of noisy copies in which the unit is on', async () => {
    const { map } = await net.ask('smoothgrad_squared', { samples: 1000, noise: 0.15 });
    const share = shareOn(net, 0.15);
    const squares = net.slopes.map((s, i) => (s * net.factors[i]!) ** 2);
    assertClose(
      map,
      squares.map((q, i) => q * share[i]!),
      { absolute: 0.07 * Math.max(...squares) },
      'map',
    );
  });

  it('without noise is the square of the gradient', async () => {
    const { map } = await net.ask('smoothgrad_squared', { samples: 3, noise: 0 });
    assertClose(
      map,
      gradientOf(net).map((g) => g * g),
      { relative: 1e-5 },
      'map',
    );
  });
});
