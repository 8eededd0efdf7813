import type { FilePath } from '../base/place.js';
import type { TokenChoices } from '../result/attention.js';
import type { SettingsChange, SettingsFinding, SettingsPreset, SettingsVerdict } from '../result/settings.js';
import type { Operation } from './channel.js';
import type { Chapter } from './operation.js';
import type { ModelRequest, WorkProgress } from './request.js';

export interface FindSettingsRequest extends ModelRequest {
  /** Pictures or folders of the kind that the model was trained on. */
  readonly inputs: readonly FilePath[];
  readonly seed?: number;
}

/** Settings that were found, and the sidecar that would say so. */
export interface FindSettingsAnswer {
  readonly finding: SettingsFinding;
  /** All parts of the settings, those that cannot be found as well. */
  readonly verdicts: readonly SettingsVerdict[];
  readonly sidecar: SidecarText;
  readonly warnings: readonly string[];
}

/** What a sidecar is to say: settings of pictures, and the request's `outputs`. */
export interface SidecarRequest extends ModelRequest {
  readonly change: SettingsChange;
  /** Where the tokens of a transformer stand. */
  readonly attention?: TokenChoices;
}

export interface SidecarText {
  /** Where it belongs: beside the model. */
  readonly file: FilePath;
  readonly text: string;
  /** Settings that a person wrote there and that would be others now: those that say no evidence. */
  readonly replaces: readonly string[];
}

/** The settings of pictures: found from evidence, and written down. */
export interface SettingsOperations {
  findSettings: Operation<FindSettingsRequest, FindSettingsAnswer, WorkProgress>;
  /** The sidecar with the settings of the request, what it says already beside them. Writes nothing. */
  sidecarText: Operation<SidecarRequest, SidecarText>;
  /** Ways of preparing pictures to begin from. */
  presets: Operation<Record<string, never>, readonly SettingsPreset[]>;
}

export const settingsOperations: Chapter<SettingsOperations> = {
  findSettings: {
    runs: 'always',
    waits: 'foreground',
    title: 'finding the settings of',
    doing: 'finding the settings of',
  },
  sidecarText: { runs: 'never', waits: 'neither' },
  presets: { runs: 'never', waits: 'neither' },
};
