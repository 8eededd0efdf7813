import assert from 'node:assert/strict';
import { toFloat32 } from '../../../../src/base/tensor.js';
import type { AttributionAnswer } from '../../../../src/method/method.js';
import { assertClose } from '../../support/close.js';
import { expected, suiteSubject } from '../../support/subject.js';

const NEAR = { absolute: 1e-5 } as const;
const gridOf = (answer: AttributionAnswer): Float32Array => toFloat32(answer.attribution.values);

for (const model of ['small_vit', 'mnist_vit'] as const)
  describe(`method/attribution/attentionRollout on ${model}`, () => {
    const at = suiteSubject(model);

    for (const fusion of ['mean', 'max', 'min'] as const)
      it(`is the class token's row of the reference, heads joined by their ${fusion}`, async () => {
        for (const k of [0, 1]) {
          const answer = await at.run('attention_rollout', k, { fusion, upsample: false });
          assertClose(gridOf(answer), expected(model, `rollout_${fusion}`, k).slice(1, 17), NEAR, fusion);
          assert.deepEqual(answer.attribution.values.dims, [4, 4]);
        }
      });

    it('says that it knows no class, and is brought to the size of the picture', async () => {
      const answer = await at.run('attention_rollout', 0);
      assert.match(answer.notes.join(' '), /a rollout knows no class/);
      assert.deepEqual(answer.attribution.resolution, [4, 4]);
      const { height, width } = at.subject.input;
      assert.deepEqual(answer.attribution.values.dims, [height, width]);
    });
  });
