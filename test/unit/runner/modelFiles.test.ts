import assert from 'node:assert/strict';
import { utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ModelFiles } from '../../../src/runner/model/files.js';
import { external, model, save } from '../checkpoint/craft.js';
import { temporaryFolder } from '../support/temporary.js';

describe('runner/model files', () => {
  const folder = temporaryFolder();
  const weights = path.join(folder, 'model.weights.bin');
  let file: string;
  let clock = 1_000_000_000;
  /** Writes a file as if a second had passed, so that its time tells. */
  const touch = (name: string, bytes: Uint8Array): void => {
    writeFileSync(name, bytes);
    utimesSync(name, ++clock, clock);
  };
  beforeEach(() => {
    touch(weights, new Uint8Array(4096));
    const entries = { location: 'model.weights.bin', length: '4096' };
    file = save(model({ initializers: [external('w', [1024], entries)] }), folder);
    utimesSync(file, ++clock, clock);
  });

  it('parses a model once for everybody who asks, at the same time or later', async () => {
    const files = new ModelFiles();
    const [a, b] = await Promise.all([files.read(file), files.read(file)]);
    assert.equal(a, b);
    assert.equal(await files.read(file), a);
    assert.deepEqual(
      a.checkpoint.externalFiles.map((each) => path.basename(each)),
      ['model.weights.bin'],
    );
  });

  it('reads a model again when it, or a file of its weights, has changed', async () => {
    const files = new ModelFiles();
    const first = await files.read(file);
    touch(weights, new Uint8Array(8192));
    const second = await files.read(file);
    assert.notEqual(second, first);
    touch(file, model());
    const third = await files.read(file);
    assert.notEqual(third, second);
    assert.deepEqual(third.checkpoint.externalFiles, []);
    assert.equal(await files.read(file), third);
  });

  it('does not remember a failure, nor what it was told to forget', async () => {
    const files = new ModelFiles();
    const whole = await files.read(file);
    const missing = path.join(folder, 'later.onnx');
    await assert.rejects(files.read(missing), { code: 'checkpoint/missing' });
    touch(missing, model());
    assert.equal((await files.read(missing)).graph.nodes.length, 1);
    files.forget(file);
    assert.notEqual(await files.read(file), whole);
  });
});
