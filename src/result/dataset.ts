import type { ErrorData } from '../base/errors.js';
import type { Recipe } from './recipe.js';

/** A data set in the eyes of a model, as plain data in columns. `n` examples could be used, in the order of the data set. */

export interface Survey {
  /** The file or folder, and what kind of data set it is: "a folder per class". */
  readonly place: string;
  readonly title: string;
  /** `[n]`, e.g. `cat/01.png` or `train.parquet#12`: tells them apart, and is the same tomorrow. */
  readonly names: readonly string[];
  /** `[n]`: the file that holds each; several of one parquet. */
  readonly files: readonly string[];
  /** `[n]`, '' where it is in none; absent where the data set has none. */
  readonly splits?: readonly string[];
  /** All that there are, also those that were not asked for. */
  readonly allSplits: readonly string[];
  /** Names of the model's classes by number; `truth` and `predicted` are such numbers. Empty where it has none. */
  readonly classes: readonly string[];
  /** `[n]`: what the data set says of each, as a row of `mapping`; -1 where it says nothing. Also where the model has no classes. */
  readonly labels: Int32Array;
  /** `[n]`: the class that the label stands for, -1 where it stands for none. */
  readonly truth: Int32Array;
  /** `[n]`: what the model says, -1 where its output holds no classes. */
  readonly predicted: Int32Array;
  /** `[n]`: probability of what is predicted; NaN where the model makes none. */
  readonly confidence: Float32Array;
  /** `[n]`: probability of the truth; NaN where either is missing. */
  readonly ofTruth: Float32Array;
  /** `[n]`: how far the first class is before the second: in probability, in logits where none is made. */
  readonly margin: Float32Array;
  /** How each label of the data set was matched to a class. */
  readonly mapping: readonly ClassMatch[];
  /** Numbers of examples with the same content: bytes of files, pixels of rows. */
  readonly duplicates: readonly (readonly number[])[];
  /** What could not be used, and why. */
  readonly omitted: readonly { readonly name: string; readonly error: ErrorData }[];
  /** How many there are: more than were used and omitted only where fewer were asked for. */
  readonly of: number;
  /** Whose output was kept along with it, for a layout; absent where the model ends in no linear layer. */
  readonly layer?: string;
  readonly notes: readonly string[];
  readonly recipe: Recipe;
}

/** What a label of the data set was taken for. */
export interface ClassMatch {
  readonly label: string;
  /** Examples with it. */
  readonly count: number;
  /** -1: no class. */
  readonly index: number;
  readonly how: 'name' | 'order' | 'chosen' | 'none';
}

/** What the model takes for what. Absent where nothing is labelled, or the output holds no classes. */
export interface Mistakes {
  readonly accuracy: number;
  readonly correct: number;
  /** Examples with a truth. */
  readonly counted: number;
  /** Classes that are true or predicted somewhere, by number. */
  readonly perClass: readonly ClassMeasures[];
  readonly confusion: Confusion;
  /** Absent where the model makes no probabilities of which one is right. */
  readonly calibration?: Calibration;
  /** Labels that may be wrong, by the confident joint; most suspicious first. A suspicion, not a finding. */
  readonly suspects: readonly Suspect[];
}

export interface ClassMeasures {
  readonly index: number;
  /** Examples that are it, and that are taken for it. */
  readonly support: number;
  readonly predicted: number;
  /** 0 where nothing was taken for it, or nothing is it. */
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

export interface Confusion {
  /** Class numbers of rows and columns. */
  readonly indices: readonly number[];
  /** `[m, m]`: rows are true classes, columns predicted ones. */
  readonly counts: Int32Array;
  /** Places of `indices` so that classes which are taken for one another stand together. */
  readonly order: readonly number[];
  /** Classes that have no row because there are too many: those with the fewest mistakes. */
  readonly left: number;
}

export interface Calibration {
  /** Reliability in bins of equal width; one without examples has NaN for both. */
  readonly bins: readonly {
    readonly from: number;
    readonly to: number;
    readonly count: number;
    readonly confidence: number;
    readonly accuracy: number;
  }[];
  /** Expected calibration error: mean of |accuracy - confidence| over the examples' bins. */
  readonly ece: number;
}

export interface Suspect {
  /** Number of the example in the survey. */
  readonly example: number;
  readonly given: number;
  readonly suggested: number;
  /** Probability of what is suggested less that of what is given. */
  readonly margin: number;
}

/** How far classes come apart behind each layer. */
export interface LayerCurve {
  /** In the order of the network. */
  readonly rows: readonly LayerRow[];
  /** Accuracy of always saying the largest class. */
  readonly majority: number;
  /** Examples that took part, of how many. */
  readonly examples: number;
  readonly of: number;
  readonly notes: readonly string[];
}

export interface LayerRow {
  readonly layer: string;
  /** Of a linear probe, and its standard deviation over the seeds. */
  readonly accuracy: number;
  readonly sd: number;
  /** Share of examples whose nearest neighbours are of their class. */
  readonly neighbours: number;
  /** Numbers that the layer has for an example, and to how many they were brought by a random projection. */
  readonly width: number;
  readonly reducedTo?: number;
}
