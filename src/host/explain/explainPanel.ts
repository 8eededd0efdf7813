import * as vscode from 'vscode';
import { fromErrorData } from '../../base/errors.js';
import { given } from '../../base/given.js';
import type { Client, Handlers } from '../../protocol/channel.js';
import type {
  ExplainHostApi,
  ExplainPanelApi,
  ExplainTopic,
  NamedFile,
  NamedNetwork,
  PaintedPicture,
} from '../../protocol/explainPanel.js';
import { endOf, Gathered } from './cellReports.js';
import { chooseNetwork } from './chooseNetwork.js';
import type { WorkProgress } from '../../protocol/request.js';
import { formatDims } from '../../base/tensor.js';
import type { Selected } from '../workspace/selection.js';
import { fileAt, named, nameOf, pathOf } from '../names.js';
import { browse } from '../workspace/pictures.js';
import type { HostServices } from '../services.js';
import { sidecarPath } from '../workspace/sidecar.js';
import { Panel } from '../panel/panel.js';
import { logError } from '../notify.js';
import { showBriefly } from '../plain.js';
import { commandLine, shellOf } from './commandLine.js';
import { Edits } from './edits.js';
import { DiskWatch } from '../disk/diskWatch.js';
import { explanationOf } from './answers.js';
import { picturesAround, settingsFrom } from '../workspace/findSettings.js';
import { writeSettings } from '../workspace/writeSettings.js';
import { trySettings } from './trySettings.js';
import { saveBytes, saveExplanation } from './exports.js';
import { modelAnswers } from './modelAnswers.js';
import { allScores } from './scores.js';
import { Runs, type ModelAnswers } from './runs.js';

/** Larger pictures are not sent ahead: the answer is there sooner. */
const PREVIEW_BYTES = 6_000_000;
/** What a browser can decode. */
const PREVIEW = /\.(png|jpe?g|webp|gif|avif)$/i;

export interface ShowRequest {
  /** Pictures and `.npy` files; none: the panel asks for one. */
  readonly images: readonly vscode.Uri[];
  readonly model: vscode.Uri;
  readonly layer?: string;
  readonly pinned?: boolean;
  /** Others that are asked the same, beside it. */
  readonly networks?: readonly NamedNetwork[];
  /** The method that is meant. */
  readonly method?: string;
}

/** The model's name as titles say it, without its ending. */
function namedModel(uri: vscode.Uri): NamedFile {
  const file = named(uri);
  return { ...file, name: file.name.replace(/\.onnx$/i, '') };
}

/** One explain panel: its page, its runs, and the files it depends on. */
export class ExplainPanel extends Panel {
  readonly model: vscode.Uri;
  private readonly answers: ModelAnswers;
  private readonly runs: Runs;
  private readonly watch: DiskWatch;
  private readonly page: Client<ExplainPanelApi>;
  /** Names of files that have changed since something was computed last. */
  private readonly stale = new Set<string>();
  private readonly edits = new Edits();
  /** What is painted at the moment, for a page that comes back. */
  private painted: PaintedPicture | undefined;
  private topic: ExplainTopic;

  /** @param open shows another panel */
  constructor(
    panel: vscode.WebviewPanel,
    services: HostServices,
    { model, images, pinned, layer, networks, method }: ShowRequest,
    private readonly open: (other: ShowRequest) => void,
  ) {
    super(panel, services);
    this.model = model;
    this.topic = {
      model: namedModel(model),
      pictures: images.map(named),
      pinned: pinned ?? false,
      ...given({ layer, networks, method }),
    };
    this.watch = this.disposables.add(new DiskWatch((file) => this.changed(file)));
    this.answers = modelAnswers(
      services,
      model,
      this.edits,
      () => this.stale.clear(),
      (files) => this.watch.also(files),
    );
    this.runs = this.disposables.add(new Runs(this.answers));
    this.disposables.add(services.selection.onDidChange((selected) => this.follow(selected)));
    this.titled();
    const page = { bundle: 'explain', title: 'Explain', icon: 'lens' };
    this.page = this.serve<ExplainPanelApi, ExplainHostApi>(page, this.handlers());
  }

  get pinned(): boolean {
    return this.topic.pinned;
  }

  get pictures(): readonly NamedFile[] {
    return this.topic.pictures;
  }

