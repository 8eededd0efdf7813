import * as vscode from 'vscode';
import { given } from '../../base/given.js';
import type { Client, Handlers } from '../../protocol/channel.js';
import {
  PASSED,
  type ModelHostApi,
  type ModelPanelApi,
  type ModelSetup,
  type OtherCheckpoint,
} from '../../protocol/modelPanel.js';
import type { LayerDescription } from '../../result/inspection.js';
import { attentionHandlers } from '../attention/handlers.js';
import { named, nameOf } from '../names.js';
import { Panel } from '../panel/panel.js';
import { passed } from '../panel/passed.js';
import { askAbout, type Reading } from '../runner/asking.js';
import type { HostServices } from '../services.js';
import { isShipped } from '../workspaceTrust.js';
import { activationHandlers } from './handlers/activations.js';
import { comparisonHandlers } from './handlers/comparison.js';
import { exportHandlers } from './handlers/exports.js';
import { overviewHandlers } from './handlers/overview.js';
import { trainingHandlers } from './handlers/training.js';
import { windowHandlers } from './handlers/window.js';
import type { ModelDocument } from './modelDocument.js';
import type { EditorRoom } from './room.js';

/** One editor of a checkpoint: its page, and the chapters that answer it. */
export class ModelPanel extends Panel {
  private readonly page: Client<ModelPanelApi>;
  private layers: readonly LayerDescription[] = [];

  /** @param comparing what models are to be compared with, by their addresses, until a page has been told */
  constructor(
    panel: vscode.WebviewPanel,
    readonly document: ModelDocument,
    services: HostServices,
    private readonly comparing: Map<string, OtherCheckpoint>,
  ) {
    super(panel, services);
    this.page = this.serve<ModelPanelApi, ModelHostApi>(
      { bundle: 'model', title: nameOf(document.uri) },
      this.handlers(),
    );
    this.disposables.add(document.onDidChange((status) => this.tell(this.page.file(status))));
    this.disposables.add(
      services.selection.onDidChange(({ model, layer, by }) => {
        if (by !== this && model.toString() === this.model) this.follow(layer, false);
      }),
    );
  }

  /** Selects a layer on the page; `show`: scrolls to it and brings what belongs to it to the front. */
  follow(layer: string | undefined, show: boolean): void {
    this.tell(this.page.select({ layer, show }));
  }

  /** Compares a layer with what is elsewhere. */
  compare(other: OtherCheckpoint): void {
    // A page that is not there asks for it when it is.
    this.tell(this.page.compare({ other }).then(() => this.comparing.delete(this.model)));
  }

  private get model(): string {
    return this.document.uri.toString();
  }

  private handlers(): Handlers<ModelHostApi> {
    const { services, document, disposables } = this;
    const { uri } = document;
    const reading: Reading = (read, signal) => document.read(read, signal);
    const room: EditorRoom = {
      services,
      document,
      editor: this,
      layer: (name) => this.layers.find((layer) => layer.name === name),
      ask: (name, request, call, other = (read) => read()) =>
        askAbout(services, uri, name, request, call, (read, signal) => reading(() => other(read, signal), signal)),
    };
    return {
      setup: async () => this.setup(),
      ...passed(services, uri, PASSED, reading),
      ...attentionHandlers(services, uri, () => undefined, reading),
      ...overviewHandlers(room, disposables, ({ layers }) => (this.layers = layers)),
      ...activationHandlers(room),
      ...comparisonHandlers(room, disposables, (said) => this.tell(this.page.otherChanged(said))),
      ...trainingHandlers(
        room,
        disposables,
        (series) => this.tell(this.page.series({ series })),
        () => this.panel.viewColumn,
      ),
      ...exportHandlers(room),
      ...windowHandlers(room),
    };
  }

  private setup(): ModelSetup {
    const { services, document } = this;
    const { uri, status } = document;
    const compare = this.comparing.get(this.model);
    this.comparing.delete(this.model);
    return {
      ...status,
      model: named(uri),
      ...given({
        layer: services.selection.of(uri),
        compare,
        picture: services.lastUsed.get('picture'),
        folder: services.lastUsed.get('folder'),
      }),
      trusted: vscode.workspace.isTrusted || isShipped(uri.fsPath, services.extension.fsPath),
      colorMap: services.settings.get('colorMap'),
    };
  }
}
