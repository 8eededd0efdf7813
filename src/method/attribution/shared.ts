import { floatTensor, type FloatTensor } from '../../base/tensor.js';
import type { Attribution } from '../../result/explanation.js';
import { reduce as reduceChannels } from '../../result/heatmap.js';
import type { ScoreKind } from '../../result/recipe.js';
import { FILLS } from '../fill.js';
import type { InputSpec } from '../subject/subject.js';

/** Parameters and shapes that attribution methods share (CLI.md). */

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

/** One sample's values per channel as an attribution, its channels reduced as asked. `values` has the layout of the input. */
export function channelAttribution(
  values: Float32Array,
  input: InputSpec,
  unit: string,
  how: ReduceChoice = 'none',
  signed = true,
): Attribution {
  const { layout, channels, height, width } = input;
  const planar = layout === 'NCHW';
  const dims = planar ? [channels, height, width] : [height, width, channels];
  const full: Attribution = { values: floatTensor(dims, values), axes: planar ? 'CHW' : 'HWC', signed, unit };
  if (how === 'none') return full;
  const map = reduceChannels(full, how);
  return { values: floatTensor([height, width], map.values), axes: 'HW', signed: false, unit };
}

/** One value per pixel. */
export function pixelAttribution(
  map: FloatTensor,
  signed: boolean,
  unit: string,
  resolution?: readonly [number, number],
): Attribution {
  return { values: map, axes: 'HW', signed, unit, ...(resolution === undefined ? {} : { resolution }) };
}

/** The score's name in units: "logit", "probability". */
export function unitOf(score: ScoreKind): string {
  return score === 'logit' ? 'logit' : 'probability';
}

/** The notes of a score place, for an answer. */
export function scoreNotes(place: { readonly note?: string }): string[] {
  return place.note === undefined ? [] : [place.note];
}
