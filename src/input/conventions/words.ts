import type { ColorOrder, PartialSettings } from '../settings.js';

/** What a sentence in a model file says of its pictures: a proposal, for people write such things in many ways. */
export interface Proposal {
  readonly settings: Required<Pick<PartialSettings, 'range' | 'mean' | 'std'>> & { readonly color: ColorOrder };
  /** The sentence, as far as it matters. */
  readonly quote: string;
}

// Blanks are single and numbers short, so that no text, however made, is read in more ways than a few.
const NUMBER = String.raw`[-+]?(?:\d{1,9}(?:\.\d{0,15})?|\.\d{1,15})(?:e-?\d{1,3})?`;
const LIST = String.raw`[([{]? ?(${NUMBER}(?: ?[,; ] ?${NUMBER}){2}) ?[)\]}]?`;
const FILLER = String.raw`(?: (?:values?|pixels?|of|is|are|rgb|bgr|imagenet|the|channel|per)){0,8} ?[:=]? ?`;

/**
 * Reads words like "RGB input 0..255 minus mean (123,117,104)", "BGR", "scaled to [-1, 1]", "mean=[0.485, 0.456, 0.406]
 * std=[0.229, 0.224, 0.225]". Nothing where no range and no mean is named: an order alone is no way to prepare a picture.
 */
export function proposalIn(text: string, channels: number): Proposal | undefined {
  const words = text.slice(0, 20_000).replace(/\s+/g, ' ').replace(/[−–]/g, '-').replace(/…/g, '..');
  const mean = listAfter(words, String.raw`\b(?:mean|minus|subtract(?:ed|ing)?)`) ?? oneAfter(words, 'mean');
  const std = listAfter(words, String.raw`\b(?:std|stddev|standard deviations?|divided by)`) ?? oneAfter(words, 'std');
  const range = rangeIn(words) ?? rangeOfMean(mean?.values);
  if (range === undefined) return undefined;
  const fitting = (values: readonly number[] | undefined, neutral: number): readonly number[] =>
    values === undefined || (values.length !== channels && values.length !== 1) ? [neutral] : values;
  const color: ColorOrder = channels === 1 ? 'gray' : /\bbgr\b/i.test(words) ? 'BGR' : 'RGB';
  return {
    settings: { range, mean: fitting(mean?.values, 0), std: fitting(std?.values, 1), color },
    quote: quoted(text),
  };
}

interface Found {
  readonly values: readonly number[];
}

function listAfter(words: string, before: string): Found | undefined {
  const match = new RegExp(`${before}${FILLER}${LIST}`, 'i').exec(words);
  return match === null ? undefined : { values: match[1]!.split(/[\s,;]+/).map(Number) };
}

function oneAfter(words: string, name: string): Found | undefined {
  const match = new RegExp(String.raw`\b${name}${FILLER}(${NUMBER})(?![\d.,])`, 'i').exec(words);
  return match === null ? undefined : { values: [Number(match[1])] };
}

const RANGES: readonly (readonly [RegExp, readonly [number, number]])[] = [
  [/[[(]?\s*-1(?:\.0*)?\s*(?:\.\.+|,|to|and|-|:)\s*\+?1(?:\.0*)?\b/i, [-1, 1]],
  [/(?:\b|[[(])0(?:\.0*)?\s*(?:\.\.+|,|to|and|-|:)\s*255\b/i, [0, 255]],
  [/\bdivided by 255|\/\s*255\b/i, [0, 1]],
  [
    /(?:range|scaled?|normali[sz]ed|values?|pixels?|input)\D{0,20}[[(]?\s*0(?:\.0*)?\s*(?:\.\.+|,|to|and|-|:)\s*1(?:\.0*)?(?![\d.])/i,
    [0, 1],
  ],
];

function rangeIn(words: string): readonly [number, number] | undefined {
  const fitting = RANGES.filter(([pattern]) => pattern.test(words)).map(([, range]) => range);
  // "0..255 scaled to [-1, 1]" and "0..255 divided by 255" name the pixels first, then what becomes of them.
  return fitting.find(([low]) => low === -1) ?? fitting.find(([, high]) => high === 1) ?? fitting[0];
}

/** A mean of photographs lies within the range of their pixels: near .45 or near 115. */
function rangeOfMean(mean: readonly number[] | undefined): readonly [number, number] | undefined {
  if (mean === undefined) return undefined;
  if (mean.every((m) => m > 0 && m < 1)) return [0, 1];
  return mean.every((m) => m > 20 && m < 255) ? [0, 255] : undefined;
}

/** One line, short enough to be read. */
function quoted(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= 160 ? line : `${line.slice(0, 157)}…`;
}
