import type { Labels } from '../../input/labels.js';

/**
 * Models whose scores are not one list of classes: a map of classes for every pixel (segmentation) or a list of boxes
 * (detection). A class is explained by the sum of its scores where the model sees it: over its region, or in its best boxes.
 */
export interface ClassLayout {
  /** The kind of target that a class is in such scores. */
  readonly kind: string;
  readonly classes: number;
  /** The regions or boxes of every class in the scores of one sample. */
  seen(scores: ArrayLike<number>, labels: Labels): ClassRegions;
}

/** What a sample's scores say about the classes. */
export interface ClassRegions {
  readonly kind: string;
  /** By which classes are ranked: the share of pixels that are the class (a background after all others), or its best box. */
  readonly ranking: Float32Array;
  /** Share of pixels, or score of the best box. */
  readonly shares: Float64Array;
  /** Weights of all scores of the sample, that add up the class where it is seen. */
  weights(index: number): Float32Array;
  /** Whether `ranking` holds logits and `shares` the probabilities of classes that exclude each other. */
  readonly probable?: boolean;
  /** Name of a class, where the labels do not say it. */
  name?(index: number): string;
  /** Of a map: the class that wins each place, rows from the top; -1 where none does. */
  readonly winners?: Int32Array;
  /** "cat over 812 pixels", "car in its 5 best boxes" */
  label(index: number): string;
}
