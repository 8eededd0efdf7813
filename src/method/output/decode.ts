import { labelOf, type Labels } from '../../input/labels.js';
import type { Box } from '../../result/output.js';
import type { ClassScore } from '../../result/explanation.js';
import type { MapExtremes, PlaceOfMap } from '../../result/valueMap.js';
import { rankOf } from '../rankOf.js';
import { softmax } from '../softmax.js';
import { boxesOf, type SampleValues } from './detection/boxes.js';
import type { FlatLayout, Layout, MapLayout, SequenceLayout } from './layout.js';

export interface DecodeOptions {
  readonly labels: Labels;
  readonly input: { readonly height: number; readonly width: number };
  /** Classes or boxes to answer at most. */
  readonly top: number;
}

/** What one sample's values say, by the kind of the output. */
export interface Decoded {
  /** Classes, best first. */
  readonly top?: readonly ClassScore[];
  /** Regressed numbers and embeddings, whole; of a dense map its least, mean and largest. */
  readonly values?: readonly number[];
  /** What `values` are, where they are not simply the output: "minimum at 3, 4", "mean", "maximum at 0, 9" (column, row). */
  readonly names?: readonly string[];
  /** Of a dense map of one channel. */
  readonly map?: MapExtremes;
  /** Length of an embedding. */
  readonly norm?: number;
  readonly boxes?: readonly Box[];
  readonly text?: string;
  /** Steps of a sequence, each with its best class. */
  readonly places?: readonly {
    readonly step: number;
    readonly index: number;
    readonly label: string;
    readonly probability: number;
  }[];
}

/** Reads a sample of the values of a layout, flat. */
export function decode(layout: Layout, values: SampleValues, options: DecodeOptions): Decoded {
  switch (layout.kind) {
    case 'classes':
    case 'multi-label':
      return { top: classesOf(layout, values.get(layout.value)!, options) };
    case 'regression':
      return { values: Array.from(values.get(layout.value)!) };
    case 'embedding': {
      const list = Array.from(values.get(layout.value)!);
      return { values: list, norm: Math.sqrt(list.reduce((sum, v) => sum + v * v, 0)) };
    }
    case 'segmentation':
      return { top: sharesOf(layout, values.get(layout.value)!, options) };
    case 'dense':
      return spreadOf(layout, values.get(layout.value)!);
    case 'sequence':
      return readText(layout, values.get(layout.value)!, options.labels);
    case 'detection':
      return { boxes: boxesOf(layout, values, { ...options, most: options.top }) };
  }
}

/** Probabilities of a list, where it is one of classes: by the layout's activation, in double precision. */
export function probabilitiesOf(layout: FlatLayout, row: ArrayLike<number>): Float64Array {
  if (layout.activation === 'softmax') return softmax(row);
  if (layout.activation === 'sigmoid') return Float64Array.from(row, (x) => 1 / (1 + Math.exp(-x)));
  return Float64Array.from(row);
}

function classesOf(layout: FlatLayout, row: ArrayLike<number>, { labels, top }: DecodeOptions): ClassScore[] {
  const shares = probabilitiesOf(layout, row);
  return rankOf(shares, top).map((index) => ({
    index,
    label: labelOf(labels, index),
    // Scores that are no numbers, or infinite, make no probability.
    ...(shares[index]! >= 0 && shares[index]! <= 1 ? { probability: shares[index]! } : {}),
    logit: row[index]!,
  }));
}

/** Classes of a map by the share of places that they win. */
function sharesOf(layout: MapLayout, row: ArrayLike<number>, { labels, top }: DecodeOptions): ClassScore[] {
  const { channels, height, width, at } = layout;
  const counts = new Float64Array(channels);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      let winner = 0;
      // A single map is one class against nothing: it is there where it is likelier than not.
      if (channels === 1) winner = row[at(0, y, x)]! > (layout.activation === 'none' ? 0.5 : 0) ? 0 : -1;
      else for (let k = 1; k < channels; k++) if (row[at(k, y, x)]! > row[at(winner, y, x)]!) winner = k;
      if (winner >= 0) counts[winner]!++;
    }
  const shares = counts.map((n) => n / (height * width));
  return rankOf(shares, top).map((index) => ({ index, label: labelOf(labels, index), logit: shares[index]! }));
}

function spreadOf({ channels, height, width, at }: MapLayout, row: ArrayLike<number>): Decoded {
  let [lowest, highest] = [nowhere(Infinity), nowhere(-Infinity)];
  let sum = 0;
  for (let c = 0; c < channels; c++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const value = row[at(c, y, x)]!;
        if (value < lowest.value) lowest = { value, x, y };
        if (value > highest.value) highest = { value, x, y };
        sum += value;
      }
  const values = [lowest.value, sum / row.length, highest.value];
  if (channels !== 1) return { values, names: ['minimum', 'mean', 'maximum'] };
  const names = [`minimum at ${lowest.x}, ${lowest.y}`, 'mean', `maximum at ${highest.x}, ${highest.y}`];
  return { values, names, map: { width, height, lowest, highest } };
}

const nowhere = (value: number): PlaceOfMap => ({ value, x: 0, y: 0 });

/** The best class of each step; equal neighbours are one, and blanks fall out (CTC, greedy). */
export function readText(
  layout: SequenceLayout,
  row: ArrayLike<number>,
  labels: Labels,
): Required<Pick<Decoded, 'text' | 'places'>> {
  const { steps, classes, at, values, blank } = layout;
  const known = labels.origin.kind !== 'default';
  const name = (index: number): string => letterOf(layout, labels, index);
  const letters: string[] = [];
  const places: { step: number; index: number; label: string; probability: number }[] = [];
  let before = -1;
  for (let step = 0; step < steps; step++) {
    const scores = Float64Array.from({ length: classes }, (_, k) => row[at(step, k)]!);
    const shares =
      values === 'probabilities' ? scores : values === 'log-probabilities' ? scores.map(Math.exp) : softmax(scores);
    const [index = 0] = rankOf(shares, 1);
    places.push({ step, index, label: index === blank ? 'blank' : name(index), probability: shares[index]! });
    if (index !== before && index !== blank) letters.push(name(index));
    before = index;
  }
  return { text: letters.join(known && letters.every((l) => Array.from(l).length === 1) ? '' : ' '), places };
}

/** Name of a class of a sequence: a blank that no label stands for shifts the others. */
export function letterOf({ classes, blank }: SequenceLayout, labels: Labels, index: number): string {
  const missing = blank !== undefined && labels.origin.kind !== 'default' && labels.names.length < classes;
  const shift = missing && index > blank ? 1 : 0;
  const label = labels.names[index - shift];
  if (label !== undefined) return label;
  // Recognisers add the space behind their dictionary.
  return missing && index === classes - 1 && labels.names.length === classes - 2 ? ' ' : `class ${index}`;
}
