import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { bundled } from '../support/bundled.js';
import { runCli } from '../support/cli.js';
import { temporaryFolder } from '../support/temporary.js';
import { colourFolders, colourNet, written } from '../training/colours.js';

describe('cli: train', () => {
  const folder = temporaryFolder();
  const at = (...names: string[]): string => path.join(folder, ...names);
  const [model, place] = [at('colours.onnx'), at('pictures')];
  const words = (out: string, ...more: string[]): string[] => [
    'train',
    model,
    place,
    '--param',
    'preset=scratch',
    '--param',
    'batch=4',
    '--param',
    'jitter=0.3',
    ...more,
    '--out',
    out,
  ];
  before(async () => {
    await written(colourNet(), model);
    await colourFolders(place, 8);
  });

  it('writes the network, its curve and its document', async () => {
    const { code, out, err } = await runCli(...words(at('new.onnx'), '--param', 'epochs=3', '--json'));
    assert.equal(code, 0, err);
    const document = JSON.parse(out) as Record<string, unknown>;
    assert.equal(document['schema'], 'onnx-lens/train/1');
    assert.deepEqual(
      document['files'],
      ['onnx', 'csv', 'json'].map((ending) => at(`new.${ending}`)),
    );
    assert.deepEqual(JSON.parse(readFileSync(at('new.json'), 'utf8')), document);
    const lines = readFileSync(at('new.csv'), 'utf8').trim().split('\n');
    assert.equal(lines[0], 'epoch,loss,accuracy,validation_loss,validation_accuracy,rate,seconds');
    assert.equal(lines.length, 4);
    assert.ok(existsSync(at('new.onnx')), 'the network');
  });

  it('says a line for each epoch, and what it needs', async () => {
    const { err, out } = await runCli(...words(at('lines.onnx'), '--param', 'epochs=2'));
    assert.match(err, /^epoch 1 of 2: loss [\d.]+, [\d.]+ % right; held out [\d.]+ %\nepoch 2 of 2/);
    assert.match(out, /18 trained on, 6 held out, 3 classes/);
    const { code, err: without } = await runCli('train', model, place);
    assert.deepEqual([code, /Add --out trained.onnx/.test(without)], [2, true]);
  });

  it('goes on after kill -9, to the same bytes', async () => {
    const epochs = ['--param', 'epochs=8'];
    const script = bundled('src/cli/main.ts', 'cli-under-test.cjs');
    const child = spawn(process.execPath, [script, ...words(at('killed'), ...epochs)], { stdio: 'ignore' });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    while (!existsSync(at('killed', 'epoch_3.onnx')) && child.exitCode === null)
      await new Promise((resolve) => setTimeout(resolve, 2));
    child.kill('SIGKILL');
    await ended;
    assert.ok(!existsSync(at('killed', 'best.onnx')), 'it was killed before its end');
    const { code, out, err } = await runCli(...words(at('killed'), ...epochs));
    assert.equal(code, 0, err);
    assert.match(out, /8, [23456] of them before/);
    await runCli(...words(at('whole'), ...epochs));
    for (const name of ['best.onnx', ...[1, 4, 8].map((k) => `epoch_${k}.onnx`)]) {
      const [a, b] = ['killed', 'whole'].map((run) => readFileSync(at(run, name)));
      assert.ok(a!.equals(b!), `${name} has the same bytes`);
    }
  });
});
