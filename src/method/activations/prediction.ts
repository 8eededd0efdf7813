import type { FloatTensor } from '../../base/tensor.js';
import { labelOf, type Labels } from '../../input/labels.js';
import type { ClassScore } from '../../result/explanation.js';
import type { ModelSubject } from '../modelSubject.js';
import { rankOf } from '../targets.js';

/** What the model says about each input of a batch, `[n, …]` in. */
export async function predict(
  subject: ModelSubject,
  labels: Labels,
  batch: FloatTensor,
  top: number,
  signal: AbortSignal,
): Promise<readonly Ranking[]> {
  const { logits, probabilities } = await subject.predict(batch, signal);
  const { classes } = subject;
  return Array.from({ length: batch.dims[0]! }, (_, k) => {
    const row = logits.data.slice(k * classes, (k + 1) * classes);
    const shares = probabilities.slice(k * classes, (k + 1) * classes);
    const ranked = rankOf(row, Math.min(top, classes));
    return {
      logits: row,
      probabilities: shares,
      top: ranked.map((index): ClassScore => ({
        index,
        label: labelOf(labels, index),
        probability: shares[index]!,
        logit: row[index]!,
      })),
    };
  });
}

export interface Ranking {
  /** Best first. */
  readonly top: readonly ClassScore[];
  /** `[classes]` each. */
  readonly logits: Float32Array;
  readonly probabilities: Float64Array;
}
