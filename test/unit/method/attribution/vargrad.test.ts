import { assertClose } from '../../support/close.js';
import { pooledNet, shareOn } from './pooledNet.js';

describe('method/attribution/vargrad', () => {
  const net = pooledNet();

  it('is the variance of a gradient that is there in a share of the noisy copies', async () => {
    const { map } = await net.ask('vargrad', { samples: 1000, noise: 0.15 });
    const share = shareOn(net, 0.15);
    const squares = net.slopes.map((s, i) => (s * net.factors[i]!) ** 2);
    const expected = squares.map((q, i) => q * share[i]! * (1 - share[i]!));
    assertClose(map, expected, { absolute: 0.05 * Math.max(...squares) }, 'map');
  });

  it('is the mean of the squares less the square of the mean, of the same noise', async () => {
    const params = { samples: 40 };
    const [variance, squares, mean] = await Promise.all(
      ['vargrad', 'smoothgrad_squared', 'smoothgrad'].map(async (id) => (await net.ask(id, params)).map),
    );
    assertClose(
      variance!,
      squares!.map((s, i) => s - mean![i]! ** 2),
      { relative: 1e-5 },
      'variance',
    );
  });

  it('without noise is nothing', async () => {
    const { map } = await net.ask('vargrad', { samples: 3, noise: 0 });
    assertClose(map, new Float32Array(map.length), { absolute: 1e-12 }, 'map');
  });
});
