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
const LATELY_MS = 30_000;

/** The features that were asked for last. */
export class FeatureCache {
  private last: { readonly question: string; readonly features: SetFeatures; readonly at: number } | undefined;
  private readonly held = new Newest<string, HeldFeatures>(KEPT, (f) => f.rows.data.length);

  get(key: string): HeldFeatures | undefined {
    return this.held.get(key);
  }

  set(key: string, features: HeldFeatures): void {
    if (features.rows.data.length <= KEPT) this.held.set(key, features);
  }

  /**
   * The answer to the same question a moment ago: a person goes from picture to picture, and that the files are as they were
   * need not be looked at for each.
   */
  async lately(question: string, ask: () => Promise<SetFeatures>): Promise<SetFeatures> {
    const { last } = this;
    const known = last?.question === question && Date.now() - last.at < LATELY_MS;
    const features = known ? last.features : await ask();
    if (features.rows.data.length <= KEPT) this.last = { question, features, at: known ? last.at : Date.now() };
    return features;
  }

  clear(): void {
    this.held.clear();
    this.last = undefined;
  }
}
