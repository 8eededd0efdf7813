import assert from 'node:assert/strict';

/** How far two numbers may be apart: a bound in their own unit, or one in shares of the magnitude of what is expected. */
export type Tolerance = { readonly absolute: number } | { readonly relative: number };

/**
 * Numbers of which each is nearer to what is expected than the tolerance; equal ones always are, NaN never is.
 *
 * @param actual one number, or as many as are expected
 * @param tolerance relative: to the number that is expected, or to the largest magnitude of an array
 * @param what names what was measured, for the message
 * @throws AssertionError that says what, where, both values, their difference and the bound
 */
export function assertClose(
  actual: number | ArrayLike<number>,
  expected: number | ArrayLike<number>,
  tolerance: Tolerance,
  what: string,
): void {
  const [found, wanted] = [numbers(actual), numbers(expected)];
  const fail = (message: string): never => assert.fail(`${what}: ${message}`);
  if (found.length !== wanted.length) fail(`${found.length} numbers, not ${wanted.length}`);
  let scale = 0;
  let worst = -1;
  let difference = -1;
  for (let i = 0; i < wanted.length; i++) {
    scale = Math.max(scale, Math.abs(wanted[i]!));
    const d = found[i] === wanted[i] ? 0 : Math.abs(found[i]! - wanted[i]!);
    // The first that is no number is worse than any number.
    if (Number.isNaN(difference) || d <= difference) continue;
    [worst, difference] = [i, d];
  }
  const bound = 'absolute' in tolerance ? tolerance.absolute : tolerance.relative * scale;
  if (worst < 0 || difference < bound || difference === 0) return;
  const where = typeof expected === 'number' ? '' : `at ${worst} of ${wanted.length}: `;
  const allowed = 'absolute' in tolerance ? `${bound}` : `${bound} (${tolerance.relative} of ${scale})`;
  fail(`${where}${found[worst]}, not ${wanted[worst]}; they are ${difference} apart, not less than ${allowed}`);
}

function numbers(value: number | ArrayLike<number>): ArrayLike<number> {
  return typeof value === 'number' ? [value] : value;
}
