import { labelOf, type Labels } from '../../input/labels.js';
import { classInRegions } from './class.js';
import type { TargetKind } from './kind.js';
import type { ClassLayout, ClassRegions } from './regions.js';

const ID = 'boxes';
/** Boxes of a class whose scores are added up. */
const BEST = 5;
/** Values of a box before its classes: its place, and its place and objectness. */
const HEADS = [0, 4, 5];

/** A class in the list of boxes of a detector: the sum of its scores in its best boxes. */
export const boxes: TargetKind = {
  id: ID,
  read: (text, question) => classInRegions(ID, text, question),
  layoutOf: (dims, _input, labels) =>
    dims.length === 2 && labels > 1 ? boxLayout(dims as [number, number], labels) : undefined,
};

/** Where the scores of a list of boxes lie in a flattened sample. */
export interface BoxScores {
  readonly classes: number;
  readonly places: number;
  /** Offset of a class's score in a box. */
  at(index: number, place: number): number;
  /** Offset of a box's objectness, where it has one. */
  objectness?(place: number): number;
}

/** Boxes `[boxes, 4 + C]`, `[boxes, 5 + C]`, `[4 + C, boxes]` or `[boxes, C]`, told apart by the number of labels. */
function boxLayout([a, b]: [number, number], labels: number): ClassLayout | undefined {
  for (const [size, places, last] of [
    [b, a, true],
    [a, b, false],
  ] as const) {
    const head = size - labels;
    // DETR has one class more, for "no object".
    if (places < 2 || !(HEADS.includes(head) || head === 1)) continue;
    const front = head === 1 ? 0 : head;
    const offset = (value: number, place: number): number => (last ? place * size + value : value * places + place);
    const lie: BoxScores = {
      classes: labels,
      places,
      at: (k, p) => offset(front + k, p),
      ...(head === 5 ? { objectness: (p: number) => offset(4, p) } : {}),
    };
    return { kind: ID, classes: labels, places, seen: (scores, names) => boxesSeen(lie, scores, names) };
  }
  return undefined;
}

/** The best boxes of every class in the scores of one sample. */
export function boxesSeen(lie: BoxScores, scores: ArrayLike<number>, labels: Labels): ClassRegions {
  const { classes, places, at, objectness } = lie;
  const value = (index: number, place: number): number =>
    scores[at(index, place)]! * (objectness === undefined ? 1 : scores[objectness(place)]!);
  const best = Float64Array.from({ length: classes }, (_, k) => {
    let top = -Infinity;
    for (let p = 0; p < places; p++) top = Math.max(top, value(k, p));
    return top;
  });
  const count = Math.min(BEST, places);
  return {
    kind: ID,
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
