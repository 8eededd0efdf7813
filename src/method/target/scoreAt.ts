import type { Tensor } from '../../base/tensor.js';

/** Which number is differentiated or measured. `value` names a value of the graph; its flattened sample is indexed or projected. */
export interface ScoreAt {
  readonly value: string;
  /** Index into the flattened sample, the same for every sample; a direction of the sample's shape, the same for every sample or (`[n, …]`) one for each; or the sum of the sample. */
  readonly pick: { readonly index: number } | { readonly direction: Tensor } | { readonly directions: Tensor } | 'sum';
}

/** The same for samples that belong to several questions: of each an element of its own, or its largest. */
export type ScoresAt =
  ScoreAt | { readonly value: string; readonly pick: { readonly indices: readonly number[] } | 'top' };
