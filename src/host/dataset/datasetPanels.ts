import * as vscode from 'vscode';
import { given } from '../../base/given.js';
import { registerCommands, selectedFiles } from '../commands/register.js';
import type { ExplainPanels } from '../explain/explainPanels.js';
import type { OtherCheckpoint } from '../../protocol/modelPanel.js';
import { chooseNetwork } from '../explain/chooseNetwork.js';
import { keptFile, keptTopic, named, nameOf } from '../names.js';
import { Panels } from '../panel/panels.js';
import type { HostServices } from '../services.js';
import { chooseModel, takesNoPicture } from '../workspace/modelChoice.js';
import { choosePlace } from './choosePlace.js';
import { otherOf } from './comparison.js';
import { DatasetPanel, type Around } from './datasetPanel.js';
import type { DatasetTopicFiles } from './topicFiles.js';
import { RoarJobs } from './roarJob.js';
import { ExampleSelection } from './selection.js';

/** The panels of data sets, one for each model and place, and the command that opens them. */
export class DatasetPanels implements vscode.Disposable {
  readonly selection: ExampleSelection;
  private readonly panels: Panels<DatasetPanel, DatasetTopicFiles>;
  private readonly commands: vscode.Disposable;
  private readonly jobs = new RoarJobs();

  /** @param memory of the workspace: what is selected is there again after a reload */
  constructor(
    private readonly services: HostServices,
    explain: Pick<ExplainPanels, 'show'>,
    memory: vscode.Memento,
  ) {
    this.selection = new ExampleSelection(memory);
    const around: Around = {
      selection: this.selection,
      explain: (images, model, also) => explain.show({ images, model, ...also }),
      // Side by side: what is selected in one is seen in the other.
      openWith: (place) => this.openAsked(place, vscode.ViewColumn.Beside),
      roar: ({ model, place }) => this.jobs.of(`${model.toString()} ${place.toString()}`),
    };
    this.panels = new Panels<DatasetPanel, DatasetTopicFiles>(services, {
      viewType: 'onnxLens.dataset',
      title: 'Data Set',
      create: (panel, topic) => new DatasetPanel(panel, services, topic, around),
      reuse: (shown, { model, place, compare, tab }) => {
        const { topic, panel } = shown;
        if (topic.model.toString() !== model.toString() || topic.place.toString() !== place.toString()) return false;
        panel.reveal(undefined, true);
        if (compare !== undefined) shown.compareWith(compare);
        if (tab !== undefined) shown.showTab(tab);
        return true;
      },
      topicOf,
    });
    this.commands = registerCommands(services.notify, {
      openDataset: async (...args) => {
        const place = selectedFiles(args)[0] ?? (await choosePlace());
        if (place !== undefined) await this.openAsked(place);
      },
      evaluateMethods: async (...args) => {
        const place = selectedFiles(args)[0] ?? (await choosePlace(EVALUATE));
        if (place !== undefined) await this.openAsked(place, undefined, METHODS);
      },
      compareModels: (...args) => this.compareAsked(selectedModels(args)),
      compareWithRandom: (...args) => this.compareAsked(selectedModels(args).slice(0, 1), RANDOM),
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

  /** Compares two models on a data set: what was not selected is asked for. */
  private async compareAsked(selected: readonly vscode.Uri[], twin?: OtherCheckpoint): Promise<void> {
    const { services } = this;
    const title = twin === undefined ? 'Compare Models on a Data Set' : 'Compare with Random Weights on a Data Set';
    const [first, second] = selected;
    const { models, outlines } = services;
    const model = first ?? (await chooseModel({ models, near: undefined, title, outlines, unfit: takesNoPicture }));
    if (model === undefined) return;
    const compare =
      twin ??
      (second === undefined
        ? otherOf(await chooseNetwork(services, model, title))
        : ({ kind: 'file', file: named(second) } as const));
    if (compare === undefined) return;
    const place = await choosePlace(`${title}: the Pictures`);
    if (place === undefined) return;
    models.use(model);
    this.show({ model, place, compare });
  }

  private async openAsked(place: vscode.Uri, column?: vscode.ViewColumn, tab?: string): Promise<void> {
    const { models, outlines } = this.services;
    // It starts while the model is chosen; whatever is wrong with it is said by the page.
    void this.services.runner().catch(() => undefined);
    const title = tab === METHODS ? `${EVALUATE}: ${nameOf(place)}` : `Open ${nameOf(place)} as Data Set`;
    const model = await chooseModel({ models, near: place, title, outlines, unfit: takesNoPicture });
    if (model === undefined) return;
    models.use(model);
    this.panels.show({ model, place, ...given({ tab }) }, column);
  }
}

/** The view in which methods are measured. */
const METHODS = 'methods';
const EVALUATE = 'Evaluate Methods on a Data Set';

/** The seed of weights that are drawn anew. */
const RANDOM: OtherCheckpoint = { kind: 'random', seed: 0 };

/** Models that a command was called on: files of the explorer, or rows of the tree. */
function selectedModels(args: readonly unknown[]): vscode.Uri[] {
  const [clicked, selection] = args;
  const all: readonly unknown[] = Array.isArray(selection) && selection.length > 0 ? selection : [clicked];
  return all
    .map((each) => (each instanceof vscode.Uri ? each : (each as { readonly uri?: unknown } | undefined)?.uri))
    .filter((uri): uri is vscode.Uri => uri instanceof vscode.Uri && /\.onnx$/i.test(uri.path));
}

/** The files of a page that comes back. */
function topicOf(state: unknown): DatasetTopicFiles | undefined {
  const topic = keptTopic(state);
  const [model, place] = [keptFile(topic['model']), keptFile(topic['place'])];
  return model === undefined || place === undefined ? undefined : { model, place };
}
