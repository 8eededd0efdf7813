import { labelOf, type Labels } from '../../input/labels.js';
import type { MapLayout } from '../output/layout.js';
import { classInRegions } from './class.js';
import type { TargetKind } from './kind.js';
import type { ClassLayout, ClassRegions } from './regions.js';

const ID = 'region';

/** A class in a map of classes for every pixel (segmentation): the sum of its scores over the pixels that are the class. */
export const region: TargetKind = {
  id: ID,
  read: (text, question) => classInRegions(ID, text, question),
  layoutOf: (layout) => (layout.kind === 'segmentation' ? mapLayout(layout) : undefined),
};

/** Where the scores of a map lie in a flattened sample. */
export interface MapScores {
  readonly classes: number;
  readonly places: number;
  /** Offset of a class's score at a pixel. */
  at(index: number, place: number): number;
}

function mapLayout({ channels, height, width, at }: MapLayout): ClassLayout {
  const places = height * width;
  const lie: MapScores = { classes: channels, places, at: (k, p) => at(k, Math.floor(p / width), p % width) };
  return { kind: ID, classes: channels, seen: (scores, names) => regionsSeen(lie, scores, names) };
}

/** The region of every class in the scores of one sample. */
export function regionsSeen(
  { classes, places, at }: MapScores,
  scores: ArrayLike<number>,
  labels: Labels,
): ClassRegions {
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
    kind: ID,
    shares,
    winners: winner,
    ranking: Float32Array.from(shares, (s, k) => (background(k) ? s - 1 : s)),
    weights: (index) => {
      const out = new Float32Array(classes * places);
      for (let p = 0; p < places; p++) if (everywhere(index) || winner[p] === index) out[at(index, p)] = 1;
      return out;
    },
    label: (index) => `${labelOf(labels, index)} over ${everywhere(index) ? 'all' : counts[index]} pixels`,
  };
}
