import * as vscode from 'vscode';
import { formatDims } from '../../base/tensor.js';
import { given } from '../../base/given.js';
import { canonical } from '../../base/canonical.js';
import type { FilePath } from '../../base/place.js';
import type { Call, Client, Handlers } from '../../protocol/channel.js';
import { DATASET_PASSED, type DatasetHostApi, type DatasetPanelApi } from '../../protocol/datasetPanel.js';
import type { AnswerOf, ProgressOf, RequestOf } from '../../protocol/runner.js';
import { shellOf } from '../explain/commandLine.js';
import { DiskWatch } from '../disk/diskWatch.js';
import { named, nameOf, pathOf } from '../names.js';
import { Panel } from '../panel/panel.js';
import { saveFor } from '../panel/saving.js';
import { showBriefly } from '../plain.js';
import { askAbout } from '../runner/asking.js';
import type { HostServices } from '../services.js';
import { sidecarPath } from '../workspace/sidecar.js';
import type { NamedNetwork } from '../../protocol/explainPanel.js';
import type { OtherCheckpoint } from '../../protocol/modelPanel.js';
import { datasetCommand } from './commandLine.js';
import { comparisonHandlers, networkOf } from './comparison.js';
import { PlaceWatch } from './placeWatch.js';
import { retrainingHandlers } from './retraining.js';
import type { RoarJob } from './roarJob.js';
import { KeptAnswers } from './keptAnswers.js';
import type { ExampleSelection } from './selection.js';
import type { DatasetTopicFiles } from './topicFiles.js';

/** What an explain panel is opened with: networks beside the model, and a method. */
export interface ExplainAlso {
  readonly networks?: readonly NamedNetwork[];
  readonly method?: string;
}

/** What a panel needs of the window around it. */
export interface Around {
  readonly selection: ExampleSelection;
  /** Opens the explain panel. */
  explain(images: readonly vscode.Uri[], model: vscode.Uri, also: ExplainAlso): void;
  /** Opens the same place with another model, which is asked for. */
  openWith(place: vscode.Uri): Promise<void>;
  /** Remove-and-retrain of this model on this place: there is one, whichever panel began it. */
  readonly roar: (topic: DatasetTopicFiles) => RoarJob;
}

/** One panel of a data set: its page, and the files that it depends on. */
export class DatasetPanel extends Panel {
  private readonly page: Client<DatasetPanelApi>;
  private readonly watch: DiskWatch;
  /** What is to be put beside the model when the page is there. */
  private other: OtherCheckpoint | undefined;
  /** The view that the page is to begin with. */
  private tab: string | undefined;
  /** Names of what has changed since the model was asked. */
  private readonly stale = new Set<string>();
  private readonly answers = new KeptAnswers();
  private readonly roar: RoarJob;
  /** Layouts that a page has joined, by the name that it gives them: what the runner calls them. */
  private readonly runs = new Map<string, string>();

  constructor(
    panel: vscode.WebviewPanel,
    services: HostServices,
    readonly topic: DatasetTopicFiles,
    private readonly around: Around,
  ) {
    super(panel, services);
    const { model, place } = topic;
    this.other = topic.compare;
    this.tab = topic.tab;
    const job = (this.roar = around.roar(topic));
    this.disposables.add({ dispose: () => job.orphan() });
    this.panel.title = `${nameOf(place)} · ${nameOf(model).replace(/\.onnx$/i, '')}`;
    this.watch = this.disposables.add(new DiskWatch((file) => this.changed(nameOf(file))));
    this.watch.watch([model, model.with({ path: sidecarPath(model.path) })]);
    this.disposables.add(new PlaceWatch(place, () => this.changed(nameOf(place))));
    this.disposables.add(
      around.selection.onDidChange(({ place: other, names, by }) => {
        if (by !== this && other.toString() === place.toString()) this.tell(this.page.selected({ names }));
      }),
    );
    this.page = this.serve<DatasetPanelApi, DatasetHostApi>(
      { bundle: 'dataset', title: 'Data set', icon: 'lens' },
      this.handlers(),
    );
  }

  /** Puts another model beside this one. */
  compareWith(other: OtherCheckpoint): void {
    this.tell(this.page.compareWith({ other }));
  }

  /** Shows another view. */
  showTab(tab: string): void {
    this.tell(this.page.showTab({ tab }));
  }

  private changed(name: string): void {
    this.stale.add(name);
    this.answers.clear();
    this.roar.changed();
    this.tell(this.page.stale({ files: [...this.stale] }));
  }

