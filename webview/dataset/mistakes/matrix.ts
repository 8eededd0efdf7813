import type { Confusion, Mistakes } from '../../../src/result/dataset.js';
import { className, type Facts } from '../facts.js';
import type { ConfusionOrder } from '../kept.js';

/** The places of a confusion's rows and columns in an order. */
export function confusionOrder(
  facts: Facts,
  { confusion, perClass }: Mistakes,
  order: ConfusionOrder,
): readonly number[] {
  const { indices } = confusion;
  const places = indices.map((_, k) => k);
  const recall = new Map(perClass.map((c) => [c.index, c.support === 0 ? Infinity : c.recall]));
  switch (order) {
    case 'set':
      return places;
    case 'cluster':
      return confusion.order;
    case 'recall':
      return [...places].sort(
        (a, b) => (recall.get(indices[a]!) ?? Infinity) - (recall.get(indices[b]!) ?? Infinity) || a - b,
      );
    case 'name':
      return [...places].sort((a, b) =>
        className(facts, indices[a]!).localeCompare(className(facts, indices[b]!), 'en', { numeric: true }),
      );
  }
}

/** How dark a cell is: its share of its row (of the mistakes of the row, where the diagonal is left out), 0 to 1. */
export function shareOf({ indices, counts }: Confusion, row: number, column: number, diagonal: boolean): number {
  const m = indices.length;
  let sum = 0;
  for (let c = 0; c < m; c++) if (diagonal || c !== row) sum += counts[row * m + c]!;
  return sum === 0 || (!diagonal && row === column) ? 0 : counts[row * m + column]! / sum;
}
