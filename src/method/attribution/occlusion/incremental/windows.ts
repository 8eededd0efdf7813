/**
 * Arithmetic of windows: the part of each feature map that a change of the picture can reach. Positions that are computed
 * in one batch need windows of one size; so positions are grouped, near ones together, because windows at the border of
 * the map are smaller than those in its middle. Within a group only the start differs.
 */

/** Consecutive ranges of positions, `[from, to)`, each with windows of one size. */
export type Groups = readonly (readonly [from: number, to: number])[];

/** One axis of the windows of one value: `start[i]` for position i, `size[g]` for group g. */
export interface Span {
  readonly groups: Groups;
  readonly start: Int32Array;
  readonly size: Int32Array;
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

/** A span from the ranges that must be covered, clipped to the map and moved so that it lies inside. */
function cover(
  groups: Groups,
  first: (i: number, size: number) => number,
  last: (i: number, size: number) => number,
  was: Int32Array,
  length: number,
): Span {
  const start = new Int32Array(groups.at(-1)?.[1] ?? 0);
  const size = new Int32Array(groups.length);
  groups.forEach(([from, to], g) => {
    let widest = 1;
    for (let i = from; i < to; i++) {
      start[i] = Math.max(0, first(i, was[g]!));
      widest = Math.max(widest, Math.min(length - 1, last(i, was[g]!)) - start[i]! + 1);
    }
    for (let i = from; i < to; i++) start[i] = Math.max(0, Math.min(start[i]!, length - widest));
    size[g] = widest;
  });
  return { groups, start, size, length };
}

/** The span of patches of one size that start at `starts`. */
export function patchSpan(groups: Groups, starts: ArrayLike<number>, size: number, length: number): Span {
  const sizes = new Int32Array(groups.length).fill(size);
  return cover(groups, (i) => starts[i]!, (i, s) => starts[i]! + s - 1, sizes, length); // prettier-ignore
}

/** Outputs of a sliding operator that see anything of the span: output i sees i × stride − begin + [0, dilation × (kernel − 1)]. */
export function slide(input: Span, op: Sliding): Span {
  const reach = op.dilation * (op.kernel - 1);
  return cover(
    input.groups,
    (i) => Math.ceil((input.start[i]! + op.begin - reach) / op.stride),
    (i, size) => Math.floor((input.start[i]! + size - 1 + op.begin) / op.stride),
    input.size,
    op.output,
  );
}

/** Inputs that a sliding operator reads for a span of outputs; may leave the map where the operator pads. */
export function receptive(output: Span, op: Sliding, length: number): Span {
  return {
    groups: output.groups,
    start: output.start.map((s) => s * op.stride - op.begin),
    size: output.size.map((s) => (s - 1) * op.stride + op.dilation * (op.kernel - 1) + 1),
    length,
  };
}

/** The smallest span that covers both. */
export function unite(a: Span, b: Span): Span {
  const groupOf = new Int32Array(a.start.length);
  a.groups.forEach(([from, to], g) => groupOf.fill(g, from, to));
  return cover(
    a.groups,
    (i) => Math.min(a.start[i]!, b.start[i]!),
    (i) => Math.max(a.start[i]! + a.size[groupOf[i]!]!, b.start[i]! + b.size[groupOf[i]!]!) - 1,
    a.size,
    a.length,
  );
}

/** The whole map, at every position. */
export function whole(like: Span): Span {
  return {
    ...like,
    start: new Int32Array(like.start.length),
    size: new Int32Array(like.groups.length).fill(like.length),
  };
}

export function sameWindow(a: Window, b: Window): boolean {
  const same = (p: Span, q: Span): boolean =>
    p.length === q.length && p.size.every((s, g) => s === q.size[g]) && p.start.every((s, i) => s === q.start[i]);
  return same(a.y, b.y) && same(a.x, b.x);
}

/** Whether the inner window lies inside the outer one at every position. */
export function contains(outer: Window, inner: Window): boolean {
  const inside = (o: Span, p: Span): boolean =>
    o.groups.every(([from, to], g) => {
      for (let i = from; i < to; i++) {
        if (p.start[i]! < o.start[i]! || p.start[i]! + p.size[g]! > o.start[i]! + o.size[g]!) return false;
      }
      return true;
    });
  return inside(outer.y, inner.y) && inside(outer.x, inner.x);
}

/** Elements of a window of group g. */
export function area(window: Window, group: number): number {
  return window.y.size[group]! * window.x.size[group]!;
}

/** Share of the map that the windows cover, averaged over the positions. */
export function coverage(window: Window): number {
  let covered = 0;
  window.y.groups.forEach(([from, to], g) => (covered += (to - from) * area(window, g)));
  return covered / (window.y.start.length * window.y.length * window.x.length);
}

/**
 * Groups positions by bands of rows and columns. Returns the order in which the positions are computed and the groups as
 * ranges of that order. More bands mean smaller windows at the borders, and smaller batches.
 */
export function groupPositions(
  tops: ArrayLike<number>,
  lefts: ArrayLike<number>,
  bands: number,
): { order: Int32Array; groups: Groups } {
  const band = (values: ArrayLike<number>): ((value: number) => number) => {
    const distinct = [...new Set(Array.from(values))].sort((a, b) => a - b);
    const rank = new Map(
      distinct.map((v, i) => [v, Math.floor((i * Math.min(bands, distinct.length)) / distinct.length)]),
    );
    return (value) => rank.get(value)!;
  };
  const [row, column] = [band(tops), band(lefts)];
  const key = (i: number): number => row(tops[i]!) * bands + column(lefts[i]!);
  const order = Int32Array.from({ length: tops.length }, (_, i) => i).sort((a, b) => key(a) - key(b) || a - b);
  const groups: [number, number][] = [];
  order.forEach((position, i) => {
    if (i > 0 && key(position) === key(order[i - 1]!)) groups.at(-1)![1] = i + 1;
    else groups.push([i, i + 1]);
  });
  return { order, groups };
}
