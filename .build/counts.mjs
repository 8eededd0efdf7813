// What each test suite counted, kept in out/test/counts/SUITE.json for the one line that `npm test` ends with.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const folder = 'out/test/counts';

export const countsLine = ({ passed, failed, skipped }) => `${passed} passed, ${failed} failed, ${skipped} skipped`;

export function forgetCounts() {
  rmSync(folder, { recursive: true, force: true });
}

export function writeCounts(suite, { passed, failed, skipped }) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, `${suite}.json`), JSON.stringify({ passed, failed, skipped }));
}

/** Counts of every suite that has run since forgetCounts, by name. */
export function readCounts() {
  mkdirSync(folder, { recursive: true });
  const read = (file) => JSON.parse(readFileSync(path.join(folder, file), 'utf8'));
  return Object.fromEntries(readdirSync(folder).map((file) => [path.basename(file, '.json'), read(file)]));
}

/** Runs a Mocha instance, writes its counts and ends the process: 1 if a test failed or none ran. */
export function runMocha(mocha, suite) {
  const runner = mocha.run((failures) => {
    const { passes, pending } = runner.stats;
    writeCounts(suite, { passed: passes, failed: failures, skipped: pending });
    process.exit(failures || passes === 0 ? 1 : 0);
  });
}
