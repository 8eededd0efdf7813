import type { Convolution, Grouping, Phase } from './geometry.js';
import type { Writer } from './writer.js';

/**
 * Filters of the model, [K, C/g, kh, kw], in the layouts that blocked convolutions read. Weights are packed in every step:
 * state, optimiser and checkpoints then know nothing of blocks, and it takes about 1 % of a step.
 */

/** [g', K', C', kh, kw] of the joined groups, filled up with zeros. */
function dense(w: Writer, weight: string, s: Convolution, g: Grouping): string {
  const space = [...s.kernel];
  const places = space[0]! * space[1]!;
  const [cg, kg] = [s.channels / s.group, s.filters / s.group];
  let v = weight;
  if (g.joined > 1) {
    const rows = g.groups * g.joined;
    v = w.reshape(v, [s.group, kg * cg * places]);
    v = w.pad(v, [0, 0], [rows - s.group, 0]);
    v = w.mul(w.reshape(v, [g.groups, g.joined, kg, 1, cg * places]), identity(w, g.joined));
  }
  const [outside, inside] = [g.joined * kg, g.joined * cg];
  v = w.reshape(v, [g.groups, outside, inside, ...space]);
  return w.pad(v, [0, 0, 0, 0, 0], [0, g.outside - outside, g.inside - inside, 0, 0]);
}

function identity(w: Writer, n: number): string {
  const values = Array.from({ length: n * n }, (_, i) => (i % n === Math.floor(i / n) ? 1 : 0));
  return w.floats([1, n, 1, n, 1], values);
}

/** For the way forward: [K/B, C/B, kh, kw, c, k]. */
export function forwardFilter(w: Writer, weight: string, s: Convolution, g: Grouping): string {
  const [kh, kw] = s.kernel as [number, number];
  const b = w.block;
  const v = w.reshape(dense(w, weight, s, g), [(g.groups * g.outside) / b, b, g.inside / b, b, kh, kw]);
  return w.reshape(w.transpose(v, [0, 2, 4, 5, 3, 1]), [g.groups * g.outside, g.inside, kh, kw]);
}

/** For a plain picture of fewer channels than a block: [K/B, C, kh, kw, k]. */
export function firstFilter(w: Writer, weight: string, s: Convolution): string {
  const [kh, kw] = s.kernel as [number, number];
  const filters = w.full(s.filters);
  const filled = w.pad(weight, [0, 0, 0, 0], [filters - s.filters, 0, 0, 0]);
  const v = w.reshape(filled, [filters / w.block, w.block, s.channels, kh, kw]);
  return w.reshape(w.transpose(v, [0, 2, 3, 4, 1]), [filters, s.channels, kh, kw]);
}

/** One filter for each channel: [C/B, kh, kw, c]. */
export function depthwiseFilter(w: Writer, weight: string, s: Convolution): string {
  const [kh, kw] = s.kernel as [number, number];
  return w.reshape(depthwiseOpen(w, weight, s), [w.full(s.channels), 1, kh, kw]);
}

function depthwiseOpen(w: Writer, weight: string, s: Convolution): string {
  const [kh, kw] = s.kernel as [number, number];
  const channels = w.full(s.channels);
  const filled = w.pad(weight, [0, 0, 0, 0], [channels - s.channels, 0, 0, 0]);
  return w.transpose(w.reshape(filled, [channels / w.block, w.block, kh, kw]), [0, 2, 3, 1]);
}

/** Filters for the way back, from which each phase takes its places. */
export type BackwardFilter = (rows: Phase, columns: Phase) => string;

/** [C/B, K/B, places, k, c], the places of two phases turned round. */
export function backwardFilter(w: Writer, weight: string, s: Convolution, g: Grouping): BackwardFilter {
  const [kh, kw] = s.kernel as [number, number];
  const b = w.block;
  const open = w.reshape(dense(w, weight, s, g), [g.groups, g.outside / b, b, g.inside / b, b, kh, kw]);
  // [g', C/B, K/B, kh, kw, k, c]
  const turned = w.transpose(open, [0, 3, 1, 5, 6, 2, 4]);
  return (rows, columns) =>
    w.reshape(placesOf(w, turned, 7, 3, rows, columns), [g.groups * g.inside, g.outside, span(rows), span(columns)]);
}

export function backwardDepthwise(w: Writer, weight: string, s: Convolution): BackwardFilter {
  const open = depthwiseOpen(w, weight, s);
  return (rows, columns) =>
    w.reshape(placesOf(w, open, 4, 1, rows, columns), [w.full(s.channels), 1, span(rows), span(columns)]);
}

/** Places of a phase's kernel, those that are 0 included. */
export function span(phase: Phase): number {
  return phase.before + phase.places.length + phase.after;
}

/** The end of a Slice that goes backwards to the first element. */
const FIRST = -(2 ** 31) + 1;

function placesOf(w: Writer, v: string, rank: number, axis: number, rows: Phase, columns: Phase): string {
  const phases = [rows, columns];
  const step = phases.map((p) => (p.places.length > 1 ? p.places[1]! - p.places[0]! : -1));
  const end = phases.map((p, i) => p.places.at(-1)! + step[i]!);
  const picked = w.op('Slice', [
    v,
    w.ints(phases.map((p) => p.places[0]!)),
    w.ints(end.map((e) => (e < 0 ? FIRST : e))),
    w.ints([axis, axis + 1]),
    w.ints(step),
  ]);
  const around = (of: (p: Phase) => number): number[] => {
    const all = Array<number>(rank).fill(0);
    phases.forEach((p, i) => (all[axis + i] = of(p)));
    return all;
  };
  return w.pad(
    picked,
    around((p) => p.before),
    around((p) => p.after),
  );
}

/** The diagonal of joined groups: [g', K', C', kh, kw] as [K, C/g, kh, kw]. */
export function undense(w: Writer, v: string, s: Convolution, g: Grouping): string {
  const [kh, kw] = s.kernel as [number, number];
  const [cg, kg] = [s.channels / s.group, s.filters / s.group];
  const [outside, inside] = [g.joined * kg, g.joined * cg];
  const full = [g.groups, g.outside, g.inside, kh, kw];
  let out = w.crop(v, full, [g.groups, outside, inside, kh, kw]);
  if (g.joined > 1) {
    out = w.reshape(out, [g.groups, g.joined, kg, g.joined, cg * kh * kw]);
    out = w.op('ReduceSum', [w.mul(out, identity(w, g.joined)), w.ints([3])], { keepdims: 0 });
    const rows = g.groups * g.joined;
    const each = kg * cg * kh * kw;
    out = w.crop(w.reshape(out, [rows, each]), [rows, each], [s.group, each]);
  }
  return w.reshape(out, [s.filters, cg, kh, kw]);
}
