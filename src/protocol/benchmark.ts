import type { FilePath } from '../base/place.js';
import type { Evaluation, MetricId, RunningMethod } from '../result/benchmark.js';
import type { ParameterValue } from '../result/method.js';
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

/** Are attributions any good? */
export interface BenchmarkOperations {
  evaluate: Operation<EvaluateRequest, EvaluateAnswer, EvaluateProgress>;
}

export const benchmarkOperations: Chapter<BenchmarkOperations> = {
  evaluate: {
    runs: 'always',
    waits: 'neither',
    long: true,
    title: 'evaluating methods on',
    doing: 'evaluating methods on',
  },
};
