import { isCancelled, toErrorData, type ErrorData } from '../../../src/base/errors.js';
import type { Client } from '../../../src/protocol/channel.js';
import type { ExplainHostApi, TakenSettings } from '../../../src/protocol/explainPanel.js';
import type { SettingsChange } from '../../../src/result/settings.js';

/** Where the writing of settings beside the model stands. `asks`: something that a person wrote would be replaced. */
export type SavingState =
  | { readonly state: 'idle' }
  | { readonly state: 'working' }
  | (Extract<TakenSettings, { readonly state: 'asks' }> & { readonly change: SettingsChange })
  | { readonly state: 'failed'; readonly error: ErrorData };

const IDLE: SavingState = { state: 'idle' };

/** Writes settings beside the model, and asks first where a person wrote something else. Without a DOM. */
export class SettingsSaving {
  private now: SavingState = IDLE;

  constructor(
    private readonly host: Pick<Client<ExplainHostApi>, 'takeSettings'>,
    private readonly onChange: () => void,
  ) {}

  get state(): SavingState {
    return this.now;
  }

  /** Writes; `false` where it asks or could not. */
  save(change: SettingsChange): Promise<boolean> {
    return this.write(change, false);
  }

  /** What a person wrote may go. */
  replace(): Promise<boolean> {
    return this.now.state === 'asks' ? this.write(this.now.change, true) : Promise.resolve(false);
  }

  /** Leaves the question, or what went wrong, behind. */
  leave(): void {
    if (this.now.state === 'idle' || this.now.state === 'working') return;
    this.now = IDLE;
    this.onChange();
  }

  private async write(change: SettingsChange, replace: boolean): Promise<boolean> {
    if (this.now.state === 'working') return false;
    this.now = { state: 'working' };
    this.onChange();
    try {
      const taken = await this.host.takeSettings({ change, replace });
      this.now = taken.state === 'asks' ? { ...taken, change } : IDLE;
      return taken.state === 'written';
    } catch (error) {
      this.now = isCancelled(error) ? IDLE : { state: 'failed', error: toErrorData(error) };
      return false;
    } finally {
      this.onChange();
    }
  }
}