  /** Explains other pictures in this panel. */
  show(pictures: readonly vscode.Uri[], also: Pick<ShowRequest, 'layer' | 'networks' | 'method'> = {}): void {
    const { layer: _before, networks: _those, method: _that, ...others } = this.topic;
    const { layer, networks, method } = also;
    this.topic = { ...others, pictures: pictures.map(named), ...given({ layer, networks, method }) };
    this.titled();
    this.panel.reveal(undefined, true);
    // A page that is not there asks for the topic when it is.
    this.tell(this.page.show(this.topic).then(() => this.begun()));
  }

  /** The page has the networks: it keeps them, and a page that comes back is not sent to the grid again. */
  private begun(): void {
    const { networks: _taken, method: _asked, ...topic } = this.topic;
    this.topic = topic;
  }

  /** A layer was selected in the window. A pinned panel keeps what it shows. */
  private follow({ model, layer, by }: Selected): void {
    if (by !== this && !this.pinned && layer !== undefined && model.toString() === this.model.toString())
      this.tell(this.page.followLayer({ layer }));
  }

  private titled(): void {
    const { pictures, model } = this.topic;
    const what =
      pictures.length === 1 ? pictures[0]!.name : pictures.length === 0 ? 'Explain' : `${pictures.length} pictures`;
    this.panel.title = `${what} · ${model.name}`;
    this.stale.clear();
    this.watch.watch([...this.modelFiles(), ...pictures.map((p) => vscode.Uri.parse(p.uri))]);
  }

  private modelFiles(): vscode.Uri[] {
    return [this.model, this.model.with({ path: sidecarPath(this.model.path) })];
  }

  private changed(file: vscode.Uri): void {
    this.runs.outdate();
    this.stale.add(nameOf(file));
    this.tell(this.page.stale({ files: [...this.stale] }));
  }

