import * as vscode from 'vscode';
import { registerCommands, selectedFiles } from '../commands/register.js';
import type { ExplainPanels } from '../explain/explainPanels.js';
import { keptFile, nameOf } from '../names.js';
import { Panels } from '../panel/panels.js';
import type { HostServices } from '../services.js';
import { chooseModel, takesNoPicture } from '../workspace/modelChoice.js';
import { DatasetPanel, type Around, type DatasetTopicFiles } from './datasetPanel.js';
import { ExampleSelection } from './selection.js';

/** The panels of data sets, one for each model and place, and the command that opens them. */
export class DatasetPanels implements vscode.Disposable {
  readonly selection: ExampleSelection;
  private readonly panels: Panels<DatasetPanel, DatasetTopicFiles>;
  private readonly commands: vscode.Disposable;

  /** @param memory of the workspace: what is selected is there again after a reload */
  constructor(
    private readonly services: HostServices,
    explain: Pick<ExplainPanels, 'show'>,
    memory: vscode.Memento,
  ) {
    this.selection = new ExampleSelection(memory);
    const around: Around = {
      selection: this.selection,
      explain: (images, model) => explain.show({ images, model }),
      // Side by side: what is selected in one is seen in the other.
      openWith: (place) => this.openAsked(place, vscode.ViewColumn.Beside),
    };
    this.panels = new Panels<DatasetPanel, DatasetTopicFiles>(services, {
      viewType: 'onnxLens.dataset',
      title: 'Data Set',
      create: (panel, topic) => new DatasetPanel(panel, services, topic, around),
      reuse: ({ topic, panel }, { model, place }) => {
        if (topic.model.toString() !== model.toString() || topic.place.toString() !== place.toString()) return false;
        panel.reveal(undefined, true);
        return true;
      },
      topicOf,
    });
    this.commands = registerCommands(services.notify, {
      openDataset: async (...args) => {
        const place = selectedFiles(args)[0] ?? (await choosePlace());
        if (place !== undefined) await this.openAsked(place);
      },
    });
  }

  /** The panels that are open, oldest first. */
  get open(): readonly DatasetPanel[] {
    return this.panels.open;
  }

  /** Opens a data set with a model. */
  show(topic: DatasetTopicFiles): void {
    this.panels.show(topic);
  }

  dispose(): void {
    this.commands.dispose();
    this.panels.dispose();
    this.selection.dispose();
  }

  private async openAsked(place: vscode.Uri, column?: vscode.ViewColumn): Promise<void> {
    const { models, outlines } = this.services;
    // It starts while the model is chosen; whatever is wrong with it is said by the page.
    void this.services.runner().catch(() => undefined);
    const title = `Open ${nameOf(place)} as Data Set`;
    const model = await chooseModel({ models, near: place, title, outlines, unfit: takesNoPicture });
    if (model === undefined) return;
    models.use(model);
    this.panels.show({ model, place }, column);
  }
}

/** From the palette: a folder, or a file that holds a data set. */
async function choosePlace(): Promise<vscode.Uri | undefined> {
  const picked = await vscode.window.showOpenDialog({
    title: 'Open as Data Set',
    openLabel: 'Open',
    canSelectFiles: true,
    canSelectFolders: true,
    filters: { 'Data sets': ['parquet', 'npz', 'csv', 'json', 'jsonl'] },
  });
  return picked?.[0];
}

/** What a page kept: it may have been written by another version, and is not trusted to be right. */
function topicOf(state: unknown): DatasetTopicFiles | undefined {
  const topic = (state as { readonly topic?: Record<string, unknown> } | null | undefined)?.topic;
  const [model, place] = [keptFile(topic?.['model']), keptFile(topic?.['place'])];
  return model === undefined || place === undefined ? undefined : { model, place };
}
