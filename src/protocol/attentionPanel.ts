import type { Address } from '../base/place.js';
import type { ClassScore } from '../result/explanation.js';
import type { ParameterValue } from '../result/method.js';
import type { SilencedHead, TokenChoices } from '../result/attention.js';
import type { AttentionAnswer, SilenceAnswer, SilenceProgress, SilenceRequest } from './attention.js';
import type { Operation } from './channel.js';
import type { NamedFile } from './explainPanel.js';
import type { TargetText, WorkProgress } from './request.js';

/** What the panel of attention and the extension host say to each other, and what the same parts ask in the editor of a checkpoint. */

/** A question about the attention on one picture; model and settings are added by the host. */
export interface AttentionAsked {
  readonly input: Address;
  /** The matrices of these layers only; none: what layers there are, and what joins them. */
  readonly layers: readonly string[];
  /** `map`, `fusion`, `start`, `token`. */
  readonly params?: Readonly<Record<string, ParameterValue>>;
  readonly target?: TargetText;
  /** The same network with its weights drawn anew. */
  readonly random?: boolean;
  /** Where tokens stand, as somebody says. */
  readonly tokens?: TokenChoices;
  /** Heads that count for nothing. */
  readonly silenced?: readonly SilencedHead[];
}

/** What the score loses without each head, on one picture or on those of a folder. */
export interface SilenceAsked extends Pick<SilenceRequest, 'each' | 'layer' | 'target' | 'score'> {
  /** A picture, or a folder of them. */
  readonly input: Address;
}

/** The same map on the command line. */
export interface AttentionCommand {
  readonly input: Address;
  readonly params: Readonly<Record<string, ParameterValue>>;
  readonly layer?: string;
  readonly target?: TargetText;
}

/** What the parts of the panel ask, wherever they stand. */
export interface AttentionParts {
  attention: Operation<AttentionAsked, AttentionAnswer, WorkProgress>;
  /** Each head cut in turn; takes a while over a folder. */
  silence: Operation<SilenceAsked, SilenceAnswer, SilenceProgress>;
  /** Asks for a folder with pictures. */
  chooseFolder: Operation<Record<string, never>, NamedFile | undefined>;
  /** What the model says of the picture: all classes, best first, or its numbers. */
  scores: Operation<{ readonly picture: Address }, readonly ClassScore[]>;
  /** Asks where to save, and saves. `false`: the person changed their mind. */
  save: Operation<{ readonly name: string; readonly bytes: Uint8Array }, boolean>;
  /** Writes beside the model where the tokens of layers stand, what stands there already kept. `false`: it could not be written. */
  saveTokens: Operation<{ readonly tokens: TokenChoices }, boolean>;
  /** Puts on the clipboard what to type in a terminal for the same. */
  copyAttentionCommand: Operation<AttentionCommand, void>;
  showLog: Operation<Record<string, never>, void>;
}

/** What a panel is about. */
export interface AttentionTopic {
  readonly model: NamedFile;
  readonly picture: NamedFile;
}

export interface AttentionSetup extends AttentionTopic {
  /** Files that have changed since they were looked at. */
  readonly stale: readonly string[];
  /** The colour map for magnitudes, from the settings. */
  readonly colorMap: string;
}

/** What the extension host does for the panel of attention. */
export interface AttentionHostApi extends AttentionParts {
  setup: Operation<Record<string, never>, AttentionSetup>;
  /** The model is asked anew: what has changed is known to the page. */
  renew: Operation<Record<string, never>, void>;
  /** Asks for another picture, and shows it here. */
  choosePicture: Operation<Record<string, never>, void>;
  /** Explains the picture by other methods. */
  explain: Operation<Record<string, never>, void>;
}

/** What the panel does when the extension host says so. */
export interface AttentionPanelApi {
  show: Operation<AttentionTopic, void>;
  /** Files that have changed on disk since they were looked at. */
  stale: Operation<{ readonly files: readonly string[] }, void>;
}
