import type { FilePath } from '../../src/base/place.js';
import type { NamedFile } from '../../src/protocol/explainPanel.js';
import type { TrainAnswer } from '../../src/protocol/training.js';
import type { TrainAsked, TrainTopic } from '../../src/protocol/trainingPanel.js';
import type { ParameterValues } from '../shared/form/parameters.js';

/** What a person has chosen, and what was begun. */
export interface TrainView {
  readonly place?: NamedFile;
  readonly preset: string;
  /** What differs from each preset's own values. */
  readonly params: Readonly<Record<string, ParameterValues>>;
  readonly seed: number;
  /** The training that was begun last, and where it is kept. */
  readonly asked?: TrainAsked;
  readonly folder?: NamedFile;
  /** What came of it. */
  readonly done?: DoneTraining;
  readonly paused: boolean;
  /** Nobody waits for it any more. */
  readonly cancelled: boolean;
}

/** A training that has ended. */
export interface DoneTraining extends Pick<TrainAnswer, 'omitted' | 'training'> {
  /** The trained network. */
  readonly network?: FilePath;
}

export const NEW_VIEW: TrainView = { preset: 'head', params: {}, seed: 0, paused: false, cancelled: false };

/** What the panel keeps; the extension host reads `topic` of it to open the panel again. */
export interface KeptTraining {
  readonly version: 1;
  readonly topic: TrainTopic;
  readonly view: TrainView;
}

/** Whether a kept state is one of ours; it may have been written by another version. */
export function isKept(state: unknown): state is KeptTraining {
  const kept = state as Partial<KeptTraining> | null | undefined;
  return (
    typeof kept === 'object' &&
    kept !== null &&
    kept.version === 1 &&
    typeof kept.topic === 'object' &&
    typeof kept.view?.preset === 'string' &&
    typeof kept.view.params === 'object'
  );
}
