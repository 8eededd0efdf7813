import assert from 'node:assert/strict';
import { filePath } from '../../../src/base/place.js';
import { attributionMethods } from '../../../src/method/index.js';
import type { ParameterValue } from '../../../src/result/method.js';
import { RunnerService } from '../../../src/runner/service.js';
import { dataPath, modelPath, requireData } from '../support/data.js';

/** Small amounts of work, for methods that have these parameters. */
const LESS: Readonly<Record<string, ParameterValue>> = { samples: 4, steps: 4, patch: '16', stride: '16' };

const CAT = 'images/cifar10_test_jpg/cat/0000.jpg';
const MODELS: readonly (readonly [model: string, picture: string])[] = [
  ['cifar_resnet20.onnx', CAT],
  ['odd_cnn.onnx', CAT],
  ['small_vit.onnx', CAT],
  ['mnist_vit.onnx', 'images/mnist_test'],
  ['mnist_cnn.onnx', 'images/mnist_test'],
];

describe('runner: every method on every kind of model', () => {
  const runner = new RunnerService();
  const service = runner.operations;
  const call = { signal: new AbortController().signal, progress: () => undefined };
  before(requireData);
  after(() => runner.dispose());

  for (const [file, place] of MODELS) {
    for (const method of attributionMethods) {
      it(`${method.id} on ${file}`, async () => {
        const given = Object.entries(LESS).filter(([key]) => {
          const spec = method.parameters[key];
          return spec !== undefined && (spec.type !== 'integer' || (spec.minimum ?? 0) <= 4);
        });
        const params = Object.fromEntries(
          given.map(([key, value]) => [key, key === 'patch' || key === 'stride' ? '8' : value]),
        );
        const model = modelPath(file);
        const picture = place.endsWith('.jpg') ? dataPath(place) : await digit(place);
        const answer = await service.explain(
          { model, inputs: [filePath(picture)], method: method.id, params, provider: 'cpu', threads: 1 },
          call,
        );
        const [outcome] = answer.results;
        assert.ok(outcome !== undefined, 'there is no outcome');
        if ('error' in outcome) {
          if (method.attends === true && !file.includes('vit')) {
            assert.match(outcome.error.message, /This model has no attention/);
            return;
          }
          // One refusal is foreseen: a method of pairs cannot run where a single sample is baked in.
          assert.equal(outcome.error.kind, 'unsupported', `${outcome.error.message} ${outcome.error.stack ?? ''}`);
          assert.equal(file, 'mnist_cnn.onnx', outcome.error.message);
          return;
        }
        const { attribution } = outcome.result;
        const data = attribution.values.data as Float32Array;
        assert.ok(data.every(Number.isFinite));
        assert.ok(
          data.some((v) => v !== 0),
          outcome.result.warnings.join(' '),
        );
        assert.equal(attribution.axes, method.properties.shape === 'pixel' ? 'HW' : 'CHW');
        if (!method.properties.signed) assert.ok(data.every((v) => v >= 0));
        if (method.properties.complete) assert.ok(Number.isFinite(outcome.result.delta));
      });
    }
  }

  async function digit(folder: string): Promise<string> {
    const { readdirSync } = await import('node:fs');
    const inner = dataPath(folder, '7');
    return `${inner}/${readdirSync(inner)[0]!}`;
  }
});
