import { assertClose } from '../../support/close.js';
import { pooledNet, sharesOf } from './pooledNet.js';

describe('method/attribution/expectedGradients', () => {
  const net = pooledNet();

  it('of one baseline is the share of each pixel, where the score grows evenly on the way', async () => {
    const { map, delta } = await net.ask('expected_gradients', { baseline: 'zero', samples: 9 });
    assertClose(map, sharesOf(net), { relative: 1e-5 }, 'map');
    assertClose(delta!, 0, { absolute: 1e-5 }, 'what is left over');
  });

  it('adds up to the score minus the mean score of many baselines, as far as it says', async () => {
    const { map, delta } = await net.ask('expected_gradients', { baseline: 'grey', samples: 400 });
    const base = net.filled('grey');
    const start = net.slopes.reduce((sum, s, i) => sum + s * Math.max(0, base[i]! * net.factors[i]!), 0);
    const sum = map.reduce((a, b) => a + b, 0);
    assertClose(sum - delta!, net.score - start, { absolute: 1e-4 }, 'sum of the map less what is left over');
    assertClose(delta!, 0, { absolute: 0.01 * Math.abs(net.score - start) }, 'what is left over');
  });
});
