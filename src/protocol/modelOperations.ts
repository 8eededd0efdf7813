import type { Activation, ActivationExport, TopPictures } from '../result/activations.js';
import type { GraphActivations, GraphStructure } from '../result/graphView.js';
import type { Measurements, Overview, ScanProgress, WeightScan } from '../result/overview.js';
import type { Outcome } from '../result/explanation.js';
import type {
  KernelPage,
  LayerWeights,
  WeightComparison,
  WeightNeighbours,
  WeightsExport,
  WeightsPca,
  WeightStatistics,
} from '../result/weights.js';
import type { Operation } from './channel.js';
import type { ModelAnswer, ModelRequest, WorkProgress } from './runner.js';

/** Asks for a layer's weights, or for one of them. */
export interface WeightsRequest extends ModelRequest {
  /** As `inspect` names it. */
  readonly layer: string;
  /** One of the layer's weights; default the main one. */
  readonly weight?: string;
  /** Default: the first 64 × 64 kernels (or 256 × 256 numbers of a matrix). Out-of-range parts are cut, not refused. */
  readonly page?: KernelPage;
  /** The layer with weights drawn anew instead of its own: the seed of the draw. */
  readonly random?: number;
}

/** What a layer is compared with: the same layer of another checkpoint, or of the same one with weights drawn anew. */
export type OtherWeights = { readonly model: string } | { readonly random: number };

export interface CompareWeightsRequest extends ModelRequest {
  readonly layer: string;
  /** One of the layer's weights; default the main one. */
  readonly weight?: string;
  readonly other: OtherWeights;
}

export interface WeightsPcaRequest extends ModelRequest {
  /** A linear layer or 1×1 convolution; default the last one. */
  readonly layer?: string;
  /** Components to compute, default 3. */
  readonly components?: number;
}

export interface WeightNeighboursRequest extends ModelRequest {
  readonly layer?: string;
  /** The row whose neighbours are wanted. */
  readonly index: number;
  /** Default 10. */
  readonly count?: number;
}

export interface ActivationsRequest extends ModelRequest {
  /** One picture or `.npy`. */
  readonly input: string;
  readonly layer: string;
  /** Default: the first 64 channels by index. */
  readonly page?: ChannelPage;
}

export interface ChannelPage {
  readonly from: number;
  readonly count: number;
  /** `mean`, `max`: the most active first. Default `index`. */
  readonly sort?: 'index' | 'mean' | 'max';
}

export interface ExportActivationsRequest extends ModelRequest {
  /** Pictures, folders, `.npy` files. */
  readonly inputs: readonly string[];
  readonly layer: string;
}

export interface ActivationsAnswer extends ModelAnswer {
  readonly results: readonly Outcome<ActivationExport>[];
}

export interface TopPicturesRequest extends ModelRequest {
  /** Folders, pictures, `.npy` files. */
  readonly inputs: readonly string[];
  readonly layer: string;
  readonly channel: number;
  /** Default 9. */
  readonly count?: number;
}

export interface TopProgress extends WorkProgress {
  /** The best pictures so far. */
  readonly top?: TopPictures;
}

export interface GraphActivationsRequest extends ModelRequest {
  /** One picture or `.npy`. */
  readonly input: string;
}

export interface GraphRequest extends ModelRequest {
  /** Runs the model once for the shapes on the edges and the FLOPs; without it nothing is run. Default false. */
  readonly measured?: boolean;
}

/** Asks for the gradient graph as a model of its own. */
export interface ExportGradientRequest extends ModelRequest {
  /** Absolute path of the file to write. */
  readonly file: string;
  /** Copies the weights in; else they stay where they are, and the file must lie in their folder or above. */
  readonly embed: boolean;
}

/** The file that was written: `d score[target] / d wrt`. */
export interface GradientFile {
  readonly sha256: string;
  /** Value whose elements are the targets. */
  readonly score: string;
  /** Value that is differentiated by: the first input. */
  readonly wrt: string;
  readonly bytes: number;
  readonly notes: readonly string[];
}

/** What the checkpoint's editor asks of the runner. Nothing here reads more of a file than it shows. */
export interface ModelOperations {
  /** What the file says: no session, no weights. */
  overview: Operation<ModelRequest, Overview, WorkProgress>;
  /** What one run at the input's real size teaches: shapes, FLOPs, memory, differentiability. */
  measure: Operation<ModelRequest, Measurements, WorkProgress>;
  /** Reads every weight once, in pieces, and says what is odd. */
  scanWeights: Operation<ModelRequest, WeightScan, ScanProgress>;
  graphView: Operation<GraphRequest, GraphStructure, WorkProgress>;
  /** Numbers about every value of the graph on one picture. */
  graphActivations: Operation<GraphActivationsRequest, GraphActivations, WorkProgress>;
  weights: Operation<WeightsRequest, LayerWeights, WorkProgress>;
  /** Of a weight of any size; remembered until the file changes. */
  weightStatistics: Operation<WeightsRequest, WeightStatistics, WorkProgress>;
  /** How far a weight is from the same one of another checkpoint. */
  compareWeights: Operation<CompareWeightsRequest, WeightComparison, WorkProgress>;
  weightsPca: Operation<WeightsPcaRequest, WeightsPca, WorkProgress>;
  weightNeighbours: Operation<WeightNeighboursRequest, WeightNeighbours, WorkProgress>;
  activations: Operation<ActivationsRequest, Activation, WorkProgress>;
  /** For files: the whole weight, all statistics, a picture, and the recipe. */
  exportWeights: Operation<WeightsRequest, WeightsExport, WorkProgress>;
  exportActivations: Operation<ExportActivationsRequest, ActivationsAnswer, WorkProgress>;
  /** Slow once for a layer and a folder, instant for its other channels. */
  topPictures: Operation<TopPicturesRequest, TopPictures, TopProgress>;
}
