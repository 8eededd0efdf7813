import assert from 'node:assert/strict';
import { assertClose } from '../support/close.js';
import { suiteSubject } from '../support/subject.js';

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
