import type { FloatTensor } from '../base/tensor.js';
import type { Outcome } from './explanation.js';
import type { Crop, Rgb } from '../base/picture.js';
import type { Recipe } from './recipe.js';

/**
 * How an activation lies: `maps` one map per channel; `tokens` a transformer's tokens, put back onto the picture as one
 * map per feature; `vector` one number per unit; `other` a shape that is none of these, shown as rows.
 */
export type ActivationLayout = 'maps' | 'tokens' | 'vector' | 'other';

/** Numbers about each channel on one picture, `[channels]` each. */
export interface ChannelStatistics {
  readonly mean: Float32Array;
  readonly std: Float32Array;
  readonly min: Float32Array;
  readonly max: Float32Array;
  /** Share of elements that are exactly zero; a channel with 1 is dead on this picture. */
  readonly zero: Float32Array;
  /** Share of elements at the flat ends of a bounded activation (Sigmoid, Tanh, HardSigmoid, Clip); 0 elsewhere. */
  readonly saturated: Float32Array;
}

/** The part of the input that can change a unit, in pixels of the model's input. */
export interface ReceptiveField {
  readonly size: readonly [height: number, width: number];
  /** Pixels between the fields of neighbouring units. */
  readonly stride: readonly [vertical: number, horizontal: number];
  /** Top left corner of the field of unit (0, 0); negative where padding is seen. */
  readonly start: readonly [top: number, left: number];
  /** False where a value mixes all positions (attention, global pooling): then the field is the whole picture. */
  readonly local: boolean;
}

/** A rectangle in pixels. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Numbers about a layer's value on one picture. Elements that are not finite are counted and left out. */
export interface ActivationSummary {
  readonly statistics: ChannelStatistics;
  /** Over all channels. */
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly zero: number;
  readonly nan: number;
  readonly infinite: number;
  /** Channels that are zero everywhere on this picture. */
  readonly dead: number;
}

/** A layer's value on one picture. */
export interface Activation extends ActivationSummary {
  readonly input: string;
  readonly layer: string;
  readonly op: string;
  /** The value's name in the graph and its shape in the model, without the batch. */
  readonly value: string;
  readonly dims: readonly number[];
  readonly layout: ActivationLayout;
  /** As it is shown: `channels` maps of `height × width`. */
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** Tokens before the grid (class, registers) that are left out of the maps. */
  readonly prefixTokens: number;
  /** Which channels the page holds, and their maps `[page, height, width]`. */
  readonly page: Int32Array;
  readonly maps: FloatTensor;
  readonly picture: Rgb;
  readonly crop?: Crop;
  readonly receptiveField?: ReceptiveField;
  readonly notes: readonly string[];
  readonly provider: string;
  readonly milliseconds: number;
}

/** One picture that excites a channel. */
export interface TopPicture {
  readonly input: string;
  /** The class its folder names. */
  readonly label?: string;
  /** The greatest activation, and where in the map it is. */
  readonly value: number;
  readonly at: readonly [row: number, column: number];
  /** The receptive field of that unit, cut to the picture, in pixels of the model's input. */
  readonly field: Box;
  /** The same in pixels of the original picture, where the crop is known. */
  readonly original?: Box;
  /** The model's view of the picture within `field`. */
  readonly patch: Rgb;
}

/** The pictures of a folder that excite a channel most. */
export interface TopPictures {
  readonly layer: string;
  readonly channel: number;
  readonly channels: number;
  /** Best first. */
  readonly pictures: readonly TopPicture[];
  /** Of all pictures that were read: mean and greatest activation of the channel. */
  readonly mean: number;
  readonly max: number;
  /** Pictures read, and those that could not be. */
  readonly seen: number;
  readonly failed: readonly Extract<Outcome<never>, { readonly error: unknown }>[];
  /** Channels of the layer that were never above zero (or never changed) on any picture. */
  readonly dead: Int32Array;
  /** Greatest value of each channel over the folder, for sorting channels. */
  readonly maxima: Float32Array;
  readonly receptiveField?: ReceptiveField;
  readonly notes: readonly string[];
}

/** A layer's value on one picture as it is written to files. */
export interface ActivationExport {
  readonly activation: Activation;
  /** The value itself in the model's own shape, without the batch. */
  readonly values: FloatTensor;
  /** A grid of its maps. */
  readonly png: Uint8Array;
  readonly recipe: Recipe;
}