  private handlers(): Handlers<DatasetHostApi> {
    const { services, around } = this;
    const { model, place } = this.topic;
    return {
      ...this.passed(),
      ...comparisonHandlers(services, this.topic),
      ...retrainingHandlers(services, this.topic, this.roar),
      setup: async () => {
        const compare = this.other;
        // Asked for once: a page that comes back has kept which model it was, and is asked again by hand.
        const { tab } = this;
        this.other = this.tab = undefined;
        this.answers.orphan();
        this.roar.orphan();
        return {
          model: named(model),
          place: named(place),
          selected: around.selection.of(place),
          stale: [...this.stale],
          ...given({ compare, tab }),
        };
      },
      forget: async () => {
        this.stale.clear();
        this.answers.clear();
      },
      layers: async () => {
        const { layers } = await (await services.runner()).outline({ model: pathOf(model) });
        return layers.map(({ name, op, shape }) => ({
          name,
          op,
          ...given({ shape: shape === undefined ? undefined : formatDims(shape) }),
        }));
      },
      steer: async ({ run, state }) => (await services.runner()).steer({ run: this.runs.get(run) ?? run, state }),
      heat: (request, call) =>
        askAbout(
          services,
          model,
          'heat',
          { ...services.request(model), ...request, place: pathOf(place) },
          call,
          (read) => read(),
        ),
      thumbnails: async (request, { signal }) =>
        (await services.runner()).thumbnails({ ...request, place: pathOf(place) }, { signal }),
      select: async ({ names }) => around.selection.select({ place, names, by: this }),
      explain: async ({ names, beside, method }) => {
        try {
          const networks = beside === undefined ? undefined : [networkOf(beside)];
          around.explain(await this.pictures(names), model, given({ networks, method }));
        } catch (error) {
          services.notify(error);
        }
      },
      openWith: async () => {
        try {
          await around.openWith(place);
        } catch (error) {
          services.notify(error);
        }
      },
      save: async ({ name, bytes }) =>
        saveFor(services, vscode.Uri.joinPath(place, '..', name.replace(/[/\\]/g, '_')), () => bytes),
      saveLayout: async ({ name, report }) =>
        saveFor(services, vscode.Uri.joinPath(place, '..', name.replace(/[/\\]/g, '_')), async () => {
          const { layoutPage } = await import('../../report/layout.js');
          return new TextEncoder().encode(layoutPage(report));
        }),
      copyCommand: async (choice) => {
        const file = (uri: vscode.Uri): string => vscode.workspace.asRelativePath(uri, false);
        const shell = shellOf(vscode.env.shell, process.platform);
        await vscode.env.clipboard.writeText(datasetCommand(file(model), file(place), choice, shell));
        showBriefly('Copied the command line', 4000);
      },
      showLog: async () => services.log.show(true),
    };
  }

  /** Picture files of examples; rows of an array are written into files of their own. */
  private async pictures(names: readonly string[]): Promise<readonly vscode.Uri[]> {
    const runner = await this.services.runner();
    const place = pathOf(this.topic.place);
    const files: FilePath[] = [];
    for (const name of names) files.push(await runner.extract({ place, name }));
    return files.map((file) => vscode.Uri.file(file));
  }

  /** Operations about the model and the place, as the page asks them. */
  private passed(): Pick<Handlers<DatasetHostApi>, (typeof DATASET_PASSED)[number]> {
    const { services } = this;
    const { model } = this.topic;
    const place = pathOf(this.topic.place);
    /** The run that was begun with each question. */
    const begun = new Map<string, string>();
    const handler =
      <K extends (typeof DATASET_PASSED)[number]>(name: K) =>
      (request: { readonly run?: string }, call: Call<ProgressOf<K>>): Promise<AnswerOf<K>> => {
        const { run, ...asked } = request;
        const key = canonical({ ...services.request(model), ...asked, name });
        const before = begun.get(key);
        if (run !== undefined && before !== undefined) this.runs.set(run, before);
        return this.answers.ask(key, call, (own: Call<ProgressOf<K>>) => {
          if (run !== undefined) {
            begun.set(key, run);
            this.runs.delete(run);
          }
          return askAbout(services, model, name, { ...request, place } as unknown as RequestOf<K>, own, (read) =>
            read(),
          );
        });
      };
    return Object.fromEntries(DATASET_PASSED.map((name) => [name, handler(name)])) as unknown as Pick<
      Handlers<DatasetHostApi>,
      (typeof DATASET_PASSED)[number]
    >;
  }
}
