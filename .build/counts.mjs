// What each test suite counted, and the lines that `npm test` ends with.
import { writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Passed, failed and skipped tests; how many were skipped for which reason; which passed only when they were repeated.
 *
 * @returns {{ passed: number, failed: number, skipped: number, reasons: Record<string, number>, flaky: string[] }}
 */
export const noCounts = () => ({ passed: 0, failed: 0, skipped: 0, reasons: {}, flaky: [] });

/** @param {ReturnType<typeof noCounts>} counts */
export const countsLine = ({ passed, failed, skipped }) => `${passed} passed, ${failed} failed, ${skipped} skipped`;

/** Counts one test as skipped. */
export function countSkipped(counts, reason) {
  counts.skipped++;
  counts.reasons[reason] = (counts.reasons[reason] ?? 0) + 1;
}

/** Adds the counts of `other` to those of `counts`. */
export function addCounts(counts, other) {
  for (const key of ['passed', 'failed', 'skipped']) counts[key] += other[key];
  for (const [reason, n] of Object.entries(other.reasons)) counts.reasons[reason] = (counts.reasons[reason] ?? 0) + n;
  counts.flaky.push(...other.flaky);
}

/** What a reader should know beside the numbers: why tests were skipped, and which passed only when repeated. */
export function remarks(suite, { reasons, flaky }) {
  return [
    ...Object.entries(reasons).map(([reason, n]) => `${suite}: ${n} skipped: ${reason}`),
    ...flaky.map((title) => `${suite}: flaky, failed and passed when repeated: ${title}`),
  ];
}

/** Kept for `npm test`, which names the folder and prints the remarks at its end; else they are printed here. */
export function writeCounts(suite, counts) {
  const folder = process.env.LENS_COUNTS;
  if (folder) writeFileSync(path.join(folder, `${suite}.json`), JSON.stringify(counts));
  else for (const line of remarks(suite, counts)) console.log(line);
}

/**
 * Skips a Mocha test, or from a hook all tests of its suite, for a reason that the closing lines name.
 *
 * @param {import('mocha').Context} context `this` of the test or the hook
 * @param {string} reason
 * @returns {never}
 */
export function skipBecause(context, reason) {
  const { test } = context;
  (test.type === 'hook' ? test.parent : test).skippedBecause = reason;
  return context.skip();
}

/** Why a pending Mocha test was skipped. */
export function skipReason(test) {
  for (let each = test; each; each = each.parent) if (each.skippedBecause) return each.skippedBecause;
  return 'switched off in its source';
}

/** Whether a forgotten `.only` is an error: in `npm test`, and where nobody looks. */
export const onlyForbidden = Boolean(process.env.LENS_COUNTS || process.env.CI || process.env.LENS_FORBID_ONLY);

/** Runs a Mocha instance. @returns {Promise<ReturnType<typeof noCounts>>} */
export function countsOf(mocha) {
  if (onlyForbidden) mocha.forbidOnly();
  const counts = noCounts();
  return new Promise((resolve) => {
    const runner = mocha.run((failures) => {
      counts.passed = runner.stats.passes;
      counts.failed = failures;
      resolve(counts);
    });
    runner.on('pending', (test) => countSkipped(counts, skipReason(test)));
  });
}

/** Runs a Mocha instance, writes its counts and ends the process: 1 if a test failed or none ran, or `.only` hides others. */
export async function runMocha(mocha, suite) {
  const counts = await countsOf(mocha);
  writeCounts(suite, counts);
  process.exit(counts.failed || counts.passed === 0 ? 1 : 0);
}
