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
  c: NodeContext,
  kernel: readonly number[],
  input: readonly number[],
  output: readonly number[],
): Window {
  const n = kernel.length;
  const strides = c.attributes.ints('strides', Array<number>(n).fill(1));
  const dilations = c.attributes.ints('dilations', Array<number>(n).fill(1));
  const auto = c.attributes.string('auto_pad', 'NOTSET');
  const pads = c.attributes.ints('pads', Array<number>(2 * n).fill(0));
  let begin = pads.slice(0, n);
  let end = pads.slice(n);
  if (auto === 'SAME_UPPER' || auto === 'SAME_LOWER') {
    const total = kernel.map((k, i) =>
      Math.max(0, (Math.ceil(input[i]! / strides[i]!) - 1) * strides[i]! + dilations[i]! * (k - 1) + 1 - input[i]!),
    );
    const small = total.map((t) => Math.floor(t / 2));
    const large = total.map((t, i) => t - small[i]!);
    [begin, end] = auto === 'SAME_UPPER' ? [small, large] : [large, small];
  } else if (auto === 'VALID') {
    begin = begin.map(() => 0);
    end = end.map(() => 0);
  }
  return { kernel, strides, dilations, begin, end, input, output };
}

/** Input elements after the last one that a window touches, padding included: what a strided window leaves over. */
export function leftOver(w: Window): number[] {
  return w.kernel.map(
    (k, i) =>
      w.input[i]! + w.begin[i]! + w.end[i]! - ((w.output[i]! - 1) * w.strides[i]! + w.dilations[i]! * (k - 1) + 1),
  );
}
