import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { filePath } from '../../../../src/base/place.js';
import { PictureFile, PicturesInFile } from '../../../../src/runner/training/picturesInFile.js';
import { RunnerService } from '../../../../src/runner/service.js';
import { call } from '../../support/call.js';
import { temporaryFolder } from '../../support/temporary.js';
import { colourFolders, colourNet, written } from '../../training/colours.js';

describe('runner: pictures that memory has no room for', function () {
  this.timeout(60_000);
  const folder = temporaryFolder();
  const at = (...names: string[]): string => path.join(folder, ...names);
  const runner = new RunnerService();
  before(async () => {
    await written(colourNet(), at('colours.onnx'));
    await colourFolders(at('pictures'), 6);
  });
  after(async () => {
    delete process.env['ONNX_LENS_TRAINING_MEMORY'];
    await runner.dispose();
  });

  const trained = async (name: string): Promise<Buffer> => {
    const params = { preset: 'scratch', epochs: 2, batch: 4 };
    const file = filePath(at(name));
    await runner.operations.train(
      { model: filePath(at('colours.onnx')), place: filePath(at('pictures')), params, file },
      call(),
    );
    return readFileSync(file);
  };

  it('are read from the disk as they are asked for, to the same weights', async () => {
    const whole = await trained('memory.onnx');
    process.env['ONNX_LENS_TRAINING_MEMORY'] = '1000';
    assert.ok(whole.equals(await trained('disk.onnx')), 'the same bytes');
  });

  it('are refused for remove-and-retrain, with how many there is room for', async () => {
    // 8 × 8 × 3 bytes each.
    process.env['ONNX_LENS_TRAINING_MEMORY'] = String(5 * 192);
    const asked = { model: filePath(at('colours.onnx')), place: filePath(at('pictures')), methods: [] };
    await assert.rejects(runner.operations.roar(asked, call()), (error: { code: string; hint: string }) => {
      assert.equal(error.code, 'training/memory');
      assert.match(error.hint, /pictures=5/);
      return true;
    });
  });

  it('lie in a file in the order in which they came', () => {
    const file = new PictureFile(4);
    for (let i = 0; i < 3; i++) file.add(Uint8Array.from([i, 10 + i, 20 + i, 30 + i]));
    const pictures = new PicturesInFile(3, 2, 2, 1, Int32Array.of(2, 0, 1), file);
    const bytes = new Uint8Array(4);
    for (const i of [2, 0, 1]) {
      pictures.bytes(i, bytes);
      assert.deepEqual([...bytes], [i, 10 + i, 20 + i, 30 + i]);
    }
    assert.deepEqual([pictures.count, pictures.label(0)], [3, 2]);
    assert.throws(() => pictures.bytes(3, bytes), /Picture 3 ends/);
    file.close();
  });
});
