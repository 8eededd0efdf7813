import { assertClose } from '../../support/close.js';
import { overChannels, PLACES, pooledNet } from './pooledNet.js';
import assert from 'node:assert/strict';

describe('method/attribution/gradcamPp', () => {
  const net = pooledNet();

  it('weighs a channel of positive gradient g by Σ g³ / (2g² + ΣA · g³)', async () => {
    const { map, layer } = await net.ask('gradcam_pp', { relu: false }, 'act');
    assert.equal(layer, 'act');
    const weights = [0, 1, 2].map((c) => {
      const g = net.slopes[c * PLACES]!;
      const total = net.on.subarray(c * PLACES, (c + 1) * PLACES).reduce((a, b) => a + b, 0);
      return g <= 0 ? 0 : (PLACES * g ** 3) / (2 * g * g + total * g ** 3 + 1e-6);
    });
    const expected = overChannels((i) => weights[Math.floor(i / PLACES)]! * net.on[i]!);
    assertClose(map, expected, { relative: 1e-5 }, 'map');
    const clipped = await net.ask('gradcam_pp', {}, 'act');
    assertClose(
      clipped.map,
      expected.map((v) => Math.max(0, v)),
      { relative: 1e-5 },
      'map without what is negative',
    );
  });
});
