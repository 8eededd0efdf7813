import type { FilePath } from '../base/place.js';
import type { CheckDescription, CheckId, CheckResult } from '../result/check.js';
import type { ParameterValue } from '../result/method.js';
import type { SanityCheck } from '../result/sanity.js';
import type { Operation } from './channel.js';
import type { Chapter } from './operation.js';
import type { MethodRequest, ModelAnswer, ModelRequest, WorkProgress } from './request.js';

/** Asks whether a method's maps depend on what the model learned: the badge beside a heatmap. */
export interface SanityRequest extends MethodRequest {
  /** One picture or `.npy`; a badge that was computed on another picture is answered, too. */
  readonly input: FilePath;
  /** Depths of the cascade, default 5. */
  readonly depths?: number;
  /** Compute it on this picture even where it is known from another one. */
  readonly fresh?: boolean;
}

export interface SanityAnswer extends ModelAnswer {
  readonly sanity: SanityCheck;
  /** Whether it was known; `sanity.input` says from which picture. */
  readonly cached: boolean;
}

/** Asks whether a model is what it is taken for. */
export interface CheckRequest extends ModelRequest {
  /** Pictures, a folder of them or another data set; left out, what the settings file names under `checks.data`. */
  readonly place?: FilePath;
  /** Left out, all. */
  readonly only?: readonly CheckId[];
  /** `other` of `randomisation`: a checkpoint whose weights are taken in place of drawn ones. */
  readonly params?: Readonly<Record<string, ParameterValue>>;
  /** Methods whose maps are checked; default those of the settings file, else the gradient. */
  readonly methods?: readonly string[];
  readonly seed?: number;
  /** Do it again even where it is known. */
  readonly fresh?: boolean;
}

export interface CheckAnswer extends ModelAnswer {
  readonly checks: readonly CheckResult[];
  /** How many of them were known. */
  readonly cached: number;
}

export interface CheckProgress extends WorkProgress {
  /** The check that is being done. */
  readonly check?: CheckId;
  /** One that has ended. */
  readonly result?: CheckResult;
}

/** Whether an explanation can be trusted, and a model. */
export interface SanityOperations {
  /** Background work: stands back while an explanation or a prediction is being computed. */
  sanity: Operation<SanityRequest, SanityAnswer, WorkProgress>;
  /** Results are kept by content: what has not changed is not run again. */
  check: Operation<CheckRequest, CheckAnswer, CheckProgress>;
  /** What can be checked. */
  checkList: Operation<Record<string, never>, readonly CheckDescription[]>;
}

export const sanityOperations: Chapter<SanityOperations> = {
  sanity: { runs: 'always', waits: 'background' },
  check: { runs: 'always', waits: 'background', long: true, title: 'checking', doing: 'checking' },
  checkList: { runs: 'never', waits: 'neither' },
};
