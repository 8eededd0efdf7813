// What each test suite counted, for the one line that `npm test` ends with.
import { writeFileSync } from 'node:fs';
import path from 'node:path';

export const countsLine = ({ passed, failed, skipped }) => `${passed} passed, ${failed} failed, ${skipped} skipped`;

/** Kept only for `npm test`, which names the folder. */
export function writeCounts(suite, { passed, failed, skipped }) {
  const folder = process.env.LENS_COUNTS;
  if (folder) writeFileSync(path.join(folder, `${suite}.json`), JSON.stringify({ passed, failed, skipped }));
}

/** Runs a Mocha instance, writes its counts and ends the process: 1 if a test failed or none ran. */
export function runMocha(mocha, suite) {
  const runner = mocha.run((failures) => {
    const { passes, pending } = runner.stats;
    writeCounts(suite, { passed: passes, failed: failures, skipped: pending });
    process.exit(failures || passes === 0 ? 1 : 0);
  });
}
