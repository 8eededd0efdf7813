import type { FloatTensor } from '../base/tensor.js';
import type { ErrorData } from '../base/errors.js';
import type { ParameterValue } from './method.js';
import type { Recipe } from './recipe.js';

/** What a model makes of many pictures (or of its classes), as points of a plane or of space. */
export interface Embedding {
  /** `activations` of pictures, or the rows of the last layer's `weights`. */
  readonly of: 'activations' | 'weights';
  readonly layer: string;
  readonly method: string;
  readonly params: Readonly<Record<string, ParameterValue>>;
  /** What each point is: the picture's file, or the class. */
  readonly files: readonly string[];
  /** What each is labelled; '' where nothing says. */
  readonly labels: readonly string[];
  /** What the model takes each for; absent of weights, and where its output holds no classes. */
  readonly predicted?: readonly string[];
  /** `[n, components]` */
  readonly points: FloatTensor;
  /** Of principal components: variance along each (divisor n - 1), and its share of the whole. */
  readonly variance?: readonly number[];
  readonly explained?: readonly number[];
  /** Of t-SNE: the Kullback-Leibler divergence, in nats. */
  readonly divergence?: number;
  /** Absent where there are too few points. */
  readonly quality?: EmbeddingQuality;
  readonly omitted: readonly { readonly file: string; readonly error: ErrorData }[];
  readonly recipe: Recipe;
}

/** How well a linear probe tells the classes: mean and standard deviation over its seeds, beside the largest class alone. */
export interface ProbeSummary {
  readonly accuracy: number;
  readonly sd: number;
  readonly majority: number;
  readonly folds: number;
  readonly seeds: number;
  /** Points that took part, where not all did; drawn with the shares of the classes kept. */
  readonly examples?: number;
}

/** How much of the original space the points show, and how well classes come apart there. */
export interface EmbeddingQuality {
  readonly trustworthiness: number;
  readonly continuity: number;
  readonly kept: number;
  readonly k: number;
  /** Points that were asked, where not all were. */
  readonly asked: number;
  readonly probe?: ProbeSummary;
  /** Share of pictures whose nearest neighbours are of their class. */
  readonly neighbourAccuracy?: number;
  /** How many neighbours vote for it. */
  readonly voters?: number;
}
