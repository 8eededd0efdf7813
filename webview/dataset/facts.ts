import type { SurveyAnswer } from '../../src/protocol/dataset.js';
import type { Mistakes, Survey } from '../../src/result/dataset.js';
import { baseName, formatPercent, formatProbability } from '../shared/format.js';
import type { GalleryView } from './kept.js';

/** Of an example: nothing says what it is or what it is taken for, it is taken for what it is, or for something else. */
export const UNKNOWN = 0;
export const RIGHT = 1;
export const WRONG = 2;

/** What the views need to know of every example, made once of a survey's columns. */
export interface Facts {
  readonly survey: Survey;
  readonly mistakes: Mistakes | undefined;
  /** How many examples there are. */
  readonly count: number;
  /** {@link UNKNOWN}, {@link RIGHT} or {@link WRONG} of each. */
  readonly state: Uint8Array;
  readonly wrong: number;
  readonly right: number;
  /** Whether anything is labelled, and whether the model's output holds classes. */
  readonly labelled: boolean;
  readonly classified: boolean;
  /**
   * What the data set says of each, as a number of `groups`: the classes of the model that labels stand for, or the labels
   * themselves where it has none. -1: nothing.
   */
  readonly group: Int32Array;
  readonly groups: readonly string[];
  /** Where an example stands, by its name. */
  readonly at: ReadonlyMap<string, number>;
}

export function factsOf({ survey, mistakes }: Pick<SurveyAnswer, 'survey' | 'mistakes'>): Facts {
  const count = survey.names.length;
  const state = new Uint8Array(count);
  let [wrong, right] = [0, 0];
  for (let i = 0; i < count; i++) {
    const [truth, predicted] = [survey.truth[i]!, survey.predicted[i]!];
    if (truth < 0 || predicted < 0) continue;
    if (truth === predicted) right++;
    else wrong++;
    state[i] = truth === predicted ? RIGHT : WRONG;
  }
  const own = survey.classes.length === 0;
  const labelled = (own ? survey.labels : survey.truth).some((c) => c >= 0);
  return {
    survey,
    mistakes,
    count,
    state,
    wrong,
    right,
    labelled,
    group: own ? survey.labels : survey.truth,
    groups: own ? survey.mapping.map(({ label }) => label) : survey.classes,
    classified: survey.predicted.some((c) => c >= 0),
    at: new Map(survey.names.map((name, i) => [name, i])),
  };
}

/** What a class is called; `no label` for none. */
export function className({ groups }: Facts, index: number, none = 'no label'): string {
  return index < 0 ? none : (groups[index] ?? `class ${index}`);
}

/** `cat → dog .83`, `cat .97`, or what is known of it. */
export function verdict(facts: Facts, i: number, sure = sureness(facts, i)): string {
  const { survey, state, group } = facts;
  const label = className(facts, group[i]!);
  const predicted = survey.predicted[i]!;
  const p = sure === '' ? '' : ` ${sure}`;
  if (predicted < 0) return label;
  const said = className(facts, predicted);
  if (state[i] === RIGHT) return `${label}${p}`;
  return group[i]! < 0 ? `taken for ${said}${p}` : `${label} → ${said}${p}`;
}

/** Its probability, in short: what stands below where there is little room. */
export function sureness({ survey }: Facts, i: number): string {
  const sure = survey.confidence[i]!;
  return Number.isNaN(sure) ? '' : formatProbability(sure);
}

/** The same as a sentence, for who hears it. */
export function spoken(facts: Facts, i: number): string {
  const { survey, state } = facts;
  const [truth, predicted, sure] = [facts.group[i]!, survey.predicted[i]!, survey.confidence[i]!];
  const p = Number.isNaN(sure) ? '' : `, probability ${formatProbability(sure)}`;
  const is = truth < 0 ? 'no label' : `labelled ${className(facts, truth)}`;
  const said = predicted < 0 ? '' : `, predicted ${className(facts, predicted)}${p}`;
  return `${survey.names[i]!}: ${is}${said}${state[i] === WRONG ? ', wrong' : state[i] === RIGHT ? ', right' : ''}`;
}

/** The last part of an example's name. */
export function shortName({ survey }: Facts, i: number): string {
  return baseName(survey.names[i]!);
}

