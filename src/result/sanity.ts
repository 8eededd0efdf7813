import type { ValueMap } from './heatmap.js';
import type { ParameterValue } from './method.js';
import type { ScoreKind } from './recipe.js';
import type { TargetSummary } from './target.js';

/**
 * Whether a heatmap depends on what the model learned: the map compared with those of the same model whose weights are
 * drawn anew, layer after layer from the output down (Adebayo et al. 2018, "Sanity Checks for Saliency Maps").
 */
export interface SanityCheck {
  readonly method: string;
  readonly params: Readonly<Record<string, ParameterValue>>;
  /** Layer at which the maps were taken, where that is not the input. */
  readonly layer?: string;
  readonly input: string;
  readonly target: TargetSummary;
  readonly score: ScoreKind;
  readonly seed: number;
  /** The map of the model as it is: magnitudes, scaled to 0…1. */
  readonly original: ValueMap;
  /** From the output down. */
  readonly stages: readonly SanityStage[];
  /** How alike the map of the fully random network is: the mean of SSIM and Spearman, negative ones taken as 0. */
  readonly similarity: number;
  /** The same, over the stages before it. */
  readonly cascade: number;
  /** What each measure says of the fully random network; the verdict follows what two of the three agree on. */
  readonly measures: readonly SanityMeasure[];
  readonly verdict: SanityVerdict;
  /** The badge in words. */
  readonly sentence: string;
  readonly notes: readonly string[];
  readonly milliseconds: number;
}

/** `learned`: the map changes with the weights; `partly`; `picture`: it hardly does; `empty`: the map shows nothing at all. */
export type SanityVerdict = 'learned' | 'partly' | 'picture' | 'empty';

/** `unlike`: the map changes with the weights; `alike`: it hardly does. */
export type Likeness = 'unlike' | 'between' | 'alike';

export interface SanityMeasure {
  readonly name: 'Spearman' | 'SSIM' | 'rise of entropy';
  /** Of the fully random network. */
  readonly value: number;
  /** Mean over the stages before, where it counts. */
  readonly cascade?: number;
  readonly says: Likeness;
}

export interface SanityStage {
  /** The layer down to which the weights are random. */
  readonly layer: string;
  /** How many layers are random, and their share of all. */
  readonly layers: number;
  readonly share: number;
  readonly ssim: number;
  readonly spearman: number;
  /** Of the signed values of all channels. */
  readonly spearmanSigned?: number;
  /** How much richer its histogram is than that of the model's map, as a share: high where the model's map picks out. */
  readonly entropyRise: number;
  /** Magnitudes, scaled to 0…1. */
  readonly map: ValueMap;
}
