import type { FloatTensor } from '../base/tensor.js';
import type { Recipe } from './recipe.js';

/**
 * How a weight is best looked at.
 * - `rgb`: filters over three colour channels `[out, 3, kh, kw]`, each a small picture (ViT patch embeddings included);
 * - `kernels`: a grid of single kernels, out × in;
 * - `depthwise`: one kernel per filter (depthwise convolutions, and filters of a single grey channel);
 * - `matrix`: rows × columns (1×1 convolutions, linear layers), rows are outputs;
 * - `vector`: one number per channel (biases, normalisation);
 * - `position`: position embedding, tokens × width; `similarity` says how alike the positions are.
 */
export type WeightView = 'rgb' | 'kernels' | 'depthwise' | 'matrix' | 'vector' | 'position';

/** One weight of a layer, as the picker lists it. */
export interface WeightEntry {
  readonly name: string;
  /** `weight`, `bias`, `scale`, `mean`, `variance`, `position`, … as far as it is known. */
  readonly role: string;
  readonly dims: readonly number[];
  /** Element type in the file. */
  readonly type: string;
  /** "float16", "dequantised from int8, per channel"; absent for plain float32. */
  readonly label?: string;
  readonly view: WeightView;
  /** The shape that is shown: `[out, in, kh, kw]`, `[rows, columns]`, `[n]` or `[tokens, width]`. */
  readonly shape: readonly number[];
}

/** Which kernels of the grid: rows are outputs (filters), columns inputs. For `matrix`, rows and columns of numbers. */
export interface KernelPage {
  readonly rowFrom: number;
  readonly rowCount: number;
  readonly columnFrom: number;
  readonly columnCount: number;
  /** `norm`: filters with the largest L2 norm first. Default `index`. */
  readonly sort?: 'index' | 'norm';
}

/** Part of a weight, ready to be drawn. */
export interface WeightPage {
  /** The output index of each row and the input index of each column: what to write beside them. */
  readonly rows: Int32Array;
  readonly columns: Int32Array;
  /**
   * `rgb`: `[rows, 3, kh, kw]` (columns is 0, 1, 2); `kernels`: `[rows, columns, kh, kw]`; `depthwise`:
   * `[rows, 1, kh, kw]`; `matrix` and `position`: `[rows, columns]`; `vector`: `[rows]`.
   */
  readonly values: FloatTensor;
}

/** A histogram of equal bins from `min` to `max`; the last bin holds `max` itself. */
export interface Histogram {
  readonly min: number;
  readonly max: number;
  readonly counts: Uint32Array;
}

/** Moments of all finite elements of a weight; population standard deviation. */
export interface Moments {
  readonly count: number;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly std: number;
  /** Share of elements that are exactly zero. */
  readonly sparsity: number;
  readonly l2: number;
  readonly nan: number;
  readonly infinite: number;
}

export interface WeightStatistics extends Moments {
  readonly l1: number;
  /** 64 bins. */
  readonly histogram: Histogram;
  /** L2 norm of each filter (output), and whether it is dead (1): all zero or below 1e-6 of the median norm. */
  readonly filterNorms: Float32Array;
  readonly dead: Uint8Array;
  /** Largest magnitude: the ends of a colour scale that is centred on zero and shared by all filters. */
  readonly magnitude: number;
}

/** A layer's weights. */
export interface LayerWeights {
  readonly layer: string;
  readonly op: string;
  /** Every weight of the layer, the main one first. */
  readonly weights: readonly WeightEntry[];
  /** The one that `page`, `statistics` and `similarity` are about. */
  readonly shown: WeightEntry;
  readonly page: WeightPage;
  /** Absent for weights above 64 MB that nobody has measured yet: ask for `weightStatistics`. */
  readonly statistics?: WeightStatistics;
  /** For `rgb`: the order of the colour planes as the model is fed. */
  readonly channelOrder?: 'RGB' | 'BGR';
  /** For `position`: cosine similarity of every position with every other, `[tokens, tokens]`; how the tokens lie. */
  readonly similarity?: {
    readonly values: FloatTensor;
    /** Tokens before the grid (class, registers), then `rows × columns` positions. Absent where they form no grid. */
    readonly prefix: number;
    readonly grid?: readonly [rows: number, columns: number];
  };
  readonly notes: readonly string[];
}

/** A weight `a` and the same weight `b` of another checkpoint, over all elements that are finite in both. */
export interface WeightComparison {
  readonly layer: string;
  readonly weight: WeightEntry;
  /** As the other checkpoint has it: its name and its type may differ, its shape does not. */
  readonly other: WeightEntry;
  /** L2 norms of `a` and `b`, and ‖a − b‖. */
  readonly l2: number;
  readonly otherL2: number;
  readonly differenceL2: number;
  /** ‖a − b‖ / ‖a‖; 0 where both are zero, infinite where only `a` is. */
  readonly relative: number;
  /** Cosine of the angle between `a` and `b` as vectors; NaN where one of them is zero. */
  readonly cosine: number;
  /** Largest |a − b|, and the filter (output) that it is in. */
  readonly largest: number;
  readonly largestFilter: number;
  /** The same relative change and cosine for each filter (output). */
  readonly filterRelative: Float32Array;
  readonly filterCosine: Float32Array;
  /** Elements that are not finite in one of them: left out. */
  readonly leftOut: number;
}

/** The rows of the last linear layer in the plane of their principal components. */
export interface WeightsPca {
  readonly layer: string;
  readonly weight: string;
  readonly classes: number;
  readonly features: number;
  /** One per row. */
  readonly names: readonly string[];
  /** `[classes, components]`, centred. Each component's largest loading is positive, so that pictures repeat. */
  readonly coordinates: FloatTensor;
  /** Variance of each component, and its share of the whole. */
  readonly variance: readonly number[];
  readonly explained: readonly number[];
  /** L2 norm of each row. */
  readonly norms: Float32Array;
}

/** Classes whose rows point the same way. */
export interface WeightNeighbours {
  readonly index: number;
  readonly name: string;
  /** Nearest first, the class itself left out. */
  readonly neighbours: readonly { readonly index: number; readonly name: string; readonly cosine: number }[];
}

/** A layer's weights as they are written to files. */
export interface WeightsExport {
  readonly sha256: string;
  readonly layer: string;
  readonly op: string;
  /** Every weight of the layer, measured. */
  readonly weights: readonly (WeightEntry & { readonly statistics: WeightStatistics })[];
  readonly shown: WeightEntry;
  /** The whole of `shown` as float32 in the shape of the file (`shown.dims`), dequantised. */
  readonly values: FloatTensor;
  /** A picture of it. */
  readonly png: Uint8Array;
  readonly recipe: Recipe;
  readonly notes: readonly string[];
}
