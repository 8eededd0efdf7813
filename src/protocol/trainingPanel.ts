import type { Address, FilePath } from '../base/place.js';
import type { ParameterValue } from '../result/method.js';
import type { Operation } from './channel.js';
import type { NamedFile } from './explainPanel.js';
import type { TrainAnswer, TrainForm, TrainProgress } from './training.js';

/** What the training panel and the extension host say to each other. */

/** What is to be trained on, and how; the model is added by the host. */
export interface TrainingAsked {
  readonly place: Address;
  readonly params: Readonly<Record<string, ParameterValue>>;
  readonly seed: number;
}

/** A training that is begun, or goes on. */
export interface TrainAsked extends TrainingAsked {
  /** Where its epochs are kept. */
  readonly folder: Address;
}

export interface TrainTopic {
  readonly model: NamedFile;
  /** A data set. */
  readonly place?: NamedFile;
}

export interface TrainSetup extends TrainTopic {
  /** The model has changed since it was looked at. */
  readonly stale: boolean;
}

/** What the extension host does for the panel. */
export interface TrainHostApi {
  setup: Operation<Record<string, never>, TrainSetup>;
  /** What can be set, and what would happen. */
  form: Operation<TrainingAsked, TrainForm>;
  /** A folder beside the model that is not there yet, for a new training. */
  newFolder: Operation<Record<string, never>, NamedFile>;
  /** Trains, joins the same training where it is under way, or goes on with what its folder holds. */
  train: Operation<TrainAsked, TrainAnswer, TrainProgress>;
  /** Pauses it, goes on, or ends it with what there is. */
  steer: Operation<{ readonly asked: TrainAsked; readonly state: 'run' | 'pause' | 'stop' }, void>;
  /** What is known of the model is of before. */
  renew: Operation<Record<string, never>, void>;
  /** Asks the person; `undefined` when the question is dismissed. */
  choosePlace: Operation<Record<string, never>, NamedFile | undefined>;
  /** Shows a network that was written. */
  open: Operation<{ readonly path: FilePath }, void>;
  /** Puts on the clipboard what to type in a terminal for the same training. */
  copyTrainCommand: Operation<TrainAsked, void>;
  showLog: Operation<Record<string, never>, void>;
}

/** What the panel does when the extension host says so. */
export interface TrainPanelApi {
  show: Operation<TrainTopic, void>;
  /** The model has changed on disk. */
  stale: Operation<Record<string, never>, void>;
}
