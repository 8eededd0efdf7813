import { given } from '../../../base/given.js';
import { floatTensor, type FloatTensor } from '../../../base/tensor.js';
import type { Attribution } from '../../../result/explanation.js';
import { reduce as reduceChannels } from '../../../result/heatmap.js';
import type { ScoreKind } from '../../../result/recipe.js';
import type { InputSpec, Subject } from '../../subject/subject.js';
import type { ReduceChoice } from './parameters.js';

/** What attribution methods answer: maps with their units, and the notes beside them. */

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
  return { values: map, axes: 'HW', signed, unit, ...given({ resolution }) };
}

/** The score's name in units: "logit", "probability". */
export function unitOf(score: ScoreKind): string {
  return score === 'logit' ? 'logit' : 'probability';
}

/** What must be said of a model's score beside an answer about it. */
export function scoreNotes(subject: Pick<Subject, 'scoreValue'>, score: ScoreKind): string[] {
  const { note } = subject.scoreValue(score);
  return note === undefined ? [] : [note];
}
