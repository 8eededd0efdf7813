import * as vscode from 'vscode';
import { given } from '../../base/given.js';
import type { VisualizeAim } from '../../protocol/reconstructionPanel.js';
import { registerCommands } from '../commands/register.js';
import type { ExplainPanels } from '../explain/explainPanels.js';
import { keptFile, keptTopic } from '../names.js';
import { Panels } from '../panel/panels.js';
import type { HostServices } from '../services.js';
import { chooseModel, takesNoPicture } from '../workspace/modelChoice.js';
import { activeFile } from '../workspace/pictures.js';
import { VisualizePanel, type VisualizeFiles } from './visualizePanel.js';

/** The panels of pictures that are made for models, one for each model, and the commands that open them. */
export class VisualizePanels implements vscode.Disposable {
  private readonly panels: Panels<VisualizePanel, VisualizeFiles>;
  private readonly commands: vscode.Disposable;

  constructor(
    private readonly services: HostServices,
    explain: Pick<ExplainPanels, 'show'>,
  ) {
    this.panels = new Panels<VisualizePanel, VisualizeFiles>(services, {
      viewType: 'onnxLens.visualize',
      title: 'What it wants to see',
      create: (panel, files) =>
        new VisualizePanel(panel, services, files, (picture) =>
          explain.show({ model: files.model, images: [picture] }),
        ),
      reuse: (panel, { model, aim }) => {
        if (panel.model.toString() !== model.toString()) return false;
        panel.show(aim);
        return true;
      },
      topicOf,
    });
    this.commands = registerCommands(services.notify, {
      visualizeClass: async (...args) => {
        const model = await this.modelOf(args[0], 'Visualize a Class of a Model');
        if (model !== undefined) this.show({ model, aim: { kind: 'class' } });
      },
      visualizeChannel: async (...args) => {
        const model = await this.modelOf(args[0], 'Visualize a Channel of a Model');
        if (model !== undefined) this.show({ model, aim: this.channelOf(model, args) });
      },
    });
  }

  /** The panels that are open, oldest first. */
  get open(): readonly VisualizePanel[] {
    return this.panels.open;
  }

  dispose(): void {
    this.commands.dispose();
    this.panels.dispose();
  }

  private async modelOf(element: unknown, title: string): Promise<vscode.Uri | undefined> {
    const { services } = this;
    // It starts while the model is chosen; whatever is wrong with it is said by the page.
    void services.runner().catch(() => undefined);
    if (element instanceof vscode.Uri) return element;
    const row = (element ?? {}) as { readonly uri?: unknown; readonly model?: unknown };
    for (const each of [row.uri, row.model]) if (each instanceof vscode.Uri) return each;
    const near = activeFile();
    if (near !== undefined && /\.onnx$/i.test(near.path)) return near;
    const { models, outlines } = services;
    return chooseModel({ models, near, title, outlines, unfit: takesNoPicture });
  }

  /** The layer of a row, else the one that is selected in the window; the channel is a second argument. */
  private channelOf(model: vscode.Uri, [element, channel]: readonly unknown[]): VisualizeAim {
    const { layer } = (element ?? {}) as { readonly layer?: { readonly name?: unknown } };
    const name = typeof layer?.name === 'string' ? layer.name : this.services.selection.of(model);
    return { kind: 'channel', ...given({ layer: name, channel: typeof channel === 'number' ? channel : undefined }) };
  }

  private show(files: VisualizeFiles): void {
    this.services.models.use(files.model);
    this.panels.show(files);
  }
}

/** The files of a page that comes back. */
function topicOf(state: unknown): VisualizeFiles | undefined {
  const topic = keptTopic(state);
  const model = keptFile(topic['model']);
  return model && { model };
}
