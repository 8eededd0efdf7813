import type { FilePath } from '../base/place.js';
import { activationsOperations } from './activations.js';
import { attentionOperations } from './attention.js';
import { attributionOperations } from './attribution.js';
import { benchmarkOperations } from './benchmark.js';
import type { Call, Operation } from './channel.js';
import { comparisonOperations } from './comparison.js';
import { datasetOperations } from './dataset.js';
import { embeddingOperations } from './embedding.js';
import { gradientOperations } from './gradient.js';
import { graphOperations } from './graph.js';
import { jobOperations } from './job.js';
import type { Chapter } from './operation.js';
import { overviewOperations } from './overview.js';
import { predictionOperations } from './prediction.js';
import { reconstructionOperations } from './reconstruction.js';
import { recipeOperations } from './recipe.js';
import type { ModelRequest, WorkProgress } from './request.js';
import { sanityOperations } from './sanity.js';
import { settingsOperations } from './settings.js';
import { trainingOperations } from './training.js';
import { weightsOperations } from './weights.js';

/** The runner's own operations. */
export interface OwnOperations {
  /** Frees a model's sessions and memory. */
  release: Operation<{ readonly model: FilePath }, void>;
  /** Which process answers: for the watchdog and for tests. */
  status: Operation<Record<string, never>, RunnerStatus>;
}

const ownOperations: Chapter<OwnOperations> = {
  release: { runs: 'never', waits: 'neither' },
  status: { runs: 'never', waits: 'neither', light: true },
};

/** The operations of every chapter, and the runner's own, each with its description. A new chapter is a line here. */
export const OPERATIONS = {
  ...overviewOperations,
  ...graphOperations,
  ...weightsOperations,
  ...activationsOperations,
  ...predictionOperations,
  ...attentionOperations,
  ...attributionOperations,
  ...embeddingOperations,
  ...comparisonOperations,
  ...datasetOperations,
  ...benchmarkOperations,
  ...reconstructionOperations,
  ...trainingOperations,
  ...jobOperations,
  ...sanityOperations,
  ...gradientOperations,
  ...recipeOperations,
  ...settingsOperations,
  ...ownOperations,
};

/** What the runner does for the extension host and the command line. */
export type RunnerApi = {
  [K in keyof typeof OPERATIONS]: NonNullable<(typeof OPERATIONS)[K]['operation']>;
};

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
