import assert from 'node:assert';
import fs from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { filePath } from '../../../src/base/place.js';
import type { LayerElement } from '../../../src/host/tree/treeElements.js';
import { assertSentence, data, lens, scratch, shipped, until, workspace } from './lens.js';

describe('the commands', () => {
  const folder = scratch('command-test');

  it('show the sentence of a model that cannot be read, and leave the editor working', async () => {
    const api = await lens();
    const model = path.join(folder, 'broken.onnx');
    fs.writeFileSync(model, 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12\n');
    const shown: string[] = [];
    const listener = api.notifier.onDidShow((notice) => shown.push(notice.text));
    await vscode.commands.executeCommand('onnxLens.createSidecar', vscode.Uri.file(model));
    listener.dispose();
    assert.strictEqual(shown.length, 1);
    assertSentence({ message: shown[0]! });
  });

  it('write a sidecar that the model is read with from then on', async () => {
    const api = await lens();
    const model = path.join(folder, 'net.onnx');
    fs.copyFileSync(shipped().model, model);
    await vscode.commands.executeCommand('onnxLens.createSidecar', vscode.Uri.file(model));
    const file = path.join(folder, 'net.lens.json');
    const sidecar = JSON.parse(fs.readFileSync(file, 'utf8')) as { input: { mean: number[] } };
    assert.strictEqual(vscode.window.activeTextEditor?.document.uri.fsPath, file);
    assert.ok(sidecar.input.mean.length > 0, `sidecar.input.mean.length: ${sidecar.input.mean.length}`);
    const inspection = await (await api.services.runner()).inspect({ model: filePath(model) });
    assert.strictEqual(inspection.preprocessing.mean?.origin.kind, 'sidecar');
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });

  it('remember the model that was used last, while it exists', async () => {
    const { services } = await lens();
    await services.models.ready();
    const [uri] = services.models.list().map((each) => each.uri);
    services.models.use(uri!);
    assert.strictEqual(services.models.lastUsed?.toString(), uri!.toString());
    services.models.use(vscode.Uri.file('/gone.onnx'));
    assert.strictEqual(services.models.lastUsed, undefined);
  });

  it('say in the status bar what runs, and cancel it on a click', async () => {
    const { status } = await lens();
    const work = status.work('testing', (signal, progress) => {
      progress({ fraction: 0.421, message: 'half way' });
      assert.match(status.text, /testing 42 %/);
      return new Promise<string>((resolve) => signal.addEventListener('abort', () => resolve('stopped')));
    });
    await vscode.commands.executeCommand('onnxLens.cancel');
    assert.strictEqual(await work, 'stopped');
    status.report('webgpu', [{ provider: 'cuda', reason: 'no such library' }], 38);
    assert.strictEqual(status.text, 'ONNX Lens: WebGPU');
  });

  it('explain the pictures of a folder and of its folders as one run, in the order of their numbers', async () => {
    const api = await lens();
    const { model, picture } = shipped();
    api.services.models.use(vscode.Uri.file(model));
    const pictures = path.join(folder, 'pictures');
    fs.mkdirSync(path.join(pictures, 'sub'), { recursive: true });
    for (const name of ['bird10.png', 'bird9.png', path.join('sub', 'bird1.PNG')])
      fs.copyFileSync(picture, path.join(pictures, name));
    fs.writeFileSync(path.join(pictures, 'notes.txt'), 'no picture');
    fs.mkdirSync(path.join(folder, 'empty'));
    const shown: string[] = [];
    const listener = api.notifier.onDidShow((notice) => shown.push(notice.text));
    await vscode.commands.executeCommand('onnxLens.explainFolder', vscode.Uri.file(path.join(folder, 'empty')));
    listener.dispose();
    assert.match(shown.join(), /There is no picture in "empty"/);
    const before = api.explain.open.length;
    const asked = vscode.commands.executeCommand('onnxLens.explainFolder', vscode.Uri.file(pictures));
    const panel = await until('a panel shows them', async () => {
      // The model is asked for where there are several; the one used last comes first.
      await vscode.commands.executeCommand('workbench.action.acceptSelectedQuickOpenItem');
      return api.explain.open.find((each) => each.pictures.length === 3);
    });
    await asked;
    assert.ok(before <= 1, `before: ${before}`);
    assert.deepStrictEqual(
      panel.pictures.map(({ name }) => name),
      ['bird9.png', 'bird10.png', 'bird1.PNG'],
    );
    panel.panel.dispose();
  });

  it('explain the shipped example beside the editor, and say in the status bar what ran', async () => {
    const api = await lens();
    await vscode.commands.executeCommand('onnxLens.explainExample');
    const isPanel = (tab: vscode.Tab): boolean =>
      tab.input instanceof vscode.TabInputWebview && tab.input.viewType.includes('onnxLens.explain');
    await until('the panel is open', () => vscode.window.tabGroups.all.some((group) => group.tabs.some(isPanel)));
    await until('it ran', () => api.status.text === 'ONNX Lens: CPU', 40_000);
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    assert.strictEqual(api.explain.open.length, 0);
  });

  it('refuse to explain what is no picture', async () => {
    const { notifier } = await lens();
    const shown: string[] = [];
    const listener = notifier.onDidShow((notice) => shown.push(notice.text));
    await vscode.commands.executeCommand('onnxLens.explainImage', vscode.Uri.file(shipped().model));
    listener.dispose();
    assert.match(shown.join(), /is neither a picture nor/);
  });

  it('lead from a layer to the line of code that made it, though it was exported elsewhere', async function () {
    const source = data(this, 'models', 'cifar_resnet20_dynamo.onnx');
    const api = await lens();
    const model = path.join(folder, 'cifar_resnet20_dynamo.onnx');
    fs.copyFileSync(source, model);
    fs.copyFileSync(`${source}.data`, `${model}.data`);
    const code = path.join(folder, 'training', 'project', 'resnet_cifar.py');
    fs.mkdirSync(path.dirname(code), { recursive: true });
    fs.writeFileSync(code, Array.from({ length: 40 }, (_, i) => `line_${i + 1} = ${i + 1}`).join('\n'));
    const { layers } = await (await api.services.runner()).outline({ model: filePath(model) });
    const layer = layers.find((each) => each.source !== undefined);
    assert.ok(layer?.source, 'the model names its source lines');
    const element: LayerElement = {
      kind: 'layer',
      id: 'test',
      model: vscode.Uri.file(model),
      label: layer.name,
      layer,
    };
    await vscode.commands.executeCommand('onnxLens.revealLayerSource', element);
    const editor = vscode.window.activeTextEditor;
    assert.strictEqual(editor?.document.uri.fsPath, code);
    assert.strictEqual(editor.selection.active.line, layer.source.line - 1);
    await vscode.commands.executeCommand('onnxLens.copyLayerName', element);
    assert.strictEqual(await vscode.env.clipboard.readText(), layer.name);
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });

  it('add the example model to the workspace, without touching what is there', async () => {
    const to = workspace('onnx-lens-birds');
    fs.mkdirSync(to);
    after(() => fs.rmSync(to, { recursive: true, force: true }));
    const labels = path.join(to, path.basename(shipped().model));
    fs.writeFileSync(labels, 'mine');
    await vscode.commands.executeCommand('onnxLens.addExampleModel');
    assert.strictEqual(fs.readFileSync(labels, 'utf8'), 'mine');
    assert.ok(fs.readdirSync(to, { recursive: true, encoding: 'utf8' }).some((file) => file.endsWith('.png')));
  });
});
