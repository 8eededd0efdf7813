import type { FilePath } from '../base/place.js';
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
import type { Chapter } from './operation.js';
import type { ModelRequest, WorkProgress } from './request.js';

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
export type OtherWeights = { readonly model: FilePath } | { readonly random: number };

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

/** What a layer has learned, read from the file: nothing is run. */
export interface WeightsOperations {
  weights: Operation<WeightsRequest, LayerWeights, WorkProgress>;
  /** Of a weight of any size; remembered until the file changes. */
  weightStatistics: Operation<WeightsRequest, WeightStatistics, WorkProgress>;
  /** How far a weight is from the same one of another checkpoint. */
  compareWeights: Operation<CompareWeightsRequest, WeightComparison, WorkProgress>;
  weightsPca: Operation<WeightsPcaRequest, WeightsPca, WorkProgress>;
  weightNeighbours: Operation<WeightNeighboursRequest, WeightNeighbours, WorkProgress>;
  /** For files: the whole weight, all statistics, a picture, and the recipe. */
  exportWeights: Operation<WeightsRequest, WeightsExport, WorkProgress>;
}

export const weightsOperations: Chapter<WeightsOperations> = {
  weights: { runs: 'never', waits: 'neither' },
  weightStatistics: { runs: 'never', waits: 'neither' },
  compareWeights: { runs: 'never', waits: 'neither' },
  weightsPca: { runs: 'never', waits: 'neither', title: 'principal components of' },
  weightNeighbours: { runs: 'never', waits: 'neither' },
  exportWeights: { runs: 'never', waits: 'neither' },
};
