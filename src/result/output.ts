import type { OutputKindId } from '../base/outputKinds.js';

export type { OutputKindId } from '../base/outputKinds.js';

/** What a model's outputs are, and what stands in them, as plain data. */

/** One output of a model, and how it is read. */
export interface OutputSummary {
  readonly name: string;
  readonly kind: OutputKindId;
  /** Whether predictions and explanations are about this one. */
  readonly chosen: boolean;
  /** How its kind is known, as a sentence: "It ends in Softmax." */
  readonly reason: string;
  /** Nothing says the kind: it is taken from what such outputs mostly are. */
  readonly guessed?: boolean;
}

/** What a person says of an output. */
export interface OutputChoice {
  readonly kind: OutputKindId;
  /** Of a detector: how its rows are laid out. */
  readonly head?: string;
}

/** The same by the outputs' names. */
export type OutputChoices = Readonly<Record<string, OutputChoice>>;

/** A box that a detector found. */
export interface Box {
  /** Which of the detector's candidates it is: a target `box:K` names it by its rank in this list, not by this. */
  readonly candidate: number;
  readonly index: number;
  readonly label: string;
  readonly score: number;
  /** x0, y0, x1, y1 in pixels; of what, the list's owner says. A turned box: the upright one around it. */
  readonly box: readonly [x0: number, y0: number, x1: number, y1: number];
  /** Of a turned box: its angle in radians. */
  readonly angle?: number;
  /** Of a pose: x and y of each point, and how sure the model is of it, in the same pixels. */
  readonly points?: readonly (readonly [x: number, y: number, sure?: number])[];
  /** Of a detector with masks: what belongs to the thing, over what the model sees, as `base/region.ts` writes it. */
  readonly mask?: string;
}
