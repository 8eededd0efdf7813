import type { FilePath } from '../base/place.js';
import type { Explanation, Outcome } from '../result/explanation.js';
import type { MethodDescription, MethodFit } from '../result/method.js';
import type { Operation } from './channel.js';
import type { Chapter } from './operation.js';
import type { EditedRequest, MethodRequest, ModelAnswer, ModelRequest, WorkProgress } from './request.js';

/** `method` is an id, or `auto`: the best that fits the model, see `method/choice/`. */
export interface ExplainRequest extends MethodRequest, EditedRequest {
  /** Pictures, folders or `.npy` files. */
  readonly inputs: readonly FilePath[];
}

export interface ExplainAnswer extends ModelAnswer {
  readonly results: readonly Outcome<Explanation>[];
}

/** What is asked of a picture, whatever the model. */
export type Asking = Omit<MethodRequest, keyof ModelRequest>;

/** Several questions about several inputs of one model: what they have in common is done once. */
export interface ExplainCellsRequest extends ModelRequest {
  /** Pictures, or `.npy` files of which the first input counts. */
  readonly inputs: readonly FilePath[];
  readonly questions: readonly Asking[];
  /** Which question is asked of which input, by their places above. Inputs are answered in the order in which they come here. */
  readonly cells: readonly { readonly input: number; readonly question: number }[];
}

export interface CellsProgress extends Omit<WorkProgress, 'partial'> {
  /** A cell that is worked on now, by its place in the request. */
  readonly cell?: number;
  /** How that cell has ended, and what is to be said of the model beside it. */
  readonly outcome?: Outcome<Explanation>;
  readonly about?: ModelAnswer;
}

/** Why a model decides as it does. */
export interface AttributionOperations {
  methods: Operation<Record<string, never>, readonly MethodDescription[]>;
  /** Which of them this model can be asked with, and what a map costs here. */
  methodFits: Operation<ModelRequest, readonly MethodFit[]>;
  explain: Operation<ExplainRequest, ExplainAnswer, WorkProgress>;
  /** Each cell is answered with the progress, as soon as it is there. */
  explainCells: Operation<ExplainCellsRequest, ModelAnswer, CellsProgress>;
}

export const attributionOperations: Chapter<AttributionOperations> = {
  methods: { runs: 'never', waits: 'neither', light: true },
  methodFits: { runs: 'always', waits: 'neither', doing: 'timing' },
  explain: { runs: 'always', waits: 'foreground', title: 'explaining with', doing: 'explaining with' },
  explainCells: { runs: 'always', waits: 'foreground', title: 'explaining with', doing: 'explaining with' },
};
