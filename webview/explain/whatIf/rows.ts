import type { ClassScore } from '../../../src/result/explanation.js';

/** What the model says of something before and after the picture was painted over. */
export interface WhatIfRow {
  readonly index: number;
  readonly label: string;
  readonly before: ClassScore | undefined;
  readonly after: ClassScore | undefined;
}

/**
 * Rows that stay in their place while one paints: what was best before, best first, the target, and after them what has
 * risen among the best.
 *
 * @param count of the best before, and of the best after
 */
export function whatIfRows(
  before: readonly ClassScore[],
  after: readonly ClassScore[] | undefined,
  target: number | undefined,
  count: number,
): readonly WhatIfRow[] {
  const was = new Map(before.map((s) => [s.index, s]));
  const is = new Map((after ?? []).map((s) => [s.index, s]));
  const first = before.slice(0, count).map((s) => s.index);
  const explained = target !== undefined && was.has(target) ? [target] : [];
  const risen = (after ?? []).slice(0, count).map((s) => s.index);
  return [...new Set([...first, ...explained, ...risen])].map((index) => ({
    index,
    label: (was.get(index) ?? is.get(index))!.label,
    before: was.get(index),
    after: after === undefined ? was.get(index) : is.get(index),
  }));
}
