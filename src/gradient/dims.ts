import type { ValueFact } from '../graph/facts.js';

/** One dimension as `base + slope × batch`, so that a gradient graph stays right at any batch size. */
export interface Dim {
  readonly base: number;
  readonly slope: number;
}

export type Dims = readonly Dim[];

/** A dimension that does not depend on the batch. */
export function fixed(size: number): Dim {
  return { base: size, slope: 0 };
}

export const ONE: Dim = fixed(1);

/** Dimensions of a value. */
export function dimsOf(fact: ValueFact): Dim[] {
  return fact.base.map((base, i) => ({ base, slope: fact.slope[i]! }));
}

export function sameDim(a: Dim, b: Dim): boolean {
  return a.base === b.base && a.slope === b.slope;
}

export function sameShape(a: Dims, b: Dims): boolean {
  return a.length === b.length && a.every((d, i) => sameDim(d, b[i]!));
}

/** Exactly one at every batch size: a dimension that broadcasts. */
export function isOne(d: Dim): boolean {
  return d.slope === 0 && d.base === 1;
}

export function isFixed(d: Dim): boolean {
  return d.slope === 0;
}

export function allFixed(dims: Dims): boolean {
  return dims.every(isFixed);
}

/** Product of dimensions; undefined where it is not of the form `base + slope × batch`. */
export function product(dims: Dims): Dim | undefined {
  let result = ONE;
  for (const d of dims) {
    if (d.slope === 0) result = { base: result.base * d.base, slope: result.slope * d.base };
    else if (result.slope === 0) result = { base: d.base * result.base, slope: d.slope * result.base };
    else return undefined;
  }
  return result;
}

/** Shape of the broadcast of several shapes (NumPy rules). */
export function broadcast(...shapes: readonly Dims[]): Dim[] {
  const rank = Math.max(0, ...shapes.map((s) => s.length));
  const result: Dim[] = [];
  for (let i = 0; i < rank; i++) {
    let dim = ONE;
    for (const shape of shapes) {
      const d = shape[i - rank + shape.length];
      if (d !== undefined && !isOne(d)) dim = d;
    }
    result.push(dim);
  }
  return result;
}

/** An axis counted from the front. */
export function axisOf(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

/** 0, 1, …, n-1. */
export function range(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i);
}
