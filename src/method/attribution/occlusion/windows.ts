import type { FloatTensor } from '../../../base/tensor.js';
import type { ScoreKind } from '../../../result/recipe.js';
import type { Target } from '../../target/target.js';
import type { WindowGrid } from './grid.js';

/** What is occluded, by what, and which score is watched. */
export interface Occlusion {
  readonly input: FloatTensor;
  readonly fill: FloatTensor;
  readonly target: Target;
  readonly score: ScoreKind;
  readonly grid: WindowGrid;
}

/** Called after each batch with the windows that are done now and their scores. */
export type OnScores = (windows: ArrayLike<number>, scores: Float32Array) => void;

/** Computes scores of occluded inputs, for any subset of a grid's windows. */
export interface WindowScorer {
  scores(windows: readonly number[], signal: AbortSignal, onScores: OnScores): Promise<void>;
  /** How it was computed, where that is worth a sentence. */
  readonly note?: string;
}
