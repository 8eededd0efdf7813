import type { ClassMatch, ClassMeasures } from '../../../src/result/dataset.js';
import { className, type Facts } from '../facts.js';

/** A row of the table. */
export interface ClassRow {
  readonly index: number;
  readonly name: string;
  readonly support: number;
  readonly measures?: ClassMeasures;
}

/** Classes that are true or predicted somewhere; where nothing can be measured, those that are labelled. */
export function classRows(facts: Facts): readonly ClassRow[] {
  const { mistakes, group } = facts;
  if (mistakes !== undefined)
    return mistakes.perClass.map((measures) => ({
      index: measures.index,
      name: className(facts, measures.index),
      support: measures.support,
      measures,
    }));
  const counts = new Map<number, number>();
  for (const c of group) if (c >= 0) counts.set(c, (counts.get(c) ?? 0) + 1);
  return [...counts]
    .sort(([a], [b]) => a - b)
    .map(([index, support]) => ({ index, name: className(facts, index), support }));
}

/** By a column; the same value by number. */
export function sortedRows(rows: readonly ClassRow[], by: string, down: boolean): readonly ClassRow[] {
  const sign = down ? -1 : 1;
  const value = (row: ClassRow): number =>
    by === 'support' ? row.support : ((row.measures as Record<string, number> | undefined)?.[by] ?? row.index);
  return [...rows].sort((a, b) => {
    const order = by === 'name' ? a.name.localeCompare(b.name, 'en', { numeric: true }) : value(a) - value(b);
    return sign * order || a.index - b.index;
  });
}

/** What matches nothing, then what is guessed, then what was said, then what has the same name. */
export function matchesInDoubt(mapping: readonly ClassMatch[]): readonly ClassMatch[] {
  const rank = { none: 0, order: 1, chosen: 2, name: 3 };
  return [...mapping].sort((a, b) => rank[a.how] - rank[b.how]);
}
