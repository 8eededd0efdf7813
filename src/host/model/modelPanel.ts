import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import * as vscode from 'vscode';
import { LensError } from '../../base/errors.js';
import type { Call, Client, Handlers } from '../../protocol/channel.js';
import type { ModelHostApi, ModelPanelApi, RecipeRequest } from '../../protocol/modelPanel.js';
import type { ModelOperations } from '../../protocol/modelOperations.js';
import type { NamedFile } from '../../protocol/panel.js';
import type { ModelRequest, WorkProgress } from '../../protocol/runner.js';
import type { LayerDescription } from '../../result/inspection.js';
import type { Recipe } from '../../result/recipe.js';
import { browse, isPicture } from '../pictures.js';
import type { HostServices } from '../services.js';
import { findSource, openSource } from '../sourceLine.js';
import { webviewChannel, webviewHtml, webviewOptions } from '../webview.js';
import type { ModelDocument } from './modelDocument.js';
import type { LayerSelection } from './selection.js';
import { seriesOf } from './series.js';

/** Where the window remembers the picture and the folder that were used last. */
export const LAST_PICTURE = 'lastPicture';
export const LAST_FOLDER = 'lastPictureFolder';

export interface ModelPanelParts {
  readonly services: HostServices;
  readonly selection: LayerSelection;
  readonly memory: vscode.Memento;
  readonly extension: vscode.Uri;
  /** Of the extension, for recipes. */
  readonly version: string;
}

/** Work that is long enough to be shown in the status bar, and what it is called there. */
const LONG: Readonly<Partial<Record<keyof ModelOperations, string>>> = {
  measure: 'measuring',
  scanWeights: 'checking the weights of',
  activations: 'activations of',
  topPictures: 'searching pictures with',
  weightsPca: 'principal components of',
};

/** One editor of a checkpoint: its page, and what it asks of the runner. */
export class ModelPanel implements vscode.Disposable {
  private readonly page: Client<ModelPanelApi>;
  private readonly subscriptions: vscode.Disposable[];
  private layers: readonly LayerDescription[] = [];

  constructor(
    readonly panel: vscode.WebviewPanel,
    readonly document: ModelDocument,
    private readonly parts: ModelPanelParts,
  ) {
    const { extension, selection } = parts;
    this.page = webviewChannel<ModelPanelApi, ModelHostApi>(panel, this.handlers());
    panel.webview.options = webviewOptions(extension);
    panel.webview.html = webviewHtml(panel.webview, extension, 'model', named(document.uri).name);
    this.subscriptions = [
      // A page that is not there asks for all of it when it is.
      document.onDidChange((status) => void this.page.file(status).catch(() => undefined)),
      selection.onDidChange(({ model, layer, by }) => {
        if (by !== this && model.toString() === document.uri.toString()) this.follow(layer, false);
      }),
    ];
    panel.onDidDispose(() => this.dispose());
  }

  /** Selects a layer on the page; `show`: scrolls to it and brings what belongs to it to the front. */
  follow(layer: string | undefined, show: boolean): void {
    this.page.select({ layer, show }).catch(() => undefined);
  }

  dispose(): void {
    for (const each of this.subscriptions) each.dispose();
  }

