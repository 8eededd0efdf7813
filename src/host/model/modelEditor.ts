import * as vscode from 'vscode';
import { Disposables } from '../../base/disposable.js';
import { LensError } from '../../base/errors.js';
import type { OtherCheckpoint } from '../../protocol/modelPanel.js';
import type { Outlines } from '../workspace/outlines.js';
import { nameOf, pathOf } from '../names.js';
import type { HostServices } from '../services.js';
import { chooseOther } from './chooseOther.js';
import { ModelDocument } from './modelDocument.js';
import { ModelPanel } from './modelPanel.js';

export const MODEL_EDITOR = 'onnxLens.model';

/** Opens `.onnx` files: a read-only editor in the place of "binary file". Its structure is read while its page loads. */
export class ModelEditors implements vscode.CustomReadonlyEditorProvider<ModelDocument>, vscode.Disposable {
  private readonly panels = new Set<ModelPanel>();
  private readonly comparing = new Map<string, OtherCheckpoint>();
  private readonly disposables = new Disposables();

  /**
   * @param inUse whether something else of the window still works with a model: then closing its editor keeps it open in
   * the runner
   */
  constructor(
    private readonly services: HostServices,
    private readonly inUse: (model: vscode.Uri) => boolean,
  ) {
    this.disposables.onDispose(() => {
      for (const panel of this.panels) panel.dispose();
    });
    this.disposables.add(
      vscode.window.registerCustomEditorProvider(MODEL_EDITOR, this, {
        supportsMultipleEditorsPerDocument: true,
        webviewOptions: { retainContextWhenHidden: false },
      }),
    );
  }

  /** The editors that are open, oldest first. */
  get open(): readonly ModelPanel[] {
    return [...this.panels];
  }

  openCustomDocument(uri: vscode.Uri): ModelDocument {
    const document = new ModelDocument(uri);
    document.onDidClose(() => void this.release(uri));
    return document;
  }

  resolveCustomEditor(document: ModelDocument, panel: vscode.WebviewPanel): void {
    const editor = new ModelPanel(panel, document, this.services, this.comparing);
    this.panels.add(editor);
    panel.onDidDispose(() => this.panels.delete(editor));
  }

  /** Shows a model, and one of its layers; an editor that is open already is used. */
  async show(model: vscode.Uri, layer?: string, beside = false): Promise<void> {
    // Before the page asks for it: a new editor begins with this layer.
    if (layer !== undefined) this.services.selection.select({ model, layer, by: this });
    const open = this.open.find((each) => each.document.uri.toString() === model.toString());
    const otherwise = beside ? vscode.ViewColumn.Beside : vscode.ViewColumn.Active;
    await vscode.commands.executeCommand('vscode.openWith', model, MODEL_EDITOR, {
      viewColumn: columnOf(model) ?? otherwise,
      preserveFocus: beside,
      preview: true,
    });
    if (layer !== undefined) open?.follow(layer, true);
  }

  /** Shows a layer beside the same one elsewhere; asks what to compare it with. Without a layer its first one with weights. */
  async compare(model: vscode.Uri, wanted?: string, beside = false): Promise<void> {
    const layer = wanted ?? (await firstWithWeights(this.services.outlines, model));
    const other = await chooseOther(this.services, model, layer);
    if (other === undefined) return;
    const open = this.open.find((each) => each.document.uri.toString() === model.toString());
    this.comparing.set(model.toString(), other);
    await this.show(model, layer, beside);
    open?.compare(other);
  }

  dispose(): void {
    this.disposables.dispose();
  }

  /** Frees a model's sessions and memory once nobody shows it. */
  private async release(model: vscode.Uri): Promise<void> {
    if (this.inUse(model)) return;
    const { services } = this;
    try {
      await (await services.runner()).release({ model: pathOf(model) });
    } catch (error) {
      services.log.debug(`Releasing ${model.fsPath}: ${String(error)}`);
    }
  }
}

async function firstWithWeights(outlines: Outlines, model: vscode.Uri): Promise<string> {
  const answer = await outlines.get(model);
  if ('error' in answer) throw answer.error;
  const layer = answer.outline.layers.find((each) => each.weights.length > 0);
  if (layer !== undefined) return layer.name;
  throw new LensError(
    'usage',
    'compare/no-weights',
    `${nameOf(model)} has no layer with weights that could be compared.`,
  );
}

/** Where a model is open already: it is shown there, not a second time. */
function columnOf(model: vscode.Uri): vscode.ViewColumn | undefined {
  return vscode.window.tabGroups.all.find(({ tabs }) =>
    tabs.some(
      ({ input }) =>
        input instanceof vscode.TabInputCustom &&
        input.viewType === MODEL_EDITOR &&
        input.uri.toString() === model.toString(),
    ),
  )?.viewColumn;
}
