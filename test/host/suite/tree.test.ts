import assert from 'node:assert';
import fs from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { filePath } from '../../../src/base/place.js';
import type { TreeElement } from '../../../src/host/tree/treeElements.js';
import { data, lens, modelRow, rows, scratch, shipped, until, workspace } from './lens.js';

describe('the view of models', () => {
  const folder = scratch('tree-test');
  before(async () => (await lens()).services.models.ready());

  it('lists the models of the workspace with size, opset and age', async () => {
    const api = await lens();
    const { model } = shipped();
    await until('the row names the opset', async () => {
      const row = await modelRow(api, model);
      assert.ok(row, `${model} is not listed`);
      return /^[\d.]+ [kM]?B · opset \d+ · .+( ago|now)$/.test(row.item.description as string);
    });
  });

  it('opens a model into its layers, each once, with what they are', async () => {
    const api = await lens();
    const row = await modelRow(api, shipped().model);
    const layers: string[] = [];
    const walk = async (parent: TreeElement): Promise<void> => {
      for (const { element, item } of await rows(api, parent)) {
        if (element.kind === 'layer') {
          layers.push(element.layer.name);
          assert.ok((item.description as string).startsWith(element.layer.op));
          assert.ok(item.iconPath instanceof vscode.ThemeIcon);
        } else await walk(element);
      }
    };
    await walk(row!.element);
    assert.ok(layers.length >= 5, layers.join(', '));
    assert.strictEqual(new Set(layers).size, layers.length);
    const { outline } = await (
      await api.services.runner()
    )
      .outline({ model: filePath(shipped().model) })
      .then((answer) => ({ outline: answer }));
    assert.deepStrictEqual([...layers].sort(), outline.layers.map((layer) => layer.name).sort());
  });

  it('says in its tooltip what goes in and comes out', async () => {
    const api = await lens();
    const row = await modelRow(api, shipped().model);
    const resolved = await api.tree.resolveTreeItem(row!.item, row!.element);
    const text = (resolved.tooltip as vscode.MarkdownString).value.replaceAll('&nbsp;', ' ').replaceAll('\\', '');
    assert.match(text, /Input .*float32.*×/);
    assert.match(text, /Output /);
    assert.match(text, /parameters/);
  });

  it('shows one sentence in the place of a file that is cut off, and the layers once it is whole', async () => {
    const api = await lens();
    const file = path.join(folder, 'growing.onnx');
    const whole = fs.readFileSync(shipped().model);
    fs.writeFileSync(file, whole.subarray(0, Math.floor(whole.length / 2)));
    const row = await until('the new file is listed', () => modelRow(api, file));
    const [problem, ...others] = await rows(api, row.element);
    assert.strictEqual(problem?.element.kind, 'problem');
    assert.deepStrictEqual(others, []);
    assert.match(problem.label, /^[A-Z"].*\.$/);
    assert.doesNotMatch(problem.label, /\n/);
    fs.writeFileSync(file, whole);
    await until('the layers are there', async () => (await rows(api, row.element))[0]?.element.kind !== 'problem');
  });

  it('notices files and folders that come and go', async () => {
    const api = await lens();
    const below = path.join(folder, 'deep', 'er');
    fs.mkdirSync(below, { recursive: true });
    const file = path.join(below, 'new.onnx');
    fs.copyFileSync(shipped().model, file);
    await until('the file has come', () => api.services.models.list().some((each) => each.uri.fsPath === file));
    fs.rmSync(path.join(folder, 'deep'), { recursive: true });
    await until('the folder has gone', () => !api.services.models.list().some((each) => each.uri.fsPath === file));
  });

  it('respects files.exclude, and leaves out node_modules', async () => {
    const api = await lens();
    for (const name of ['node_modules/x', 'hidden', 'shown']) {
      fs.mkdirSync(path.join(folder, name), { recursive: true });
      fs.copyFileSync(shipped().model, path.join(folder, name, 'net.onnx'));
    }
    const listed = (name: string): boolean =>
      api.services.models.list().some((each) => each.uri.fsPath === path.join(folder, name, 'net.onnx'));
    await until('the others are listed', () => listed('shown') && listed('hidden'));
    assert.ok(!listed('node_modules/x'));
    const settings = vscode.workspace.getConfiguration('files');
    await settings.update('exclude', { '**/hidden': true }, vscode.ConfigurationTarget.Workspace);
    try {
      await until('the excluded one is gone', () => !listed('hidden'));
      assert.ok(listed('shown'));
    } finally {
      await settings.update('exclude', undefined, vscode.ConfigurationTarget.Workspace);
      fs.rmSync(workspace('.vscode'), { recursive: true, force: true });
    }
  });

  it('stays quick with two thousand files', async function () {
    const api = await lens();
    const many = path.join(folder, 'many');
    for (let i = 0; i < 2000; i++) {
      if (i % 50 === 0) fs.mkdirSync(path.join(many, `run_${i / 50}`), { recursive: true });
      fs.writeFileSync(path.join(many, `run_${Math.floor(i / 50)}`, `epoch_${i}.onnx`), '');
    }
    await until(
      'all are listed',
      () => api.services.models.list().filter((each) => each.uri.fsPath.startsWith(many)).length === 2000,
      40_000,
    );
    const start = performance.now();
    const top = await rows(api);
    const ms = performance.now() - start;
    assert.ok(top.length < 50, `top.length: ${top.length}`);
    assert.ok(ms < 1000, `${ms.toFixed(0)} ms`);
    this.test!.title += ` (first rows in ${ms.toFixed(0)} ms)`;
    fs.rmSync(many, { recursive: true });
    await until(
      'all are gone',
      () => !api.services.models.list().some((each) => each.uri.fsPath.startsWith(many)),
      40_000,
    );
  });

  it('opens a deep network into its modules', async function () {
    const file = data(this, 'models', 'cifar_resnet20.onnx');
    const api = await lens();
    const copy = path.join(folder, 'cifar_resnet20.onnx');
    fs.copyFileSync(file, copy);
    const row = await until('it is listed', () => modelRow(api, copy));
    const top = await rows(api, row.element);
    const module = top.find((each) => each.label === 'layer1');
    assert.ok(module, top.map((each) => each.label).join(', '));
    assert.match(module.item.description as string, /^\d+ layers · [\d.]+ k$/);
    assert.deepStrictEqual(
      (await rows(api, module.element)).map((each) => each.label),
      ['0', '1', '2'],
    );
  });
});
