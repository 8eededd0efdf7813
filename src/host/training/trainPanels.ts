import * as vscode from 'vscode';
import { given } from '../../base/given.js';
import { registerCommands, selectedFiles } from '../commands/register.js';
import { choosePlace } from '../dataset/choosePlace.js';
import { keptFile, keptTopic, nameOf } from '../names.js';
import { Panels } from '../panel/panels.js';
import type { HostServices } from '../services.js';
import { chooseModel, takesNoPicture } from '../workspace/modelChoice.js';
import { activeFile } from '../workspace/pictures.js';
import { TrainPanel, type TrainFiles } from './trainPanel.js';

/** The panels in which models are trained, one for each model, and the commands that open them. */
export class TrainPanels implements vscode.Disposable {
  private readonly panels: Panels<TrainPanel, TrainFiles>;
  private readonly commands: vscode.Disposable;

  constructor(private readonly services: HostServices) {
    this.panels = new Panels<TrainPanel, TrainFiles>(services, {
      viewType: 'onnxLens.training',
      title: 'Training',
      create: (panel, files) => new TrainPanel(panel, services, files, () => choosePlace('Train on…', 'Choose')),
      reuse: (panel, { model, place }) => {
        if (panel.model.toString() !== model.toString()) return false;
        panel.show(place);
        return true;
      },
      topicOf,
    });
    this.commands = registerCommands(services.notify, {
      retrainModel: async (...args) => {
        const model = await this.modelOf(args[0]);
        if (model !== undefined) this.show({ model });
      },
      trainOnFolder: async (...args) => {
        const place = selectedFiles(args)[0] ?? (await choosePlace('Train on…', 'Choose'));
        if (place === undefined) return;
        const model = await this.chosen(`Train on ${nameOf(place)}`, place);
        if (model !== undefined) this.show({ model, place });
      },
    });
  }

  /** The panels that are open, oldest first. */
  get open(): readonly TrainPanel[] {
    return this.panels.open;
  }

  dispose(): void {
    this.commands.dispose();
    this.panels.dispose();
  }

  private async modelOf(element: unknown): Promise<vscode.Uri | undefined> {
    if (element instanceof vscode.Uri) return element;
    const { uri } = (element ?? {}) as { readonly uri?: unknown };
    if (uri instanceof vscode.Uri) return uri;
    const near = activeFile();
    return near !== undefined && /\.onnx$/i.test(near.path) ? near : this.chosen('Retrain a Model', near);
  }

  private chosen(title: string, near: vscode.Uri | undefined): Promise<vscode.Uri | undefined> {
    const { models, outlines } = this.services;
    return chooseModel({ models, near, title, outlines, unfit: takesNoPicture });
  }

  private show(files: TrainFiles): void {
    // It starts while the page is made; whatever is wrong with it is said by the page.
    void this.services.runner().catch(() => undefined);
    this.services.models.use(files.model);
    this.panels.show(files);
  }
}

/** The files of a page that comes back. */
function topicOf(state: unknown): TrainFiles | undefined {
  const topic = keptTopic(state);
  const model = keptFile(topic['model']);
  return model && { model, ...given({ place: keptFile(topic['place']) }) };
}
