import type { Client } from '../../src/protocol/channel.js';
import type { AttentionHostApi, AttentionSetup, AttentionTopic } from '../../src/protocol/attentionPanel.js';
import { AttentionController } from './controller.js';
import type { AttentionPlace } from './place.js';
import { NEW_VIEW, type AttentionView, type KeptAttention } from './kept.js';

/** What the panel knows: what it is about, what was chosen, and what has changed on disk. Without a DOM. */
export class AttentionPage implements AttentionPlace {
  setup: AttentionSetup | undefined;
  view: AttentionView = NEW_VIEW;
  stale: readonly string[] = [];
  readonly controller = new AttentionController(this);

  constructor(
    readonly host: Client<AttentionHostApi>,
    private readonly changed: () => void,
  ) {}

  get colorMap(): string {
    return this.setup?.colorMap ?? 'magma';
  }

  /** Begins, with what was kept of a page before. */
  async start(kept: KeptAttention | undefined): Promise<void> {
    if (kept !== undefined) this.view = { ...NEW_VIEW, ...kept.view };
    this.setup = await this.host.setup({});
    this.stale = this.setup.stale;
    this.controller.about(this.setup.picture);
    this.changed();
  }

  /** Another picture: the token stays where it is. */
  show(topic: AttentionTopic): void {
    if (this.setup === undefined) return;
    this.setup = { ...this.setup, ...topic };
    this.stale = [];
    this.controller.about(topic.picture);
    this.changed();
  }

  outdated(files: readonly string[]): void {
    this.stale = files;
    this.changed();
  }

  /** Asks the model anew. */
  again(): void {
    if (this.setup === undefined) return;
    this.stale = [];
    void this.host.renew({}).catch(() => undefined);
    this.controller.about(this.setup.picture, true);
  }

  update(change: Partial<AttentionView>): void {
    this.view = { ...this.view, ...change };
    this.changed();
  }

  replace(view: AttentionView): void {
    this.view = view;
    this.changed();
  }

  keep(): KeptAttention | undefined {
    if (this.setup === undefined) return undefined;
    const { model, picture } = this.setup;
    return { version: 1, topic: { model, picture }, view: this.view };
  }
}
