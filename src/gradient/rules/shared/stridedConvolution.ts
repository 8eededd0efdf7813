import { Algebra } from '../../emit/algebra.js';
import { fixed, range, type Dim } from '../../dims.js';
import { factoredSizes, phaseTaps, turnedPads, type PhaseTaps } from '../../layout/gradientForms.js';
import type { Ref } from '../../rule.js';
import type { Window } from '../../emit/window.js';
import { interleaved } from './windows.js';

/**
 * The input gradient of a strided convolution as convolutions of stride 1. Element i = s·q + ρ of dx, phase ρ of the
 * stride s, hears of the outputs o = q - (k - p - ρ)/s through the places k of the kernel for which that is whole: one
 * small kernel for each phase. `gradientForms.ts` says which of these forms is taken where.
 */

/** A stride as zeros between the elements of dy: a kernel of one 1, which ConvTranspose puts `stride` apart in each plane. */
export function spaced(a: Algebra, dy: Ref, kernel: Ref, wDims: readonly Dim[], s: Window): Ref {
  const planes = [a.c.dims(a.c.inputs[0]!)[0]!, wDims[0]!];
  const { begin } = turnedPads(s);
  const reach = s.kernel.map((k, i) => s.dilations[i]! * (k - 1));
  const short = s.output.map((o, i) => s.strides[i]! * (o - 1) + 1);
  const over = s.input.map((d, i) => d + reach[i]! - short[i]! - begin[i]!);
  // Part of the padding at the end may as well be written here: sizes that are multiples of the stride are faster.
  const extra = over.map((e, i) => Math.min(s.strides[i]! - 1, e));
  const apart = a.op(
    'ConvTranspose',
    [a.reshape(dy, [a.joined(planes), fixed(1), ...s.output.map(fixed)]), a.tensor([1, 1, 1, 1], [1], dy)],
    { kernel_shape: [1, 1], strides: s.strides, output_padding: extra },
  );
  const wide = a.reshape(apart, [...planes, ...short.map((d, i) => fixed(d + extra[i]!))]);
  return a.op('Conv', [wide, kernel], {
    kernel_shape: s.kernel,
    dilations: s.dilations,
    group: wDims[0]!.base,
    pads: [...begin, ...over.map((e, i) => e - extra[i]!)],
  });
}

/** Each phase by a convolution of its own, with no more places than it has; undefined where it has none. */
export function phasePlanes(a: Algebra, dy: Ref, w: Ref, wDims: readonly Dim[], s: Window): (Ref | undefined)[][] {
  const [rows, columns] = axes(s);
  return rows.phases.map((r) =>
    columns.phases.map((c) => {
      if (r.places.length === 0 || c.places.length === 0) return undefined;
      const kernel = a.transpose(chosen(a, w, [r, c], [r.high - r.low, c.high - c.low]), [1, 0, 2, 3]);
      const outer = [wDims[1]!.base, wDims[0]!.base];
      return convolved(a, dy, { kernel, outer, at: [r, c] }, s, [rows.cells, columns.cells]);
    }),
  );
}

/** All phases of a picture with these channels, interleaved. */
export function wovenPlanes(a: Algebra, planes: readonly (readonly Ref[])[], channels: Dim, s: Window): Ref {
  const [rows, columns] = axes(s);
  return woven(a, planes, [batch(a), channels, fixed(rows.cells), fixed(columns.cells)], s.input);
}

/** All phases by one convolution with as many channels; for inputs of few channels, which fill a block together. */
export function phasesAtOnce(a: Algebra, dy: Ref, w: Ref, wDims: readonly Dim[], s: Window): Ref {
  const [rows, columns] = axes(s);
  const spans = [rows.high - rows.low, columns.high - columns.low];
  const kernels = rows.phases.flatMap((r) =>
    columns.phases.map((c) => {
      const at = [
        { ...r, high: rows.high, low: rows.low },
        { ...c, high: columns.high, low: columns.low },
      ];
      return a.transpose(chosen(a, w, at, spans), [1, 0, 2, 3]);
    }),
  );
  const outer = [wDims[1]!.base * kernels.length, wDims[0]!.base];
  const y = convolved(a, dy, { kernel: a.concat(kernels, 0), outer, at: [rows, columns] }, s, [
    rows.cells,
    columns.cells,
  ]);
  return unstacked(a, y, wDims[1]!, rows, columns, s.input);
}

/**
 * First along the rows, for every column of the kernel by itself; then along the columns, by a kernel of ones and zeros
 * that adds up what belongs together. Large kernels on few channels (a 7×7 stem) take 0.6 of {@link phasesAtOnce}.
 */
