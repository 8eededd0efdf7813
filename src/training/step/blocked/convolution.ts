import { cellsOf, grouping, isDepthwise, phasesOf, reachOf, type Convolution, type Grouping } from './geometry.js';
import {
  backwardDepthwise,
  backwardFilter,
  depthwiseFilter,
  firstFilter,
  forwardFilter,
  span,
  undense,
} from './filters.js';
import { filledUp, meanOverPositions, type Blocked, type Writer } from './writer.js';

/**
 * Convolutions and their gradients by ONNX Runtime's blocked operators, with weights that are values of the graph. Written
 * for float32 and two spatial axes; `hasBlockedForm` says for which sizes.
 */

/** A picture with fewer channels than a block as it is fed: the first layer reads it so. */
export interface Plain {
  readonly plain: string;
}

function groupsOf(w: Writer, s: Convolution): Grouping {
  const g = grouping(s, w.block);
  if (g === undefined) throw new Error('This convolution has no blocked form');
  return g;
}

/** y = x ∗ weight + bias. Weight [K, C/g, kh, kw] and bias [K] as the model has them. */
export function convolution(
  w: Writer,
  x: Blocked | Plain,
  weight: string,
  bias: string | undefined,
  s: Convolution,
): Blocked {
  const attributes = {
    kernel_shape: s.kernel,
    strides: s.strides,
    dilations: s.dilations,
    pads: [...s.begin, ...s.end],
  };
  const shift = bias === undefined ? undefined : filledUp(w, bias, [s.filters]);
  const out = { n: s.batch, c: s.filters, h: s.output[0]!, w: s.output[1]! };
  if ('plain' in x) {
    return { ...out, ref: w.nchwc('Conv', [x.plain, firstFilter(w, weight, s), shift], { ...attributes, group: 1 }) };
  }
  if (isDepthwise(s)) {
    const kernel = depthwiseFilter(w, weight, s);
    return { ...out, ref: w.nchwc('Conv', [x.ref, kernel, shift], { ...attributes, group: w.full(s.channels) }) };
  }
  const g = groupsOf(w, s);
  const kernel = forwardFilter(w, weight, s, g);
  return { ...out, ref: w.nchwc('Conv', [x.ref, kernel, shift], { ...attributes, group: g.groups }) };
}

/**
 * dx: for each phase of the stride a convolution of dy with the places of the kernel that reach it, turned round; the phases
 * are then interleaved. With stride 1 there is one phase.
 */
export function inputGradient(w: Writer, dy: Blocked, weight: string, s: Convolution): Blocked {
  return interleave(w, inputPhases(w, dy, weight, s), s);
}

/** The phases of dx by rows and columns; undefined where nothing reaches one. */
export type Planes = readonly (readonly (Blocked | undefined)[])[];

export function inputPhases(w: Writer, dy: Blocked, weight: string, s: Convolution): Planes {
  const depthwise = isDepthwise(s);
  const g = depthwise ? undefined : groupsOf(w, s);
  const filter = g === undefined ? backwardDepthwise(w, weight, s) : backwardFilter(w, weight, s, g);
  const group = g?.groups ?? w.full(s.channels);
  return phasesOf(s, 0).map((rows) =>
    phasesOf(s, 1).map((columns): Blocked | undefined => {
      if (rows.places.length === 0 || columns.places.length === 0) return undefined;
      const ref = w.nchwc('Conv', [dy.ref, filter(rows, columns)], {
        kernel_shape: [span(rows), span(columns)],
        dilations: [rows.step, columns.step],
        pads: [rows.begin, columns.begin, rows.end, columns.end],
        group,
      });
      return { ref, n: s.batch, c: s.channels, h: cellsOf(s, 0), w: cellsOf(s, 1) };
    }),
  );
}

/** Elements stride·m + ρ from their phases, as many as the input has. */
export function interleave(w: Writer, planes: Planes, s: Pick<Convolution, 'input' | 'batch' | 'channels'>): Blocked {
  const [height, width] = s.input as [number, number];
  const out = { n: s.batch, c: s.channels, h: height, w: width };
  const blocks = s.batch * (w.full(s.channels) / w.block);
  const some = planes.flat().find((p) => p !== undefined);
  if (some === undefined) {
    const zero = w.op('Expand', [w.scalar(0), w.ints([s.batch, w.full(s.channels), height, width])]);
    return { ...out, ref: zero };
  }
  // Columns: [blocks, rows, columns, stride·B]
  const rows = planes.map((row): string | undefined => {
    const woven = weave(
      w,
      row.map((p) => p?.ref),
      [blocks, some.h, some.w],
      w.block,
    );
    if (woven === undefined) return undefined;
    const all = some.w * row.length;
    const flat = [blocks, some.h, all * w.block];
    return w.crop(w.reshape(woven, flat), flat, [blocks, some.h, width * w.block]);
  });
  const woven = weave(w, rows, [blocks, some.h], width * w.block)!;
  const all = some.h * planes.length;
  const flat = [blocks, all, width * w.block];
  const ref = w.crop(w.reshape(woven, flat), flat, [blocks, height, width * w.block]);
  return { ...out, ref: w.reshape(ref, [s.batch, w.full(s.channels), height, width]) };
}

