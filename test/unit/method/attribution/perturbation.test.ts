import { assertClose } from '../../support/close.js';
import { PLACES, pooledNet, POSITIVE } from './pooledNet.js';

describe('method/attribution/perturbation', () => {
  const net = pooledNet(POSITIVE);
  const ALL = { steps: 200, smoothness: 0, fill: 'zero' };

  it('covers everything that adds to the score where covering costs nothing, and nothing where it costs more', async () => {
    const free = await net.ask('perturbation', { ...ALL, area: 0 });
    assertClose(free.map, new Float32Array(PLACES).fill(1), { absolute: 1e-5 }, 'share covered for nothing');
    const dear = await net.ask('perturbation', { ...ALL, area: 100 });
    assertClose(dear.map, new Float32Array(PLACES), { absolute: 1e-5 }, 'share covered for a hundredfold');
  });

  it('keeps nothing where keeping costs more than the score is worth', async () => {
    const { map } = await net.ask('perturbation', { ...ALL, game: 'preservation', area: 100 });
    assertClose(map, new Float32Array(PLACES), { absolute: 1e-5 }, 'share kept');
  });
});