export function factored(a: Algebra, dy: Ref, w: Ref, wDims: readonly Dim[], s: Window): Ref {
  const [rows, columns] = axes(s);
  const [m, c] = [wDims[0]!.base, wDims[1]!.base];
  const [width, n] = [s.kernel[1]!, rows.phases.length];
  const { between, span } = factoredSizes(s, c);
  // [k, ρ, c] by [m, place, 1]
  const perPhase = rows.phases.map((r) => {
    const at = { ...r, high: rows.high, low: rows.low };
    const kernel = chosen(a, w, [at, undefined], [rows.high - rows.low, 0]);
    return a.reshape(a.transpose(kernel, [3, 1, 0, 2]), [width, 1, c, m, span].map(fixed));
  });
  const kernel = a.reshape(a.concat(perPhase, 1), [width * n * c, m, span, 1].map(fixed));
  const filled = a.pad(kernel, 4, [0], [0], [between - width * n * c]);
  a.emit.settle(filled, [between, m, span, 1].map(fixed));
  const first = a.op('Conv', [dy, filled], {
    kernel_shape: [span, 1],
    pads: [rows.high, 0, rows.cells - s.output[0]! - rows.low, 0],
  });
  const reach = columns.high - columns.low + 1;
  const count = n * columns.phases.length * c;
  const ones = new Float64Array(count * between * reach);
  columns.phases.forEach((phase, p) =>
    phase.places.forEach((k, t) => {
      for (let r = 0; r < n; r++)
        for (let i = 0; i < c; i++) {
          const [to, from] = [(r * columns.phases.length + p) * c + i, (k * n + r) * c + i];
          ones[(to * between + from) * reach + columns.high - phase.offsets[t]!] = 1;
        }
    }),
  );
  const y = a.op('Conv', [first, a.tensor([count, between, 1, reach], ones, dy)], {
    kernel_shape: [1, reach],
    pads: [0, columns.high, 0, columns.cells - s.output[1]! - columns.low],
  });
  return unstacked(a, y, wDims[1]!, rows, columns, s.input);
}

type Span = Pick<PhaseTaps, 'high' | 'low'>;
type Places = Span & PhaseTaps['phases'][number];

function axes(s: Window): [PhaseTaps, PhaseTaps] {
  const [rows, columns] = s.kernel.map((_, i) => phaseTaps(s, i));
  return [rows!, columns!];
}

function batch(a: Algebra): Dim {
  return a.c.dims(a.c.inputs[0]!)[0]!;
}

/** The places of a kernel that a phase has, from the last to the first, with zeros up to the given spans. */
function chosen(a: Algebra, w: Ref, phase: readonly (Places | undefined)[], spans: readonly number[]): Ref {
  const used = range(2).filter((i) => phase[i] !== undefined);
  const at = used.map((i) => phase[i]!);
  const step = at.map((p) => (p.places.length > 1 ? p.places[1]! - p.places[0]! : -1));
  const picked = a.slice(
    w,
    used.map((i) => i + 2),
    at.map((p) => p.places[0]!),
    at.map((p, i) => before(p.places.at(-1)! + step[i]!)),
    step,
  );
  return a.pad(
    picked,
    4,
    used.map((i) => i + 2),
    at.map((p) => p.high - p.offsets[0]!),
    at.map((p, i) => spans[used[i]!]! - (p.high - p.offsets.at(-1)!)),
  );
}

/** The end of a Slice that goes backwards: negative numbers would count from the other end. */
function before(end: number): number {
  return end < 0 ? -(2 ** 31) + 1 : end;
}

/** A kernel of one phase, or of several side by side. */
interface PhaseKernel {
  readonly kernel: Ref;
  /** Channels out and in. */
  readonly outer: readonly number[];
  /** Offsets that its places cover, along each axis. */
  readonly at: readonly Span[];
}

/** @param cells steps of the stride that the input takes, along each axis */
function convolved(a: Algebra, dy: Ref, { kernel, outer, at }: PhaseKernel, s: Window, cells: readonly number[]): Ref {
  const places = at.map((p) => p.high - p.low + 1);
  a.emit.settle(kernel, [...outer, ...places].map(fixed));
  return a.op('Conv', [dy, kernel], {
    kernel_shape: places,
    pads: [...at.map((p) => p.high), ...at.map((p, i) => cells[i]! - s.output[i]! - p.low)],
  });
}

/** Channels [ρ, ρ, c] of the phases' plane as phases. */
function unstacked(a: Algebra, y: Ref, c: Dim, rows: PhaseTaps, columns: PhaseTaps, size: readonly number[]): Ref {
  const count = rows.phases.length * columns.phases.length;
  const parts = a.emit.ops('Split', [y], count, { axis: 1, num_outputs: count });
  const planes = rows.phases.map((_, r) => parts.slice(r * columns.phases.length, (r + 1) * columns.phases.length));
  return woven(a, planes, [batch(a), c, fixed(rows.cells), fixed(columns.cells)], size);
}

/** Phases by rows and columns of the stride, interleaved. */
function woven(a: Algebra, planes: readonly (readonly Ref[])[], cell: readonly Dim[], size: readonly number[]): Ref {
  const wide = [...cell.slice(0, 3), fixed(size[1]!)];
  return interleaved(
    a,
    planes.map((row) => interleaved(a, row, 3, cell, size[1]!)),
    2,
    wide,
    size[0]!,
  );
}
