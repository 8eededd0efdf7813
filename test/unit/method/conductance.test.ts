import assert from 'node:assert/strict';
import { toFloat32 } from '../../../src/base/tensor.js';
import { expected, suiteSubject } from '../support/subject.js';
import { relativeError } from '../support/data.js';

describe('method/conductance', () => {
  const t = suiteSubject('small_cnn');

  it('equals the reference at an inner layer', async () => {
    for (let k = 0; k < 4; k++) {
      const answer = await t.run('conductance', k, {}, { layer: '/relu2/Relu' });
      assert.deepEqual(answer.attribution.values.dims, [24, 16, 16]);
      const error = relativeError(toFloat32(answer.attribution.values), expected('small_cnn', 'conductance_relu2', k));
      assert.ok(error < 1e-4, `input ${k}: ${error}`);
    }
  });

  it('adds up to the difference of the scores at any layer, the better the more steps', async () => {
    for (const layer of ['/conv1/Conv', '/relu2/Relu']) {
      const { delta } = await t.run('conductance', 0, { steps: 400, rule: 'riemann_trapezoid' }, { layer });
      assert.ok(Math.abs(delta!) < 0.02, `${layer}: ${delta}`);
    }
  });
});
