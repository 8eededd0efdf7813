import { FILLS } from '../../fill.js';

/** Parameters that several attribution methods have: the same name means the same in each. */

export const REDUCTIONS = ['none', 'l1', 'l2', 'max'] as const;
export type ReduceChoice = (typeof REDUCTIONS)[number];

export const reduceParameter = {
  type: 'choice',
  title: 'Channels',
  description: 'none keeps sign and channels; l1, l2 and max make one magnitude per pixel of them',
  default: 'none',
  choices: REDUCTIONS,
} as const;

export const fillParameter = {
  type: 'choice',
  title: 'Fill',
  description:
    'What stands in the place of the covered part: the zero tensor, a colour, the mean colour, the blurred picture, or noise',
  default: 'zero',
  choices: FILLS,
} as const;

export const baselineParameter = {
  ...fillParameter,
  title: 'Baseline',
  description:
    'The input that stands for "nothing there": the zero tensor, a colour, the mean colour, the blurred picture, or noise',
} as const;

/** Steps on a path or of an optimiser; each method says what they are. */
export const stepsParameter = {
  type: 'integer',
  title: 'Steps',
  default: 50,
  minimum: 1,
  maximum: 5000,
} as const;
