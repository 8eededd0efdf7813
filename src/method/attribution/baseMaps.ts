import type { FloatTensor } from '../../base/tensor.js';
import type { ScoreAt, Subject } from '../subject.js';

/** Gradient methods that can be averaged over samples: a map of the view's shape for each sample of a batch. */
export const BASES = ['gradient', 'input_x_gradient', 'guided_backprop', 'deconvnet'] as const;
export type Base = (typeof BASES)[number];

export const baseParameter = {
  type: 'choice',
  title: 'Base',
  description: 'the gradient method that is averaged',
  default: 'gradient',
  choices: BASES,
} as const;

export interface BaseMaps {
  /** `[n, …]` in the shape of the value. */
  readonly maps: FloatTensor;
  readonly scores: Float32Array;
  readonly notes: readonly string[];
}

/** The maps of a batch `[n, …]`, seen from `value`. */
export async function baseMaps(
  subject: Subject,
  batch: FloatTensor,
  base: Base,
  of: ScoreAt,
  value: string,
  signal: AbortSignal,
): Promise<BaseMaps> {
  const rules = base === 'guided_backprop' || base === 'deconvnet' ? { rules: base } : {};
  const values = base === 'input_x_gradient' ? { values: [value] } : {};
  const answer = await subject.gradients(batch, { of, wrt: [value], ...rules, ...values }, signal);
  const gradients = answer.gradients.get(value)!;
  const { scores, notes } = answer;
  if (base !== 'input_x_gradient') return { maps: gradients, scores, notes };
  const at = answer.values.get(value)!.data;
  return { maps: { ...gradients, data: gradients.data.map((g, i) => g * at[i]!) }, scores, notes };
}
