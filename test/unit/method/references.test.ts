import assert from 'node:assert/strict';
import { dataMissing, requireData } from '../support/data.js';
import { allowed, comparisons, errorsOf, jumpsOf, REFERENCE_MODELS } from '../support/references.js';
import { suiteSubject } from '../support/subject.js';

describe('method: every attribution with reference values equals them', () => {
  before(requireData);
  if (dataMissing !== undefined) {
    it('of every model', () => undefined);
    return;
  }

  for (const model of REFERENCE_MODELS) {
    describe(model, () => {
      const t = suiteSubject(model);
      for (const c of comparisons(model)) {
        it(c.name, async () => {
          const { each, but = 0, most = each, explained = false } = allowed(c);
          const errors = await errorsOf(t, c);
          const shown = errors.map((e) => e.toExponential(1)).join(' ');
          assert.ok(Math.max(...errors) < each, shown);
          assert.ok(errors.filter((e) => e >= most).length <= but, shown);
          if (!explained) return;
          for (const [k, error] of errors.entries()) {
            if (error < most) continue;
            const jump = await jumpsOf(t, c, k);
            assert.ok(error <= jump, `${shown}: rounding of the input accounts for ${jump.toExponential(1)}`);
          }
        });
      }
    });
  }
});
