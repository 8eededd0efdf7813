import type { Rgb } from '../base/picture.js';
import type { ParameterSchema, ParameterValue } from '../result/method.js';
import type { ChannelPicture, Reconstruction } from '../result/reconstruction.js';
import type { Recipe } from '../result/recipe.js';
import type { Operation } from './channel.js';
import type { Chapter } from './operation.js';
import type { JobRequest, ModelAnswer, ModelRequest, TargetText, WorkProgress } from './request.js';

export interface VisualizeRequest extends ModelRequest {
  /** What the picture is to be full of; without it the channel of the layer, or all of the layer. */
  readonly target?: TargetText;
  readonly layer?: string;
  readonly channel?: number;
  /** See `visualizeParameters`; what is left out follows from the preset and the size of the input. */
  readonly params?: Readonly<Record<string, ParameterValue>>;
  readonly seed?: number;
  /** A name of the caller's, by which the work is paused, resumed and ended with what there is: the operation `steer`. */
  readonly run?: string;
}

export interface VisualizeAnswer extends ModelAnswer {
  readonly result: Reconstruction;
}

export interface VisualizeProgress extends Omit<WorkProgress, 'partial'> {
  /** The picture as it is now, and its objective so far; where several facets are made, the others as well. */
  readonly made?: {
    readonly picture: Rgb;
    readonly facets?: readonly Rgb[];
    readonly step: number;
    readonly trace: readonly number[];
  };
}

/** A small picture for every channel of a layer, made one after the other: what there is is kept and not made again. */
export interface VisualizeChannelsRequest extends ModelRequest, JobRequest {
  readonly layer: string;
  readonly params?: Readonly<Record<string, ParameterValue>>;
  readonly seed?: number;
  /** Nothing is made: what there is already is answered. */
  readonly known?: boolean;
  /** Pictures are told of as they come, and not again in the end. */
  readonly told?: boolean;
  /** Whether all of it is to be drawn as one picture. */
  readonly drawn?: boolean;
}

export interface VisualizeChannelsAnswer extends ModelAnswer {
  readonly layer: string;
  /** Of the layer. */
  readonly count: number;
  /** Those that there are, by their numbers; none where each was told of as it came. */
  readonly channels: readonly ChannelPicture[];
  readonly params: Readonly<Record<string, ParameterValue>>;
  readonly png?: Uint8Array;
  readonly recipe: Recipe;
}

export interface VisualizeChannelsProgress extends Omit<WorkProgress, 'partial'> {
  /** One that has been made, or that was there. */
  readonly made?: ChannelPicture;
  /** One that is being made, as it is now. */
  readonly running?: { readonly channel: number; readonly picture: Rgb };
}

/** What the start values of the presets follow from, beside the model. */
export interface VisualizeFormRequest extends ModelRequest {
  readonly start: 'noise' | 'picture' | 'array';
  /** Whether there is a folder of pictures to look like. */
  readonly folder: boolean;
  /** Whether the picture is to be of one class. */
  readonly oneClass: boolean;
  /** Whether a layer is to see what it sees in another picture. */
  readonly inversion: boolean;
  /** Height and width of the picture, where they are not the model's own. */
  readonly size?: number;
  /** A layer whose channels are to be counted. */
  readonly layer?: string;
}

/** What can be set of a picture that is made for a model. */
export interface VisualizeForm {
  readonly schema: ParameterSchema;
  /** Start values of all of it, for each preset. */
  readonly presets: Readonly<Record<string, Readonly<Record<string, ParameterValue>>>>;
  /** Of the picture: pixels, and 1 or 3 colours. */
  readonly height: number;
  readonly width: number;
  readonly colours: number;
  /** The classes of the output by their index; none where it holds no classes. */
  readonly classes: readonly { readonly index: number; readonly label: string }[];
  /** The layer that was asked about; without `channels` its value has none. */
  readonly layer?: {
    readonly name: string;
    readonly channels?: number;
    /** Of the map of a channel; 1 where a channel is one number. */
    readonly height: number;
    readonly width: number;
  };
}

/** What a neuron wants to see. */
export interface ReconstructionOperations {
  visualize: Operation<VisualizeRequest, VisualizeAnswer, VisualizeProgress>;
  visualizeChannels: Operation<VisualizeChannelsRequest, VisualizeChannelsAnswer, VisualizeChannelsProgress>;
  visualizeForm: Operation<VisualizeFormRequest, VisualizeForm>;
}

export const reconstructionOperations: Chapter<ReconstructionOperations> = {
  visualize: { runs: 'always', waits: 'neither', long: true, doing: 'making a picture for' },
  visualizeChannels: { runs: 'always', waits: 'neither', long: true, doing: 'making a picture for every channel of' },
  visualizeForm: { runs: 'always', waits: 'neither' },
};
