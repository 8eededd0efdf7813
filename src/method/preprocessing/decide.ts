import type { Random } from '../../base/random.js';
import type { PixelSettings, SettingsFinding, SettingsPart, SettingsPartId, Verdict } from '../../result/settings.js';
import type { Trial, Tried } from './find.js';

/** From scores to what may be said, part by part. The limits were chosen where what was found was right, not how often. */

/** Beyond this the pictures and the network's memory do not fit, whatever the reading. */
const MISFIT = 0.15;
/** Differences of scores, for networks that remember their pictures and for others. */
const FOUND = { statistics: 1, information: 0.5, labels: 0.5, nothing: Infinity } as const;
const LIKELY = { statistics: 0.2, information: 0.15, labels: 0.15, nothing: Infinity } as const;
/** The statistics hardly see the order of the colours: a small difference is no evidence. */
const ORDER_BY_STATISTICS = 0.5;
const RESAMPLINGS = 20;
const FOUND_SHARE = 0.95;
const LIKELY_SHARE = 0.85;
/** Pictures below which nothing is likely, and below which nothing is found without statistics. */
const LEAST = 4;
const ENOUGH = 16;
/** Readings so near to the best are told apart by nobody: the commonest is taken. */
const LEVEL = { statistics: 0.75, information: 0.1, labels: 0.1, nothing: 0 } as const;
/** Readings with this share of equal answers need no decision. */
const ALIKE = 0.95;

const PARTS: readonly SettingsPartId[] = ['scale', 'centring', 'order'];

export const ASSUMED =
  'Resize and crop are assumed; they cannot be read from the model or found from pictures, and cost little accuracy.';

/** What the trial of all readings has found. */
export function decide(trial: Trial, random: Random, names: (index: number) => string): SettingsFinding {
  const { tried, evidence, pictures } = trial;
  const chosen = commonest(tried, LEVEL[evidence]);
  const resampled = winners(tried, pictures, random);
  const parts: SettingsPart[] = [];
  for (const part of PARTS) {
    const scale = parts.find((p) => p.part === 'scale')?.verdict;
    parts.push(partOf(part, { trial, chosen, resampled, scale }));
  }
  const notes = [ASSUMED, 'Found from your pictures, not stated by the author of the model.'];
  if (!fit(trial, tried[0]!))
    notes.unshift(
      `These pictures and this model do not fit (misfit ${tried[0]!.misfit!.toFixed(2)}): it was trained on pictures of another kind. Give it pictures like those.`,
    );
  if (parts.some((p) => p.verdict === 'cannot tell') && evidence !== 'labels' && evidence !== 'nothing')
    notes.push('One picture of each class, in a folder with the name of the class, would usually decide.');
  if (evidence === 'information' && pictures < ENOUGH)
    notes.push(`${pictures} pictures are few: ${ENOUGH} or more different ones decide better.`);
  return {
    settings: chosen.candidate.settings,
    title: chosen.candidate.title,
    parts,
    evidence,
    pictures,
    labelled: trial.labelled,
    readings: tried.map((each) => ({
      title: each.candidate.title,
      settings: each.candidate.settings,
      score: each.score,
      ...(each.answers.length === 0 ? {} : { alike: alike(each, chosen) }),
      answers: common(each.answers).map(names),
    })),
    notes,
    origins: originsOf(parts, pictures),
  };
}

/**
 * Whether the pictures are of the kind that the network was trained on: by what it remembers, or because it knows most of
 * those whose class is told. (What it remembers fits badly where the true mean is none of those that are tried.)
 */
function fit({ labelled }: Trial, { misfit, right }: Tried): boolean {
  return misfit === undefined || misfit <= MISFIT || (labelled >= LEAST && right > labelled / 2);
}

interface Judging {
  readonly trial: Trial;
  readonly chosen: Tried;
  /** Of each resampling of the pictures the best reading. */
  readonly resampled: readonly Tried[];
  /** What was said of the scale. */
  readonly scale: Verdict | undefined;
}

function partOf(part: SettingsPartId, { trial, chosen, resampled, scale }: Judging): SettingsPart {
  const { tried, evidence, pictures } = trial;
  const value = chosen.candidate.parts[part];
  const own = tried.filter((t) => t.candidate.parts[part] === value);
  const others = tried.filter((t) => t.candidate.parts[part] !== value);
  const [best] = own;
  const [rival] = others;
  if (rival === undefined || best === undefined)
    return { part, value, verdict: 'cannot tell', sentence: `${upper(value)}: nothing else was tried.` };
  const gap = best.score - rival.score;
  const agree = resampled.filter((t) => t.candidate.parts[part] === value).length;
  const share = agree / resampled.length;
  let verdict: Verdict = 'cannot tell';
  const likely = part === 'order' && evidence === 'statistics' ? ORDER_BY_STATISTICS : LIKELY[evidence];
  if (gap >= FOUND[evidence] && share >= FOUND_SHARE) verdict = 'found';
  else if (gap >= likely && share >= LIKELY_SHARE) verdict = 'likely';
  if (verdict === 'found' && evidence !== 'statistics' && pictures < ENOUGH) verdict = 'likely';
  const equal = alike(chosen, rival);
  const same = chosen.answers.length > 0 && equal >= ALIKE && evidence !== 'statistics';
  if (pictures < LEAST || !fit(trial, chosen) || same || (part === 'centring' && scale === 'cannot tell'))
    verdict = 'cannot tell';
  const words = { value, rival: rival.candidate.parts[part], agree, of: resampled.length, part };
  const sentence =
    verdict === 'found'
      ? foundSentence(words, trial, chosen, rival)
      : verdict === 'likely'
        ? `${PROBABLY[part]} ${value}: ${pictures} pictures favour it, ${agree} of ${resampled.length} resamplings of them agree. Not proven.`
        : openSentence(words, trial, chosen, rival);
  return { part, value, verdict, sentence };
}

