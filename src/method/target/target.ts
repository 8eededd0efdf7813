import { floatTensor } from '../../base/tensor.js';
import type { Head } from './head.js';
import type { ScoreAt } from './scoreAt.js';

export type { ScoreAt } from './scoreAt.js';

/**
 * What is explained: an element of the model's scores, by index; or, where `weights` or `unit` is given, what stands in
 * its place. Kinds of targets make one; nobody else looks inside: methods ask the subject for `scoreAt` and `scores`, and
 * what remains to be known of a target is asked below.
 */
export interface Target {
  /** The class, of a difference the first; the channel of a unit. */
  readonly index: number;
  readonly label: string;
  /** Weights of all scores of a sample, whose weighted sum is explained: the difference of two classes, a class over its region. */
  readonly weights?: Float32Array;
  /** A number inside the model. */
  readonly unit?: ScoreAt;
  /** A number that the model does not compute by itself, and the nodes that do: how well a box is found. */
  readonly head?: Head;
  /** What the number is called, where it is no element of the scores: "activation". */
  readonly measure?: string;
  /** The box that is meant, x0, y0, x1, y1 in pixels of the model's input. */
  readonly box?: readonly [x0: number, y0: number, x1: number, y1: number];
}

/** Whether the target is one element of the scores: another class could stand in its place. */
export function isOneScore(target: Target): boolean {
  return target.weights === undefined && target.unit === undefined && target.head === undefined;
}

/** Whether the target is one of the two sides of a model's only score. */
export function isSide(target: Target): boolean {
  return target.weights?.length === 1;
}

/** Whether the number lies inside the model or behind it: it is no sum of scores, and no class with a probability. */
export function isInside(target: Target): boolean {
  return target.unit !== undefined || target.head !== undefined;
}

/** Whether the number is computed behind the model's outputs, from values of the whole sample. */
export function isBehind(target: Target): boolean {
  return target.head !== undefined;
}

/** The nodes that compute the number, where the model does not: the subject that is asked for it has to have them. */
export function headOf(target: Target): Head | undefined {
  return target.head;
}

/** What the number is called in units; undefined where it is a score of the model. */
export function measureOf(target: Target): string | undefined {
  return target.measure;
}

/** The box that is meant, for what is shown of a target. */
export function boxOf(target: Target): Target['box'] {
  return target.box;
}

/** The number that a target asks for, where `scores` is the value that holds the scores. */
export function numberOf(target: Target, scores: string): ScoreAt {
  const { index, weights, unit, head } = target;
  if (head !== undefined) return { value: head.value, pick: { index: 0 } };
  if (unit !== undefined) return unit;
  if (weights === undefined) return { value: scores, pick: { index } };
  return { value: scores, pick: { direction: floatTensor([weights.length], weights) } };
}
