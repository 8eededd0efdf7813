import { moved, nameOfColumn, pinToggled } from './choice.js';
import type { Comparison } from './comparison.js';

/** What has become of a column: in words, and at which place the focus belongs; absent where it stays as it is. */
export interface ColumnChange {
  readonly said: string;
  readonly focus?: number;
}

/** The grid, its layout, and how that is changed. */
type Compared = Pick<Comparison, 'grid' | 'choice' | 'choose'>;

/** Moves a column to another place, as far as pinned ones let it. */
export function moveColumn(compare: Compared, from: number, to: number): ColumnChange {
  const { columns } = compare.grid;
  const name = nameOfColumn(columns[from]!);
  const { change, at } = moved(columns, compare.choice, from, to);
  const place = `column ${at + 1} of ${columns.length}`;
  if (at === from) return { said: `${name} stays at ${place}` };
  compare.choose(change);
  return { said: `${name} moved to ${place}`, focus: at };
}

/** Pins a column to the left, or lets it go. */
export function pinColumn(compare: Compared, column: number): ColumnChange {
  const { columns } = compare.grid;
  const { change, at, pinned } = pinToggled(columns, compare.choice, column);
  compare.choose(change);
  const name = nameOfColumn(columns[column]!);
  return { said: `${name} ${pinned ? 'pinned' : 'unpinned'}, column ${at + 1} of ${columns.length}`, focus: at };
}

/** Hides a column; the focus goes to the one that takes its place. */
export function hideColumn(compare: Compared, column: number): ColumnChange {
  const { columns } = compare.grid;
  const hidden = columns[column]!;
  compare.choose({ hidden: [...compare.choice.hidden, hidden.id] });
  return { said: `${nameOfColumn(hidden)} hidden`, focus: Math.max(0, Math.min(column, columns.length - 2)) };
}
