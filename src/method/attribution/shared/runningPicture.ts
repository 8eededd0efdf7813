import type { Attribution } from '../../../result/explanation.js';
import type { MethodContext } from '../../method.js';

/** Milliseconds between two running pictures: often enough to watch, rarely enough to cost nothing. */
const INTERVAL = 300;
/** A picture may cost at most this share of the time. */
const SHARE = 0.005;

/** Reports each step of long work, with a running picture at most every 300 ms, and so rarely that it costs next to nothing. `picture` is called only when one is due. */
export function runningPicture(
  context: MethodContext,
  unit: string,
): (done: number, total: number, picture: () => Attribution) => void {
  let last = performance.now();
  let wait = INTERVAL;
  return (done, total, picture) => {
    const now = performance.now();
    if (now - last < wait || done >= total) return context.progress(done, total, unit);
    context.progress(done, total, unit, picture());
    last = performance.now();
    wait = Math.max(INTERVAL, (last - now) / SHARE);
  };
}