  private handlers(): Handlers<ExplainHostApi> {
    const { services } = this;
    return {
      setup: async () => {
        const methods = await (await services.runner()).methods({});
        const { topic } = this;
        this.begun();
        return {
          ...topic,
          methods: methods.filter((m) => m.chapter === 'attribution'),
          defaults: {
            method: services.settings.get('defaultMethod'),
            colorMap: services.settings.get('colorMap'),
            trustBadge: services.settings.get('trustBadge'),
          },
          outdated: this.runs.outdated,
          stale: [...this.stale],
          ...given({ painted: this.painted }),
        };
      },
      labels: async ({ model, settings }) =>
        (await services.runner()).labels({
          ...services.request(model === undefined ? this.model : fileAt(model)),
          ...given({ settings }),
        }),
      layers: async () => {
        const { layers } = await (await services.runner()).outline({ model: pathOf(this.model) });
        return layers.map(({ name, op, shape }) => ({
          name,
          op,
          ...given({ shape: shape === undefined ? undefined : formatDims(shape) }),
        }));
      },
      scores: (asked, { signal }) => allScores(services, this.model, asked, signal),
      fits: async () => (await services.runner()).methodFits(services.request(this.model)),
      photograph: async ({ picture, crop, most }, { signal }) =>
        (await services.runner()).photograph({ input: pathOf(vscode.Uri.parse(picture)), crop, most }, { signal }),
      paint: async ({ painted }) => void (this.painted = painted),
      keepEdit: async ({ edit }) => this.edits.keep(edit),
      preview: ({ picture }) => previewOf(vscode.Uri.parse(picture)),
      run: async (request, { signal, progress }) => {
        const answer = await this.runs.run(request, signal, progress);
        for (const outcome of answer.outcomes)
          if (outcome.state === 'failed')
            logError(services.log, fromErrorData(outcome.error), `Explaining with ${this.topic.model.name}`);
        return answer;
      },
      seen: async ({ id }) => this.runs.seen(id),
      stop: async ({ id }) => this.runs.stop(id),
      explanation: async ({ run, picture }) => this.runs.explanation(run, picture),
      sanity: async ({ question, picture }, { signal, progress }) => {
        const uri = vscode.Uri.parse(picture);
        // The method is judged, on the picture as it is.
        const { edit: _edit, ...asked } = question;
        const runner = await services.runner();
        const { sanity, cached } = await runner.sanity(
          { ...services.request(this.model), ...asked, input: pathOf(uri) },
          { signal, onProgress: progress },
        );
        return { sanity, cached };
      },
      chooseNetwork: async () => chooseNetwork(services, this.model),
      openNetwork: async ({ model, picture }) => this.open({ model: fileAt(model), images: [fileAt(picture)] }),
      cells: async ({ cells, anew = false }, { signal, progress }) => {
        const reports = new Gathered(progress);
        await this.answers.askMany(cells, {
          anew,
          signal,
          onProgress: (cell, { fraction }) => reports.add({ cell, state: 'working', ...given({ fraction }) }),
          onAnswer: (cell, answer) => reports.add(endOf(cell, answer)),
        });
        reports.send();
      },
      cell: async ({ anew = false, ...request }, { signal, progress }) =>
        explanationOf(await this.answers.ask(request, { anew, signal, onProgress: unhurried(progress) })),
      saveBytes: async ({ name, bytes }) => {
        const [first] = this.topic.pictures;
        const beside = first === undefined ? this.model : vscode.Uri.parse(first.uri);
        try {
          return await saveBytes(name, bytes, beside);
        } catch (error) {
          services.notify(error);
          return false;
        }
      },
      pin: async ({ pinned }) => {
        this.topic = { ...this.topic, pinned };
      },
      save: async (request) => {
        try {
          const explanation = this.runs.explanation(request.run, request.picture);
          return await saveExplanation(request, vscode.Uri.parse(request.picture), explanation);
        } catch (error) {
          services.notify(error);
          return false;
        }
      },
      copyCommands: async ({ commands }) => {
        const file = (uri: vscode.Uri): string => vscode.workspace.asRelativePath(uri, false);
        const shell = shellOf(vscode.env.shell, process.platform);
        const lines = commands.map((each) =>
          commandLine(
            file(each.model === undefined ? this.model : vscode.Uri.parse(each.model)),
            file(vscode.Uri.parse(each.picture)),
            each,
            shell,
          ),
        );
        await vscode.env.clipboard.writeText(lines.join('\n'));
        const what = lines.length === 1 ? 'the command line' : `${lines.length} command lines`;
        const unsaved = commands.some(({ question }) => question.outputs !== undefined);
        showBriefly(unsaved ? `Copied ${what}: save how the output is read first` : `Copied ${what}`, 4000);
      },
      saveSettings: async () => void (await vscode.commands.executeCommand('onnxLens.createSidecar', this.model)),
      findSettings: async (_request, asking) =>
        (await settingsFrom(services, this.model, await picturesAround(this.topic.pictures), asking)).finding,
      takeSettings: async (take) => {
        const taken = await writeSettings(services, this.model, take);
        if (taken.state === 'written') await this.watch.wrote(vscode.Uri.file(taken.file));
        return taken;
      },
      saveReading: async ({ outputs }) => {
        try {
          const taken = await writeSettings(services, this.model, { change: {}, outputs });
          if (taken.state === 'written') await this.watch.wrote(vscode.Uri.file(taken.file));
          return taken.state === 'written';
        } catch (error) {
          services.notify(error);
          return false;
        }
      },
      trySettings: (request, { signal }) => trySettings(services, this.model, request, signal),
      settingsPresets: async () => (await services.runner()).presets({}),
      choosePictures: async () => {
        const picked = await browse('Explain a Picture');
        if (picked !== undefined) this.show([picked], this.topic);
      },
      selectLayer: async ({ layer }) => services.selection.select({ model: this.model, layer, by: this }),
      showLog: async () => services.log.show(true),
    };
  }
}

/** Words now and then: a grid is drawn anew with each. */
function unhurried(progress: (report: WorkProgress) => void): (report: WorkProgress) => void {
  let last = -Infinity;
  return ({ fraction, message }) => {
    if (performance.now() - last < 200) return;
    last = performance.now();
    progress({ message, ...given({ fraction }) });
  };
}

async function previewOf(picture: vscode.Uri): Promise<Uint8Array | undefined> {
  if (!PREVIEW.test(picture.path)) return undefined;
  try {
    if ((await vscode.workspace.fs.stat(picture)).size > PREVIEW_BYTES) return undefined;
    return await vscode.workspace.fs.readFile(picture);
  } catch {
    return undefined; // the run says what is wrong with it
  }
}
