import { given } from '../../base/given.js';
import { labelOf, type Labels } from '../../input/labels.js';
import { nothingOf } from '../output/detection/boxes.js';
import type { DetectionLayout, Layout } from '../output/layout.js';
import { classInRegions } from './class.js';
import type { TargetKind } from './kind.js';
import type { ClassLayout, ClassRegions } from './regions.js';

const ID = 'boxes';
/** Boxes of a class whose scores are added up. */
const BEST = 5;

/** A class in the list of boxes of a detector: the sum of its scores in its best boxes. */
export const boxes: TargetKind = {
  id: ID,
  read: (text, question) => classInRegions(ID, text, question),
  layoutOf: (layout) => (hasClasses(layout) ? boxLayout(layout) : undefined),
};

/** Where the scores of a list of boxes lie in a flattened sample. */
export interface BoxScores {
  readonly classes: number;
  readonly places: number;
  /** Offset of a class's score in a box; undefined where that box has none of this class. */
  at(index: number, place: number): number | undefined;
  /** Offset of a box's objectness, where it has one. */
  objectness?(place: number): number;
}

/** Whether the classes can be told from the value with the scores alone. */
function hasClasses(layout: Layout): layout is DetectionLayout {
  return (
    layout.kind === 'detection' &&
    layout.classes > 0 &&
    (layout.index === undefined || layout.index.value === layout.scores.value)
  );
}

/**
 * Where the model chose the classes itself, a box has one score, which counts for its class alone; classes that no box has
 * score nothing.
 */
function boxLayout(layout: DetectionLayout): ClassLayout {
  const { classes, scores, index } = layout;
  const { objectness } = scores;
  const nothing = nothingOf(layout);
  return {
    kind: ID,
    classes,
    seen: (values, names) => {
      const places = Math.floor(values.length / scores.stride);
      const common = { classes, places, ...given({ objectness }) };
      if (index === undefined)
        return boxesSeen({ ...common, at: (k, p) => (k === nothing ? undefined : scores.at(p, k)) }, values, names);
      const chosen = Int32Array.from({ length: places }, (_, p) => Math.round(values[index.at(p)]!) - index.first);
      return boxesSeen({ ...common, at: (k, p) => (chosen[p] === k ? scores.at(p, k) : undefined) }, values, names);
    },
  };
}

/** The best boxes of every class in the scores of one sample. */
export function boxesSeen(lie: BoxScores, scores: ArrayLike<number>, labels: Labels): ClassRegions {
  const { classes, places, at, objectness } = lie;
  const value = (index: number, place: number): number => {
    const offset = at(index, place);
    if (offset === undefined) return 0;
    return scores[offset]! * (objectness === undefined ? 1 : scores[objectness(place)]!);
  };
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
      for (const p of order.slice(0, count)) {
        const offset = at(index, p);
        if (offset !== undefined) out[offset] = 1;
      }
      return out;
    },
    label: (index) => `${labelOf(labels, index)} in its ${count} best boxes`,
  };
}
