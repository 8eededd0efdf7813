import type { VisualizeForm } from '../../src/protocol/reconstruction.js';
import type { ParameterValue } from '../../src/result/method.js';
import type { ParameterValues } from '../shared/form/parameters.js';

/** A trick of a preset, by the parameters that switch it. */
export interface Trick {
  readonly title: string;
  /** Values without it. */
  readonly off: ParameterValues;
  /** It does nothing where pixels are what is changed. */
  readonly ofSpectrum?: boolean;
}

/** In the order in which they are added, one to the next. */
const TRICKS: readonly Trick[] = [
  { title: 'spectrum', off: { image: 'pixels' } },
  { title: 'colours', off: { colours: 'none' }, ofSpectrum: true },
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

/** Where a preset without tricks takes one from: the first of these that has it. */
const LENDERS = ['smooth', 'distill', 'maco'];
/** Plain ascent: each trick is seen by itself when it is added to it. */
const PLAIN = 'naive';

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

/** The tricks that a preset can be seen with and without: its own; of plain ascent those of the others. */
export function tricksFor(form: VisualizeForm, preset: string): readonly Trick[] {
  const own = tricksIn(form.presets[preset] ?? {});
  if (preset !== PLAIN) return own;
  const lent = TRICKS.filter((trick) => trick.ofSpectrum !== true && lentBy(form, trick) !== undefined);
  return TRICKS.filter((trick) => own.includes(trick) || lent.includes(trick));
}

/** Values with a trick that a preset does not have itself. */
function lentBy(form: VisualizeForm, trick: Trick): ParameterValues | undefined {
  const lender = LENDERS.map((name) => form.presets[name] ?? {}).find((values) => isOn(trick, values));
  // A phase alone is more than a spectrum: it is the preset itself.
  if (lender === undefined || lender['image'] === 'phase')
    return trick.off['image'] === undefined ? pick(lender, trick) : undefined;
  return pick(lender, trick);
}

function pick(lender: ParameterValues | undefined, { off }: Trick): ParameterValues | undefined {
  if (lender === undefined) return undefined;
  return Object.fromEntries(Object.keys(off).map((name) => [name, lender[name] ?? off[name]!]));
}

/** What was changed of a preset, with a trick on or off. */
export function switched(
  form: VisualizeForm,
  preset: string,
  changed: ParameterValues,
  { trick, on }: { readonly trick: Trick; readonly on: boolean },
): ParameterValues {
  const others = Object.fromEntries(Object.entries(changed).filter(([name]) => !(name in trick.off)));
  const own = isOn(trick, form.presets[preset] ?? {});
  if (on) return own ? others : { ...others, ...lentBy(form, trick) };
  return own ? { ...others, ...trick.off } : others;
}

/**
 * A preset's tricks one by one: first without any, then one more at a time, the last is the preset itself. Of plain ascent,
 * which has none: it, and it with each one alone. All with the same optimiser, seed and number of steps.
 */
export function trickSteps(
  form: VisualizeForm | undefined,
  preset: string,
  values: ParameterValues,
  changed: ParameterValues,
): readonly TrickStep[] {
  if (form === undefined) return [];
  if (preset === PLAIN) {
    const without = (tricks: readonly Trick[]): ParameterValues =>
      tricks.reduce((rest, trick) => switched(form, preset, rest, { trick, on: false }), changed);
    const tricks = tricksFor(form, preset);
    const plain = without(tricks);
    return [
      { title: 'none of it', params: plain },
      ...tricks.map((trick) => ({
        title: `${trick.title} alone`,
        params: switched(form, preset, plain, { trick, on: true }),
      })),
    ];
  }
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
