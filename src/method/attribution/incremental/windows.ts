/**
 * Arithmetic of windows: the part of each feature map that a change of the picture can reach. A window has the same size
 * for every position, because the positions are computed as one batch; its start differs from position to position.
 */

/** One axis of the windows of one value: `start[i]` of position i, and the common size; always inside `[0, length)`. */
export interface Span {
  readonly start: Int32Array;
  readonly size: number;
  /** Size of the whole map along this axis. */
  readonly length: number;
}

/** Both axes. */
export interface Window {
  readonly y: Span;
  readonly x: Span;
}

/** A sliding operator along one axis. `begin` is the padding before the map. */
export interface Sliding {
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly begin: number;
  /** Size of the output map. */
  readonly output: number;
}

/** Makes a span from the ranges that must be covered, moved so that it lies inside the map. */
function cover(first: ArrayLike<number>, last: ArrayLike<number>, length: number): Span {
  let size = 1;
  for (let i = 0; i < first.length; i++) {
    const from = Math.max(0, first[i]!);
    const to = Math.min(length - 1, last[i]!);
    if (to - from + 1 > size) size = to - from + 1;
  }
  const start = Int32Array.from(first, (s) => Math.min(Math.max(0, s), length - size));
  return { start, size, length };
}

/** The span of patches of `size` that start at `starts`. */
export function patchSpan(starts: readonly number[], size: number, length: number): Span {
  return cover(
    starts,
    starts.map((s) => s + size - 1),
    length,
  );
}

/** Outputs of a sliding operator that see anything of the span: output i sees i × stride − begin + [0, dilation × (kernel − 1)]. */
export function slide(input: Span, op: Sliding): Span {
  const reach = op.dilation * (op.kernel - 1);
  const first = input.start.map((s) => Math.ceil((s + op.begin - reach) / op.stride));
  const last = input.start.map((s) => Math.floor((s + input.size - 1 + op.begin) / op.stride));
  return cover(first, last, op.output);
}

/** Inputs that a sliding operator reads for a span of outputs; may leave the map where the operator pads. */
export function receptive(output: Span, op: Sliding, length: number): Span {
  return {
    start: output.start.map((s) => s * op.stride - op.begin),
    size: (output.size - 1) * op.stride + op.dilation * (op.kernel - 1) + 1,
    length,
  };
}

/** The smallest common span that covers both. */
export function unite(a: Span, b: Span): Span {
  const first = a.start.map((s, i) => Math.min(s, b.start[i]!));
  const last = a.start.map((s, i) => Math.max(s + a.size, b.start[i]! + b.size) - 1);
  return cover(first, last, a.length);
}

/** The whole map, at every position. */
export function whole(positions: number, length: number): Span {
  return { start: new Int32Array(positions), size: length, length };
}

export function sameSpan(a: Span, b: Span): boolean {
  return a.size === b.size && a.length === b.length && a.start.every((s, i) => s === b.start[i]);
}

export function sameWindow(a: Window, b: Window): boolean {
  return sameSpan(a.y, b.y) && sameSpan(a.x, b.x);
}

/** Whether the inner window lies inside the outer one at every position. */
export function contains(outer: Window, inner: Window): boolean {
  const inside = (o: Span, i: Span): boolean =>
    i.start.every((s, k) => s >= o.start[k]! && s + i.size <= o.start[k]! + o.size);
  return inside(outer.y, inner.y) && inside(outer.x, inner.x);
}

/** Elements of one position's window, and of the whole map. */
export function area(window: Window): number {
  return window.y.size * window.x.size;
}

export function mapArea(window: Window): number {
  return window.y.length * window.x.length;
}
