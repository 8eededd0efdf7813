import type { Rgb } from '../base/picture.js';
import type { FloatTensor } from '../base/tensor.js';
import type { ClassScore } from './explanation.js';
import type { ParameterValue } from './method.js';
import type { Recipe } from './recipe.js';
import type { TargetSummary } from './target.js';

/** A picture that was made for a model, and what the model says of it. */
export interface Reconstruction {
  /** What it is to be full of; several with their weights as they were written. */
  readonly target: TargetSummary;
  readonly preset: string;
  /** All of them, as they were settled. */
  readonly params: Readonly<Record<string, ParameterValue>>;
  /** As the model sees it. */
  readonly picture: Rgb;
  /** One sample of the model's input, with its batch. */
  readonly values: FloatTensor;
  /** The picture as it is saved: of a size that the model's own preprocessing leaves as it is. */
  readonly saved: SavedPicture;
  /** The objective before every step and after the last. */
  readonly trace: readonly number[];
  readonly steps: number;
  /** `steps`: all were taken; `reached`: the probability that was to be reached; `stopped`: by somebody. */
  readonly ended: 'steps' | 'reached' | 'stopped';
  /** What the model says of the saved picture, read as any picture is. */
  readonly says: PictureSaid;
  /** Of a picture that began as another one. */
  readonly change?: PictureChange;
  readonly recipe: Recipe;
  readonly notes: readonly string[];
  readonly milliseconds: number;
}

export interface SavedPicture {
  readonly png: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** Where what the model gets begins. */
  readonly left: number;
  readonly top: number;
  /** Whether the model's preprocessing gives back exactly what was made, but for the rounding to 8 bits. */
  readonly exact: boolean;
}

export interface PictureSaid {
  /** Best first, where the output holds classes. */
  readonly top: readonly ClassScore[];
  /** The number that was asked for: a score, an activation. */
  readonly value: number;
  /** Where the target is a class. */
  readonly probability?: number;
}

export interface PictureChange {
  /** Length of the change as a share of the length of the picture, both over all colours from 0 to 1. */
  readonly norm: number;
  /** The largest change of one colour of one pixel, 0 to 1. */
  readonly most: number;
  /** What the model said of the picture at the start. */
  readonly before: PictureSaid;
}
