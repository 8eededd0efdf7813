import type { Rgb } from '../base/picture.js';
import type { FilePath } from '../base/place.js';
import type { ErrorData } from '../base/errors.js';
import type {
  AttentionLayer,
  AttentionResult,
  SilencedHead,
  SilencedRow,
  TokenChoices,
  WithoutMatrix,
} from '../result/attention.js';
import type { Outcome } from '../result/explanation.js';
import type { ParameterValue } from '../result/method.js';
import type { Recipe, ScoreKind } from '../result/recipe.js';
import type { TargetSummary } from '../result/target.js';
import type { Operation } from './channel.js';
import type { Chapter } from './operation.js';
import type { ModelAnswer, ModelRequest, TargetText, WorkProgress } from './request.js';

export interface AttentionRequest extends ModelRequest {
  readonly inputs: readonly FilePath[];
  /** `map`, `fusion`, `start`, `token`. */
  readonly params?: Readonly<Record<string, ParameterValue>>;
  /**
   * Matrices of these layers alone, by their names: a layer has windows · heads · queries · keys numbers of 4 bytes. None of
   * them: only which layers there are, and what the model says. Left out, all. A rollout and a relevance go over all.
   */
  readonly layers?: readonly string[];
  /** Heads that count for nothing meanwhile. The whole network with random weights is `randomWeights`. */
  readonly silenced?: readonly SilencedHead[];
  /** Where tokens stand, said just now, beside what the settings file says as "attention". */
  readonly tokens?: TokenChoices;
  /** The maps of a token are drawn, too. */
  readonly drawn?: boolean;
  /** Of a relevance: what it is of. */
  readonly target?: TargetText;
  readonly score?: ScoreKind;
}

export interface AttentionAnswer extends ModelAnswer {
  readonly layers: readonly AttentionLayer[];
  /** What joins tokens and has no matrix that can be shown. */
  readonly without: readonly WithoutMatrix[];
  readonly results: readonly Outcome<AttentionPicture>[];
}

/** What was answered for one picture, and the same drawn where that was asked for. */
export interface AttentionPicture extends AttentionResult {
  /** As the model sees it. */
  readonly picture: Rgb;
  readonly png?: Uint8Array;
}

/** Heads are silenced one after the other. */
export interface SilenceRequest extends ModelRequest {
  /** Pictures, or one folder. */
  readonly inputs: readonly FilePath[];
  /** Of which the score is; default each picture's own first class. */
  readonly target?: TargetText;
  readonly score?: ScoreKind;
  readonly each: 'head' | 'layer';
  /** Only those of one layer, by its name. */
  readonly layer?: string;
}

export interface SilenceProgress extends WorkProgress {
  /** What is known so far, over the pictures of so far. */
  readonly rows?: readonly SilencedRow[];
}

export interface SilenceAnswer extends ModelAnswer {
  /** Where it is the same for all pictures. */
  readonly target?: TargetSummary;
  readonly score: ScoreKind;
  /** Pictures that were counted, of how many. */
  readonly counted: number;
  readonly of: number;
  readonly omitted: readonly { readonly input: string; readonly error: ErrorData }[];
  /** The largest drop first. */
  readonly rows: readonly SilencedRow[];
  /** Layers whose heads cannot be told apart: silenced as a whole alone. */
  readonly whole: readonly string[];
  readonly recipe: Recipe;
}

/** What a transformer looks at. */
export interface AttentionOperations {
  attention: Operation<AttentionRequest, AttentionAnswer, WorkProgress>;
  silence: Operation<SilenceRequest, SilenceAnswer, SilenceProgress>;
}

export const attentionOperations: Chapter<AttentionOperations> = {
  attention: {
    runs: 'always',
    waits: 'foreground',
    title: 'reading the attention of',
    doing: 'reading the attention of',
  },
  silence: {
    runs: 'always',
    waits: 'neither',
    long: true,
    title: 'silencing heads of',
    doing: 'silencing heads of',
  },
};
