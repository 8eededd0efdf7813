import { randomUUID } from 'node:crypto';
import * as vscode from 'vscode';
import { canonical } from '../../base/canonical.js';
import { given } from '../../base/given.js';
import { filePath } from '../../base/place.js';
import type { Call, Client, Handlers } from '../../protocol/channel.js';
import type { TrainAnswer, TrainProgress } from '../../protocol/training.js';
import type { TrainAsked, TrainHostApi, TrainPanelApi, TrainTopic } from '../../protocol/trainingPanel.js';
import { KeptAnswers } from '../dataset/keptAnswers.js';
import { DiskWatch } from '../disk/diskWatch.js';
import { shellOf } from '../explain/commandLine.js';
import { fileAt, named, nameOf, pathOf } from '../names.js';
import { Panel } from '../panel/panel.js';
import { showBriefly } from '../plain.js';
import { askAbout } from '../runner/asking.js';
import type { HostServices } from '../services.js';
import { sidecarPath } from '../workspace/sidecar.js';
import { trainCommand } from './commandLine.js';

/** A model, and the data set that it is to be trained on. */
export interface TrainFiles {
  readonly model: vscode.Uri;
  readonly place?: vscode.Uri;
}

/** One panel in which a model is trained. */
export class TrainPanel extends Panel {
  readonly model: vscode.Uri;
  private readonly page: Client<TrainPanelApi>;
  private readonly answers = new KeptAnswers();
  /** Names this panel among all that the runner works for. */
  private readonly id = randomUUID();
  private place: vscode.Uri | undefined;
  private stale = false;

  /** @param choosePlace asks for a data set */
  constructor(
    panel: vscode.WebviewPanel,
    services: HostServices,
    { model, place }: TrainFiles,
    private readonly choosePlace: () => Promise<vscode.Uri | undefined>,
  ) {
    super(panel, services);
    this.model = model;
    this.place = place;
    this.panel.title = `Training · ${nameOf(model).replace(/\.onnx$/i, '')}`;
    const watch = this.disposables.add(
      new DiskWatch(() => {
        this.stale = true;
        this.answers.clear();
        this.tell(this.page.stale({}));
      }),
    );
    watch.watch([model, model.with({ path: sidecarPath(model.path) })]);
    this.page = this.serve<TrainPanelApi, TrainHostApi>(
      { bundle: 'training', title: 'Training', icon: 'lens' },
      this.handlers(),
    );
  }

  /** Turns to another data set. */
  show(place: vscode.Uri | undefined): void {
    // A page that is hidden is gone: it asks when it is there again.
    const gone = !this.panel.visible;
    this.panel.reveal(undefined, true);
    if (place === undefined) return;
    this.place = place;
    if (!gone) this.tell(this.page.show(this.topic));
  }

  private get topic(): TrainTopic {
    return { model: named(this.model), ...given({ place: this.place && named(this.place) }) };
  }

  private handlers(): Handlers<TrainHostApi> {
    const { services, model } = this;
    return {
      setup: () => {
        const { topic } = this;
        // Said once: a page that comes back has kept what it was about.
        this.place = undefined;
        this.answers.orphan();
        return Promise.resolve({ ...topic, stale: this.stale });
      },
      form: async ({ place, params, seed }, { signal }) =>
        (await services.runner()).trainForm(
          { ...services.request(model), place: pathOf(fileAt(place)), params, seed },
          { signal },
        ),
      newFolder: () => this.newFolder(),
      train: (asked, call) =>
        this.answers.ask(canonical(asked), call, (own: Call<TrainProgress>) => this.train(asked, own)),
      steer: async ({ asked, state }) => (await services.runner()).steer({ run: this.runOf(asked), state }),
      renew: () => {
        this.stale = false;
        this.answers.clear();
        return Promise.resolve();
      },
      choosePlace: async () => {
        const place = await this.choosePlace();
        return place && named(place);
      },
      open: async ({ path }) => {
        await vscode.commands.executeCommand('vscode.open', vscode.Uri.file(path));
      },
      copyTrainCommand: async ({ place, folder, ...asked }) => {
        const file = (uri: vscode.Uri): string => vscode.workspace.asRelativePath(uri, false);
        const files = { model: file(model), place: file(fileAt(place)), folder: file(fileAt(folder)) };
        await vscode.env.clipboard.writeText(trainCommand(files, asked, shellOf(vscode.env.shell, process.platform)));
        showBriefly('Copied the command line', 4000);
      },
      showLog: async () => services.log.show(true),
    };
  }

  private async train({ place, params, seed, folder }: TrainAsked, call: Call<TrainProgress>): Promise<TrainAnswer> {
    const { services, model } = this;
    const request = {
      place: pathOf(fileAt(place)),
      folder: pathOf(fileAt(folder)),
      params,
      seed,
      run: this.runOf({ place, params, seed, folder }),
    };
    const answer = await askAbout(services, model, 'train', request, call, (read) => read());
    services.status.report(answer.provider, answer.refusedProviders);
    return answer;
  }

  /** The same question is the same run, whichever life of the page asks. */
  private runOf(asked: TrainAsked): string {
    return `${this.id} ${canonical(asked)}`;
  }

  private async newFolder(): Promise<ReturnType<typeof named>> {
    const stem = `${nameOf(this.model).replace(/\.onnx$/i, '')}-trained`;
    for (let k = 1; ; k++) {
      const folder = vscode.Uri.joinPath(this.model, '..', k === 1 ? stem : `${stem}-${k}`);
      const there = await vscode.workspace.fs.stat(folder).then(
        () => true,
        () => false,
      );
      if (!there) return named(vscode.Uri.file(filePath(folder.fsPath)));
    }
  }
}
