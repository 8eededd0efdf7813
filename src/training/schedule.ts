import type { TrainingRecipe } from '../result/training.js';

/** Where the rate of the schedule `steps` falls to a tenth, as shares of the training (He et al. 2015, arXiv:1512.03385). */
const FALLS = [0.5, 0.75];

/**
 * The learning rate of a step: a straight line up in the warm-up, then the schedule over what is left.
 *
 * @param step from 0, over all epochs
 */
export function rateAt(
  { rate, schedule, warmup, epochs }: Pick<TrainingRecipe, 'rate' | 'schedule' | 'warmup' | 'epochs'>,
  step: number,
  stepsPerEpoch: number,
): number {
  const [total, rising] = [epochs * stepsPerEpoch, Math.min(warmup, epochs) * stepsPerEpoch];
  if (step < rising) return (rate * (step + 1)) / (rising + 1);
  const share = (step - rising) / Math.max(1, total - rising);
  switch (schedule) {
    case 'constant':
      return rate;
    case 'cosine':
      return (rate * (1 + Math.cos(Math.PI * share))) / 2;
    default:
      return rate * 0.1 ** FALLS.filter((fall) => step / total >= fall).length;
  }
}

/**
 * Sizes of the batches of an epoch. The last batch is filled up with pictures from the beginning of the epoch's order, so
 * that statistics over a batch are never those of a few; where that would repeat many of few, all batches are made smaller.
 *
 * @param fixed the only size that the model takes
 */
export function batchesOf(
  count: number,
  batch: number,
  fixed?: number,
): { readonly size: number; readonly steps: number } {
  if (fixed !== undefined) return { size: fixed, steps: Math.ceil(count / fixed) };
  const steps = Math.ceil(count / Math.min(batch, count));
  return steps <= FEW_STEPS ? { size: Math.ceil(count / steps), steps } : { size: batch, steps };
}

const FEW_STEPS = 8;
