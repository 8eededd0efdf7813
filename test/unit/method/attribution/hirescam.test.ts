import { assertClose } from '../../support/close.js';
import { overChannels, pooledNet } from './pooledNet.js';
import assert from 'node:assert/strict';

describe('method/attribution/hirescam', () => {
  const net = pooledNet();

  it('multiplies gradient and activation place by place', async () => {
    const { map, layer } = await net.ask('hirescam', { relu: false }, 'act');
    assert.equal(layer, 'act');
    const expected = overChannels((i) => net.slopes[i]! * net.on[i]!);
    assertClose(map, expected, { relative: 1e-5 }, 'map');
    const clipped = await net.ask('hirescam', {}, 'act');
    assertClose(
      clipped.map,
      expected.map((v) => Math.max(0, v)),
      { relative: 1e-5 },
      'map without what is negative',
    );
  });
});
