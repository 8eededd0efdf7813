import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { Random } from '../../../src/base/random.js';
import { writeNpy } from '../../../src/base/npy.js';
import { filePath } from '../../../src/base/place.js';
import { floatTensor } from '../../../src/base/tensor.js';
import { writeModelFile } from '../../../src/checkpoint/writer.js';
import { RunnerService } from '../../../src/runner/service.js';
import { SIDE } from '../method/tinyNet.js';
import { tinyVit } from '../method/tinyVit.js';
import { call } from '../support/call.js';
import { assertClose } from '../support/close.js';
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

  it('of a model that takes any size is that of the size that is given', async () => {
    const free = filePath(path.join(folder, 'free.onnx'));
    await writeModelFile(tinyVit({ size: 'free' }), free);
    for (const [height, width] of [
      [12, 20],
      [16, 8],
    ] as const) {
      const fixed = filePath(path.join(folder, `fixed${height}.onnx`));
      await writeModelFile(tinyVit({ size: [height, width] }), fixed);
      const input = filePath(path.join(folder, `x${height}.npy`));
      const random = new Random(height);
      const picture = floatTensor([1, 3, height, width]);
      for (let i = 0; i < picture.data.length; i++) picture.data[i] = random.normal();
      writeFileSync(input, writeNpy(picture));
      const [one, other] = await Promise.all(
        [free, fixed].map((model) => runner.operations.attention({ model, inputs: [input] }, call())),
      );
      assert.deepEqual(
        one!.layers.map(({ queries, to }) => [queries, to?.prefix, to?.grid]),
        Array.from({ length: 2 }, () => [(height * width) / 16 + 1, 1, [height / 4, width / 4]]),
      );
      const [mine, theirs] = [one!, other!].map(({ results: [first] }) => {
        assert.ok(first !== undefined && 'result' in first, JSON.stringify(first));
        return first.result.layers.flatMap(({ weights }) => [...weights.data]);
      });
      assertClose(mine!, theirs!, { absolute: 1e-6 }, `matrices at ${height} × ${width}`);
    }
  });
});
