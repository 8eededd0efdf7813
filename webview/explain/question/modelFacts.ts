import { given } from '../../../src/base/given.js';
import type { MethodFit } from '../../../src/result/method.js';
import type { Client } from '../../../src/protocol/channel.js';
import type { ExplainHostApi, LayerChoice } from '../../../src/protocol/explainPanel.js';
import type { SettingsChange } from '../../../src/result/settings.js';

/** What is known of the model's files: names to choose from, and which of them have changed since they were read. */
export class ModelFacts {
  private names: readonly string[] | undefined;
  private choices: readonly LayerChoice[] | undefined;
  private fitting: readonly MethodFit[] | undefined;
  private changed: readonly string[] = [];

  constructor(
    private readonly host: Pick<Client<ExplainHostApi>, 'labels' | 'layers' | 'fits'>,
    private readonly onChange: () => void,
  ) {}

  get labels(): readonly string[] | undefined {
    return this.names;
  }

  get layers(): readonly LayerChoice[] | undefined {
    return this.choices;
  }

  /** What the model can be asked with. */
  get fits(): readonly MethodFit[] | undefined {
    return this.fitting;
  }

  /** Names of files that have changed on disk, while anything that is shown is of before. */
  get stale(): readonly string[] {
    return this.changed;
  }

  /** Files have changed. `besides`: those that were named before still count, for what is shown is of before them, too. */
  outdate(files: readonly string[], besides: boolean): void {
    this.changed = [...new Set([...(besides ? this.changed : []), ...files])];
    this.names = undefined;
    this.choices = undefined;
    this.fitting = undefined;
  }

  /** What the host says of changes from before this page. */
  restore(stale: readonly string[]): void {
    this.changed = stale;
  }

  /** Others are tried: what classes were called no longer holds. */
  rename(): void {
    this.names = undefined;
  }

  async loadLabels(settings: SettingsChange | undefined): Promise<void> {
    if (this.names !== undefined) return;
    this.names = await this.host.labels(given({ settings })).catch(() => undefined);
    this.onChange();
  }

  async loadLayers(): Promise<void> {
    if (this.choices !== undefined) return;
    this.choices = await this.host.layers({}).catch(() => undefined);
    this.onChange();
  }

  async loadFits(): Promise<void> {
    if (this.fitting !== undefined) return;
    this.fitting = await this.host.fits({}).catch(() => undefined);
    this.onChange();
  }
}
