import type { FloatTensor } from '../base/tensor.js';
import type { ClassScore } from './explanation.js';
import type { Recipe } from './recipe.js';
import type { TargetSummary } from './target.js';

/** Where the tokens of a layer stand. */
export interface TokenLayout {
  /** Rows and columns of the grid of tokens that have a place in the picture; of a windowed layer, of all windows together. */
  readonly grid: readonly [rows: number, columns: number];
  /** `[windows, tokens]`: row × columns + column of each, -1 of a token without a place. */
  readonly cells: Int32Array;
  /** Tokens of a window without a place: a class token, registers. */
  readonly prefix: number;
}

/** What somebody says of tokens: so many without a place in front, and the others row by row. */
export interface SaidTokens {
  readonly prefix: number;
  readonly grid: readonly [rows: number, columns: number];
}

/** Of all layers with so many tokens whose places are not known; or of single layers, by their names. */
export type TokenChoices = SaidTokens | Readonly<Record<string, SaidTokens>>;

/** One layer's attention: what is known of it before a picture is asked about. */
export interface AttentionLayer {
  /** The module, or the node that makes it. */
  readonly name: string;
  readonly node: string;
  /** The value that holds the matrix. */
  readonly value: string;
  /** `tokens`, `channels` (it mixes channels: there is no place in it) or `fixed` (the query does not depend on the picture). */
  readonly kind: 'tokens' | 'channels' | 'fixed';
  readonly heads: number;
  readonly windows: number;
  readonly queries: number;
  readonly keys: number;
  /** Why the number of heads may be wrong, or where the tokens stand is not known. */
  readonly notes: readonly string[];
  readonly from?: TokenLayout;
  readonly to?: TokenLayout;
  /** The keys are known to be no places of the picture: learned queries that look at each other. */
  readonly nowhere?: true;
}

/** Something in the graph that joins tokens and has no matrix that can be shown. */
export interface WithoutMatrix {
  readonly node: string;
  readonly op: string;
  readonly reason: string;
}

/** A head that counts for nothing: its part of what is gathered is zero. Without a head the whole layer. */
export interface SilencedHead {
  readonly layer: string;
  readonly head?: number;
}

/** What the score does without a head, over all pictures. */
export interface SilencedRow extends SilencedHead {
  /** Mean scores, of the model as it is and without the head, and the mean of their differences. */
  readonly before: number;
  readonly after: number;
  readonly drop: number;
  /** How many pictures have another first class without it; absent where the output has no classes. */
  readonly changed?: number;
  /** One by one, where there are few. */
  readonly pictures?: readonly SilencedPicture[];
}

export interface SilencedPicture {
  readonly input: string;
  readonly before: number;
  readonly after: number;
  /** The first class without the head. */
  readonly label?: string;
}

/** A layer's matrices of one picture. */
export interface AttentionMatrices {
  readonly layer: string;
  /** `[windows, heads, queries, keys]` */
  readonly weights: FloatTensor;
  /** By head: mean over queries of -Σ a ln a, in nats. */
  readonly entropy: Float32Array;
  /** By head: mean over queries with a place of how far they look, in tokens of the grid; NaN where places are not known. */
  readonly distance: Float32Array;
  /** By head: the mean share on tokens without a place, and on the query itself; NaN where that has no meaning. */
  readonly onPrefix: Float32Array;
  readonly onSelf: Float32Array;
  /** Least and greatest sum of a row. */
  readonly sums: readonly [number, number];
  /** L2 norm over channels of each token behind the layer, `[queries]`; absent where that value was not found. */
  readonly norms?: Float32Array;
  /** Tokens with a place whose norm is beyond median + 3 · 1.4826 · MAD and twice the median. */
  readonly outliers?: readonly number[];
}

/** What one picture was answered. */
export interface AttentionResult {
  readonly input: string;
  readonly layers: readonly AttentionMatrices[];
  /** Of a rollout or of a relevance: `[tokens, tokens]`. */
  readonly joined?: FloatTensor;
  readonly target?: TargetSummary;
  /** Where no matrices were asked for: what the model says, with what is cut; best first. */
  readonly predicted?: readonly ClassScore[];
  readonly recipe: Recipe;
  readonly notes: readonly string[];
}
