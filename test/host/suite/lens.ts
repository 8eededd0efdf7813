import assert from 'node:assert';
import fs from 'node:fs';
import path from 'node:path';
import type { Context } from 'mocha';
import * as vscode from 'vscode';
import { skipBecause } from '../../../.build/counts.mjs';
import type { LensApi } from '../../../src/extension.js';
import type { TreeElement } from '../../../src/host/tree/treeElements.js';
import { DATA, dataMissing } from '../../data.mjs';

export const ID = 'onnx-lens.onnx-lens';

/** The extension under test: the one that is installed, as it came out of the package. */
export function extension(): vscode.Extension<LensApi> {
  const found = vscode.extensions.getExtension<LensApi>(ID);
  assert.ok(found, `${ID} is not installed`);
  return found;
}

export async function lens(): Promise<LensApi> {
  return extension().activate();
}

/** The demo workspace. */
export function workspace(...parts: string[]): string {
  return path.join(vscode.workspace.workspaceFolders![0]!.uri.fsPath, ...parts);
}

/** A folder of this test in the workspace, removed when the tests of the file are through. */
export function scratch(name: string): string {
  const folder = workspace(name);
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  after(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A shipped model and one of its pictures, in the workspace. */
export function shipped(): { readonly model: string; readonly picture: string } {
  const files = fs.readdirSync(workspace('models'), { recursive: true, encoding: 'utf8' }).sort();
  const model = files.find((file) => file.endsWith('.onnx'));
  const picture = files.find((file) => file.endsWith('.png'));
  assert.ok(model && picture, `The demo workspace has no model or no picture: ${files.join(', ')}`);
  return { model: workspace('models', model), picture: workspace('models', picture) };
}

/** A file of the test data; skips the test of that context where they are absent. */
export function data(context: Context, ...parts: string[]): string {
  return dataMissing === undefined ? path.join(DATA, ...parts) : skipBecause(context, dataMissing);
}

/** One sentence for a person: no stack, no second line, not a bug. */
export function assertSentence(error: { readonly message: string; readonly code?: string }): void {
  assert.match(error.message, /^[A-Z"'\d][^\n]*[.?]$/);
  assert.notStrictEqual(error.code, 'bug');
}

/** Waits until `look` answers something. */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  ms = 20_000,
): Promise<T> {
  const end = Date.now() + ms;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    assert.ok(Date.now() < end, `Still not so after ${ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The rows below one, or the first ones, with what they show. */
export async function rows(
  api: LensApi,
  parent?: TreeElement,
): Promise<{ element: TreeElement; item: vscode.TreeItem; label: string }[]> {
  const elements = await api.tree.getChildren(parent);
  return elements.map((element) => {
    const item = api.tree.getTreeItem(element);
    return { element, item, label: item.label as string };
  });
}

/** The row of a model, wherever its folder is in the tree. */
export async function modelRow(
  api: LensApi,
  file: string,
): Promise<{ element: TreeElement; item: vscode.TreeItem } | undefined> {
  const search = async (parent?: TreeElement): Promise<{ element: TreeElement; item: vscode.TreeItem } | undefined> => {
    for (const row of await rows(api, parent)) {
      if (row.element.kind === 'model' && row.element.uri.fsPath === file) return row;
      const found = row.element.kind === 'folder' ? await search(row.element) : undefined;
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return search();
}
