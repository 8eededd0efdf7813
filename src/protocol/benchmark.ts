import type { FilePath } from '../base/place.js';
import type { Evaluation, MetricId, RunningMethod } from '../result/benchmark.js';
import type { ParameterValue } from '../result/method.js';
import type { Roar, RoarCell } from '../result/roar.js';
import type { Operation } from './channel.js';
import type { PartRequest } from './dataset.js';
import type { Chapter } from './operation.js';
import type { JobRequest, MethodRequest, ModelAnswer, ModelRequest, WorkProgress } from './request.js';

/** One of the methods that are measured. */
export type MeasuredQuestion = Pick<MethodRequest, 'method' | 'params' | 'layer'>;

/** How good attributions of a model are on some pictures. */
export interface EvaluateRequest extends ModelRequest, JobRequest, Partial<PartRequest> {
  /** Pictures, folders, data sets or `.npy` files; without them, those of `place`. */
  readonly inputs?: readonly FilePath[];
  /** At most so many, drawn by a fixed seed with the shares of the classes kept. */
  readonly most?: number;
  readonly methods: readonly MeasuredQuestion[];
  /** Default the first of the list. */
  readonly metric?: MetricId;
  /** Of the metric. */
  readonly params?: Readonly<Record<string, ParameterValue>>;
  readonly target?: MethodRequest['target'];
  /** What the methods explain; the metrics ask for their own. */
  readonly score?: MethodRequest['score'];
  readonly seed?: number;
}

export interface EvaluateAnswer extends ModelAnswer {
  readonly evaluation: Evaluation;
  /** The plot. */
  readonly svg: string;
  readonly png: Uint8Array;
}

export interface EvaluateProgress extends WorkProgress {
  /** Pictures that are done. */
  readonly done?: number;
  readonly of?: number;
  /** What is there already. */
  readonly x?: readonly number[];
  readonly running?: readonly RunningMethod[];
}

/** Remove and retrain. */
export interface RoarRequest extends ModelRequest, JobRequest {
  readonly place: FilePath;
  readonly methods: readonly MeasuredQuestion[];
  /** See `ROAR_PARAMETERS`. */
  readonly params?: Readonly<Record<string, ParameterValue>>;
  /** How networks are trained: see `TRAINING_PARAMETERS`. They always start from random weights. */
  readonly training?: Readonly<Record<string, ParameterValue>>;
  readonly seed?: number;
}

export interface RoarAnswer extends ModelAnswer {
  readonly roar: Roar;
  /** The plot. */
  readonly svg: string;
  readonly png: Uint8Array;
}

export interface RoarProgress extends WorkProgress {
  /** Trainings that are done. */
  readonly done?: number;
  readonly of?: number;
  /** Of all trainings that are left, by those that are done; absent before any time is known. */
  readonly secondsLeft?: number;
  readonly cell?: { readonly method: string; readonly seed: number };
  /** What is there already. */
  readonly cells?: readonly RoarCell[];
}

/** Are attributions any good? */
export interface BenchmarkOperations {
  evaluate: Operation<EvaluateRequest, EvaluateAnswer, EvaluateProgress>;
  roar: Operation<RoarRequest, RoarAnswer, RoarProgress>;
}

export const benchmarkOperations: Chapter<BenchmarkOperations> = {
  evaluate: {
    runs: 'always',
    waits: 'neither',
    long: true,
    title: 'evaluating methods on',
    doing: 'evaluating methods on',
  },
  roar: { runs: 'always', waits: 'neither', long: true, title: 'retraining', doing: 'retraining' },
};
