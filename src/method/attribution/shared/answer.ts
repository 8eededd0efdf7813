import { given } from '../../../base/given.js';
import { floatTensor, type FloatTensor } from '../../../base/tensor.js';
import type { Attribution } from '../../../result/explanation.js';
import { spaceLetters } from '../../../input/axes.js';
import { overChannels } from '../../../result/heatmap.js';
import type { ScoreKind } from '../../../result/recipe.js';
import { measureOf, type Target } from '../../target/target.js';
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
  const { axes, shape } = arrangementOf(input);
  const full: Attribution = { values: floatTensor(shape, values), axes, signed, unit };
  if (how === 'none') return full;
  return pixelAttribution(spaceTensor(input, overChannels(full, how)), false, unit);
}

/** The axes of a sample and its sizes along them. */
export function arrangementOf(input: InputSpec): { readonly axes: string; readonly shape: readonly number[] } {
  const { layout, channels, height, width, axes, shape } = input;
  if (axes !== undefined && shape !== undefined) return { axes, shape };
  return layout === 'NCHW'
    ? { axes: 'CHW', shape: [channels, height, width] }
    : { axes: 'HWC', shape: [height, width, channels] };
}

/** Sizes of a sample along its axes of space: rows and columns of a picture, slices before them of a volume. */
export function spaceOf(input: InputSpec): readonly number[] {
  const { axes, shape } = arrangementOf(input);
  return shape.filter((_, i) => axes[i] !== 'C');
}

/** One value for each place of the input, `[H, W]` of a picture. */
export function spaceTensor(input: InputSpec, values: Float32Array): FloatTensor {
  return floatTensor(spaceOf(input), values);
}

/** One value per pixel, or per place of whatever the input is. */
export function pixelAttribution(
  map: FloatTensor,
  signed: boolean,
  unit: string,
  resolution?: readonly [number, number],
): Attribution {
  return { values: map, axes: spaceLetters(map.dims.length), signed, unit, ...given({ resolution }) };
}

/** What the explained number is called in units: "logit", "probability"; of what is no class "value", "score of the box". */
export function unitOf(
  subject: Pick<Subject, 'scoreName'>,
  { target, score }: { readonly target: Target; readonly score: ScoreKind },
): string {
  return measureOf(target) ?? subject.scoreName(score);
}

/** What must be said of a model's score beside an answer about it. */
export function scoreNotes(subject: Pick<Subject, 'scoreValue'>, score: ScoreKind): string[] {
  const { note } = subject.scoreValue(score);
  return note === undefined ? [] : [note];
}
