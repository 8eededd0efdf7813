import type { ErrorData } from '../base/errors.js';
import type { FilePath } from '../base/place.js';
import type { ParameterSchema, ParameterValue } from '../result/method.js';
import type { Recipe } from '../result/recipe.js';
import type { EpochRecord, TrainingSet, TrainingSummary } from '../result/training.js';
import type { Operation } from './channel.js';
import type { Chapter } from './operation.js';
import type { ModelAnswer, ModelRequest, WorkProgress } from './request.js';

export interface TrainRequest extends ModelRequest {
  /** A data set: a folder, a list, a `.parquet` or an `.npz` file. */
  readonly place: FilePath;
  /** See `TRAINING_PARAMETERS`; what is left out follows from the preset. */
  readonly params?: Readonly<Record<string, ParameterValue>>;
  readonly seed?: number;
  /** Keeps every epoch there and goes on from what is there. */
  readonly folder?: FilePath;
  /** The trained network is written there. */
  readonly file?: FilePath;
  /** A name of the caller's, by which the work is paused, resumed and ended with what there is: the operation `steer`. */
  readonly run?: string;
}

export interface TrainAnswer extends ModelAnswer {
  readonly training: TrainingSummary;
  readonly recipe: Recipe;
  /** What was written, the trained network first. */
  readonly written: readonly FilePath[];
  /** Pictures that could not be read. */
  readonly omitted: readonly { readonly name: string; readonly error: ErrorData }[];
}

/** Where a training is. */
export interface TrainingNow {
  readonly epoch: number;
  readonly epochs: number;
  /** Steps of this epoch that are done, of `steps`. */
  readonly step: number;
  readonly steps: number;
  /** Means over this epoch so far; absent before its first step. */
  readonly loss?: number;
  readonly accuracy?: number;
  readonly rate: number;
  /** Epochs that are whole. */
  readonly curve: readonly EpochRecord[];
  /** If it goes on to its last epoch; absent before any step was measured. */
  readonly secondsLeft?: number;
  /** Epochs that a run before this had done. */
  readonly resumed: number;
}

export interface TrainProgress extends Omit<WorkProgress, 'partial'> {
  readonly training?: TrainingNow;
}

export interface TrainFormRequest extends ModelRequest {
  readonly place: FilePath;
  readonly params?: Readonly<Record<string, ParameterValue>>;
  readonly seed?: number;
}

/** What a training would do, without doing any of it. */
export interface TrainForm {
  readonly schema: ParameterSchema;
  /** Start values of all of it, for each preset. */
  readonly presets: Readonly<Record<string, Readonly<Record<string, ParameterValue>>>>;
  /** Absent where the model cannot be trained on it; then `refused` says why. */
  readonly set?: TrainingSet;
  /** Numbers that would be changed. */
  readonly parameters?: number;
  readonly refused?: ErrorData;
  readonly notes: readonly string[];
}

/** A classifier trained anew, where it lies. */
export interface TrainingOperations {
  train: Operation<TrainRequest, TrainAnswer, TrainProgress>;
  trainForm: Operation<TrainFormRequest, TrainForm>;
}

export const trainingOperations: Chapter<TrainingOperations> = {
  train: { runs: 'always', waits: 'neither', long: true, doing: 'training' },
  trainForm: { runs: 'always', waits: 'neither' },
};