/** Pieces of `length` elements side by side, zeros where one is absent. */
function weave(
  w: Writer,
  parts: readonly (string | undefined)[],
  lead: readonly number[],
  length: number,
): string | undefined {
  const there = parts.findIndex((p) => p !== undefined);
  if (there < 0) return undefined;
  const dims = [...lead, length];
  const axis = lead.length;
  if (parts.filter((p) => p !== undefined).length === 1) {
    const none = lead.map(() => 0);
    const v = w.reshape(parts[there]!, dims);
    return w.pad(v, [...none, there * length], [...none, (parts.length - 1 - there) * length]);
  }
  const zero = (): string => w.op('Expand', [w.scalar(0), w.ints(dims)]);
  return w.concat(
    parts.map((p) => (p === undefined ? zero() : w.reshape(p, dims))),
    axis,
  );
}

/**
 * dW[k, c, r, t] = Σ over n and positions of dy·x, in the model's layout: a convolution in which the batch is what is summed
 * over, so that its samples lie in the lanes, and dy is the filter. The lanes of x, its channels, lie along the width: its
 * positions are (place of the kernel, channel), and whole registers of them are computed at once.
 */
export function weightGradient(w: Writer, x: Blocked | Plain, dy: Blocked, s: Convolution): string {
  const [kh, kw] = s.kernel as [number, number];
  const [dh, dw] = s.dilations as [number, number];
  const b = w.block;
  // All groups of a depthwise convolution fill blocks together; only the diagonal of each is wanted.
  const g = 'plain' in x ? undefined : grouping(s, b, b);
  if (g === undefined && !('plain' in x)) throw new Error('This convolution has no blocked form');
  const groups = g?.groups ?? 1;
  const outside = g?.outside ?? w.full(s.filters);
  /** Channels that lie along the width, and how often there are so many. */
  const [lanes, times] = g === undefined ? [s.channels, 1] : [b, g.inside / b];
  const samples = w.full(s.batch);
  // What the windows touch, and no more: elements that a stride leaves over would make further places.
  const [rowsEnd, columnsEnd] = [0, 1].map((i) => reachOf(s, i) - s.input[i]! - s.begin[i]!) as [number, number];
  const [height, width] = s.input as [number, number];
  const rows = height + Math.min(0, rowsEnd);
  const wide = (s.begin[1]! + width + columnsEnd) * lanes;
  const blocks = groups * times;
  const flat = 'plain' in x ? w.transpose(x.plain, [0, 2, 3, 1]) : x.ref;
  let v = w.reshape(flat, [s.batch, blocks, height, width * lanes]);
  v = w.pad(v, [0, 0, 0, s.begin[1]! * lanes], [samples - s.batch, 0, rows - height, columnsEnd * lanes]);
  if (blocks > 1) v = w.transpose(w.reshape(v, [samples, groups, times, rows, wide]), [2, 1, 0, 3, 4]);
  const source = w.nchwc('ReorderInput', [w.reshape(v, [times, groups * samples, rows, wide])]);
  const positions = s.output[0]! * s.output[1]!;
  const filled = (groups * outside) / b;
  let f = w.reshape(dy.ref, [s.batch, filled, positions, b]);
  f = w.pad(f, [0, 0, 0, 0], [samples - s.batch, 0, 0, 0]);
  f = w.transpose(w.reshape(f, [samples / b, b, filled, positions, b]), [2, 0, 3, 1, 4]);
  const filter = w.reshape(f, [groups * outside, samples, ...s.output]);
  const y = w.nchwc('Conv', [source, filter], {
    kernel_shape: s.output,
    dilations: [s.strides[0]!, s.strides[1]! * lanes],
    strides: [dh, 1],
    pads: [s.begin[0]!, 0, Math.max(0, rowsEnd), 0],
    group: groups,
  });
  // [times, g', K/B, kh, places, lanes, k]
  const places = dw * (kw - 1) + 1;
  let out = w.reshape(y, [times, groups, outside / b, kh, places, lanes, b]);
  if (dw > 1) out = w.op('Slice', [out, w.ints([0]), w.ints([places]), w.ints([4]), w.ints([dw])]);
  out = w.transpose(out, [1, 2, 6, 0, 5, 3, 4]);
  const whole: Grouping = g ?? { groups: 1, joined: 1, inside: s.channels, outside };
  return undense(w, w.reshape(out, [groups, outside, times * lanes, kh, kw]), s, whole);
}

/** Σ over batch and positions: [K]. */
export function biasGradient(w: Writer, dy: Blocked): string {
  const sum = w.op('ReduceSum', [meanOverPositions(w, dy), w.ints([0])], { keepdims: 0 });
  return w.crop(w.times(sum, dy.h * dy.w), [w.full(dy.c)], [dy.c]);
}
