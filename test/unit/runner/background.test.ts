import assert from 'node:assert/strict';
import { RunnerService } from '../../../src/runner/service.js';
import { toFloat32 } from '../../../src/base/tensor.js';
import { assertClose } from '../support/close.js';
import { dataPath, modelPath, requireData } from '../support/data.js';

describe('runner/background', () => {
  const runner = new RunnerService();
  const service = runner.operations;
  const call = { signal: new AbortController().signal, progress: () => undefined };
  before(requireData);
  after(() => runner.dispose());

  const explain = async (background: string): Promise<{ values: Float32Array; delta: number }> => {
    const answer = await service.explain(
      {
        model: modelPath('cifar_resnet20.onnx'),
        provider: 'cpu',
        inputs: [dataPath('images/cifar10_test_jpg/cat/0000.jpg')],
        method: 'expected_gradients',
        params: { samples: 60, background },
      },
      call,
    );
    const [outcome] = answer.results;
    assert.ok(outcome !== undefined, 'there is no outcome');
    if ('error' in outcome) throw new Error(outcome.error.message);
    const { attribution, delta } = outcome.result;
    return { values: toFloat32(attribution.values), delta: delta! };
  };

  it('draws the baselines of Expected Gradients from other pictures', async () => {
    const dogs = await explain(dataPath('images/cifar10_test_jpg/dog'));
    const itself = await explain(dataPath('images/cifar10_test_jpg/cat/0000.jpg'));
    const noise = await explain('');
    assert.ok(
      itself.values.every((v) => v === 0),
      'a picture differs in nothing from itself',
    );
    assertClose(itself.delta, 0, { absolute: 1e-3 }, 'delta');
    assert.notDeepEqual(dogs.values, noise.values);
    assert.ok(dogs.values.some((v) => v !== 0));
  });

  it('says what is wrong with it', async () => {
    await assert.rejects(explain('/no/such/folder'), { code: 'input/not-found' });
  });
});
