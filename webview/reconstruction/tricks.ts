import type { VisualizeForm } from '../../src/protocol/reconstruction.js';
import type { ParameterValue } from '../../src/result/method.js';
import type { ParameterValues } from '../shared/form/parameters.js';

/** A trick of a preset, by the parameters that switch it. */
export interface Trick {
  readonly title: string;
  /** Values without it. */
  readonly off: ParameterValues;
}

/** In the order in which they are added, one to the next. */
const TRICKS: readonly Trick[] = [
  { title: 'spectrum', off: { image: 'pixels' } },
  { title: 'colours', off: { colours: 'none' } },
  { title: 'blurred gradient', off: { gradient_blur: 0 } },
  { title: 'total variation', off: { tv: 0 } },
  { title: 'jitter', off: { jitter: 0 } },
  { title: 'scale', off: { scale: 0 } },
  { title: 'rotation', off: { rotate: 0 } },
  { title: 'parts', off: { box_first: 1, box_last: 1 } },
  { title: 'noise', off: { noise: 0 } },
  { title: 'blur', off: { blur: 0 } },
  { title: 'several views', off: { samples: 1 } },
];

/** A step of the way from nothing to all of a preset. */
export interface TrickStep {
  readonly title: string;
  /** To be given to the preset. */
  readonly params: ParameterValues;
}

/** All that a preset is set to, with what was changed of it. */
export function valuesOf(form: VisualizeForm, preset: string, changed: ParameterValues = {}): ParameterValues {
  return { ...form.presets[preset], ...changed };
}

/** Whether a trick is on. */
export const isOn = ({ off }: Trick, values: ParameterValues): boolean =>
  Object.entries(off).some(([name, value]) => values[name] !== undefined && values[name] !== value);

/** The tricks that are on. */
export const tricksIn = (values: ParameterValues): readonly Trick[] => TRICKS.filter((trick) => isOn(trick, values));

/** What was changed of a preset, with one of its tricks on or off. */
export function switched(changed: ParameterValues, trick: Trick, on: boolean): ParameterValues {
  const others = Object.entries(changed).filter(([name]) => !(name in trick.off));
  return { ...Object.fromEntries(others), ...(on ? {} : trick.off) };
}

/**
 * A preset's tricks one by one: first without any, then one more at a time, the last is the preset itself. All with the
 * same optimiser, seed and number of steps.
 */
export function trickSteps(values: ParameterValues, changed: ParameterValues): readonly TrickStep[] {
  const used = tricksIn(values);
  const without = (tricks: readonly Trick[]): Record<string, ParameterValue> =>
    Object.assign({}, ...tricks.map(({ off }) => off)) as Record<string, ParameterValue>;
  const steps = used.map((_, i) => ({
    title: i === 0 ? 'none of it' : `+ ${used[i - 1]!.title}`,
    params: { ...changed, ...without(used.slice(i)) },
  }));
  const last = used.at(-1);
  return last === undefined ? [] : [...steps, { title: `+ ${last.title}`, params: changed }];
}
