import { assertClose } from '../../support/close.js';
import { PLACES, pooledNet } from './pooledNet.js';
import assert from 'node:assert/strict';

describe('method/attribution/rise', () => {
  const net = pooledNet();

  it('with masks of one cell is the score times the share of masks that hide the picture', async () => {
    const samples = 400;
    const { map } = await net.ask('rise', { samples, grid: 1, keep: 0.3, fill: 'zero' });
    assert.equal(map.length, PLACES);
    // Seen, the score is whole; hidden, it is nothing: S - S · share seen.
    const hidden = map[0]! / net.score;
    assertClose(map, new Float32Array(PLACES).fill(hidden * net.score), { relative: 1e-5 }, 'map');
    assertClose(hidden, 0.7, { absolute: 0.09 }, 'share of hidden pictures');
    assertClose(hidden * samples, Math.round(hidden * samples), { absolute: 1e-3 }, 'number of hidden pictures');
  });
});
