import type { FilePath } from '../base/place.js';
import type { LayerCurve, Mistakes, Survey } from '../result/dataset.js';
import type { Explanation } from '../result/explanation.js';
import type { Embedding } from '../result/embedding.js';
import type { ParameterValue } from '../result/method.js';
import type { Operation } from './channel.js';
import type { Chapter } from './operation.js';
import type { ModelAnswer, ModelRequest, WorkProgress } from './request.js';

/** The variable that tells the runner where predictions and features are kept; where there is none, nothing is. */
export const STORE = 'ONNX_LENS_STORE';

/** A part of a data set. */
export interface PartRequest {
  /** A folder, a list, a `.parquet` or an `.npz` file. */
  readonly place: FilePath;
  /** Only this split; all where it is left out. */
  readonly split?: string;
}

/** A data set through a model. */
export interface DatasetRequest extends ModelRequest, PartRequest {
  /** At most so many, drawn by a fixed seed with the shares of the classes kept; the answer says of how many. */
  readonly most?: number;
  /** Labels of the data set that stand for other classes than they were taken for; -1: for none. */
  readonly mapping?: Readonly<Record<string, number>>;
}

export interface SurveyRequest extends DatasetRequest {
  /** Whose output is kept along; default the input of the last linear layer. */
  readonly layer?: string;
}

export interface SurveyAnswer extends ModelAnswer {
  readonly survey: Survey;
  readonly mistakes?: Mistakes;
}

/** Progress over examples. */
export interface SetProgress extends WorkProgress {
  readonly done?: number;
  readonly of?: number;
}

export interface LayoutRequest extends DatasetRequest {
  readonly layer?: string;
  /** `weights`: the rows of the last layer, one point for each class. */
  readonly of: 'activations' | 'weights';
  /** `pca`, `tsne` or `umap`. */
  readonly method: string;
  readonly params?: Readonly<Record<string, ParameterValue>>;
  readonly seed?: number;
  /** A name of the caller's for {@link SteerRequest}. */
  readonly run?: string;
}

export interface LayoutAnswer extends ModelAnswer {
  /** `files` are the survey's names, in its order; what the layer has no finite numbers for is `omitted`. */
  readonly embedding: Embedding;
  /** The step at which it was stopped by hand. */
  readonly stoppedAt?: number;
  readonly notes: readonly string[];
}

export interface LayoutProgress extends SetProgress {
  /** `[n, components]`: where the points are now. */
  readonly points?: Float32Array;
  readonly step?: number;
  readonly steps?: number;
  /** Of t-SNE, in nats; not with every report. */
  readonly divergence?: number;
}

export interface SteerRequest {
  readonly run: string;
  /** `stop`: the layout answers with what there is. */
  readonly state: 'run' | 'pause' | 'stop';
}

export interface NearestRequest extends DatasetRequest {
  readonly layer?: string;
  /** Its name in the survey. */
  readonly name: string;
  readonly metric: 'euclidean' | 'cosine';
  readonly k: number;
}

export interface NearestAnswer {
  /** Names in the survey, nearest first, the example itself left out. */
  readonly names: readonly string[];
  /** In the space of the layer: Euclidean, or 1 - cosine. */
  readonly distances: Float32Array;
  readonly layer: string;
}

export interface LayerCurveRequest extends DatasetRequest {
  /** By default up to sixteen along the network. */
  readonly layers?: readonly string[];
  readonly seed?: number;
}

/** A number that a model gives each picture. Entropy and loss (of the true class) are in nats. */
export type ScoreAsked =
  | { readonly kind: 'probability' | 'logit'; /** Number of the class. */ readonly index: number }
  | { readonly kind: 'entropy' | 'loss' };

export interface ScoreColumnRequest extends DatasetRequest {
  readonly score: ScoreAsked;
}

export interface ScoreColumn {
  /** Names in the survey. */
  readonly names: readonly string[];
  /** Of each; NaN where there is none. */
  readonly values: Float32Array;
  readonly unit: string;
}

export interface HeatRequest extends ModelRequest, PartRequest {
  /** Its name in the survey. */
  readonly name: string;
}

/** Why a picture is taken for what it is, by a method that was chosen for the model. */
export interface HeatAnswer extends ModelAnswer {
  readonly explanation: Explanation;
  /** Of the method. */
  readonly title: string;
}

export interface ThumbnailsRequest {
  readonly place: FilePath;
  /** Names in the survey. */
  readonly names: readonly string[];
  /** Pixels on a side, up to 256. */
  readonly size: number;
}

export interface ThumbnailsAnswer {
  /** `[m, size, size, 3]`, letterboxed with black; grey where a picture cannot be read. */
  readonly pixels: Uint8Array;
}

export interface ExtractRequest {
  readonly place: FilePath;
  readonly name: string;
}

/** A data set in the eyes of a model. */
export interface DatasetOperations {
  survey: Operation<SurveyRequest, SurveyAnswer, SetProgress>;
  layout: Operation<LayoutRequest, LayoutAnswer, LayoutProgress>;
  /** Pauses, resumes or stops a layout that runs. */
  steer: Operation<SteerRequest, void>;
  nearest: Operation<NearestRequest, NearestAnswer, SetProgress>;
  layerCurve: Operation<LayerCurveRequest, ModelAnswer & { readonly curve: LayerCurve }, SetProgress>;
  /** One number of each picture, to colour by; of what the survey keeps nothing is run again. */
  scoreColumn: Operation<ScoreColumnRequest, ScoreColumn, SetProgress>;
  /** A map of one picture, for who points at it. */
  heat: Operation<HeatRequest, HeatAnswer, SetProgress>;
  thumbnails: Operation<ThumbnailsRequest, ThumbnailsAnswer>;
  /** A picture file of an example: its own, or one that is written for a row of an array. */
  extract: Operation<ExtractRequest, FilePath>;
  /** Forgets all predictions and features that are kept; answers their bytes. */
  emptyStore: Operation<Record<string, never>, { readonly bytes: number }>;
}

export const datasetOperations: Chapter<DatasetOperations> = {
  survey: {
    runs: 'always',
    waits: 'neither',
    long: true,
    title: 'looking at data with',
    doing: 'looking at data with',
  },
  layout: { runs: 'always', waits: 'neither', long: true, title: 'embedding with', doing: 'embedding with' },
  steer: { runs: 'never', waits: 'neither', long: true },
  nearest: { runs: 'always', waits: 'neither', long: true, doing: 'looking for neighbours with' },
  layerCurve: {
    runs: 'always',
    waits: 'neither',
    long: true,
    title: 'comparing layers of',
    doing: 'comparing layers of',
  },
  scoreColumn: { runs: 'always', waits: 'neither', long: true, doing: 'looking at data with' },
  heat: { runs: 'always', waits: 'foreground', doing: 'explaining with' },
  thumbnails: { runs: 'never', waits: 'neither' },
  extract: { runs: 'never', waits: 'neither' },
  emptyStore: { runs: 'never', waits: 'neither', long: true },
};
