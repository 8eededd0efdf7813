import type { Algebra } from '../../emit/algebra.js';
import { fixed, range, type Dim } from '../../dims.js';
import type { Window } from '../../emit/window.js';
import type { Ref } from '../../rule.js';

/**
 * dW[m, c, k] = Σ_{n, o} dy[n, m, o] · x[n, c, o·stride + k·dilation - pad], place by place of the kernel: x moved by k is a
 * view of the padded picture, and what is left is a product of matrices for each sample.
 *
 * @param wDims of the kernel: [M, C/g, k…]
 */
export function weightTaps(
  a: Algebra,
  x: Ref,
  dy: Ref,
  { batch, wDims }: { readonly batch: Dim; readonly wDims: readonly Dim[] },
  s: Window,
  group: number,
): Ref {
  const axes = range(s.kernel.length).map((i) => i + 2);
  const span = s.strides.map((stride, i) => stride * (s.output[i]! - 1) + 1);
  // As long as the last place looks: what a stride leaves over is cut off.
  const after = s.kernel.map((k, i) => s.dilations[i]! * (k - 1) + span[i]! - s.input[i]! - s.begin[i]!);
  const wide = a.pad(x, axes.length + 2, axes, s.begin, after);
  const places = fixed(s.output.reduce((p, o) => p * o, 1));
  const [filters, channels] = [wDims[0]!.base / group, wDims[1]!.base];
  const rank = group === 1 ? 3 : 4;
  const lines = (v: Ref, each: number): Ref =>
    a.reshape(v, [batch, ...(group === 1 ? [] : [fixed(group)]), fixed(each), places]);
  const rows = lines(dy, filters);
  const steps = s.strides.some((k) => k > 1) ? s.strides : undefined;
  const taps = placesOf(s.kernel).map((place) => {
    const starts = place.map((k, i) => k * s.dilations[i]!);
    const ends = starts.map((from, i) => from + span[i]!);
    const whole = steps === undefined && s.kernel.every((k) => k === 1);
    const moved = whole ? wide : a.slice(wide, axes, starts, ends, steps);
    const each = a.op('MatMul', [rows, a.transposeLast(lines(moved, channels), rank)]);
    return a.reshape(a.reduceSum(each, [0], false), [wDims[0]!, wDims[1]!, fixed(1)]);
  });
  return a.reshape(a.concat(taps, 2), wDims);
}

/** All places of a kernel, the last axis fastest. */
function placesOf(kernel: readonly number[]): number[][] {
  return kernel.reduce<number[][]>((all, k) => all.flatMap((p) => range(k).map((i) => [...p, i])), [[]]);
}
