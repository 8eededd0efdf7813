import { assertClose } from '../../support/close.js';
import { overChannels, pooledNet } from './pooledNet.js';
import assert from 'node:assert/strict';

describe('method/attribution/gradcam', () => {
  const net = pooledNet();

  it('weighs each channel by its mean gradient', async () => {
    const { map, layer } = await net.ask('gradcam', { relu: false }, 'act');
    assert.equal(layer, 'act');
    const expected = overChannels((i) => net.slopes[i]! * net.on[i]!);
    assertClose(map, expected, { relative: 1e-5 }, 'map');
    const clipped = await net.ask('gradcam', {}, 'act');
    assertClose(
      clipped.map,
      expected.map((v) => Math.max(0, v)),
      { relative: 1e-5 },
      'map without what is negative',
    );
  });
});
