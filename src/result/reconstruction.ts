import type { ErrorData } from '../base/errors.js';
import type { Rgb } from '../base/picture.js';
import type { FloatTensor } from '../base/tensor.js';
import type { ClassScore } from './explanation.js';
import type { ParameterValue } from './method.js';
import type { Recipe } from './recipe.js';
import type { TargetSummary } from './target.js';

/** A picture that was made for a model, and what the model says of it. */
export interface PictureFacet {
  /** As the model sees it. */
  readonly picture: Rgb;
  /** The picture as it is saved: of a size that the model's own preprocessing leaves as it is. */
  readonly saved: SavedPicture;
  /** The objective before every step and after the last. */
  readonly trace: readonly number[];
  /** What the model says of the saved picture, read as any picture is. */
  readonly says: PictureSaid;
  /** How much of each pixel is to be seen, 0 to 1: as much as the model depended on it on the way. */
  readonly opacity: Float32Array;
}

/** What was made of one question. Where several facets were made at once, it is the first of them that is told of. */
export interface Reconstruction extends PictureFacet {
  /** What it is to be full of; several with their weights as they were written. */
  readonly target: TargetSummary;
  readonly preset: string;
  /** All of them, as they were settled. */
  readonly params: Readonly<Record<string, ParameterValue>>;
  /** A sample of the model's input for each facet. */
  readonly values: FloatTensor;
  /** All of them, the first as well; absent where there is one. */
  readonly facets?: readonly PictureFacet[];
  readonly steps: number;
  /** `steps`: all were taken; `reached`: the probability that was to be reached; `stopped`: by somebody. */
  readonly ended: 'steps' | 'reached' | 'stopped';
  /** Of a picture that began as another one. */
  readonly change?: PictureChange;
  /** What another model says of the saved picture. */
  readonly transfer?: Transfer;
  /** The way of the saved picture through the model, beside that of natural ones. */
  readonly path?: NaturalPath;
  readonly recipe: Recipe;
  readonly notes: readonly string[];
  readonly milliseconds: number;
}

/** What one channel of a layer looks for: a small picture of many, or why there is none. */
export type ChannelPicture = { readonly channel: number } & (
  | {
      readonly picture: Rgb;
      /** The channel's own answer to it. */
      readonly value: number;
    }
  | { readonly error: ErrorData }
);

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

export interface Transfer {
  readonly model: string;
  /** Best first, in the other model's own names. */
  readonly top: readonly ClassScore[];
  /** Whether it takes the picture for the class that was asked for; absent where the two have no class in common. */
  readonly agrees?: boolean;
}

/**
 * How like the activations of natural pictures of its class those of a picture are, layer by layer (Geirhos et al. 2024,
 * arXiv:2306.04719). A curve beside a band, never a verdict: single natural pictures lie far apart as well.
 */
export interface NaturalPath {
  readonly label: string;
  /** Natural pictures of the class, and of all. */
  readonly pictures: number;
  readonly of: number;
  /** The class whose curve is shown for comparison. */
  readonly other: string;
  readonly layers: readonly NaturalLayer[];
}

export interface NaturalLayer {
  readonly layer: string;
  /** 1: as like as pictures of the class are in the mean, 0: as pictures of others. Absent where the layer does not tell them apart. */
  readonly value?: number;
  /** Between these are 8 of 10 natural pictures of the class. */
  readonly low?: number;
  readonly high?: number;
  /** The same for the other class. */
  readonly other?: number;
}

export interface PictureChange {
  /** Length of the change as a share of the length of the picture, both over all colours from 0 to 1. */
  readonly norm: number;
  /** The largest change of one colour of one pixel, 0 to 1. */
  readonly most: number;
  /** The picture at the start, as the model sees it. */
  readonly picture: Rgb;
  /** What the model said of it. */
  readonly before: PictureSaid;
}
