import assert from 'node:assert/strict';
import { assertClose } from '../../support/close.js';
import { pooledNet } from './pooledNet.js';

describe('method/attribution/xgradcam', () => {
  const net = pooledNet();

  it('conserves: its sum is that of gradient times activation', async () => {
    const { map, layer } = await net.ask('xgradcam', { relu: false }, 'act');
    assert.equal(layer, 'act');
    const products = net.on.reduce((sum, a, i) => sum + a * net.slopes[i]!, 0);
    assertClose(
      map.reduce((sum, v) => sum + v, 0),
      products,
      { relative: 1e-5 },
      'sum of the map',
    );
  });
});
