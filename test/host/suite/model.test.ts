import assert from 'node:assert';
import fs from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { filePath } from '../../../src/base/place.js';
import type { LensTarget } from '../../../src/host/python/pythonLenses.js';
import { data, lens, scratch, shipped, until, workspace } from './lens.js';

describe('the editor of a checkpoint', () => {
  const folder = scratch('model-test');
  const customTabs = (uri: vscode.Uri): vscode.Tab[] =>
    vscode.window.tabGroups.all
      .flatMap((group) => group.tabs)
      .filter(({ input }) => input instanceof vscode.TabInputCustom && input.uri.toString() === uri.toString());
  const copy = (name: string): vscode.Uri => {
    const file = path.join(folder, name);
    fs.copyFileSync(shipped().model, file);
    return vscode.Uri.file(file);
  };
  afterEach(() => vscode.commands.executeCommand('workbench.action.closeAllEditors'));

  it('opens .onnx files, and frees the model in the runner when it is closed', async () => {
    const api = await lens();
    const uri = copy('opened.onnx');
    await vscode.commands.executeCommand('vscode.open', uri);
    const [tab] = customTabs(uri);
    assert.ok(tab?.input instanceof vscode.TabInputCustom);
    assert.strictEqual(tab.input.viewType, 'onnxLens.model');
    const runner = await api.services.runner();
    const opened = async (): Promise<boolean> => (await runner.status({})).openModels.includes(uri.fsPath);
    await until('the page has asked for the model', opened);
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await until('the model is freed', async () => !(await opened()));
    assert.strictEqual(api.editors.open.length, 0);
  });

  it('shows a layer in the editor that is open, wherever the focus is', async () => {
    const api = await lens();
    const uri = copy('selected.onnx');
    const { layers } = await (await api.services.runner()).outline({ model: filePath(uri.fsPath) });
    await vscode.commands.executeCommand('onnxLens.inspectModel', uri);
    await vscode.commands.executeCommand('workbench.action.splitEditorRight');
    await vscode.commands.executeCommand('workbench.action.files.newUntitledFile');
    const before = customTabs(uri).length;
    const heard: (string | undefined)[] = [];
    const listener = api.services.selection.onDidChange(({ layer }) => heard.push(layer));
    await vscode.commands.executeCommand('onnxLens.inspectModel', uri, layers[1]!.name);
    listener.dispose();
    assert.deepStrictEqual(heard, [layers[1]!.name]);
    assert.strictEqual(api.services.selection.of(uri), layers[1]!.name);
    assert.strictEqual(customTabs(uri).length, before, 'no further editor was opened');
  });

  it('tells its pages that the file is being written, and when it has come to rest', async () => {
    const api = await lens();
    const uri = copy('rewritten.onnx');
    await vscode.commands.executeCommand('vscode.open', uri);
    const editor = await until('it is open', () => api.editors.open[0]);
    const states: string[] = [];
    const listener = editor.document.onDidChange(({ state, version }) => states.push(`${state} ${version}`));
    await new Promise((resolve) => setTimeout(resolve, 1500)); // the watcher has started
    const bytes = fs.readFileSync(uri.fsPath);
    fs.writeFileSync(uri.fsPath, bytes.subarray(0, 1000));
    await until('it is being written', () => states.includes('writing 1'));
    fs.writeFileSync(uri.fsPath, bytes);
    await until('it has come to rest', () => states.some((state) => state.startsWith('ready')));
    fs.rmSync(uri.fsPath);
    await until('it is gone', () => editor.document.status.state === 'gone');
    listener.dispose();
  });

  it('is reached from the training code: attributes, exports and file names', async function () {
    const source = data(this, 'models', 'cifar_resnet20_dynamo.onnx');
    const api = await lens();
    const model = path.join(folder, 'resnet.onnx');
    fs.copyFileSync(source, model);
    fs.copyFileSync(`${source}.data`, path.join(folder, 'cifar_resnet20_dynamo.onnx.data'));
    const code = vscode.Uri.file(path.join(folder, 'resnet_cifar.py'));
    fs.writeFileSync(
      code.fsPath,
      [
        'import torch',
        'from torch import nn',
        'class Block(nn.Module):',
        '    def __init__(self):',
        '        self.conv1 = nn.Conv2d(3, 16, 3)',
        '        self.unknown = nn.Conv2d(3, 16, 3)',
        'torch.onnx.export(Net(), (x,), "out/resnet.onnx")',
        'print("elsewhere.onnx")',
      ].join('\n'),
    );
    await api.services.models.ready();
    await until('the model is listed', () => api.services.models.list().some((each) => each.uri.fsPath === model));
    const document = await vscode.workspace.openTextDocument(code);
    await vscode.window.showTextDocument(document);
    const lenses = await until('there are lenses', async () => {
      const found = await vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', code, 20);
      return found.length > 0 && found;
    });
    const titles = lenses.map((each) => `${each.range.start.line}: ${each.command?.title}`).sort();
    assert.deepStrictEqual(
      titles.map((title) => title.replace(/ \(older\)/, '')),
      // Not the first convolution: that is of another class than this one.
      [
        '4: Compare',
        '4: Explain',
        '4: Inspect 9 layers',
        '4: Visualize',
        '6: Compare',
        '6: Explain',
        '6: Inspect resnet.onnx',
        '6: Visualize',
      ],
    );
    // The lens follows the layer that is selected in the window.
    const layer = 'layer2.1.conv1';
    api.services.selection.select({ model: vscode.Uri.file(model), layer, by: {} });
    await until('the lens says which layer is selected', async () => {
      const found = await vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', code, 20);
      return found.some((each) => each.command?.title.includes(`9 layers (${layer} selected)`));
    });
    api.services.selection.select({ model: vscode.Uri.file(model), layer: undefined, by: {} });
    const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
      'vscode.executeHoverProvider',
      code,
      new vscode.Position(4, 15),
    );
    const text = hovers
      .flatMap((hover) => hover.contents)
      .map((content) => (content as vscode.MarkdownString).value)
      .join('');
    assert.match(text, /data:image\/png;base64,iVBORw0KGgo/);
    assert.match(text.replaceAll('&nbsp;', ' '), /layer1\.0\.conv1 · Conv · 16×16×3×3/);
  });

  it('offers the layers of the right class only, of every network that has them', async () => {
    const api = await lens();
    const code = vscode.Uri.file(workspace('models', 'birds', 'net.py'));
    const document = await vscode.workspace.openTextDocument(code);
    await api.services.models.ready();
    const lenses = await until('there are lenses', async () => {
      const found = await vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', code, 99);
      return found.some(({ command }) => command?.title.startsWith('Inspect')) && found;
    });
    const targets = (text: string): Record<string, readonly string[]> => {
      const line = document
        .getText()
        .split('\n')
        .findIndex((each) => each.includes(text));
      const inspect = lenses.find(
        ({ range, command }) => range.start.line === line && command?.title.startsWith('Inspect'),
      );
      const all = (inspect?.command?.arguments?.[0] ?? []) as LensTarget;
      // Other tests of this file leave copies elsewhere.
      const candidates = all.filter(({ model }) => path.basename(path.dirname(model.fsPath)) === 'birds');
      return Object.fromEntries(candidates.map(({ model, layers }) => [path.basename(model.fsPath), layers]));
    };
    // The checkpoint of the first epoch has the same layers, and is of the same training: it says nothing new.
    const cnn = { 'birds_cnn.onnx': ['head'] };
    assert.deepStrictEqual(targets('self.head = nn.Linear(88'), cnn);
    assert.deepStrictEqual(targets('self.head = nn.Linear(dim'), { 'birds_vit.onnx': ['head'] });
    const blocks = targets('self.conv1 =')['birds_cnn.onnx'];
    assert.deepStrictEqual(blocks, ['stage1.conv1', 'stage2.conv1', 'stage3.conv1']);
  });

  it('compares a layer with what is picked', async () => {
    const api = await lens();
    const model = vscode.Uri.file(workspace('models', 'birds', 'birds_cnn.onnx'));
    const running = vscode.commands.executeCommand('onnxLens.compareLayer', model, 'stem');
    // The first that is offered: the nearest with this layer, or random weights while nothing else is known.
    await until('the question is there and answered', async () => {
      await vscode.commands.executeCommand('workbench.action.acceptSelectedQuickOpenItem');
      return api.editors.open.some(({ document }) => document.uri.toString() === model.toString());
    });
    await running;
    assert.strictEqual(api.services.selection.of(model), 'stem');
    assert.strictEqual(customTabs(model).length, 1);
  });
});
