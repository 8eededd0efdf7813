import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { writeNpy } from '../../../src/base/npy.js';
import { filePath } from '../../../src/base/place.js';
import { floatTensor } from '../../../src/base/tensor.js';
import { writeModelFile } from '../../../src/checkpoint/writer.js';
import { RunnerService } from '../../../src/runner/service.js';
import { SIDE } from '../method/tinyNet.js';
import { tinyVit } from '../method/tinyVit.js';
import { call } from '../support/call.js';
import { temporaryFolder } from '../support/temporary.js';

describe('runner: attention', () => {
  const runner = new RunnerService();
  after(() => runner.dispose());
  const folder = temporaryFolder();

  it('is listed where the scores are no numbers, without a word on what the model says', async () => {
    const model = filePath(path.join(folder, 'nan.onnx'));
    const input = filePath(path.join(folder, 'x.npy'));
    await writeModelFile(tinyVit({ constant: NaN }), model);
    writeFileSync(input, writeNpy(floatTensor([1, 3, SIDE, SIDE])));
    const { layers, results } = await runner.operations.attention({ model, inputs: [input], layers: [] }, call());
    assert.equal(layers.length, 2);
    const [first] = results;
    assert.ok(first !== undefined && 'result' in first, JSON.stringify(first));
    assert.equal(first.result.predicted, undefined);
  });
});
