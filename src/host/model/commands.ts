import * as vscode from 'vscode';
import { chooseModel } from '../workspace/modelChoice.js';
import type { ModelEditors } from './modelEditor.js';
import type { LayerSelection } from '../workspace/selection.js';
import { activeFile } from '../workspace/pictures.js';
import type { LensTarget } from '../python/pythonLenses.js';
import { pickRow } from '../plain.js';
import { nameOf } from '../names.js';
import type { HostServices } from '../services.js';
import type { ModelTree } from '../tree/modelTree.js';
import { exportGradient, type ExportChoice } from './exportGradient.js';
import { sidecarPath, sidecarText } from '../workspace/sidecar.js';
import { askForSettings } from '../workspace/findSettings.js';
import { openSource } from '../workspace/sourceLine.js';
import type { LayerElement, ModelElement } from '../tree/treeElements.js';
import { registerCommands, selectedFiles } from '../commands/register.js';

/** The commands about one model or layer. */
export function modelCommands(services: HostServices, tree: ModelTree, editors: ModelEditors): vscode.Disposable {
  const { models, selection, status } = services;

  const modelOf = async (args: readonly unknown[], title: string): Promise<vscode.Uri | undefined> => {
    const element = args[0] as ModelElement | vscode.Uri | undefined;
    if (element instanceof vscode.Uri) return element;
    return element?.kind === 'model'
      ? element.uri
      : chooseModel({ models, near: activeFile(), title, outlines: services.outlines });
  };

  const inspect = (model: vscode.Uri): ReturnType<Awaited<ReturnType<HostServices['runner']>>['inspect']> =>
    status.work(`inspecting ${nameOf(model)}`, async (signal, progress) =>
      (await services.runner()).inspect(services.request(model), { signal, onProgress: progress }),
    );

  const inspectModel = async (...args: readonly unknown[]): Promise<void> => {
    const model = await modelOf(args, 'Inspect a Model');
    if (model !== undefined) await editors.show(model, typeof args[1] === 'string' ? args[1] : undefined);
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

  const findModelSettings = async (...args: readonly unknown[]): Promise<void> => {
    const several = selectedFiles(args).filter(({ path }) => /\.onnx$/i.test(path));
    const model = several[0] ?? (await modelOf(args, 'Find the Settings of a Model'));
    if (model !== undefined) await askForSettings(services, several.length > 1 ? several : [model]);
  };

  const exportModelGradient = async (...args: readonly unknown[]): Promise<vscode.Uri | undefined> => {
    const model = await modelOf(args, 'Export the Gradient Graph of a Model');
    // In the explorer the second argument is the selection.
    const choice = Array.isArray(args[1]) ? {} : (args[1] as ExportChoice | undefined);
    return model === undefined ? undefined : exportGradient(services, model, choice);
  };

  /** The row of the menu, or the selected one: a key press comes without arguments. */
  const layerOf = (args: readonly unknown[]): LayerElement | undefined => {
    const element = (args[0] as LayerElement | vscode.Uri | undefined) ?? tree.view.selection[0];
    if (element instanceof vscode.Uri) return undefined;
    return element?.kind === 'layer' ? element : undefined;
  };

  return registerCommands(services.notify, {
    inspectModel,
    createSidecar,
    findSettings: findModelSettings,
    exportGradient: exportModelGradient,
    showLayer: async (...args) => {
      const element = layerOf(args);
      if (element !== undefined) await editors.show(element.model, element.layer.name);
    },
    compareLayer: async (...args) => {
      const element = layerOf(args);
      if (element !== undefined) return editors.compare(element.model, element.layer.name);
      const model = await modelOf(args, 'Compare a Layer of a Model');
      if (model !== undefined) await editors.compare(model, typeof args[1] === 'string' ? args[1] : undefined);
    },
    compareCode: async (...args) => {
      const picked = await pickLayer(args[0] as LensTarget, selection);
      if (picked !== undefined) await editors.compare(picked.model, picked.layer, true);
    },
    inspectCode: async (...args) => {
      const picked = await pickLayer(args[0] as LensTarget, selection);
      if (picked !== undefined) await editors.show(picked.model, picked.layer, true);
    },
    explainCode: async (...args) => {
      const picked = await pickLayer(args[0] as LensTarget, selection);
      if (picked === undefined) return;
      const { model, layer } = picked;
      if (layer !== undefined) selection.select({ model, layer, by: services });
      const element = layer === undefined ? model : { kind: 'layer', model, layer: { name: layer } };
      await vscode.commands.executeCommand('onnxLens.explainWith', element);
    },
    visualizeCode: async (...args) => {
      const picked = await pickLayer(args[0] as LensTarget, selection);
      if (picked === undefined) return;
      const { model, layer } = picked;
      const row = { kind: 'layer', model, layer: { name: layer } };
      const { executeCommand } = vscode.commands;
      await (layer === undefined
        ? executeCommand('onnxLens.visualizeClass', model)
        : executeCommand('onnxLens.visualizeChannel', row));
    },
    revealLayerSource: async (...args) => {
      const element = layerOf(args);
      if (element !== undefined) await openSource(element.model, element.layer);
    },
    copyLayerName: async (...args) => {
      const element = layerOf(args);
      if (element !== undefined) await vscode.env.clipboard.writeText(element.layer.name);
    },
  });
}

interface PickedLayer {
  readonly model: vscode.Uri;
  readonly layer?: string;
}

/** One of the layers that a line of code has made: asked for where there are several. `undefined`: dismissed. */
async function pickLayer(target: LensTarget, selection: LayerSelection): Promise<PickedLayer | undefined> {
  const offers = target.flatMap(({ model, layers }): PickedLayer[] =>
    layers.length === 0 ? [{ model }] : layers.map((layer) => ({ model, layer })),
  );
  if (offers.length < 2) return offers[0];
  // The one that is selected in the window comes first: Enter takes it.
  const isSelected = ({ model, layer }: PickedLayer): boolean => layer !== undefined && selection.of(model) === layer;
  const ordered = [...offers.filter(isSelected), ...offers.filter((offer) => !isSelected(offer))];
  const picked = await pickRow(
    ordered.map((offer) => ({
      label: offer.layer ?? nameOf(offer.model),
      description: [
        target.length > 1 || offer.layer === undefined ? vscode.workspace.asRelativePath(offer.model) : '',
        isSelected(offer) ? 'selected' : '',
      ]
        .filter(Boolean)
        .join(' · '),
      offer,
    })),
    {
      title: target.length === 1 ? `Layers of ${nameOf(target[0]!.model)}` : 'Layers that this line has made',
      matchOnDescription: true,
    },
  );
  return picked?.offer;
}
