import type { Attribution } from '../../result/explanation.js';
import type { MethodContext } from '../method.js';

/** Milliseconds between two running pictures: often enough to watch, rarely enough to cost nothing. */
const INTERVAL = 300;

/** Reports each step of long work, with a running picture at most every 300 ms. `picture` is called only when one is due. */
export function runningPicture(
  context: MethodContext,
  unit: string,
): (done: number, total: number, picture: () => Attribution) => void {
  let last = Date.now();
  return (done, total, picture) => {
    const now = Date.now();
    const due = now - last >= INTERVAL && done < total;
    if (due) last = now;
    context.progress(done, total, unit, due ? picture() : undefined);
  };
}
