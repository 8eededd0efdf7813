import type { ErrorData } from '../base/errors.js';
import type { FloatTensor } from '../base/tensor.js';
import type { ProbeSummary } from './embedding.js';
import type { PreprocessingRecord, Recipe } from './recipe.js';

/** Two models side by side: their weights, and what they make of the same pictures. */
export interface Comparison {
  readonly a: ComparedModel;
  readonly b: ComparedModel;
  readonly weights: WeightChanges;
  /** Absent where no data set was given. */
  readonly set?: ComparedSet;
  /** Of the first model; the second stands in its parameters. */
  readonly recipe: Recipe;
}

export type Side = 'a' | 'b';

export interface ComparedModel {
  /** What it is called here: its file, or that its weights are random. */
  readonly name: string;
  readonly file: string;
  readonly sha256: string;
  /** The seed of its weights, where they are drawn anew. */
  readonly random?: number;
  /** How its numbers are stored. */
  readonly format: NumberFormat;
  /** `none` where nothing was run. */
  readonly provider: string;
  readonly preprocessing: PreprocessingRecord;
  readonly warnings: readonly string[];
}

export type NumberFormat = 'float32' | 'float64' | 'float16' | 'bfloat16' | 'quantised';

/** How layers of one model found their counterparts: by their names, in their order, or not at all. */
export type Pairing = 'name' | 'position' | 'none';

/** How far the main weight of each layer is from its counterpart. */
export interface WeightChanges {
  readonly paired: Pairing;
  readonly layers: readonly WeightChange[];
  /** Layers with weights that have no counterpart, or one of another shape. */
  readonly unpaired: readonly { readonly side: Side; readonly layer: string; readonly reason: string }[];
}

export interface WeightChange {
  readonly a: string;
  readonly b: string;
  readonly shape: readonly number[];
  /** Norm of the difference over that of the first model's weight. */
  readonly relative: number;
  /** NaN where one of the two is zero. */
  readonly cosine: number;
  /** Numbers that are not finite in one of the two, and not counted. */
  readonly leftOut: number;
}

/** What both make of the same pictures; arrays are in the order of `names`. */
export interface ComparedSet {
  /** The file or folder, and how it is written. */
  readonly place: string;
  readonly names: readonly string[];
  readonly files: readonly string[];
  /** What each is labelled; '' where nothing says. */
  readonly labels: readonly string[];
  /** Pictures in the set: those above, and those left out. */
  readonly of: number;
  readonly omitted: readonly { readonly name: string; readonly error: ErrorData }[];
  readonly predictions?: ComparedPredictions;
  readonly spaces?: ComparedSpaces;
  readonly alignment?: LayerAlignment;
  readonly signal?: LayerSignal;
  readonly reasons?: ComparedReasons;
  /** Small pictures of those that stand first in the lists below. */
  readonly thumbnails: readonly { readonly example: number; readonly png: Uint8Array }[];
  /** What must be said: parts that could not be made and why, what was approximated. */
  readonly notes: readonly string[];
}

/** Top-1 predictions of both, in the numbers of `classes`. */
export interface ComparedPredictions {
  readonly classes: readonly string[];
  /** Whether classes of the two models were taken for the same by their names or by their numbers. */
  readonly matched: 'name' | 'number';
  /** -1: unknown. */
  readonly truth: Int32Array;
  /** -1: no number came out. */
  readonly a: Int32Array;
  readonly b: Int32Array;
  /** Probability of what is predicted; NaN where the model makes none. */
  readonly confidence: { readonly a: Float32Array; readonly b: Float32Array };
  /** Pictures on which both say the same, of those that both answer. */
  readonly agreed: number;
  readonly counted: number;
  /** Pictures with a known class, and how many of them each gets right. */
  readonly labelled: number;
  readonly correct: { readonly a: number; readonly b: number };
  /** The surest first. */
  readonly disagreements: readonly Disagreement[];
}

export interface Disagreement {
  readonly example: number;
  readonly right: Side | 'neither' | 'unknown';
}

/** The same pictures as points in the space of either model. */
export interface ComparedSpaces {
  readonly a: ComparedSpace;
  /** Its points are moved, turned, mirrored and scaled onto those of the first. */
  readonly b: ComparedSpace;
  readonly layout: string;
  /** What is left of the layouts' distances after that; 0: they fit. */
  readonly residual: number;
  /** Of each picture: Jaccard index of its `k` nearest in the original spaces. */
  readonly kept: Float32Array;
  readonly k: number;
  /** The index that two unrelated spaces have on average. */
  readonly chance: number;
  /** Pictures by their index, the most changed first. */
  readonly order: Int32Array;
}

export interface ComparedSpace {
  readonly layer: string;
  readonly width: number;
  /** `[n, 2]` */
  readonly points: FloatTensor;
  readonly explained?: readonly number[];
  readonly divergence?: number;
  readonly probe?: ProbeSummary;
  /** Share of pictures whose nearest neighbours are of their class. */
  readonly neighbourAccuracy?: number;
}

/** Linear CKA of every layer of one with every layer of the other. */
export interface LayerAlignment {
  readonly a: readonly string[];
  readonly b: readonly string[];
  /** `[a, b]`; NaN where a layer says the same of every picture, or holds what is no number. */
  readonly cka: FloatTensor;
  /** The same without the pictures of the largest norm. */
  readonly without: FloatTensor;
  /** How many these are. */
  readonly dropped: number;
  /** The pair whose value that moves most; absent where there is none. */
  readonly moved?: { readonly a: number; readonly b: number; readonly by: number };
  /** Pictures that were counted, and in batches of how many at most. */
  readonly counted: number;
  readonly batch: number;
  /** Layers of each, where not all are shown. */
  readonly of: { readonly a: number; readonly b: number };
  /** Layers that were brought to fewer numbers. */
  readonly projected: readonly {
    readonly side: Side;
    readonly layer: string;
    readonly from: number;
    readonly to: number;
  }[];
}

/** How much of what one model's layers say is left in the other's. */
export interface LayerSignal {
  readonly paired: Pairing;
  readonly layers: readonly SignalRow[];
  /** In dB: below it a layer counts as broken. */
  readonly bound: number;
  /** Place of the first layer below it. */
  readonly first?: number;
  readonly counted: number;
}

export interface SignalRow {
  readonly a: string;
  readonly b: string;
  /** 10 log10 of Σ a² over Σ (a - b)²; infinite where they are the same, NaN where nothing is finite. */
  readonly snr: number;
  /** Numbers of either that are not finite. */
  readonly broken: number;
  /** Behind which operator the values are compared, where the layer itself answers at another point in the two. */
  readonly behind?: string;
}

/** Pictures that both predict alike, for reasons that may differ. */
export interface ComparedReasons {
  readonly method: string;
  /** The least alike first. */
  readonly rows: readonly ReasonRow[];
  /** Pictures with the same prediction: so many were explained of so many. */
  readonly explained: number;
  readonly of: number;
  /** Pictures that could not be explained, and the first reason. */
  readonly failed: number;
  readonly error?: ErrorData;
}

export interface ReasonRow {
  readonly example: number;
  /** Spearman's rank correlation of the magnitudes, one for each pixel. */
  readonly spearman: number;
  /** Cosine of the signed maps, channels added up. */
  readonly cosine: number;
  /** Both maps over the picture, of the first rows. */
  readonly heat?: { readonly a: Uint8Array; readonly b: Uint8Array };
}
