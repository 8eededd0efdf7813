import { Algebra } from '../../emit/algebra.js';
import { fixed, ONE, range, type Dim, type Dims } from '../../dims.js';
import type { Ref } from '../../rule.js';
import type { Window } from '../../emit/window.js';

/** What every window sees at one place of the kernel. */
export interface Tap {
  /** Place in the kernel. */
  readonly offset: readonly number[];
  /** In the dimensions of the output. */
  readonly value: Ref;
}

function places(kernel: readonly number[]): number[][] {
  return kernel.reduce<number[][]>((all, k) => all.flatMap((p) => range(k).map((i) => [...p, i])), [[]]);
}

/** Elements a padded axis must have, so that every window lies inside it. */
function reach(w: Window, i: number): number {
  return (w.output[i]! - 1) * w.strides[i]! + w.dilations[i]! * (w.kernel[i]! - 1) + 1;
}

/** One strided slice of the padded input per place of the kernel, in row-major order. */
export function taps(a: Algebra, x: Ref, w: Window, filler: number): Tap[] {
  const rank = w.kernel.length + 2;
  const axes = range(rank).slice(2);
  const after = w.input.map((size, i) => Math.max(0, reach(w, i) - size - w.begin[i]!));
  const padded = a.pad(x, rank, axes, w.begin, after, a.emit.scalar(filler, x));
  return places(w.kernel).map((offset) => {
    const start = offset.map((k, i) => k * w.dilations[i]!);
    const end = start.map((s, i) => s + (w.output[i]! - 1) * w.strides[i]! + 1);
    return { offset, value: a.slice(padded, axes, start, end, w.strides) };
  });
}

/**
 * The adjoint of {@link taps}: adds each tap to the places it came from. Taps are summed per phase of the stride, and
 * the phases are interleaved by one transposition.
 */
export function spread(a: Algebra, parts: readonly Tap[], w: Window, x: readonly Dim[]): Ref {
  const n = w.kernel.length;
  const axes = range(n).map((i) => i + 2);
  const cells = w.strides.map((s, i) => Math.ceil(Math.max(reach(w, i), w.begin[i]! + w.input[i]!) / s));
  const byPhase = new Map<string, Ref[]>();
  for (const { offset, value } of parts) {
    const at = offset.map((k, i) => k * w.dilations[i]!);
    const shift = at.map((p, i) => Math.floor(p / w.strides[i]!));
    const phase = at.map((p, i) => p % w.strides[i]!).join();
    const moved = a.pad(
      value,
      n + 2,
      axes,
      shift,
      shift.map((q, i) => cells[i]! - w.output[i]! - q),
    );
    byPhase.set(phase, [...(byPhase.get(phase) ?? []), moved]);
  }
  const lead = x.slice(0, 2);
  const sums = places(w.strides).map((p) => byPhase.get(p.join()));
  const like = parts[0]!.value;
  const planes = sums.map((list) => (list === undefined ? a.zeros([...lead, ...cells.map(fixed)], like) : a.sum(list)));
  let full = planes[0]!;
  if (planes.length > 1) {
    // [N, C, p…, cells…] -> [N, C, cell, p, cell, p …]
    const stacked = a.reshape(a.concat(planes, 1), [lead[0]!, fixed(planes.length), lead[1]!, ...cells.map(fixed)]);
    const split = a.reshape(stacked, [lead[0]!, ...w.strides.map(fixed), lead[1]!, ...cells.map(fixed)]);
    const mixed = a.transpose(split, [0, n + 1, ...range(n).flatMap((i) => [n + 2 + i, i + 1])]);
    full = a.reshape(mixed, [...lead, ...cells.map((k, i) => fixed(k * w.strides[i]!))]);
  }
  return a.pad(
    full,
    n + 2,
    axes,
    w.begin.map((p) => -p),
    cells.map((k, i) => w.begin[i]! + w.input[i]! - k * w.strides[i]!),
  );
}

/**
 * Every n-th element of one axis from each of n values: the first of all, the second of all, … The first `size` elements.
 *
 * @param dims of each value
 */
export function interleaved(a: Algebra, values: readonly Ref[], axis: number, dims: Dims, size: number): Ref {
  const n = values.length;
  if (n === 1) return values[0]!;
  const inner = dims.slice(axis + 1);
  const total = dims[axis]!.base * n;
  const full = dims.map((d, i) => (i === axis ? fixed(total) : d));
  let joined: Ref;
  if (inner.length === 0) {
    const apart = [...dims, ONE];
    joined = a.concat(
      values.map((v) => a.reshape(v, apart)),
      axis + 1,
    );
  } else {
    // What is behind the axis lies together: elements change by rows.
    joined = a.concat(values, axis + 1);
  }
  const whole = a.reshape(joined, full);
  return total === size ? whole : a.slice(whole, [axis], [0], [size]);
}
