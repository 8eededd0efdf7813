import type { ErrorData } from '../../base/errors.js';
import { Newest } from '../../base/newest.js';
import type { FloatTensor } from '../../base/tensor.js';
import type { Example } from '../../dataset/dataset.js';
import type { Matched } from './labels.js';
import type { LayerPlace } from '../reading/places.js';

/** What a layer is on the examples of a data set, in its order. */
export interface SetFeatures {
  readonly place: LayerPlace;
  /** `[n, width]`, finite. */
  readonly rows: FloatTensor;
  readonly examples: readonly Example[];
  readonly matched: Matched;
  /** Row of `matched.mapping` for each; -1 without a label. */
  readonly labels: Int32Array;
  /** -1 where the output holds no classes. */
  readonly predicted: Int32Array;
  readonly omitted: readonly { readonly file: string; readonly error: ErrorData }[];
  readonly notes: readonly string[];
}

/** What does not depend on how labels are matched. */
export type HeldFeatures = Omit<SetFeatures, 'matched' | 'labels' | 'notes'>;

/** Numbers of the features that stay in memory for the next question. */
const KEPT = 1 << 26;

/** The features that were asked for last. */
export class FeatureCache {
  private readonly held = new Newest<string, HeldFeatures>(KEPT, (f) => f.rows.data.length);

  get(key: string): HeldFeatures | undefined {
    return this.held.get(key);
  }

  set(key: string, features: HeldFeatures): void {
    if (features.rows.data.length <= KEPT) this.held.set(key, features);
  }

  clear(): void {
    this.held.clear();
  }
}
