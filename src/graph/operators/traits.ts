/**
 * What the house knows of an operator beside its gradient: one row, from which the layers, the costs, the types, the
 * fields of view and the rule sets take what concerns them. A trait that is absent does not hold.
 */
export interface Operator {
  readonly op: string;
  /** `''` for ai.onnx. */
  readonly domain: string;

  // Shape and place.

  /**
   * An output element depends on the input elements at its place alone: `curve` and `linear` on that of the first input (the
   * other inputs are parameters), `step` likewise but with no slope anywhere, `joint` on those of several inputs, broadcast.
   */
  readonly elementwise?: 'curve' | 'linear' | 'step' | 'joint';
  /** An output element depends on what the input has at its place of the picture, of several channels perhaps. */
  readonly pointwise?: true;
  /** The output has the shape of the first input. Of what is elementwise only `joint` has to be asked. */
  readonly sameShape?: true;
  /** The output has as many axes as the first input. */
  readonly sameRank?: true;
  /** A kernel slides over the axes behind batch and channels, by `kernel_shape`, `strides`, `pads` and `dilations`. */
  readonly window?: true;
  /** Where a picture's channels lie: behind the batch, or last. */
  readonly channels?: 'first' | 'last';
  /** Queries look at keys within it: its attention matrix is hidden. */
  readonly attends?: true;
  /** Answers by the shape of its inputs, or by their sizes as numbers. */
  readonly shapeOnly?: true;
  /** Holds graphs of its own. */
  readonly nested?: true;

  // Types.

  /** Element type of all outputs whatever the inputs are; `none`: a sequence, an optional or a map. */
  readonly answers?: 'bool' | 'int64' | 'none';
  /** The input whose element type the output has, where it is not the first. */
  readonly typeInput?: number;
  /** Outputs behind the first are int64: places of elements. */
  readonly indices?: true;

  // Values.

  /** The interval in which every output element lies. */
  readonly range?: readonly [low: number, high: number];
  /** All elements of the first input, in their order: looked through in search of logits. */
  readonly keepsOrder?: true;
  /** The first input in another form, through which a weight is read. */
  readonly readThrough?: true;
  /** Floating-point operations of an output element, roughly, where it is not one; 0 where it only moves data. */
  readonly flops?: number;

  // Layers and weights.

  /**
   * When it is a layer: `parametric` whenever it holds weights, `plain` without weights, `both`, `module` without weights
   * where it stands in a module of its own.
   */
  readonly layer?: 'parametric' | 'plain' | 'both' | 'module';
  /** A non-linearity between layers. */
  readonly activation?: true;
  /** Hands on what lies in an interval, and is flat outside of it: no gradient passes there. */
  readonly cuts?: true;
  /** An output element is a mean of input elements. */
  readonly averages?: true;
  readonly normalises?: true;
  /**
   * What it multiplies with: a kernel M × C/g × k… (`convolution`), one C × M/g × k… (`transposed`), a matrix whose last axis
   * are the outputs (`matrix`), such a matrix within (`projection`), or one that is stored in pieces (`packed`).
   */
  readonly product?: 'convolution' | 'transposed' | 'matrix' | 'projection' | 'packed';
  /** Gates of a recurrent cell. */
  readonly gates?: number;
  /** What its inputs are for, in the words a reader knows. */
  readonly roles?: readonly (string | undefined)[];
  /** Where it has no bias of its own, an Add behind it may hold that. */
  readonly biasBehind?: true;

  // Quantisation.

  /** Makes integers of numbers. */
  readonly quantises?: true;
  /** Inputs that are scales, zero points and other things that say how numbers are stored; of the output's last. */
  readonly storage?: readonly number[];
  readonly operand?: QuantisedOperand;
  /** Multiplies integers: their scales have to be applied to what it answers. */
  readonly integerProduct?: true;
  /** Answers with integers, and says by its inputs what those stand for. */
  readonly answersQuantised?: true;
  /** Hands integers on as they are: scale and zero point are those of the first input. */
  readonly keepsScale?: true;
  /**
   * A gradient passes whatever the element type is: elements are only moved about, or rounded and cut in their scale, which
   * is straight through as the quantisation itself.
   */
  readonly passesIntegers?: true;
}

/** Where an operator has its quantised weight, and what turns its integers into numbers. */
export interface QuantisedOperand {
  /** Inputs that hold the weight, its scale and its zero point. */
  readonly weight: number;
  readonly scale: number;
  readonly zero: number;
  /** The axis of the weight that a list of scales goes along; negative: from the end. */
  readonly axis: number;
  /** The input with the bias: integers in steps of the product of the scale of the layer's input and the weight's. */
  readonly bias?: number;
  readonly inputScale?: number;
}

export type Traits = Omit<Operator, 'op' | 'domain'>;

/** Writes rows of one domain. */
export function rowsOf(domain: string): (op: string, ...traits: readonly Traits[]) => Operator {
  return (op, ...traits) => Object.assign({ op, domain }, ...traits) as Operator;
}

// Traits that come together.

export const curve: Traits = { elementwise: 'curve' };
export const linear: Traits = { elementwise: 'linear' };
export const step: Traits = { elementwise: 'step' };
export const joint: Traits = { elementwise: 'joint' };
export const activation: Traits = { ...curve, activation: true, layer: 'plain' };
export const comparison: Traits = { ...joint, answers: 'bool' };
/** Elements are moved about, none is computed. */
export const moves: Traits = { keepsScale: true, passesIntegers: true, flops: 0 };
export const plainLayer: Traits = { layer: 'plain' };
export const parametric: Traits = { layer: 'parametric' };
export const channelsFirst: Traits = { channels: 'first' };
export const channelsLast: Traits = { channels: 'last' };
export const window: Traits = { window: true };
export const integers: Traits = { answers: 'int64' };
export const noTensor: Traits = { answers: 'none' };
