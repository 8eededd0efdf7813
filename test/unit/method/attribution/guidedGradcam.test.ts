import { assertClose } from '../../support/close.js';
import { overChannels, PLACES, pooledNet } from './pooledNet.js';

describe('method/attribution/guidedGradcam', () => {
  const net = pooledNet();

  it('is guided backpropagation times what Grad-CAM has above zero', async () => {
    const { map } = await net.ask('guided_gradcam', {}, 'act');
    const cam = overChannels((i) => net.slopes[i]! * net.on[i]!);
    const expected = net.slopes.map((s, i) => {
      const guided = net.on[i]! > 0 ? Math.max(0, s) * net.factors[i]! : 0;
      return guided * Math.max(0, cam[i % PLACES]!);
    });
    assertClose(map, expected, { relative: 1e-5 }, 'map');
  });
});
