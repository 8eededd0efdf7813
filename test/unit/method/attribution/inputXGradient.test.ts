import { assertClose } from '../../support/close.js';
import { pooledNet, sharesOf } from './pooledNet.js';

describe('method/attribution/inputXGradient', () => {
  const net = pooledNet();

  it('is what each pixel adds to the score of a network of rectifiers without biases', async () => {
    const { map } = await net.ask('input_x_gradient');
    assertClose(map, sharesOf(net), { relative: 1e-5 }, 'map');
    const sum = map.reduce((a, b) => a + b, 0);
    assertClose(sum, net.score, { absolute: 1e-5 }, 'sum of the map');
  });
});
