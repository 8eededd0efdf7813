import path from 'node:path';
import * as vscode from 'vscode';
import { given } from '../../base/given.js';
import type { Call, Client, Handlers } from '../../protocol/channel.js';
import {
  PASSED,
  type ModelHostApi,
  type ModelPanelApi,
  type OtherCheckpoint,
  type RecipeRequest,
} from '../../protocol/modelPanel.js';
import type { WorkProgress } from '../../protocol/request.js';
import type { AboutModel, AnswerOf, ProgressOf, RequestOf } from '../../protocol/runner.js';
import type { NamedFile } from '../../protocol/explainPanel.js';
import type { LayerDescription } from '../../result/inspection.js';
import type { Overview } from '../../result/overview.js';
import { browse, isPicture } from '../workspace/pictures.js';
import type { Outlines } from '../workspace/outlines.js';
import { explanationOf, type Compute } from '../explain/answers.js';
import type { HostServices } from '../services.js';
import { findSource, openSource } from '../workspace/sourceLine.js';
import { addressOf, fileAt, named, nameOf } from '../names.js';
import { Panel } from '../panel/panel.js';
import { onDisk, passed } from '../panel/passed.js';
import { askAbout, type Reading } from '../runner/asking.js';
import { isShipped } from '../workspaceTrust.js';
import { chooseOther } from './chooseOther.js';
import type { ModelDocument } from './modelDocument.js';
import { OtherWatch } from './otherWatch.js';
import type { LayerSelection } from './selection.js';
import { Siblings } from './siblings.js';

/** Where the window remembers the picture and the folder that were used last. */
export const LAST_PICTURE = 'lastPicture';
export const LAST_FOLDER = 'lastPictureFolder';

export interface ModelPanelParts {
  readonly services: HostServices;
  readonly selection: LayerSelection;
  readonly memory: vscode.Memento;
  readonly extension: vscode.Uri;
  readonly outlines: Outlines;
}

interface OwnParts extends ModelPanelParts {
  /** What a model is to be compared with, until its page has been told. */
  readonly comparing: Map<string, OtherCheckpoint>;
}

type Beside = Pick<
  Handlers<ModelHostApi>,
  | 'series'
  | 'weightsOf'
  | 'weightStatisticsOf'
  | 'explainWith'
  | 'methods'
  | 'labels'
  | 'compareWeights'
  | 'chooseOther'
>;

/** One editor of a checkpoint: its page, and what it asks of the runner. */
export class ModelPanel extends Panel {
  private readonly page: Client<ModelPanelApi>;
  private readonly siblings: Siblings;
  private readonly other: OtherWatch;
  private layers: readonly LayerDescription[] = [];
  /** What the file says, asked for while the page still loads: its first question. */
  private early: EarlyOverview | undefined;

  constructor(
    panel: vscode.WebviewPanel,
    readonly document: ModelDocument,
    private readonly parts: OwnParts,
  ) {
    super(panel, parts.services);
    const { selection, services, outlines } = parts;
    this.siblings = this.disposables.add(
      new Siblings(document.uri, services, outlines, (series) => this.tell(this.page.series({ series }))),
    );
    this.other = this.disposables.add(
      new OtherWatch(
        async (model) => (await (await services.runner()).overview(services.request(model))).externalFiles,
        (model, version) => this.tell(this.page.otherChanged({ uri: addressOf(model), version })),
      ),
    );
    this.page = this.serve<ModelPanelApi, ModelHostApi>(
      { bundle: 'model', title: nameOf(document.uri) },
      this.handlers(),
    );
    this.disposables.add(document.onDidChange((status) => this.tell(this.page.file(status))));
    this.disposables.add(
      selection.onDidChange(({ model, layer, by }) => {
        if (by !== this && model.toString() === document.uri.toString()) this.follow(layer, false);
      }),
    );
    this.readEarly();
  }

  /** Selects a layer on the page; `show`: scrolls to it and brings what belongs to it to the front. */
  follow(layer: string | undefined, show: boolean): void {
    this.tell(this.page.select({ layer, show }));
  }

  /** Compares a layer with what is elsewhere. */
  compare(other: OtherCheckpoint): void {
    const { comparing } = this.parts;
    // A page that is not there asks for it when it is.
    this.tell(this.page.compare({ other }).then(() => comparing.delete(this.document.uri.toString())));
  }

