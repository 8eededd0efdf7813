import { assertClose } from '../../support/close.js';
import { pooledNet } from './pooledNet.js';

describe('method/attribution/guidedBackprop', () => {
  const net = pooledNet();

  it('passes back what is positive, where the unit is on', async () => {
    const { map } = await net.ask('guided_backprop');
    const expected = net.slopes.map((s, i) => (net.on[i]! > 0 ? Math.max(0, s) * net.factors[i]! : 0));
    assertClose(map, expected, { relative: 1e-5 }, 'map');
  });
});
