// npm test: every check, then every suite; goes on after a failure and ends with one line of counts.
import { spawnSync } from 'node:child_process';
import { countsLine, forgetCounts, readCounts } from './counts.mjs';

const suites = ['architecture', 'unit', 'inhost', 'e2e'];
const steps = ['check', 'lint', 'package', 'test:architecture', 'test:unit', 'test:host'];

forgetCounts();
const run = (step) => {
  console.log(`\n> ${step}`);
  return (
    spawnSync('npm', ['run', '--silent', step], { stdio: 'inherit', shell: process.platform === 'win32' }).status === 0
  );
};
const broken = [];
for (const step of steps) {
  // The host suites run what was packaged: an older package would answer for it.
  const pointless = step === 'test:host' && broken.includes('package');
  if (pointless || !run(step)) broken.push(step);
}

const counts = readCounts();
const total = { passed: 0, failed: 0, skipped: 0 };
console.log('');
for (const suite of suites) {
  const found = counts[suite] ?? { passed: 0, failed: 0, skipped: 0 };
  for (const key of Object.keys(total)) total[key] += found[key];
  // A suite that ran nothing did not pass.
  if (found.passed === 0 && found.failed === 0) total.failed++;
  console.log(`${suite}: ${countsLine(found)}`);
}
const checks = broken.filter((step) => !step.startsWith('test:'));
total.failed += checks.length;
if (broken.length) console.log(`failed: ${broken.join(', ')}`);
console.log(countsLine(total));
process.exit(broken.length || total.failed ? 1 : 0);
