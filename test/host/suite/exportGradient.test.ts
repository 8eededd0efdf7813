import assert from 'node:assert';
import { filePath } from '../../../src/base/place.js';
import fs from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { assertSentence, lens, scratch, shipped, until } from './lens.js';

describe('the command Export Gradient Graph', () => {
  const folder = scratch('gradient-test');
  const model = path.join(folder, 'net.onnx');
  const run = (file: string, weights: 'shared' | 'embedded'): Thenable<vscode.Uri | undefined> =>
    vscode.commands.executeCommand('onnxLens.exportGradient', vscode.Uri.file(model), {
      file: vscode.Uri.file(file),
      weights,
    });
  before(() => fs.copyFileSync(shipped().model, model));

  /** What the runner, a process of its own, finds when it loads and runs the file. */
  async function load(file: string): Promise<{ readonly values: readonly string[]; readonly origin: string }> {
    const runner = await (await lens()).services.runner();
    const { inputs, outputs, metadata, warnings } = await runner.inspect({ model: filePath(file) });
    assert.deepStrictEqual(
      warnings.filter((warning) => warning.includes('could not be run')),
      [],
    );
    return {
      values: [...inputs, ...outputs].map(({ name }) => name),
      origin: `${metadata['onnx_lens.gradient.tool']}: ${metadata['onnx_lens.gradient.model']}`,
    };
  }

  it('writes a model that points at the weights of the first and says where it comes from', async () => {
    const file = path.join(folder, 'net.gradient.onnx');
    assert.strictEqual((await run(file, 'shared'))?.fsPath, file);
    const { values, origin } = await load(file);
    assert.deepStrictEqual(values.slice(-3), ['target', 'score', 'gradient']);
    assert.strictEqual(origin, 'ONNX Lens: net.onnx');
    assert.ok(fs.statSync(file).size < fs.statSync(model).size, 'no weights were copied');
  });

  it('writes one that stands alone, into a folder that is made', async () => {
    const file = path.join(folder, 'far', 'away', 'alone.onnx');
    await run(file, 'embedded');
    assert.ok(
      fs.statSync(file).size > 0.8 * fs.statSync(model).size,
      `fs.statSync(file).size: ${fs.statSync(file).size}, 0.8 * fs.statSync(model).size: ${0.8 * fs.statSync(model).size}`,
    );
    assert.deepStrictEqual((await load(file)).values.slice(-2), ['score', 'gradient']);
  });

  it('never overwrites the model, and says so', async () => {
    const api = await lens();
    const before = fs.readFileSync(model);
    const shown: string[] = [];
    const listener = api.notifier.onDidShow((notice) => shown.push(notice.text));
    assert.strictEqual(await run(model, 'embedded'), undefined);
    listener.dispose();
    assert.strictEqual(shown.length, 1);
    assert.match(shown[0]!, /must not overwrite the model/);
    assertSentence({ message: shown[0]! });
    assert.deepStrictEqual(fs.readFileSync(model), before);
  });

  it('is cancelled by the status bar, and leaves nothing behind', async () => {
    const api = await lens();
    const file = path.join(folder, 'cancelled.onnx');
    api.runner.restart(); // The shapes are not known yet: there is something to cancel.
    const running = run(file, 'embedded');
    await until('it is under way', () => api.status.text.includes('exporting'));
    await vscode.commands.executeCommand('onnxLens.cancel');
    assert.strictEqual(await running, undefined);
    assert.deepStrictEqual(
      fs.readdirSync(folder).filter((name) => name.startsWith('cancelled')),
      [],
    );
  });
});
