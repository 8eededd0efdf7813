import type { Crop, Rgb } from '../base/picture.js';
import type { FilePath } from '../base/place.js';
import type { Outcome, Prediction } from '../result/explanation.js';
import type { OutputSummary } from '../result/output.js';
import type { LabelsSummary } from '../result/settings.js';
import type { Operation } from './channel.js';
import type { Chapter } from './operation.js';
import type { EditedRequest, JobRequest, ModelAnswer, ModelRequest, WorkProgress } from './request.js';

export interface PredictRequest extends ModelRequest, EditedRequest, JobRequest {
  /** Pictures, folders or `.npy` files. */
  readonly inputs: readonly FilePath[];
  /** Classes to return for each input; default 5. Of a detector as many boxes at least. */
  readonly top?: number;
}

export interface PredictAnswer extends ModelAnswer {
  /** What the model's outputs are, and which one is meant. */
  readonly outputs: readonly OutputSummary[];
  /** What the classes are called, and who says so. */
  readonly labels: LabelsSummary;
  readonly results: readonly Outcome<Prediction>[];
  readonly accuracy?: number;
  /** Rows are true classes, columns predicted ones. */
  readonly confusion?: { readonly labels: readonly string[]; readonly counts: readonly (readonly number[])[] };
}

export interface PhotographRequest {
  readonly input: FilePath;
  readonly crop: Crop;
  /** Length of the longer side, in pixels. */
  readonly most: number;
}

/** What a model takes pictures for. */
export interface PredictionOperations {
  predict: Operation<PredictRequest, PredictAnswer, WorkProgress>;
  /** Class names of a model, for the target picker. */
  labels: Operation<ModelRequest, readonly string[]>;
  /** The part of a picture that a model sees, finer than the model sees it. */
  photograph: Operation<PhotographRequest, Rgb>;
}

export const predictionOperations: Chapter<PredictionOperations> = {
  predict: { runs: 'always', waits: 'foreground', doing: 'predicting with' },
  // Where nobody has named the classes they are counted, which takes a run.
  labels: { runs: 'always', waits: 'neither' },
  photograph: { runs: 'never', waits: 'neither' },
};
