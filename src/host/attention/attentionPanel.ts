import * as vscode from 'vscode';
import type { Client, Handlers } from '../../protocol/channel.js';
import type { AttentionHostApi, AttentionPanelApi, AttentionTopic } from '../../protocol/attentionPanel.js';
import { DiskWatch } from '../disk/diskWatch.js';
import { named, nameOf } from '../names.js';
import { Panel } from '../panel/panel.js';
import type { HostServices } from '../services.js';
import { browse } from '../workspace/pictures.js';
import { sidecarPath } from '../workspace/sidecar.js';
import { attentionHandlers } from './handlers.js';

/** A model, and a picture that it looks at. */
export interface AttentionFiles {
  readonly model: vscode.Uri;
  readonly picture: vscode.Uri;
}

/** One panel of attention: its page, and the files that it depends on. */
export class AttentionPanel extends Panel {
  private readonly page: Client<AttentionPanelApi>;
  private readonly watch: DiskWatch;
  /** Names of what has changed since the model was asked. */
  private readonly stale = new Set<string>();
  private picture: vscode.Uri;

  /** @param explain opens the explain panel */
  constructor(
    panel: vscode.WebviewPanel,
    services: HostServices,
    { model, picture }: AttentionFiles,
    private readonly explain: (files: AttentionFiles) => void,
  ) {
    super(panel, services);
    this.model = model;
    this.picture = picture;
    this.watch = this.disposables.add(
      new DiskWatch((file) => {
        this.stale.add(nameOf(file));
        this.tell(this.page.stale({ files: [...this.stale] }));
      }),
    );
    this.titled();
    this.page = this.serve<AttentionPanelApi, AttentionHostApi>(
      { bundle: 'attention', title: 'Attention', icon: 'lens' },
      this.handlers(),
    );
  }

  readonly model: vscode.Uri;

  /** Looks at another picture. */
  show(picture: vscode.Uri): void {
    this.picture = picture;
    this.titled();
    this.panel.reveal(undefined, true);
    this.tell(this.page.show(this.topic));
  }

  private get topic(): AttentionTopic {
    return { model: named(this.model), picture: named(this.picture) };
  }

  private titled(): void {
    const { model, picture } = this;
    this.panel.title = `${nameOf(picture)} · ${nameOf(model).replace(/\.onnx$/i, '')}`;
    this.stale.clear();
    this.watch.watch([model, model.with({ path: sidecarPath(model.path) }), picture]);
  }

  private handlers(): Handlers<AttentionHostApi> {
    const { services, model } = this;
    return {
      ...attentionHandlers(services, model, (files) => this.watch.also(files)),
      setup: async () => ({ ...this.topic, stale: [...this.stale], colorMap: services.settings.get('colorMap') }),
      renew: async () => this.stale.clear(),
      choosePicture: async () => {
        const picked = await browse('Show Attention on a Picture', 'Show');
        if (picked !== undefined) this.show(picked);
      },
      explain: async () => this.explain({ model, picture: this.picture }),
    };
  }
}