  private handlers(): Handlers<ModelHostApi> {
    const { services, selection, memory } = this.parts;
    const { document } = this;
    const { uri } = document;
    return {
      setup: async () => {
        const layer = selection.of(uri);
        const picture = remembered(memory, LAST_PICTURE);
        const folder = remembered(memory, LAST_FOLDER);
        return {
          ...document.status,
          model: named(uri),
          ...(layer === undefined ? {} : { layer }),
          ...(picture === undefined ? {} : { picture }),
          ...(folder === undefined ? {} : { folder }),
          trusted: vscode.workspace.isTrusted || uri.fsPath.startsWith(this.parts.extension.fsPath + path.sep),
          colorMap: services.settings.get('colorMap'),
        };
      },
      overview: async (request, call) => {
        const overview = await this.ask('overview', request, call);
        this.layers = overview.layers;
        document.belongs(overview.externalFiles);
        return overview;
      },
      measure: (request, call) => this.ask('measure', request, call),
      scanWeights: (request, call) => this.ask('scanWeights', request, call),
      graphView: (request, call) => this.ask('graphView', request, call),
      weights: (request, call) => this.ask('weights', request, call),
      weightStatistics: (request, call) => this.ask('weightStatistics', request, call),
      weightsPca: (request, call) => this.ask('weightsPca', request, call),
      weightNeighbours: (request, call) => this.ask('weightNeighbours', request, call),
      activations: async (request, call) => {
        const answer = await this.ask('activations', { ...request, input: fileOf(request.input) }, call);
        services.status.report(answer.provider, [], answer.milliseconds);
        return answer;
      },
      topPictures: (request, call) => this.ask('topPictures', { ...request, inputs: request.inputs.map(fileOf) }, call),
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
      series: async () => {
        const folder = vscode.Uri.joinPath(uri, '..');
        const files = await vscode.workspace.fs.readDirectory(folder);
        return seriesOf(
          path.posix.basename(uri.path),
          files.map(([name]) => name),
        ).map(({ name, step }) => ({ file: named(vscode.Uri.joinPath(folder, name)), step }));
      },
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

  private layer(name: string): LayerDescription | undefined {
    return this.layers.find((layer) => layer.name === name);
  }

  /** One operation of the runner about this model, with its progress in the status bar where it may take long. */
  private async ask<K extends keyof ModelOperations>(
    name: K,
    request: Omit<Parameters<ModelOperations[K]>[0], keyof ModelRequest>,
    call: Call<ProgressOf<K>>,
  ): Promise<Awaited<ReturnType<ModelOperations[K]>>> {
    const { services } = this.parts;
    const client = await services.runner();
    const operation = client[name] as unknown as (
      request: unknown,
      options: unknown,
    ) => Promise<Awaited<ReturnType<ModelOperations[K]>>>;
    const about = { ...services.request(this.document.uri), ...request };
    const run = (signal: AbortSignal, report: (progress: WorkProgress) => void): ReturnType<typeof operation> => {
      const onProgress = (progress: ProgressOf<K>): void => {
        report(progress);
        call.progress(progress);
      };
      return this.document.read(() => operation(about, { signal, onProgress }), signal);
    };
    const title = LONG[name];
    if (title === undefined) return run(call.signal, () => undefined);
    return services.status.work(
      `${title} ${named(this.document.uri).name}`,
      (signal, report) =>
        run(signal, ({ fraction, message }) => report({ message, ...(fraction === undefined ? {} : { fraction }) })),
      call.signal,
    );
  }

  /** A recipe as a file: what the page knows, and what only the host does. */
  private async recipe({ method, params, layer, input, provider, notes }: RecipeRequest): Promise<Uint8Array> {
    const client = await this.parts.services.runner();
    const [{ runtime }, { preprocessing }, sha256] = await Promise.all([
      client.status({}),
      client.overview(this.parts.services.request(this.document.uri)),
      hashOf(this.document.uri),
    ]);
    const recipe: Recipe = {
      schema: 'onnx-lens/recipe/1',
      model: { file: named(this.document.uri).name, sha256 },
      ...(input === undefined
        ? {}
        : { input: { file: named(vscode.Uri.parse(input)).name, sha256: await hashOf(vscode.Uri.parse(input)) } }),
      preprocessing,
      method,
      params,
      ...(layer === undefined ? {} : { layer }),
      seed: 0,
      provider: provider ?? 'none',
      versions: { 'onnx-lens': this.parts.version, 'onnxruntime-node': runtime.split(' ').at(-1)! },
      notes,
    };
    return new TextEncoder().encode(`${JSON.stringify(recipe, null, 2)}\n`);
  }

  private remember(key: string, file: vscode.Uri | undefined): NamedFile | undefined {
    if (file === undefined) return undefined;
    void this.parts.memory.update(key, file.toString());
    return named(file);
  }
}

type ProgressOf<K extends keyof ModelOperations> =
  Parameters<ModelOperations[K]>[1] extends Call<infer P> ? P & WorkProgress : never;

export function named(uri: vscode.Uri): NamedFile {
  return { uri: uri.toString(), name: path.posix.basename(uri.path) };
}

function remembered(memory: vscode.Memento, key: string): NamedFile | undefined {
  const stored = memory.get<string>(key);
  return stored === undefined ? undefined : named(vscode.Uri.parse(stored));
}

function fileOf(address: string): string {
  const uri = vscode.Uri.parse(address);
  if (uri.scheme === 'file') return uri.fsPath;
  throw new LensError('input', 'explain/scheme', `${named(uri).name} is not a file on this machine.`, {
    hint: 'Save it in the workspace first.',
  });
}

async function hashOf(uri: vscode.Uri): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(uri.fsPath), hash);
  return hash.digest('hex');
}

/** Asks where to save, and saves. */
async function save(proposed: vscode.Uri, bytes: Uint8Array): Promise<boolean> {
  const ending = path.posix.extname(proposed.path).slice(1);
  const filters = { [ending === 'png' ? 'Picture' : ending === 'npy' ? 'NumPy array' : 'Recipe']: [ending] };
  const file = await vscode.window.showSaveDialog({ defaultUri: proposed, filters });
  if (file === undefined) return false;
  await vscode.workspace.fs.writeFile(file, bytes);
  vscode.window.setStatusBarMessage(`Saved ${named(file).name}`, 4000);
  return true;
}