  /** What the page asks about other checkpoints. */
  private beside(): Beside {
    const { services } = this;
    const { outlines } = this.parts;
    const { siblings } = this;
    const { uri } = this.document;
    return {
      series: () => siblings.series(),
      weightsOf: ({ uri: other, ...request }, call) => siblings.ask(other, 'weights', request, call),
      weightStatisticsOf: ({ uri: other, ...request }, call) => siblings.ask(other, 'weightStatistics', request, call),
      explainWith: async ({ uri: other, picture, ...question }, call) => {
        const inquiry = { ...services.request(fileAt(other)), ...question, input: fileAt(picture).fsPath };
        const compute: Compute = async ({ input }, { signal, onProgress }) => {
          const request = { ...question, inputs: [input] };
          const answer = await siblings.ask(other, 'explain', request, { signal, progress: onProgress });
          const [first] = answer.results;
          if (first !== undefined && 'result' in first)
            services.status.report(answer.provider, [], first.result.milliseconds);
          return answer;
        };
        const { signal, progress } = call;
        return explanationOf(await services.answers.ask(inquiry, compute, { signal, onProgress: progress }));
      },
      methods: async () => {
        const methods = await (await services.runner()).methods({});
        const first = services.settings.get('defaultMethod');
        return { methods: methods.filter((method) => method.chapter === 'attribution'), first };
      },
      labels: async () => (await services.runner()).labels(services.request(uri)),
      compareWeights: ({ other, ...request }, call) => {
        if (other.kind === 'random')
          return this.ask('compareWeights', { ...request, other: { random: other.seed } }, call);
        const file = fileAt(other.file.uri);
        return this.ask(
          'compareWeights',
          { ...request, other: { model: file.fsPath } },
          call,
          this.other.reading(file),
        );
      },
      chooseOther: ({ layer }) => chooseOther(services, outlines, uri, layer),
    };
  }

  private handlers(): Handlers<ModelHostApi> {
    const { services } = this;
    const { selection, memory } = this.parts;
    const { document } = this;
    const { uri } = document;
    return {
      setup: async () => {
        const layer = selection.of(uri);
        const picture = remembered(memory, LAST_PICTURE);
        const folder = remembered(memory, LAST_FOLDER);
        const compare = this.parts.comparing.get(uri.toString());
        this.parts.comparing.delete(uri.toString());
        return {
          ...document.status,
          model: named(uri),
          ...(layer === undefined ? {} : { layer }),
          ...(compare === undefined ? {} : { compare }),
          ...(picture === undefined ? {} : { picture }),
          ...(folder === undefined ? {} : { folder }),
          trusted: vscode.workspace.isTrusted || isShipped(uri.fsPath, this.parts.extension.fsPath),
          colorMap: services.settings.get('colorMap'),
        };
      },
      overview: async (request, call) => {
        const overview = (await this.takeEarly(call.signal)) ?? (await this.ask('overview', request, call));
        this.layers = overview.layers;
        document.belongs(overview.externalFiles);
        return overview;
      },
      ...passed(services, uri, PASSED, this.reading),
      activations: async (request, call) => {
        const answer = await this.ask('activations', onDisk(request), call);
        services.status.report(answer.provider, [], answer.milliseconds);
        return answer;
      },
      select: async ({ layer }) => selection.select({ model: uri, layer, by: this }),
      source: async ({ layer }) => {
        const { source } = this.layer(layer) ?? {};
        if (source === undefined) return undefined;
        const found = await findSource(uri, source);
        if (found === undefined) return undefined;
        const file = vscode.workspace.asRelativePath(found.uri);
        return { file, line: source.line, stale: found.stale, others: found.others };
      },
      openSource: async ({ layer }) => {
        const found = this.layer(layer);
        try {
          if (found !== undefined) await openSource(uri, found, vscode.ViewColumn.Beside);
        } catch (error) {
          services.notify(error);
        }
      },
      choosePicture: async () => this.remember(LAST_PICTURE, await browse('Choose a Picture', 'Choose')),
      usePicture: async ({ uri: dropped }) => {
        // An address, or a path as the runner names it.
        const picture = /^[a-z][\w+.-]+:/i.test(dropped) ? vscode.Uri.parse(dropped) : vscode.Uri.file(dropped);
        return picture.scheme === 'file' && isPicture(picture) ? this.remember(LAST_PICTURE, picture) : undefined;
      },
      chooseFolder: async () => {
        const picked = await vscode.window.showOpenDialog({
          title: 'Choose a Folder with Pictures',
          openLabel: 'Choose',
          canSelectFiles: false,
          canSelectFolders: true,
        });
        return this.remember(LAST_FOLDER, picked?.[0]);
      },
      explainAt: async ({ layer }) =>
        void (await vscode.commands.executeCommand(
          'onnxLens.explainWith',
          layer === undefined ? uri : { kind: 'layer', model: uri, layer: { name: layer } },
        )),
      createSidecar: async () => void (await vscode.commands.executeCommand('onnxLens.createSidecar', uri)),
      copy: async ({ text }) => vscode.env.clipboard.writeText(text),
      save: async ({ name, bytes }) => {
        try {
          return await save(vscode.Uri.joinPath(uri, '..', name), bytes);
        } catch (error) {
          services.notify(error);
          return false;
        }
      },
      saveRecipe: async (request) => {
        try {
          return await save(vscode.Uri.joinPath(uri, '..', request.name), await this.recipe(request));
        } catch (error) {
          services.notify(error);
          return false;
        }
      },
      ...this.beside(),
      open: async ({ uri: other }) => {
        const model = vscode.Uri.parse(other);
        // The same layer of another moment of the training.
        const layer = selection.of(uri);
        if (layer !== undefined) selection.select({ model, layer, by: this });
        const viewColumn = this.panel.viewColumn ?? vscode.ViewColumn.Active;
        await vscode.commands.executeCommand('vscode.openWith', model, 'onnxLens.model', { viewColumn, preview: true });
      },
      showLog: async () => services.log.show(true),
    };
  }

