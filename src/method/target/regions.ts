import { labelOf, type Labels } from '../../input/labels.js';
import { sampleDims } from '../subject/samples.js';
import type { Subject } from '../subject/subject.js';

/**
 * Models whose scores are not one list of classes: a map of classes for every pixel (segmentation) or a list of boxes
 * (detection). A class is explained by the sum of its scores where the model sees it: over its region, or in its best boxes.
 */
export interface ClassLayout {
  readonly kind: 'segmentation' | 'detection';
  readonly classes: number;
  /** Pixels or boxes. */
  readonly places: number;
  /** Offset of a class's score at a place, in a flattened sample. */
  at(index: number, place: number): number;
  /** Offset of a box's objectness, where it has one. */
  objectness?(place: number): number;
}

/** Boxes of a class whose scores are added up. */
const BEST_BOXES = 5;
/** Values of a box before its classes: its place, and its place and objectness. */
const BOX_HEADS = [0, 4, 5];

/**
 * How classes lie in the scores of a sample: `[C, h, w]`, `[h, w, C]`, or boxes `[boxes, 4 + C]`, `[boxes, 5 + C]`,
 * `[4 + C, boxes]`, `[boxes, C]`, which are told apart by the number of labels. Undefined for a plain list of classes and
 * where nothing says which axis holds the classes.
 */
export function classLayoutOf(
  subject: Pick<Subject, 'facts' | 'scoreValue' | 'input'>,
  labels: number,
): ClassLayout | undefined {
  const fact = subject.facts.get(subject.scoreValue('logit').value);
  if (fact === undefined) return undefined;
  const dims = sampleDims(fact, subject.facts);
  if (dims.length === 3 && dims.every((d) => d > 0))
    return mapLayout(dims as [number, number, number], subject.input, labels);
  if (dims.length === 2 && labels > 1) return boxLayout(dims as [number, number], labels);
  return undefined;
}

function mapLayout(
  [a, b, c]: [number, number, number],
  input: Subject['input'],
  labels: number,
): ClassLayout | undefined {
  const skew = (h: number, w: number): number => Math.abs(Math.log((h / w) * (input.width / input.height)));
  const first = labels === a && labels !== c ? true : labels === c && labels !== a ? false : skew(b, c) <= skew(a, b);
  const [classes, places] = first ? [a, b * c] : [c, a * b];
  if (classes < 1 || places < 4) return undefined;
  return { kind: 'segmentation', classes, places, at: (k, p) => (first ? k * places + p : p * classes + k) };
}

function boxLayout([a, b]: [number, number], labels: number): ClassLayout | undefined {
  for (const [size, places, last] of [
    [b, a, true],
    [a, b, false],
  ] as const) {
    const head = size - labels;
    // DETR has one class more, for "no object".
    if (places < 2 || !(BOX_HEADS.includes(head) || head === 1)) continue;
    const front = head === 1 ? 0 : head;
    const offset = (value: number, place: number): number => (last ? place * size + value : value * places + place);
    return {
      kind: 'detection',
      classes: labels,
      places,
      at: (k, p) => offset(front + k, p),
      ...(head === 5 ? { objectness: (p: number) => offset(4, p) } : {}),
    };
  }
  return undefined;
}

/** What a sample's scores say about the classes. */
export interface Regions {
  readonly layout: ClassLayout;
  /** By which classes are ranked: the share of pixels that are the class (a background after all others), or its best box. */
  readonly ranking: Float32Array;
  /** Share of pixels, or score of the best box. */
  readonly shares: Float64Array;
  /** Weights of all scores of the sample, that add up the class where it is seen. */
  weights(index: number): Float32Array;
  /** "cat over 812 pixels", "car in its 5 best boxes" */
  label(index: number): string;
}

/** The regions or boxes of every class in one sample. */
export function regionsOf(layout: ClassLayout, scores: ArrayLike<number>, labels: Labels): Regions {
  return layout.kind === 'segmentation' ? segmented(layout, scores, labels) : detected(layout, scores, labels);
}

function segmented(layout: ClassLayout, scores: ArrayLike<number>, labels: Labels): Regions {
  const { classes, places, at } = layout;
  const winner = new Int32Array(places);
  const counts = new Float64Array(classes);
  for (let p = 0; p < places; p++) {
    let best = 0;
    // A single map is one class against nothing: it is there where its score is above zero.
    if (classes === 1) best = scores[at(0, p)]! > 0 ? 0 : -1;
    else for (let k = 1; k < classes; k++) if (scores[at(k, p)]! > scores[at(best, p)]!) best = k;
    winner[p] = best;
    if (best >= 0) counts[best]!++;
  }
  const shares = counts.map((n) => n / places);
  const background = (k: number): boolean => /^_*background_*$/i.test(labels.names[k] ?? '');
  const everywhere = (index: number): boolean => counts[index] === 0;
  return {
    layout,
    shares,
    ranking: Float32Array.from(shares, (s, k) => (background(k) ? s - 1 : s)),
    weights: (index) => {
      const out = new Float32Array(classes * places);
      for (let p = 0; p < places; p++) if (everywhere(index) || winner[p] === index) out[at(index, p)] = 1;
      return out;
    },
    label: (index) => `${labelOf(labels, index)} over ${everywhere(index) ? 'all' : counts[index]} pixels`,
  };
}

function detected(layout: ClassLayout, scores: ArrayLike<number>, labels: Labels): Regions {
  const { classes, places, at, objectness } = layout;
  const value = (index: number, place: number): number =>
    scores[at(index, place)]! * (objectness === undefined ? 1 : scores[objectness(place)]!);
  const best = Float64Array.from({ length: classes }, (_, k) => {
    let top = -Infinity;
    for (let p = 0; p < places; p++) top = Math.max(top, value(k, p));
    return top;
  });
  const count = Math.min(BEST_BOXES, places);
  return {
    layout,
    shares: best,
    ranking: Float32Array.from(best),
    weights: (index) => {
      const order = Array.from({ length: places }, (_, p) => p).sort(
        (p, q) => value(index, q) - value(index, p) || p - q,
      );
      const out = new Float32Array(scores.length);
      for (const p of order.slice(0, count)) out[at(index, p)] = 1;
      return out;
    },
    label: (index) => `${labelOf(labels, index)} in its ${count} best boxes`,
  };
}
