import * as vscode from 'vscode';
import { registerCommands, selectedFiles } from '../commands/register.js';
import type { ExplainPanels } from '../explain/explainPanels.js';
import { keptFile, keptTopic, nameOf } from '../names.js';
import { Panels } from '../panel/panels.js';
import type { HostServices } from '../services.js';
import { chooseModel, takesNoPicture } from '../workspace/modelChoice.js';
import { activeFile, browse, isPicture, pickPicture } from '../workspace/pictures.js';
import { AttentionPanel, type AttentionFiles } from './attentionPanel.js';

/** The panels of attention, one for each model, and the command that opens them. */
export class AttentionPanels implements vscode.Disposable {
  private readonly panels: Panels<AttentionPanel, AttentionFiles>;
  private readonly commands: vscode.Disposable;

  constructor(
    private readonly services: HostServices,
    explain: Pick<ExplainPanels, 'show'>,
  ) {
    const instead = ({ model, picture }: AttentionFiles): void => explain.show({ model, images: [picture] });
    this.panels = new Panels<AttentionPanel, AttentionFiles>(services, {
      viewType: 'onnxLens.attention',
      title: 'Attention',
      create: (panel, files) => new AttentionPanel(panel, services, files, instead),
      reuse: (panel, { model, picture }) => {
        if (panel.model.toString() !== model.toString()) return false;
        panel.show(picture);
        return true;
      },
      topicOf,
    });
    this.commands = registerCommands(services.notify, { showAttention: (...args) => this.showAsked(args) });
  }

  /** The panels that are open, oldest first. */
  get open(): readonly AttentionPanel[] {
    return this.panels.open;
  }

  dispose(): void {
    this.commands.dispose();
    this.panels.dispose();
  }

  /** On a picture, or on a model: what is missing is asked for. */
  private async showAsked(args: readonly unknown[]): Promise<void> {
    const { services } = this;
    // It starts while the model is chosen; whatever is wrong with it is said by the page.
    void services.runner().catch(() => undefined);
    const clicked = modelOf(args[0]) ?? selectedFiles(args)[0] ?? activeFile();
    if (clicked !== undefined && /\.onnx$/i.test(clicked.path)) {
      const picture = await pickPicture(clicked, `Show Attention of ${nameOf(clicked)}`);
      if (picture !== undefined) this.show({ model: clicked, picture });
      return;
    }
    const picture = clicked !== undefined && isPicture(clicked) ? clicked : await this.askPicture();
    if (picture === undefined) return;
    const { models, outlines } = services;
    const title = `Show Attention on ${nameOf(picture)}`;
    const model = await chooseModel({ models, near: picture, title, outlines, unfit: takesNoPicture });
    if (model !== undefined) this.show({ model, picture });
  }

  private askPicture(): Promise<vscode.Uri | undefined> {
    const near = activeFile() ?? vscode.workspace.workspaceFolders?.[0]?.uri;
    const title = 'Show Attention on a Picture';
    return near === undefined ? browse(title, 'Show') : pickPicture(near, title);
  }

  private show(files: AttentionFiles): void {
    this.services.models.use(files.model);
    this.panels.show(files);
  }
}

/** A row of the tree of models. */
function modelOf(element: unknown): vscode.Uri | undefined {
  const { kind, uri } = (element ?? {}) as { readonly kind?: unknown; readonly uri?: unknown };
  return kind === 'model' && uri instanceof vscode.Uri ? uri : undefined;
}

/** The files of a page that comes back. */
function topicOf(state: unknown): AttentionFiles | undefined {
  const topic = keptTopic(state);
  const [model, picture] = [keptFile(topic['model']), keptFile(topic['picture'])];
  return model === undefined || picture === undefined ? undefined : { model, picture };
}
