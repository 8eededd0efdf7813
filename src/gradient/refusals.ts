import { LensError, type RefusedOperator } from '../base/errors.js';

const LISTED = 3;

/** One sentence that names the operators that stop the gradient; all of them travel as data. */
export function refusalError(refused: readonly RefusedOperator[]): LensError {
  const unique = [...new Map(refused.map((r) => [`${r.op}: ${r.reason}`, r])).values()];
  const named = unique.slice(0, LISTED).map((r) => `${r.op} (node "${r.node}"): ${r.reason}`);
  const more = unique.length > LISTED ? `; and ${unique.length - LISTED} more` : '';
  return new LensError(
    'unsupported',
    'gradient/unsupported',
    `No gradient passes through ${named.join('; ')}${more}.`,
    {
      hint: 'Methods that only run the model, such as occlusion, still work.',
      refused,
    },
  );
}
