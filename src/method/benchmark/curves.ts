import type { FloatTensor } from '../../base/tensor.js';
import type { InputSpec } from '../subject/subject.js';
import { pixelCopier, scoresOfMade, type ScoreOf } from './replace.js';

/** An input that is changed pixel by pixel, and who scores it. */
export interface Way {
  readonly from: FloatTensor;
  readonly to: FloatTensor;
  readonly spec: InputSpec;
  /** Samples of one run. */
  readonly most: number;
  readonly score: ScoreOf;
}

/**
 * Deletion and insertion of Petsiuk, Das, Saenko 2018 (arXiv:1806.07421): scores on the way from one input to another, pixel
 * by pixel in the given order. Deletion goes from the picture to its cover, insertion from the cover to the picture.
 *
 * @param steps how many pixels have been replaced at each point, rising
 */
export function curveOf(
  { from, to, spec, most, score }: Way,
  order: Uint32Array,
  steps: readonly number[],
): Promise<Float64Array> {
  const copy = pixelCopier(spec);
  const now = from.data.slice();
  let done = 0;
  return scoresOfMade(
    steps.length,
    from,
    most,
    (k, into) => {
      for (; done < steps[k]!; done++) copy(to.data, now, order[done]!);
      into.set(now);
    },
    score,
  );
}

/** Area under a curve over equal steps from 0 to 1, by trapezoids. */
export function areaUnder(values: ArrayLike<number>): number {
  const last = values.length - 1;
  if (last === 0) return values[0]!;
  let sum = (values[0]! + values[last]!) / 2;
  for (let i = 1; i < last; i++) sum += values[i]!;
  return sum / last;
}
