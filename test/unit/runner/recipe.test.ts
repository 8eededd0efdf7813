import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { filePath } from '../../../src/base/place.js';
import { RunnerService } from '../../../src/runner/service.js';
import { VERSION } from '../../../src/runner/model/version.js';
import { temporaryFolder } from '../support/temporary.js';
import { call } from '../support/call.js';

describe('runner/input/recipe', () => {
  const runner = new RunnerService();
  const service = runner.operations;
  const model = filePath(path.resolve('models/birds/birds_cnn.onnx'));
  const hash = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');
  after(() => runner.dispose());

  it('says what a page cannot know: hashes, preprocessing, versions', async () => {
    const input = filePath(path.join(temporaryFolder(), 'bird.png'));
    writeFileSync(input, 'read for its hash only');
    const recipe = await service.recipe(
      {
        model,
        method: 'activations',
        params: { channel: 3 },
        layer: 'conv1',
        input,
        ranOn: 'cpu',
        notes: ['as it is'],
      },
      call(),
    );
    const { preprocessing, versions, ...rest } = recipe;
    assert.deepEqual(rest, {
      schema: 'onnx-lens/recipe/1',
      model: { file: 'birds_cnn.onnx', sha256: hash(model) },
      input: { file: 'bird.png', sha256: hash(input) },
      method: 'activations',
      params: { channel: 3 },
      layer: 'conv1',
      seed: 0,
      provider: 'cpu',
      notes: ['as it is'],
    });
    assert.deepEqual(Object.keys(versions), ['onnx-lens', 'onnxruntime-node']);
    assert.equal(versions['onnx-lens'], VERSION);
    assert.match(versions['onnxruntime-node']!, /^\d+\.\d+\.\d+/);
    assert.ok(preprocessing.size !== undefined, 'nothing says how pictures are prepared');
  });

  it('leaves out what there is not', async () => {
    const recipe = await service.recipe({ model, method: 'weights', params: {}, notes: [] }, call());
    assert.equal(recipe.provider, 'none');
    assert.ok(!('input' in recipe) && !('layer' in recipe) && !('target' in recipe), JSON.stringify(recipe));
  });
});
