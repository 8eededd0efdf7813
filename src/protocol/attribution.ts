import type { FilePath } from '../base/place.js';
import type { Explanation, Outcome } from '../result/explanation.js';
import type { MethodDescription } from '../result/method.js';
import type { Operation } from './channel.js';
import type { Chapter } from './operation.js';
import type { MethodRequest, ModelAnswer, WorkProgress } from './request.js';

export interface ExplainRequest extends MethodRequest {
  /** Pictures, folders or `.npy` files. */
  readonly inputs: readonly FilePath[];
}

export interface ExplainAnswer extends ModelAnswer {
  readonly results: readonly Outcome<Explanation>[];
}

/** Why a model decides as it does. */
export interface AttributionOperations {
  methods: Operation<Record<string, never>, readonly MethodDescription[]>;
  explain: Operation<ExplainRequest, ExplainAnswer, WorkProgress>;
}

export const attributionOperations: Chapter<AttributionOperations> = {
  methods: { runs: 'never', waits: 'neither', light: true },
  explain: { runs: 'always', waits: 'foreground', title: 'explaining with', doing: 'explaining with' },
};
