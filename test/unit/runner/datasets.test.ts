import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { writeNpy } from '../../../src/base/npy.js';
import { filePath } from '../../../src/base/place.js';
import { decodePicture } from '../../../src/input/decode.js';
import { listPictures } from '../../../src/input/folder.js';
import type { PredictAnswer } from '../../../src/protocol/prediction.js';
import { RunnerService } from '../../../src/runner/service.js';
import { writeNpz, writeParquet } from '../dataset/written.js';
import { call } from '../support/call.js';
import { dataPath, modelPath, requireData } from '../support/data.js';
import { temporaryFolder } from '../support/temporary.js';

describe('a data set', () => {
  before(requireData);
  const service = new RunnerService();
  after(() => service.dispose());
  const place = temporaryFolder();

  it('gives the same predictions and the same accuracy as a folder, as parquet and as .npz', async () => {
    const { pictures, classes } = await listPictures(dataPath('images', 'cifar10_train_png'));
    const files = await Promise.all(pictures.map((p) => readFile(p.path)));
    const labels = pictures.map((p) => classes.indexOf(p.className!));
    const parquet = filePath(path.join(place, 'train.parquet'));
    await writeParquet(parquet, files, labels, { names: classes, rowGroupSize: 32 });
    const rasters = await Promise.all(files.map((bytes) => decodePicture(bytes)));
    const npz = filePath(path.join(place, 'cifar.npz'));
    await writeNpz(npz, {
      x_train: writeNpy({
        type: 'uint8',
        dims: [rasters.length, 32, 32, 3],
        data: Uint8Array.from(rasters.flatMap((r) => [...r.data])),
      }),
      y_train: writeNpy({ type: 'int64', dims: [labels.length, 1], data: BigInt64Array.from(labels, BigInt) }),
    });
    const config = filePath(path.join(place, 'resnet20.json'));
    const input = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225], range: [0, 1] };
    await writeFile(config, JSON.stringify({ input }));
    const ask = (input: PredictAnswer['files'][number]): Promise<PredictAnswer> =>
      service.operations.predict({ model: modelPath('cifar_resnet20.onnx'), config, inputs: [input], top: 3 }, call());
    const answers = [await ask(dataPath('images', 'cifar10_train_png')), await ask(parquet), await ask(npz)];
    const scores = answers.map(({ accuracy, results }) => ({
      accuracy,
      top: results.map((r) => ('result' in r ? r.result.top?.map(({ index, logit }) => [index, logit]) : r.error)),
    }));
    assert.equal(scores[0]!.top.length, 100);
    assert.ok(scores[0]!.accuracy! > 0.95, `accuracy ${scores[0]!.accuracy}`);
    assert.deepEqual(scores[1], scores[0]);
    assert.deepEqual(scores[2], scores[0]);
    const truth = answers.map((answer) => answer.results.map((r) => ('result' in r ? r.result.label : r.error)));
    assert.deepEqual(truth[1], truth[0]);
    // Arrays have numbers for classes.
    assert.deepEqual(truth[2], labels.map(String));
    assert.match(answers[2]!.results[3]!.input, /cifar\.npz#x_train\/3$/);
  });
});
