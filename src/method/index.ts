import type { MethodDescription } from '../result/method.js';
import { attributionMethods } from './attribution/index.js';

export { attributionMethodById, attributionMethods } from './attribution/index.js';

/** What every method says about itself. */
export function describeMethods(): readonly MethodDescription[] {
  return attributionMethods.map(({ run: _run, ...description }) => description);
}
