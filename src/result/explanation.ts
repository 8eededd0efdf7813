import type { SliceGrid } from './slices.js';
import type { Tensor } from '../base/tensor.js';
import type { Crop, Rgb } from '../base/picture.js';
import type { ClassMap } from './classMap.js';
import type { MapExtremes, ValueMap } from './valueMap.js';
import type { Doubt } from './doubt.js';
import type { Box, OutputKindId, OutputSummary } from './output.js';
import type { MethodChoice } from './method.js';
import type { EditSummary, Recipe, ScoreKind } from './recipe.js';
import type { TargetSummary } from './target.js';

/** One class of a prediction. */
export interface ClassScore {
  readonly index: number;
  readonly label: string;
  /** Between 0 and 1; only where something in the model makes a probability, or a Softmax over its classes does. */
  readonly probability?: number;
  /** The score; of a map of classes the share of places that are the class. */
  readonly logit: number;
}

/** What stands in a small output beside the chosen one. */
export interface OtherValues {
  readonly name: string;
  readonly kind: OutputKindId;
  readonly values?: readonly number[];
  /** Classes in the order of the output. */
  readonly top?: readonly ClassScore[];
}

/** What the model says about one input. */
export interface Prediction {
  /** Path as given, with `#k` for the k-th of a stacked tensor. */
  readonly input: string;
  /** The true class where the folder names it. */
  readonly label?: string;
  /** Classes, best first, where the output has some; of a detector by their best boxes, without a probability. */
  readonly top?: readonly ClassScore[];
  /** Numbers of a regression or an embedding; of a dense map what `names` says. */
  readonly values?: readonly number[];
  readonly names?: readonly string[];
  /** Of a dense map of one channel: where it is lowest and highest. */
  readonly map?: MapExtremes;
  /** Length of an embedding. */
  readonly norm?: number;
  /** Boxes, best first, in pixels of the model's input. */
  readonly boxes?: readonly PredictedBox[];
  /** Recognised text. */
  readonly text?: string;
  /** What small outputs beside the chosen one say. */
  readonly others?: readonly OtherValues[];
  /** Why this answer may be wrong; absent where nothing is doubtful. */
  readonly doubts?: readonly Doubt[];
}

export interface PredictedBox extends Box {
  /** The same place in pixels of the picture itself, where that was prepared here. */
  readonly inPicture?: Box['box'];
}

/** An attribution before any normalisation: float32, in the input's own shape without the batch, or one value per place. */
export interface Attribution {
  readonly values: Tensor;
  /** A letter for each axis: `C` for channels, the others lie in space, the last of them is `W`: `CHW`, `HWC`, `HW`, `CDHW`, `W`. */
  readonly axes: string;
  readonly signed: boolean;
  /** What one unit is: "logit per unit of input", "drop of the logit". */
  readonly unit: string;
  /** Size of the map before it was resized to the input, where it was. */
  readonly resolution?: readonly [height: number, width: number];
  /** The parts of the picture whose values it holds, where they are what was asked about. */
  readonly parts?: PartsOfPicture;
}

/** Parts of a picture, and how sure their values are. */
export interface PartsOfPicture {
  /** Of each pixel of the input its part from 0, or -1 where it is of none: `[H × W]`. */
  readonly of: Int32Array;
  readonly count: number;
  /** Standard error of each part's value. */
  readonly errors?: Float32Array;
  /** Share of the variance of the scores that a sum over the parts explains. */
  readonly r2?: number;
}

/** One attribution of one input, and everything that must be said beside it. */
export interface Explanation {
  readonly input: string;
  /** The picture as the model sees it. */
  readonly picture: Rgb;
  /** Of a volume: how its slices lie in the picture. */
  readonly slices?: SliceGrid;
  readonly crop?: Crop;
  /** The picture was painted over by hand. */
  readonly edited?: EditSummary;
  readonly target: TargetSummary;
  readonly score: ScoreKind;
  /** Value of the explained score for this input. */
  readonly value: number;
  /** Only where something makes one of the target's score. */
  readonly probability?: number;
  /** Classes, best first; of a regression its numbers. */
  readonly predictions: readonly ClassScore[];
  /** How many classes there are, where the chosen output is a list of them. */
  readonly classes?: number;
  /** What the chosen output holds beside them. */
  readonly found?: Omit<Prediction, 'input' | 'label' | 'top'>;
  /** Of a segmentation: the class of every place. */
  readonly classMap?: ClassMap;
  /** Of a dense map of one channel: its numbers. */
  readonly valueMap?: ValueMap;
  /** What the model's outputs are. */
  readonly outputs?: readonly OutputSummary[];
  readonly attribution: Attribution;
  /** Where the method was left to the product. */
  readonly choice?: MethodChoice;
  /** Layer it was taken at, where that is not the input. */
  readonly layer?: string;
  /** Completeness: sum of the attribution minus the score difference it should add up to. */
  readonly delta?: number;
  readonly recipe: Recipe;
  /** Why its predictions may be wrong; absent where nothing is doubtful. */
  readonly doubts?: readonly Doubt[];
  readonly warnings: readonly string[];
  readonly milliseconds: number;
}

/** The same for many inputs: one that fails does not stop the others. */
export type Outcome<T> =
  | { readonly input: string; readonly result: T }
  | { readonly input: string; readonly error: import('../base/errors.js').ErrorData };
