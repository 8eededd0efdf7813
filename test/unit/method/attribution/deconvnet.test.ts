import { assertClose } from '../../support/close.js';
import { pooledNet } from './pooledNet.js';

describe('method/attribution/deconvnet', () => {
  const net = pooledNet();

  it('passes back what is positive, also where the unit is off', async () => {
    const { map } = await net.ask('deconvnet');
    assertClose(
      map,
      net.slopes.map((s, i) => Math.max(0, s) * net.factors[i]!),
      { relative: 1e-5 },
      'map',
    );
  });
});
