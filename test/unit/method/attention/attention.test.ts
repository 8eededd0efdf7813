import assert from 'node:assert/strict';
import { chainOf, joined, relevanceSteps, rolloutSteps } from '../../../../src/method/attention/joined.js';
import { attentionOf, type ModelAttention } from '../../../../src/method/attention/layers.js';
import { matricesAndGradients, matricesOf } from '../../../../src/method/attention/matrices.js';
import { assertClose } from '../../support/close.js';
import { expected, suiteSubject } from '../../support/subject.js';

/** Single precision, on weights up to 1. */
const NEAR = { absolute: 1e-5 } as const;

for (const name of ['small_vit', 'mnist_vit'] as const) {
  describe(`the attention of ${name}`, () => {
    const at = suiteSubject(name);
    let attention: ModelAttention;
    before(async () => void (attention = await attentionOf(at.subject, at.signal)));

    it('is found by structure, every product of it', () => {
      assert.deepEqual(attention.without, []);
      for (const layer of attention.layers) {
        assert.deepEqual(
          [layer.kind, layer.windows, layer.queries, layer.keys, layer.notes],
          ['tokens', 1, 17, 17, []],
        );
        assert.deepEqual([layer.to?.grid, layer.from?.grid, layer.to?.prefix], [[4, 4], [4, 4], 1]);
        assert.deepEqual([...layer.to!.cells], [-1, ...Array(16).keys()]);
      }
    });

    for (const k of [0, 1, 2, 3]) {
      it(`has the matrices, entropies and distances of the reference, input ${k}`, async () => {
        const { input } = at.case(k);
        const found = await matricesOf(at.subject, attention, attention.layers, input, at.signal);
        const [all, entropy, distance] = ['attention', 'attention_entropy', 'attention_distance'].map((n) =>
          expected(name, n, k),
        );
        const flat = found.flatMap((m) => [...m.weights.data]);
        assertClose(flat, all!, NEAR, 'matrices');
        assertClose(
          found.flatMap((m) => [...m.entropy]),
          entropy!,
          NEAR,
          'entropy',
        );
        assertClose(
          found.flatMap((m) => [...m.distance]),
          distance!,
          NEAR,
          'distance',
        );
        for (const { sums } of found) assertClose(sums, [1, 1], { absolute: 1e-6 }, 'sums of rows');
      });

      it(`has its rollouts and relevance, input ${k}`, async () => {
        const { input, target } = at.case(k);
        const layers = chainOf(attention.layers);
        const of = at.subject.scoreAt(target, 'logit');
        const { weights, gradients } = await matricesAndGradients(
          at.subject,
          attention,
          layers,
          input,
          { of },
          at.signal,
        );
        for (const fusion of ['mean', 'max', 'min'] as const)
          assertClose(
            (await joined(at.subject, rolloutSteps(weights, fusion), at.signal)).data,
            expected(name, `rollout_${fusion}`, k),
            NEAR,
            fusion,
          );
        assertClose(
          gradients.flatMap((g) => [...g.data]),
          expected(name, 'attention_gradient', k),
          { relative: 1e-5 },
          'gradients',
        );
        assertClose(
          (await joined(at.subject, relevanceSteps(weights, gradients), at.signal)).data,
          expected(name, 'attention_relevance', k),
          { relative: 1e-5 },
          'relevance',
        );
      });
    }
  });
}