interface Words {
  readonly part: SettingsPartId;
  readonly value: string;
  readonly rival: string;
  readonly agree: number;
  readonly of: number;
}

const PROBABLY: Readonly<Record<SettingsPartId, string>> = {
  scale: 'Scale probably',
  centring: 'Probably',
  order: 'Order probably',
};

function foundSentence({ value, rival, part }: Words, trial: Trial, chosen: Tried, other: Tried): string {
  if (trial.evidence === 'statistics') {
    const fits = `misfit ${(chosen.misfit ?? 0).toFixed(2)}; with ${rival} ${(other.misfit ?? 0).toFixed(2)}`;
    return `The model's own BatchNormalization statistics fit ${value} (${fits}).`;
  }
  const by =
    trial.evidence === 'labels'
      ? `the classes of ${trial.labelled} pictures are answered best`
      : `the answers tell ${trial.pictures} pictures apart best`;
  return `${part === 'order' ? 'With' : 'From'} ${value} ${by}, by far.`;
}

function openSentence({ value, rival }: Words, trial: Trial, chosen: Tried, other: Tried): string {
  const question = `${upper(value)} or ${rival}?`;
  if (chosen.answers.length === 0) return `${question} These pictures do not decide; ${value} is taken.`;
  const differ = chosen.answers.filter((a, i) => a !== other.answers[i]).length;
  return differ === 0
    ? `${question} It does not matter here: both give the same answers on all ${trial.pictures} pictures.`
    : `${question} These pictures do not decide. The two readings give different answers on ${differ} of ${trial.pictures} pictures; shown with ${value}.`;
}

const upper = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

/** Among the readings that say the same of each part and are level with the best, the commonest. */
function commonest(tried: readonly Tried[], level: number): Tried {
  const best = tried[0]!;
  const like = tried.filter(
    (t) =>
      best.score - t.score <= level && PARTS.every((part) => t.candidate.parts[part] === best.candidate.parts[part]),
  );
  return [...like].sort((a, b) => a.candidate.oddness - b.candidate.oddness || b.score - a.score)[0]!;
}

/** The best reading of each resampling of the pictures, with replacement. */
function winners(tried: readonly Tried[], pictures: number, random: Random): readonly Tried[] {
  return Array.from({ length: RESAMPLINGS }, () => {
    const drawn = Array.from({ length: pictures }, () => random.below(pictures));
    let [best, top] = [tried[0]!, -Infinity];
    for (const each of tried) {
      const score = each.on(drawn);
      if (score > top) [best, top] = [each, score];
    }
    return best;
  });
}

function alike(a: Tried, b: Tried): number {
  const n = a.answers.length;
  return n === 0 ? 0 : a.answers.filter((answer, i) => answer === b.answers[i]).length / n;
}

/** The most frequent answers, at most three. */
function common(answers: readonly number[]): readonly number[] {
  const counts = new Map<number, number>();
  for (const answer of answers) counts.set(answer, (counts.get(answer) ?? 0) + 1);
  return [...counts]
    .sort((a, b) => b[1] - a[1])
    .slice(0, 3)
    .map(([answer]) => answer);
}

/** A sentence for each setting, for the sidecar: what found it, and how sure that is. */
function originsOf(parts: readonly SettingsPart[], pictures: number): Readonly<Record<keyof PixelSettings, string>> {
  const of = (...ids: readonly SettingsPartId[]): string => {
    const told = ids.map((id) => {
      const { verdict, part } = parts.find((p) => p.part === id)!;
      return `${part} ${verdict === 'cannot tell' ? 'not decided' : verdict}`;
    });
    return `found from ${pictures} of your pictures: ${told.join(', ')}`;
  };
  return { color: of('order'), range: of('scale'), mean: of('centring'), std: of('scale') };
}

/** Where the model file itself says what pixels become, nothing is searched for. */
export function statedIn(detail: string, settings: PixelSettings): SettingsFinding {
  const part = (id: SettingsPartId, value: string): SettingsPart => ({
    part: id,
    value,
    verdict: 'stated',
    sentence: `${upper(value)}.`,
  });
  const [low, high] = settings.range;
  const centred = low < 0 || settings.mean.some((m) => m !== 0);
  const mean = settings.mean.some((m) => m !== 0) ? `, mean ${settings.mean.join(', ')}` : '';
  const because = `stated in the model: ${detail}`;
  return {
    settings,
    title: 'as the file says',
    parts: [
      part('scale', `pixels ${low}…${high}`),
      part('centring', centred ? `centred around 0${mean}` : 'without centring'),
      part('order', settings.color),
    ],
    evidence: 'file',
    pictures: 0,
    labelled: 0,
    readings: [],
    notes: [`The file says: ${detail}.`, ASSUMED],
    origins: { color: because, range: because, mean: because, std: because },
  };
}
