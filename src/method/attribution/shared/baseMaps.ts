import { given } from '../../../base/given.js';
import type { FloatTensor } from '../../../base/tensor.js';
import type { AttributionAnswer, AttributionRequest, MethodContext } from '../../method.js';
import type { Subject } from '../../subject/subject.js';
import type { ScoreAt } from '../../target/target.js';
import { scoreNotes, unitOf } from './answer.js';
import { reduceParameter } from './parameters.js';
import { viewOf } from './view.js';

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

export const baseParameters = { reduce: reduceParameter };

/** The map of one base method by itself, seen from the input or a layer. `per` follows the score's name in the unit. */
export async function baseAttribution(
  subject: Subject,
  request: AttributionRequest<typeof baseParameters>,
  { signal }: MethodContext,
  base: Base,
  per: string,
): Promise<AttributionAnswer> {
  const view = viewOf(subject, request.layer);
  const of = subject.scoreAt(request.target, request.score);
  const { maps, notes } = await baseMaps(subject, request.input, base, of, view.value, signal);
  return {
    attribution: view.attribution(maps.data, `${unitOf(subject, request)}${per}`, request.params.reduce),
    ...given({ layer: view.layer }),
    notes: [...scoreNotes(subject, request.score), ...notes],
  };
}
