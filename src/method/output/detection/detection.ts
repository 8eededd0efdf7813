import type { OutputKind } from '../kind.js';
import { pairTold } from './pairs.js';
import { prototypesOf, rowsTold } from './rows.js';

/** Boxes with scores, as one output or several. */
export const detection: OutputKind = {
  id: 'detection',
  tell: (q) => {
    const told = rowsTold(q) ?? pairTold(q);
    if (told !== undefined) return told;
    // The prototypes of masks belong to the rows that have their coefficients.
    for (const other of q.others) {
      const asked = { ...other, others: [q, ...q.others.filter((o) => o !== other)] };
      if (prototypesOf(asked)?.name !== q.name) continue;
      const rows = rowsTold(asked);
      if (rows?.layout?.kind === 'detection' && rows.layout.masks !== undefined)
        return { kind: 'dense', reason: `The prototypes of the masks of "${other.name}".`, partOf: other.name };
    }
    return undefined;
  },
};
