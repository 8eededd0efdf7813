import assert from 'node:assert/strict';
import { LensError, toErrorData } from '../../../src/base/errors.js';
import { describeMethods } from '../../../src/method/index.js';
import { waysOut } from '../../../webview/explain/picture/wayOut.js';
import { setup } from '../support/explainHost.js';

const methods = describeMethods();

/** What is offered after a failure of a method, of those that the model can be asked with; and what was chosen. */
function offered(error: LensError, id = 'gradient', known = methods) {
  const chosen: string[] = [];
  const ways = waysOut(
    {
      method: methods.find((m) => m.id === id),
      setup: { ...setup('cat.png'), methods: known },
      chooseMethod: (method) => void chosen.push(method),
    },
    toErrorData(error),
  );
  return { ways, chosen };
}

describe('the way on from a failure', () => {
  const refused = [{ op: 'ai.onnx.ml.LinearClassifier', node: 'c', reason: 'it has no gradient' }];
  const noGradient = new LensError('unsupported', 'gradient/refused', 'No gradient passes.', { refused });

  it('is a method that only runs the model, where no gradient passes', () => {
    const { ways, chosen } = offered(noGradient);
    assert.deepEqual(
      ways.map(({ label }) => label),
      ['Use Occlusion'],
    );
    ways[0]!.onClick(new Event('click'));
    assert.deepEqual(chosen, ['occlusion']);
    const others = methods.filter(({ id }) => id !== 'occlusion');
    assert.equal(offered(noGradient, 'gradient', others).ways.length, 1, 'another of the kind, where it is not there');
    const none = methods.filter(({ needs }) => needs === 'gradient');
    assert.deepEqual(offered(noGradient, 'gradient', none).ways, []);
  });

  it('is none where a gradient was not the reason', () => {
    assert.deepEqual(offered(new LensError('input', 'input/shape', 'It does not fit.')).ways, []);
    assert.deepEqual(offered(noGradient, 'occlusion').ways, []);
  });

  it('is the list of what an output may be, where nobody knows', () => {
    const unknown = new LensError('usage', 'target/unknown-output', 'It is no list of classes.', { output: 'y' });
    assert.deepEqual(
      offered(unknown).ways.map(({ label }) => label),
      ['Choose how to read it'],
    );
  });
});
