import type { ScoreAsked, ScoreColumn, SetProgress } from '../../../src/protocol/dataset.js';
import { colormap, type Colormap } from '../../../src/result/colormap.js';
import { Remade } from '../../shared/remade.js';
import type { Task } from '../../shared/task/task.js';
import { className, RIGHT, WRONG, type Facts } from '../facts.js';
import type { ColourBy, DatasetView, MapView } from '../kept.js';

/** A number of each picture, and what it is. */
export interface Score {
  /** "probability of cat" */
  readonly title: string;
  readonly unit: string;
  /** In the order of the survey; NaN where there is none. */
  readonly values: Float32Array;
  /** Ends that it has whatever the values are. */
  readonly bounds?: readonly [low: number, high: number];
  /** It stands in every table of predictions anyway. */
  readonly own: boolean;
}

/** What a number is, with the unit where the title does not hold it. */
export function scaleWords({ title, unit }: Pick<Score, 'title' | 'unit'>): string {
  return title.includes(unit) ? title : `${title} (${unit})`;
}

/** What can be coloured by as a number: what there is nothing of is not offered. */
export function scoresOffered({
  labelled,
  classified,
  survey,
}: Facts): readonly { readonly value: ColourBy; readonly label: string }[] {
  const some = (values: Float32Array): boolean => values.some((v) => !Number.isNaN(v));
  const known = some(survey.confidence);
  const judged = some(survey.ofTruth);
  const named = classified && survey.classes.length > 0;
  return [
    ...(known ? [{ value: 'confidence', label: 'confidence' } as const] : []),
    ...(judged ? [{ value: 'ofTruth', label: 'probability of the label' } as const] : []),
    ...(some(survey.margin) ? [{ value: 'margin', label: 'margin: first less second' } as const] : []),
    ...(judged ? [{ value: 'truthMargin', label: 'margin of the label' } as const] : []),
    ...(known ? [{ value: 'entropy', label: 'entropy' } as const] : []),
    ...(judged && labelled ? [{ value: 'loss', label: 'loss' } as const] : []),
    ...(named && known ? [{ value: 'probability', label: 'probability of a class…' } as const] : []),
    ...(named ? [{ value: 'logit', label: 'logit of a class…' } as const] : []),
  ];
}

/** Whether it is a number of one class, which is to be chosen. */
export function ofOneClass(by: ColourBy): by is 'probability' | 'logit' {
  return by === 'probability' || by === 'logit';
}

/** What the runner is asked for a colour that the survey does not hold. */
export function scoreAsked(facts: Facts, { colour, colourClass, of }: MapView): ScoreAsked | undefined {
  if (of === 'weights' || !scoresOffered(facts).some(({ value }) => value === colour)) return undefined;
  if (ofOneClass(colour)) return { kind: colour, index: colourClass };
  return colour === 'entropy' || colour === 'loss' ? { kind: colour } : undefined;
}

const aligned = new Remade<Float32Array>();

/** What is known of the panel. */
export interface Scored {
  readonly view: DatasetView;
  readonly score: Task<ScoreColumn, SetProgress>;
}

/** The number that points are coloured by; nothing where it is none, or is not there yet. */
export function scoreOf(room: Scored, facts: Facts, by: ColourBy): Score | undefined {
  const { survey } = facts;
  switch (by) {
    case 'confidence':
      return { ...score('probability of the prediction', 'probability', survey.confidence, [0, 1]), own: true };
    case 'ofTruth':
      return score('probability of the label', 'probability', survey.ofTruth, [0, 1]);
    case 'margin':
      return score('first less second', marginUnit(facts), survey.margin);
    case 'truthMargin':
      return score('label less the best other', 'probability', truthMargins(facts), [-1, 1]);
    case 'entropy':
    case 'loss':
    case 'probability':
    case 'logit': {
      const { value, question, outdated } = room.score;
      const asked = scoreAsked(facts, room.view.map);
      if (value === undefined || outdated || asked === undefined || !question?.includes(JSON.stringify(asked)))
        return undefined;
      const values = aligned.get([value, facts], () => alignedWith(facts, value));
      const of = ofOneClass(by) ? `${value.unit} of ${className(facts, room.view.map.colourClass)}` : by;
      const top = by === 'entropy' && survey.classes.length > 1 ? Math.log(survey.classes.length) : undefined;
      const bounds = by === 'probability' ? ([0, 1] as const) : top === undefined ? undefined : ([0, top] as const);
      return score(of, value.unit, values, bounds);
    }
    default:
      return undefined;
  }
}

function score(title: string, unit: string, values: Float32Array, bounds?: readonly [number, number]): Score {
  return { title, unit, values, own: false, ...(bounds === undefined ? {} : { bounds }) };
}

/** In logits where no probabilities are made. */
function marginUnit({ survey }: Facts): string {
  return survey.confidence.some((p) => !Number.isNaN(p)) ? 'probability' : 'logit';
}

function alignedWith({ count, at }: Facts, { names, values }: ScoreColumn): Float32Array {
  const out = new Float32Array(count).fill(NaN);
  names.forEach((name, k) => {
    const i = at.get(name);
    if (i !== undefined) out[i] = values[k]!;
  });
  return out;
}

const margins = new WeakMap<Facts, Float32Array>();

/** Probability of the label less that of the likeliest other class. */
function truthMargins(facts: Facts): Float32Array {
  let made = margins.get(facts);
  if (made === undefined) {
    const { survey, state } = facts;
    made = Float32Array.from(survey.ofTruth, (p, i) =>
      state[i] === RIGHT ? survey.margin[i]! : state[i] === WRONG ? p - survey.confidence[i]! : NaN,
    );
    margins.set(facts, made);
  }
  return made;
}

/** Where a scale of colours begins and ends. */
export interface Scale {
  readonly low: number;
  readonly high: number;
  readonly colors: Colormap;
  /** Examples that have no such number. */
  readonly without: number;
}

/** From the least to the greatest, or as far as the number can go; about zero where it has either sign. */
export function scaleOf({ values, bounds }: Pick<Score, 'values' | 'bounds'>): Scale {
  let [low, high, without] = [Infinity, -Infinity, 0];
  for (const v of values) {
    if (!Number.isFinite(v)) without++;
    else [low, high] = [Math.min(low, v), Math.max(high, v)];
  }
  if (bounds !== undefined) [low, high] = bounds;
  else if (low > high) [low, high] = [0, 1];
  if (low < 0 && high > 0) {
    const limit = Math.max(-low, high);
    return { low: -limit, high: limit, colors: SIGNED, without };
  }
  return { low, high, colors: colormap('viridis'), without };
}

/** The colour of a value: 0 to 255 each. */
export function colourAt({ low, high, colors }: Scale, value: number): readonly [number, number, number] {
  const at = 3 * Math.max(0, Math.min(255, Math.round((255 * (value - low)) / (high - low || 1))));
  return [colors.table[at]!, colors.table[at + 1]!, colors.table[at + 2]!];
}

/** What is neutral in the middle would not be seen on a white page: it is given a tone that stands out from white and from grey. */
const MIDDLE = [214, 198, 150] as const;
const SIGNED: Colormap = ((): Colormap => {
  const { name, kind, table } = colormap('RdBu');
  return {
    name,
    kind,
    table: table.map((v, k) => {
      const t = Math.abs((2 * Math.floor(k / 3)) / 255 - 1);
      const share = (1 - t) ** 2;
      return Math.round(v * (1 - share) + MIDDLE[k % 3]! * share);
    }),
  };
})();
