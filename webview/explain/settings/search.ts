import { isCancelled, toErrorData, type ErrorData } from '../../../src/base/errors.js';
import type { Client } from '../../../src/protocol/channel.js';
import type { ExplainHostApi } from '../../../src/protocol/explainPanel.js';
import type { WorkProgress } from '../../../src/protocol/request.js';
import type { SettingsFinding } from '../../../src/result/settings.js';
import { SettingsSaving } from './saving.js';

/** Finding the settings from this panel: asked for, under way, found, and taken. */
export class SettingsSearch {
  readonly saving: SettingsSaving;
  private found: SettingsFinding | undefined;
  private failed: ErrorData | undefined;
  private report: WorkProgress | undefined;
  private abort: AbortController | undefined;

  constructor(
    private readonly host: Pick<Client<ExplainHostApi>, 'findSettings' | 'takeSettings'>,
    private readonly onChange: () => void,
    /** What was found is written: the file says it from here on. */
    private readonly onTaken: () => void,
  ) {
    this.saving = new SettingsSaving(host, onChange);
  }

  get finding(): SettingsFinding | undefined {
    return this.found;
  }

  get error(): ErrorData | undefined {
    return this.failed;
  }

  get working(): boolean {
    return this.abort !== undefined;
  }

  get progress(): WorkProgress | undefined {
    return this.report;
  }

  async find(): Promise<void> {
    if (this.working) return;
    const abort = new AbortController();
    [this.abort, this.found, this.failed, this.report] = [abort, undefined, undefined, undefined];
    this.onChange();
    try {
      const finding = await this.host.findSettings(
        {},
        {
          signal: abort.signal,
          onProgress: (report) => {
            this.report = report;
            this.onChange();
          },
        },
      );
      this.found = finding;
    } catch (error) {
      if (!isCancelled(error)) this.failed = toErrorData(error);
    }
    if (this.abort === abort) this.abort = undefined;
    this.onChange();
  }

  cancel(): void {
    this.abort?.abort();
    this.abort = undefined;
    this.onChange();
  }

  /** Writes what was found beside the model, unless that has to be asked first. */
  async take(): Promise<void> {
    if (this.found === undefined) return;
    const { settings, origins } = this.found;
    this.taken(await this.saving.save({ ...settings, evidence: origins }));
  }

  /** What a person wrote there may go. */
  async replace(): Promise<void> {
    this.taken(await this.saving.replace());
  }

  private taken(done: boolean): void {
    if (!done) return;
    this.found = undefined;
    this.onTaken();
  }
}
