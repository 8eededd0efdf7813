import type { Rgb } from '../base/picture.js';
import type { ParameterValue } from '../result/method.js';
import type { Reconstruction } from '../result/reconstruction.js';
import type { Operation } from './channel.js';
import type { Chapter } from './operation.js';
import type { ModelAnswer, ModelRequest, TargetText, WorkProgress } from './request.js';

export interface VisualizeRequest extends ModelRequest {
  /** What the picture is to be full of; without it the channel of the layer, or all of the layer. */
  readonly target?: TargetText;
  readonly layer?: string;
  readonly channel?: number;
  /** See `visualizeParameters`; what is left out follows from the preset and the size of the input. */
  readonly params?: Readonly<Record<string, ParameterValue>>;
  readonly seed?: number;
  /** A name of the caller's, by which the work is paused, resumed and ended with what there is: the operation `steer`. */
  readonly run?: string;
}

export interface VisualizeAnswer extends ModelAnswer {
  readonly result: Reconstruction;
}

export interface VisualizeProgress extends Omit<WorkProgress, 'partial'> {
  /** The picture as it is now, and its objective so far. */
  readonly made?: { readonly picture: Rgb; readonly step: number; readonly trace: readonly number[] };
}

/** What a neuron wants to see. */
export interface ReconstructionOperations {
  visualize: Operation<VisualizeRequest, VisualizeAnswer, VisualizeProgress>;
}

export const reconstructionOperations: Chapter<ReconstructionOperations> = {
  visualize: { runs: 'always', waits: 'neither', long: true, doing: 'making a picture for' },
};