  /** The runner starts and reads the file while the editor builds the page, which takes as long. */
  private readEarly(): void {
    const abort = new AbortController();
    this.disposables.onDispose(() => abort.abort());
    const { version } = this.document.status;
    const call: Call<WorkProgress> = { signal: abort.signal, progress: () => undefined };
    // What fails is asked again by the page, which says why.
    const answer = this.ask('overview', {}, call).catch(() => undefined);
    this.early = { version, abort, answer };
  }

  /** What was read early, once, if it is still of the file as it is. */
  private async takeEarly(signal: AbortSignal): Promise<Overview | undefined> {
    const { early } = this;
    this.early = undefined;
    if (early === undefined || early.version !== this.document.status.version) return undefined;
    const stop = (): void => early.abort.abort();
    signal.addEventListener('abort', stop, { once: true });
    const overview = await early.answer;
    signal.removeEventListener('abort', stop);
    return overview;
  }

  private layer(name: string): LayerDescription | undefined {
    return this.layers.find((layer) => layer.name === name);
  }

  /** One operation of the runner about this model; `other` reads another file that it is about, too. */
  private ask<K extends AboutModel>(
    name: K,
    request: RequestOf<K>,
    call: Call<ProgressOf<K>>,
    other: Reading = (read) => read(),
  ): Promise<AnswerOf<K>> {
    return askAbout(this.services, this.document.uri, name, request, call, (read, signal) =>
      this.reading(() => other(read, signal), signal),
    );
  }

  private readonly reading: Reading = (read, signal) => this.document.read(read, signal);

  /** A recipe as a file: what the page knows, and what only the runner does. */
  private async recipe({ method, params, layer, input, provider, notes }: RecipeRequest): Promise<Uint8Array> {
    const client = await this.services.runner();
    const recipe = await client.recipe({
      ...this.services.request(this.document.uri),
      method,
      params,
      notes,
      ...given({ layer, ranOn: provider, input: input === undefined ? undefined : fileAt(input).fsPath }),
    });
    return new TextEncoder().encode(`${JSON.stringify(recipe, null, 2)}\n`);
  }

  private remember(key: string, file: vscode.Uri | undefined): NamedFile | undefined {
    if (file === undefined) return undefined;
    void this.parts.memory.update(key, file.toString());
    return named(file);
  }
}

interface EarlyOverview {
  /** Of the file, when it was asked. */
  readonly version: number;
  readonly abort: AbortController;
  readonly answer: Promise<Overview | undefined>;
}

function remembered(memory: vscode.Memento, key: string): NamedFile | undefined {
  const stored = memory.get<string>(key);
  return stored === undefined ? undefined : named(vscode.Uri.parse(stored));
}

/** Asks where to save, and saves. */
async function save(proposed: vscode.Uri, bytes: Uint8Array): Promise<boolean> {
  const ending = path.posix.extname(proposed.path).slice(1);
  const filters = { [ending === 'png' ? 'Picture' : ending === 'npy' ? 'NumPy array' : 'Recipe']: [ending] };
  const file = await vscode.window.showSaveDialog({ defaultUri: proposed, filters });
  if (file === undefined) return false;
  await vscode.workspace.fs.writeFile(file, bytes);
  vscode.window.setStatusBarMessage(`Saved ${nameOf(file)}`, 4000);
  return true;
}
