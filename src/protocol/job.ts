import type { FilePath } from '../base/place.js';
import type { EvaluateRequest, RoarRequest } from './benchmark.js';
import type { CompareModelsRequest } from './comparison.js';
import type { Operation } from './channel.js';
import type { VisualizeChannelsRequest } from './reconstruction.js';
import type { Chapter } from './operation.js';
import type { JobPlace, ModelRequest, WorkProgress } from './request.js';

export type ShareRequest = PicturesShare | ComparisonShare | ChannelsShare | EvaluateShare | RoarShare;

export interface PicturesShare extends ModelRequest {
  readonly work: 'predict' | 'embed';
  readonly inputs: readonly FilePath[];
  readonly layer?: string;
  readonly top?: number;
  readonly job: JobPlace;
}

export interface ComparisonShare extends CompareModelsRequest {
  readonly work: 'compare';
  readonly place: FilePath;
  readonly job: JobPlace;
}

export interface ChannelsShare extends VisualizeChannelsRequest {
  readonly work: 'visualize';
  readonly job: JobPlace;
}

export interface EvaluateShare extends EvaluateRequest {
  readonly work: 'evaluate';
  readonly job: JobPlace;
}

export interface RoarShare extends RoarRequest {
  readonly work: 'roar';
  readonly job: JobPlace;
}

/** How much of a job this share is, in units. */
export interface ShareAnswer {
  readonly done: number;
  readonly of: number;
  readonly warnings: readonly string[];
}

/** Long work in shares. */
export interface JobOperations {
  /** Does one share of the units of a prediction, an embedding, a comparison, a grid of channels, an evaluation or retraining; what they add up to is asked for when all are done. */
  share: Operation<ShareRequest, ShareAnswer, WorkProgress>;
}

export const jobOperations: Chapter<JobOperations> = {
  share: {
    runs: 'always',
    waits: 'neither',
    long: true,
    title: 'working on a job with',
    doing: 'working on a job with',
  },
};
