import type { CheckId } from '../base/checks.js';
import type { ValueMap } from './heatmap.js';

export type { CheckId, CheckSetting } from '../base/checks.js';

/** What a check is, as it stands in lists and helps. */
export interface CheckDescription {
  readonly id: CheckId;
  readonly title: string;
  /** What it cannot be done without beside the model. */
  readonly needs: 'model' | 'pictures' | 'labels' | 'twin';
  /** What its number is held to where nobody says otherwise. */
  readonly bound?: { readonly name: string; readonly value: number; readonly unit: string };
  /** From which side its number is held to the bound; of others the bound is that of a test between two numbers. */
  readonly side?: 'at least' | 'at most';
  /** What it asks, in one line. */
  readonly reads: string;
}

/** What a check found. */
export interface CheckResult {
  readonly id: CheckId;
  readonly status: 'pass' | 'fail' | 'skipped';
  readonly value?: number;
  readonly bound?: number;
  readonly unit?: string;
  /** What was found with its number and its bound, and what to do; of one that was skipped why, and how it would run. */
  readonly sentence: string;
  /** The key of the settings file that it hangs on: `checks.accuracy`, `input.mean`. */
  readonly setting?: string;
  readonly evidence: CheckEvidence;
  readonly milliseconds: number;
}

/** What there is to look at behind a finding. */
export interface CheckEvidence {
  readonly tables?: readonly CheckTable[];
  readonly curves?: readonly CheckCurve[];
  /** Small maps beside one another. */
  readonly strips?: readonly CheckStrip[];
  /** Pictures behind it. */
  readonly files?: readonly string[];
  readonly notes?: readonly string[];
  /** Of `randomisation`: the method of the first input, and its stages. */
  readonly method?: string;
  readonly stages?: readonly RandomStageEvidence[];
  /** Of `randomisation`: every input with every method. */
  readonly inputs?: readonly RandomisedInput[];
}

export interface CheckTable {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

/** Lines over the same places; `low` and `high` hold the values of most pictures and seeds. */
export interface CheckCurve {
  readonly title: string;
  readonly x: readonly string[];
  readonly series: readonly {
    readonly name: string;
    readonly values: readonly number[];
    readonly low?: readonly number[];
    readonly high?: readonly number[];
  }[];
}

export interface CheckStrip {
  readonly title: string;
  readonly maps: readonly { readonly label: string; readonly map: ValueMap }[];
}

/** How alike the map is when the weights are random from the output down to a layer. */
export interface RandomStageEvidence {
  readonly layer: string;
  /** Spearman's rank correlation of the magnitudes, summed over the channels. */
  readonly spearman_abs: number;
  /** The same of the signed values of all channels. */
  readonly spearman_signed: number;
  readonly ssim: number;
}

export interface RandomisedInput {
  readonly input: string;
  readonly method: string;
  readonly seed: number;
  readonly order: 'cascading' | 'independent';
  readonly stages: readonly RandomStageEvidence[];
}

/** All checks, in the order in which they are done: the quick ones first. */
export const CHECKS: readonly CheckDescription[] = [
  {
    id: 'numbers',
    title: 'No NaN and no infinity',
    needs: 'model',
    side: 'at most',
    bound: { name: 'layers with numbers that are not finite', value: 0, unit: 'layers' },
    reads: 'weights and activations that are not finite numbers, by layer',
  },
  {
    id: 'units',
    title: 'Dead and saturated units',
    needs: 'pictures',
    side: 'at most',
    bound: { name: 'largest share of a layer that says the same of every picture', value: 0.9, unit: 'of a layer' },
    reads: 'units that answer every picture with one value',
  },
  {
    id: 'double-softmax',
    title: 'One Softmax',
    needs: 'model',
    side: 'at most',
    bound: { name: 'a Softmax over a Softmax', value: 0, unit: 'nodes' },
    reads: 'probabilities that are made into probabilities again',
  },
  {
    id: 'unused-weights',
    title: 'No unused weights',
    needs: 'model',
    side: 'at most',
    bound: { name: 'numbers that no output depends on', value: 0, unit: 'numbers' },
    reads: 'weights in the file that no output depends on',
  },
  {
    id: 'batch',
    title: 'Independent of the batch',
    needs: 'model',
    side: 'at most',
    bound: { name: 'largest change of a score, of the largest score', value: 1e-3, unit: 'relative' },
    reads: 'whether an input is answered alike alone and among others',
  },
  {
    id: 'repeatable',
    title: 'Same result twice',
    needs: 'model',
    side: 'at most',
    bound: { name: 'largest change of a score, of the largest score', value: 1e-5, unit: 'relative' },
    reads: 'whether the same input gives the same scores again',
  },
  {
    id: 'accuracy',
    title: 'Accuracy',
    needs: 'labels',
    side: 'at least',
    reads:
      'accuracy against "checks": { "accuracy": … } of the settings file, per class, and against the commonest class',
  },
  {
    id: 'preprocessing',
    title: 'Preprocessing',
    needs: 'labels',
    bound: { name: 'probability that a better way of preparing pictures is better by chance', value: 0.05, unit: '' },
    reads: 'whether a usual way of preparing pictures does better than the one that is set',
  },
  {
    id: 'randomisation',
    title: 'Weights randomised',
    needs: 'pictures',
    side: 'at most',
    bound: { name: 'likeness of the map of a network that learned nothing', value: 0.5, unit: 'of 1' },
    reads: 'whether maps depend on what the model learned',
  },
];

export function checkOf(id: CheckId): CheckDescription {
  return CHECKS.find((check) => check.id === id)!;
}
