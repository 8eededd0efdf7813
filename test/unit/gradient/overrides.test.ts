import assert from 'node:assert/strict';
import { floatTensor } from '../../../src/base/tensor.js';
import { ruleSet } from '../../../src/gradient/brought/overrides.js';
import { secantRules } from '../../../src/gradient/brought/secant.js';
import { twinned, type Twins } from '../../../src/gradient/brought/twoPasses.js';
import { assertClose } from '../support/close.js';
import { modelPath, reference, relativeError, requireData, sample } from '../support/data.js';
import { differentiate, openModel } from './run.js';

describe('gradient/overrides', () => {
  before(requireData);

  for (const model of ['small_cnn', 'cifar_resnet20']) {
    for (const name of ['guided_backprop', 'deconvnet']) {
      it(`${name} of ${model} equals the reference`, async () => {
        const m = await openModel(modelPath(`${model}.onnx`));
        const target = [...reference(model, 'target').data];
        const request = {
          score: { value: m.logits, seed: 'index' as const },
          wrt: [m.input],
          overrides: ruleSet(name),
        };
        const answer = await differentiate(m, { [m.input]: reference(model, 'input') }, request, target);
        const expected = reference(model, name);
        const actual = answer.gradients.get(m.input)!;
        const errors = target.map((_, k) => relativeError(sample(actual, k).data, sample(expected, k).data));
        assert.ok(errors.filter((e) => e < 1e-4).length >= target.length - 1, errors.join());
        await m.sessions.dispose();
      });
    }

    it(`the secants' slopes of ${model} equal the reference of DeepLIFT, for all inputs in one batch`, async () => {
      const m = await openModel(modelPath(`${model}.onnx`));
      const input = reference(model, 'input');
      const target = [...reference(model, 'target').data];
      const overrides = secantRules((value) => twins.twin(value));
      const twins: Twins = twinned(m.graph, m.facts, m.input, m.logits, overrides);
      const feeds = { [m.input]: input, [twins.input]: floatTensor(input.dims) };
      const request = { score: { value: m.logits, seed: 'index' as const }, wrt: [m.input], overrides };
      const pairs = { ...m, graph: twins.graph, facts: twins.facts };
      const answer = await differentiate(pairs, feeds, request, target);
      const plain = { ...request, overrides: new Map() };
      const { score: base } = await differentiate(m, { [m.input]: floatTensor(input.dims) }, plain, target);
      const multipliers = answer.gradients.get(m.input)!;
      const expected = reference(model, 'deeplift_rescale');
      const size = expected.data.length / target.length;
      for (const k of target.keys()) {
        const attribution = sample(multipliers, k).data.map((v, i) => v * input.data[k * size + i]!);
        assertClose(attribution, sample(expected, k).data, { relative: 1e-4 }, `attribution of sample ${k}`);
        // Complete: the attributions add up to the difference of the scores.
        const sum = attribution.reduce((s, v) => s + v, 0);
        assertClose(sum, answer.score[k]! - base[k]!, { absolute: 1e-3 }, `sum of sample ${k}`);
      }
      await m.sessions.dispose();
    });
  }

  it('refuses a name that it does not know', () => {
    assert.throws(() => ruleSet('no_such_rules'), /no_such_rules/);
  });
});
