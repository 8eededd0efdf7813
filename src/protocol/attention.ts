import type { FilePath } from '../base/place.js';
import type { AttentionLayer, AttentionResult, WithoutMatrix } from '../result/attention.js';
import type { Outcome } from '../result/explanation.js';
import type { ParameterValue } from '../result/method.js';
import type { ScoreKind } from '../result/recipe.js';
import type { Operation } from './channel.js';
import type { Chapter } from './operation.js';
import type { ModelAnswer, ModelRequest, TargetText, WorkProgress } from './request.js';

export interface AttentionRequest extends ModelRequest {
  readonly inputs: readonly FilePath[];
  /** `map`, `fusion`, `start`, `token`. */
  readonly params?: Readonly<Record<string, ParameterValue>>;
  /** One layer alone, by its name. */
  readonly layer?: string;
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

/** What was answered for one picture, and the same drawn. */
export interface AttentionPicture extends AttentionResult {
  readonly png: Uint8Array;
}

/** What a transformer looks at. */
export interface AttentionOperations {
  attention: Operation<AttentionRequest, AttentionAnswer, WorkProgress>;
}

export const attentionOperations: Chapter<AttentionOperations> = {
  attention: {
    runs: 'always',
    waits: 'foreground',
    title: 'reading the attention of',
    doing: 'reading the attention of',
  },
};
