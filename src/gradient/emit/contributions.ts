import { Algebra } from './algebra.js';
import { fixed, type Dims } from '../dims.js';
import type { Contribution, Part, Phases, Ref } from '../rule.js';

/**
 * The sum of all contributions to the gradient of one value. Parts of one axis that lie side by side are joined with
 * Concat, so that the pieces of a Split, of a window roll or of stacked q, k, v cost one copy and not one padded tensor each.
 * Strided operators that read the same value meet phase by phase.
 */
export function total(a: Algebra, contributions: readonly Contribution[], dims: () => Dims): Ref | undefined {
  const whole: Ref[] = [];
  const byAxis = new Map<number, Part[]>();
  const byGrid = new Map<string, Phases[]>();
  for (const c of contributions) {
    if (typeof c === 'string') whole.push(c);
    else if ('grid' in c) {
      const list = byGrid.get(c.grid);
      if (list === undefined) byGrid.set(c.grid, [c]);
      else list.push(c);
    } else {
      const list = byAxis.get(c.axis);
      if (list === undefined) byAxis.set(c.axis, [c]);
      else list.push(c);
    }
  }
  for (const parts of byAxis.values()) whole.push(...joined(a, parts, dims()));
  for (const list of byGrid.values()) whole.push(...met(a, list));
  return whole.length === 0 ? undefined : a.sum(whole);
}

/** Phases of one grid, added before they are interleaved, where together they fill it. */
function met(a: Algebra, list: readonly Phases[]): Ref[] {
  if (list.length > 1) {
    const all = list.map((each) => each.planes());
    const sums = all[0]!.map((row, r) =>
      row.map((_, k) => {
        const there = all.flatMap((planes) => planes[r]![k] ?? []);
        return there.length === 0 ? undefined : a.sum(there);
      }),
    );
    const full = sums.map((row) => row.filter((v) => v !== undefined));
    if (full.every((row, r) => row.length === sums[r]!.length)) return [list[0]!.woven(full)];
  }
  return list.map((each) => each.alone());
}

function joined(a: Algebra, parts: readonly Part[], dims: Dims): Ref[] {
  const layers: Part[][] = [];
  for (const part of merged(a, parts)) {
    const layer = layers.find((l) => end(l.at(-1)!) <= part.start);
    if (layer === undefined) layers.push([part]);
    else layer.push(part);
  }
  return layers.map((layer) => filled(a, layer, dims));
}

function end(part: Part): number {
  return part.start + part.length;
}

/** Sorted, with parts of the same place added up. */
function merged(a: Algebra, parts: readonly Part[]): Part[] {
  const groups = new Map<string, Part[]>();
  for (const part of [...parts].sort((x, y) => x.start - y.start || x.length - y.length)) {
    const key = `${part.start}:${part.length}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [part]);
    else group.push(part);
  }
  return [...groups.values()].map((group) => ({ ...group[0]!, ref: a.sum(group.map((p) => p.ref)) }));
}

/** Parts that do not overlap, as one tensor: zeros between them, and padding at the ends. */
function filled(a: Algebra, layer: readonly Part[], dims: Dims): Ref {
  const axis = layer[0]!.axis;
  const size = dims[axis]!.base;
  const pieces: Ref[] = [];
  let at = layer[0]!.start;
  for (const part of layer) {
    if (part.start > at)
      pieces.push(
        a.zeros(
          dims.map((d, i) => (i === axis ? fixed(part.start - at) : d)),
          part.ref,
        ),
      );
    pieces.push(part.ref);
    at = end(part);
  }
  return a.pad(a.concat(pieces, axis), dims.length, [axis], [layer[0]!.start], [size - at]);
}
