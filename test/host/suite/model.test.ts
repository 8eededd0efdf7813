import assert from 'node:assert';
import fs from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { data, lens, scratch, shipped, until } from './lens.js';

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
    const { layers } = await (await api.services.runner()).outline({ model: uri.fsPath });
    await vscode.commands.executeCommand('onnxLens.inspectModel', uri);
    await vscode.commands.executeCommand('workbench.action.splitEditorRight');
    await vscode.commands.executeCommand('workbench.action.files.newUntitledFile');
    const before = customTabs(uri).length;
    const heard: (string | undefined)[] = [];
    const listener = api.selection.onDidChange(({ layer }) => heard.push(layer));
    await vscode.commands.executeCommand('onnxLens.inspectModel', uri, layers[1]!.name);
    listener.dispose();
    assert.deepStrictEqual(heard, [layers[1]!.name]);
    assert.strictEqual(api.selection.of(uri), layers[1]!.name);
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
    const source = data('models', 'cifar_resnet20_dynamo.onnx');
    if (source === undefined) return this.skip();
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
        'class Net(nn.Module):',
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
      ['4: Explain', '4: Inspect 10 layers', '6: Explain', '6: Inspect resnet.onnx'],
    );
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
    assert.match(text.replaceAll('&nbsp;', ' '), /conv1 · Conv · 16×3×3×3/);
  });
});
