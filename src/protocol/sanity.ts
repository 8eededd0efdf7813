import type { FilePath } from '../base/place.js';
import type { SanityCheck } from '../result/sanity.js';
import type { Operation } from './channel.js';
import type { Chapter } from './operation.js';
import type { MethodRequest, ModelAnswer, WorkProgress } from './request.js';

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

/** Whether an explanation can be trusted. */
export interface SanityOperations {
  /** Background work: stands back while an explanation or a prediction is being computed. */
  sanity: Operation<SanityRequest, SanityAnswer, WorkProgress>;
}

export const sanityOperations: Chapter<SanityOperations> = {
  sanity: { runs: 'always', waits: 'background' },
};
