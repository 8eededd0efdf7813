import type { NodeContext } from '../rule.js';

/** A sliding window over the spatial axes: what Conv, ConvTranspose and the pools have in common. */
export interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Effective padding, also where auto_pad gave it. */
  readonly begin: readonly number[];
  readonly end: readonly number[];
  /** Spatial dimensions of the (un-transposed) input and output. */
  readonly input: readonly number[];
  readonly output: readonly number[];
}

/** The window of a node, its auto_pad resolved for these sizes. */
export function windowOf(
  c: Pick<NodeContext, 'attributes'>,
  kernel: readonly number[],
  input: readonly number[],
  output: readonly number[],
): Window {
  const { strides, dilations, auto, pads } = attributesOf(c, kernel);
  const total = kernel.map((k, i) =>
    Math.max(0, (Math.ceil(input[i]! / strides[i]!) - 1) * strides[i]! + dilations[i]! * (k - 1) + 1 - input[i]!),
  );
  // auto_pad SAME_UPPER puts the larger half at the end.
  const [begin, end] = auto.startsWith('SAME') ? halves(total, auto === 'SAME_UPPER') : pads;
  return { kernel, strides, dilations, begin, end, input, output };
}

/**
 * The window of a ConvTranspose, as that of the convolution whose gradient it is: its input are the sizes of y, its output
 * those of x. Its padding follows from its output size where `output_shape` or auto_pad is given.
 */
export function transposedWindowOf(
  c: NodeContext,
  kernel: readonly number[],
  x: readonly number[],
  y: readonly number[],
): Window {
  const { strides, dilations, auto, pads } = attributesOf(c, kernel);
  const extra = c.attributes.ints('output_padding', Array<number>(kernel.length).fill(0));
  const total = kernel
    .map((k, i) => strides[i]! * (x[i]! - 1) + extra[i]! + (k - 1) * dilations[i]! + 1 - y[i]!)
    .map((t) => Math.max(0, t));
  // auto_pad SAME_UPPER puts the larger half at the end; everything else at the beginning.
  const follows = c.attributes.has('output_shape') || auto.startsWith('SAME');
  const [begin, end] = follows ? halves(total, auto === 'SAME_UPPER') : pads;
  return { kernel, strides, dilations, begin, end, input: y, output: x };
}

type Pads = readonly [begin: readonly number[], end: readonly number[]];

/** What the window's attributes say, and the padding where they give it. */
function attributesOf(
  { attributes }: Pick<NodeContext, 'attributes'>,
  kernel: readonly number[],
): Pick<Window, 'strides' | 'dilations'> & { readonly auto: string; readonly pads: Pads } {
  const n = kernel.length;
  const auto = attributes.string('auto_pad', 'NOTSET');
  const pads = auto === 'VALID' ? Array<number>(2 * n).fill(0) : attributes.ints('pads', Array<number>(2 * n).fill(0));
  return {
    strides: attributes.ints('strides', Array<number>(n).fill(1)),
    dilations: attributes.ints('dilations', Array<number>(n).fill(1)),
    auto,
    pads: [pads.slice(0, n), pads.slice(n)],
  };
}

/** Padding of both ends; an odd one is larger at the end or at the beginning. */
function halves(total: readonly number[], largerAtEnd: boolean): Pads {
  const small = total.map((t) => Math.floor(t / 2));
  const large = total.map((t, i) => t - small[i]!);
  return largerAtEnd ? [small, large] : [large, small];
}

/** Input elements after the last one that a window touches, padding included: what a strided window leaves over. */
export function leftOver(w: Window): number[] {
  return w.kernel.map(
    (k, i) =>
      w.input[i]! + w.begin[i]! + w.end[i]! - ((w.output[i]! - 1) * w.strides[i]! + w.dilations[i]! * (k - 1) + 1),
  );
}
