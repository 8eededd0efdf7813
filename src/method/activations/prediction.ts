import type { FloatTensor } from '../../base/tensor.js';
import { labelOf, type Labels } from '../../input/labels.js';
import type { ClassScore } from '../../result/explanation.js';
import type { ScoreKind } from '../../result/recipe.js';
import type { ModelSubject } from '../subject/modelSubject.js';
import { rankOf } from '../target/class.js';
import { classLayoutOf } from '../target/index.js';
import type { ClassRegions } from '../target/regions.js';
import { isOneScore, type Target } from '../target/target.js';

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
  const layout = subject.classifier ? undefined : classLayoutOf(subject);
  return Array.from({ length: batch.dims[0]! }, (_, k) => {
    const row = logits.data.slice(k * classes, (k + 1) * classes);
    const shares = probabilities.slice(k * classes, (k + 1) * classes);
    if (layout !== undefined) return overRegions(layout.seen(row, labels), labels, top);
    const ranked = rankOf(row, Math.min(top, classes));
    return {
      logits: row,
      probabilities: shares,
      top: ranked.map((index): ClassScore => ({
        index,
        label: labelOf(labels, index),
        ...(subject.makesProbabilities ? { probability: shares[index]! } : {}),
        logit: row[index]!,
      })),
    };
  });
}

/** Classes by the room they take, or by their best boxes. */
function overRegions(regions: ClassRegions, labels: Labels, top: number): Ranking {
  const { ranking, shares } = regions;
  return {
    logits: ranking,
    probabilities: shares,
    regions,
    top: rankOf(ranking, Math.min(top, ranking.length)).map((index): ClassScore => ({
      index,
      label: labelOf(labels, index),
      logit: shares[index]!,
    })),
  };
}

export interface Ranking {
  /** Best first. */
  readonly top: readonly ClassScore[];
  /** `[classes]` each. */
  readonly logits: Float32Array;
  readonly probabilities: Float64Array;
  /** For a segmentation map or a detector: where the classes are. Scores are shares of the picture or best boxes then. */
  readonly regions?: ClassRegions;
}

/** The target's score as far as a ranking says it; a neuron, a difference and a region are asked of the model once more. */
export function scoreIn(ranking: Ranking, target: Target, score: ScoreKind): number | undefined {
  if (!isOneScore(target)) return undefined;
  return (score === 'logit' ? ranking.logits : ranking.probabilities)[target.index];
}
