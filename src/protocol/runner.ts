import type { FilePath } from '../base/place.js';
import type { ActivationsOperations } from './activations.js';
import type { AttributionOperations } from './attribution.js';
import type { Call, Operation } from './channel.js';
import type { GradientOperations } from './gradient.js';
import type { GraphOperations } from './graph.js';
import type { OverviewOperations } from './overview.js';
import type { PredictionOperations } from './prediction.js';
import type { RecipeOperations } from './recipe.js';
import type { ModelRequest, WorkProgress } from './request.js';
import type { SanityOperations } from './sanity.js';
import type { WeightsOperations } from './weights.js';

/** What the runner does for the extension host and the command line: the operations of every chapter, and its own. */
export interface RunnerApi
  extends
    OverviewOperations,
    GraphOperations,
    WeightsOperations,
    ActivationsOperations,
    PredictionOperations,
    AttributionOperations,
    SanityOperations,
    GradientOperations,
    RecipeOperations {
  /** Frees a model's sessions and memory. */
  release: Operation<{ readonly model: FilePath }, void>;
  /** Which process answers: for the watchdog and for tests. */
  status: Operation<Record<string, never>, RunnerStatus>;
}

export interface RunnerStatus {
  readonly pid: number;
  readonly node: string;
  readonly runtime: string;
  readonly openModels: readonly string[];
  readonly residentBytes: number;
}

/** The operations about one model. */
export type AboutModel = {
  [K in keyof RunnerApi]: Parameters<RunnerApi[K]>[0] extends ModelRequest ? K : never;
}[keyof RunnerApi];

/** A question without which model it is about, and what the settings say of that: the host adds both. */
export type RequestOf<K extends AboutModel> = Omit<Parameters<RunnerApi[K]>[0], keyof ModelRequest>;

export type ProgressOf<K extends AboutModel> =
  NonNullable<Parameters<RunnerApi[K]>[1]> extends Call<infer P> ? P & WorkProgress : never;

export type AnswerOf<K extends AboutModel> = Awaited<ReturnType<RunnerApi[K]>>;