const all = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** By a number, largest (or smallest) first; those without one stand at the end. */
export function sortedBy(examples: readonly number[], value: ArrayLike<number>, down: boolean): number[] {
  const key = (i: number): number => (Number.isNaN(value[i]!) ? Infinity : down ? -value[i]! : value[i]!);
  return [...examples].sort((a, b) => key(a) - key(b) || a - b);
}

/** Examples that are wrong, the most confident first. */
export function confidentMistakes({ count, state, survey }: Facts): number[] {
  return sortedBy(
    all(count).filter((i) => state[i] === WRONG),
    survey.confidence,
    true,
  );
}

/** Examples that are right, the least confident first. */
export function doubtfulHits({ count, state, survey }: Facts): number[] {
  return sortedBy(
    all(count).filter((i) => state[i] === RIGHT),
    survey.confidence,
    false,
  );
}

/** Examples of a cell of the confusion matrix. */
export function confused(
  { count, survey }: Pick<Facts, 'count' | 'survey'>,
  truth: number,
  predicted: number,
): number[] {
  return all(count).filter((i) => survey.truth[i] === truth && survey.predicted[i] === predicted);
}

/** Examples that are labelled so, or (`as` predicted) taken for it. */
export function ofClass({ count, survey, group }: Facts, index: number, as: 'label' | 'predicted' = 'label'): number[] {
  const of = as === 'label' ? group : survey.predicted;
  return all(count).filter((i) => of[i] === index);
}

/** Examples whose name, label or prediction holds every word of a text. */
export function found(facts: Facts, text: string): number[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  const { survey, count, group } = facts;
  const names = facts.groups.map((name) => name.toLowerCase());
  const none = '';
  return all(count).filter((i) => {
    const label = names[group[i]!] ?? none;
    const predicted = names[survey.predicted[i]!] ?? none;
    const name = survey.names[i]!.toLowerCase();
    return words.every((word) => name.includes(word) || label.includes(word) || predicted.includes(word));
  });
}

/** Examples whose labels may be wrong, the most suspicious first. */
export function suspectsOf({ mistakes }: Facts): readonly number[] {
  return mistakes?.suspects.map(({ example }) => example) ?? [];
}

/** The pictures of the gallery, in its order. */
export function galleryOf(facts: Facts, view: GalleryView, selected: ReadonlySet<number>): readonly number[] {
  const { survey, state, count, group } = facts;
  const text = view.text.trim();
  // Of these the data set's order is another: the most suspicious first, and the same beside one another.
  const own =
    view.show === 'suspects' ? suspectsOf(facts) : view.show === 'duplicates' ? survey.duplicates.flat() : undefined;
  const fits = (i: number): boolean => {
    if (view.show === 'wrong' && state[i] !== WRONG) return false;
    if (view.show === 'right' && state[i] !== RIGHT) return false;
    if (view.show === 'selected' && !selected.has(i)) return false;
    if (view.label !== undefined && group[i] !== view.label) return false;
    return view.predicted === undefined || survey.predicted[i] === view.predicted;
  };
  const named = text === '' ? undefined : new Set(found(facts, text));
  const shown = (own ?? all(count)).filter((i) => (named?.has(i) ?? true) && fits(i));
  switch (view.sort) {
    case 'set':
      return shown;
    case 'confidence':
      return sortedBy(shown, survey.confidence, true);
    case 'doubt':
      return sortedBy(shown, survey.confidence, false);
    case 'margin':
      return sortedBy(shown, survey.margin, false);
    case 'truth':
      return sortedBy(shown, survey.ofTruth, false);
    case 'label':
      return sortedBy(shown, group, false);
    case 'predicted':
      return sortedBy(shown, survey.predicted, false);
  }
}

/** `81.3 %` */
export function accuracyText(share: number): string {
  return share === 1 || share === 0 ? formatPercent(share) : `${(100 * share).toFixed(1)} %`;
}

/** Why nothing can be said of mistakes. */
export function whyNone({ labelled, classified, survey }: Facts): string {
  if (!classified) return "The model's output holds no classes: there is nothing to be right or wrong about.";
  if (!labelled && survey.mapping.length > 0)
    return 'No label of the data set is a class of the model. Say under Classes which label is which class.';
  return 'The pictures have no labels: what the model takes them for can be seen, but not whether it is right.';
}
