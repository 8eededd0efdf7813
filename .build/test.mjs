// npm test: every check, then every suite; goes on after a failure, and ends with what was skipped and why, what was flaky,
// and one line of counts.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { browserPath } from './browser.mjs';
import { addCounts, countsLine, noCounts, remarks } from './counts.mjs';

const suites = ['architecture', 'unit', 'fuzz', 'inhost', 'e2e'];
const steps = ['check', 'formatted', 'deadcode', 'package', 'test:architecture', 'test:unit', 'fuzz', 'test:host'];

fs.mkdirSync('out', { recursive: true });
const folder = fs.mkdtempSync(path.resolve('out/counts-'));
process.once('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
try {
  console.log(`Browser: ${browserPath()}`);
} catch (error) {
  console.log(error.message); // the tests that need one say so, too
}
const env = { ...process.env, LENS_COUNTS: folder };
const run = (step) => {
  console.log(`\n> ${step}`);
  return (
    spawnSync('npm', ['run', '--silent', step], { stdio: 'inherit', env, shell: process.platform === 'win32' })
      .status === 0
  );
};
const broken = [];
for (const step of steps) {
  // The host suites run what was packaged: an older package would answer for it.
  const pointless = step === 'test:host' && broken.includes('package');
  if (pointless || !run(step)) broken.push(step);
}

const read = (suite) => {
  const file = path.join(folder, `${suite}.json`);
  return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : noCounts();
};
const total = noCounts();
const found = suites.map((suite) => [suite, read(suite)]);
console.log('');
for (const [suite, counts] of found) for (const line of remarks(suite, counts)) console.log(line);
for (const [suite, counts] of found) {
  addCounts(total, counts);
  // A suite that ran nothing did not pass.
  if (counts.passed === 0 && counts.failed === 0) total.failed++;
  console.log(`${suite}: ${countsLine(counts)}${counts.flaky.length ? `, ${counts.flaky.length} flaky` : ''}`);
}
const checks = broken.filter((step) => !step.startsWith('test:') && step !== 'fuzz');
total.failed += checks.length;
if (broken.length) console.log(`failed: ${broken.join(', ')}`);
console.log(countsLine(total));
process.exit(broken.length || total.failed ? 1 : 0);
