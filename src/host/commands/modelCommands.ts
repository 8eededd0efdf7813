import * as vscode from 'vscode';
import { chooseModel } from '../modelChoice.js';
import { inspectionPage } from '../inspectionPage.js';
import { activeFile } from '../pictures.js';
import type { HostServices } from '../services.js';
import type { ModelTree } from '../modelTree.js';
import { sidecarPath, sidecarText } from '../sidecar.js';
import { revealSource } from '../sourceLine.js';
import type { LayerElement, ModelElement } from '../treeElements.js';
import { registerCommands } from './register.js';

const PAGES = 'onnx-lens';

/** The commands about one model or layer. */
export function modelCommands(services: HostServices, tree: ModelTree): vscode.Disposable {
  const { models, status } = services;
  const pages = new Map<string, string>();
  const changed = new vscode.EventEmitter<vscode.Uri>();

  const modelOf = async (args: readonly unknown[], title: string): Promise<vscode.Uri | undefined> => {
    const element = args[0] as ModelElement | vscode.Uri | undefined;
    if (element instanceof vscode.Uri) return element;
    return element?.kind === 'model' ? element.uri : chooseModel(models, activeFile(), title);
  };

  const inspect = (model: vscode.Uri): ReturnType<Awaited<ReturnType<HostServices['runner']>>['inspect']> =>
    status.work(`inspecting ${nameOf(model)}`, async (signal, progress) =>
      (await services.runner()).inspect(services.request(model), { signal, onProgress: progress }),
    );

  const inspectModel = async (...args: readonly unknown[]): Promise<void> => {
    const model = await modelOf(args, 'Inspect a Model');
    if (model === undefined) return;
    const page = vscode.Uri.from({ scheme: PAGES, path: `${model.path}.md` });
    pages.set(page.toString(), inspectionPage(nameOf(model), await inspect(model)));
    changed.fire(page);
    try {
      await vscode.commands.executeCommand('markdown.showPreviewToSide', page);
    } catch {
      // The editor's Markdown support can be switched off; the text is readable as it is.
      await vscode.window.showTextDocument(page, { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true });
    }
  };

  const createSidecar = async (...args: readonly unknown[]): Promise<void> => {
    const model = await modelOf(args, 'Create Settings beside a Model');
    if (model === undefined) return;
    const file = model.with({ path: sidecarPath(model.path) });
    const there = await vscode.workspace.fs.stat(file).then(
      () => true,
      () => false,
    );
    if (!there) await vscode.workspace.fs.writeFile(file, new TextEncoder().encode(sidecarText(await inspect(model))));
    await vscode.window.showTextDocument(file);
  };

  /** The row of the menu, or the selected one: a key press comes without arguments. */
  const layerOf = (args: readonly unknown[]): LayerElement | undefined => {
    const element = (args[0] as LayerElement | undefined) ?? tree.view.selection[0];
    return element?.kind === 'layer' ? element : undefined;
  };

  return vscode.Disposable.from(
    changed,
    vscode.workspace.registerTextDocumentContentProvider(PAGES, {
      onDidChange: changed.event,
      provideTextDocumentContent: (uri) => pages.get(uri.toString()) ?? 'Run "ONNX Lens: Inspect Model" again.',
    }),
    registerCommands(services.notify, {
      inspectModel,
      createSidecar,
      revealLayerSource: async (...args) => {
        const element = layerOf(args);
        if (element !== undefined) await revealSource(element.model, element.layer);
      },
      copyLayerName: async (...args) => {
        const element = layerOf(args);
        if (element !== undefined) await vscode.env.clipboard.writeText(element.layer.name);
      },
    }),
  );
}

function nameOf(uri: vscode.Uri): string {
  return uri.path.split('/').at(-1)!;
}
