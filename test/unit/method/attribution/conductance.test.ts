import assert from 'node:assert/strict';
import { assertClose } from '../../support/close.js';
import { suiteSubject } from '../../support/subject.js';
import { pooledNet, sharesOf } from './pooledNet.js';

describe('method/conductance', () => {
  const t = suiteSubject('small_cnn');

  it('adds up to the difference of the scores at any layer, the better the more steps', async () => {
    for (const layer of ['/conv1/Conv', '/relu2/Relu']) {
      const { delta, attribution } = await t.run(
        'conductance',
        0,
        { steps: 400, rule: 'riemann_trapezoid' },
        { layer },
      );
      assert.equal(attribution.axes, 'CHW');
      assertClose(delta!, 0, { absolute: 0.02 }, `delta of ${layer}`);
    }
  });
});

describe('method/attribution/conductance in closed form', () => {
  const net = pooledNet();

  it('is what each unit of a layer adds to the score', async () => {
    const { map, layer, delta } = await net.ask('conductance', { baseline: 'zero', rule: 'riemann_trapezoid' }, 'act');
    assertClose(map, sharesOf(net), { relative: 1e-4 }, `map of ${layer}`);
    assertClose(delta!, 0, { absolute: 1e-4 }, 'what is left over');
  });
});
