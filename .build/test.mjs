// npm test: every check, then every suite; goes on after a failure, and ends with what was skipped and why, what was flaky,
// and one line of counts.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { browserPath } from './browser.mjs';
import { addCounts, countsLine, noCounts, remarks } from './counts.mjs';

const suites = ['architecture', 'unit', 'fuzz', 'inhost', 'e2e'];
/** One core each: as many at once as there are cores, the longest first. What stands behind another waits for it. */
const single = [['formatted'], ['check'], ['package', 'test:architecture'], ['deadcode']];
/** These keep several cores busy themselves. */
const several = ['test:unit', 'fuzz', 'test:host'];
/** No step takes so long unless it hangs. */
const LIMIT_MS = 45 * 60_000;

fs.mkdirSync('out', { recursive: true });
const folder = fs.mkdtempSync(path.resolve('out/counts-'));
process.once('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
try {
  console.log(`Browser: ${browserPath()}`);
} catch (error) {
  console.log(error.message); // the tests that need one say so, too
}
const windows = process.platform === 'win32';
const running = new Set();
const stop = (child) => {
  try {
    // With all that it has started: each step has a group of its own.
    if (windows) child.kill();
    else process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
};
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    for (const child of running) stop(child);
    process.exit(130);
  });
}

const broken = [];
/** Runs a step, and says what it says: at once, or, where others run beside it, when it has ended. */
async function run(step, { together }) {
  const start = Date.now();
  const output = together ? 'pipe' : 'inherit';
  const child = spawn('npm', ['run', '--silent', step], {
    stdio: ['ignore', output, output],
    env: { ...process.env, LENS_COUNTS: folder },
    shell: windows,
    detached: !windows,
  });
  running.add(child);
  let text = '';
  if (together) for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += chunk));
  else console.log(`\n> ${step}`);
  let late = false;
  const alarm = setTimeout(() => {
    late = true;
    stop(child);
  }, LIMIT_MS);
  const code = await new Promise((resolve) => {
    child.once('error', () => resolve(1));
    child.once('close', resolve);
  });
  clearTimeout(alarm);
  running.delete(child);
  if (together) console.log(`\n> ${step}\n${text.trimEnd()}`);
  if (late) console.log(`${step} was ended after ${LIMIT_MS / 60_000} minutes.`);
  console.log(`${step}: ${((Date.now() - start) / 1000).toFixed(0)} s`);
  if (code !== 0) broken.push(step);
}

const chains = [...single];
async function lane() {
  for (let chain = chains.shift(); chain !== undefined; chain = chains.shift()) {
    // The architecture of what an older build has left would be another's.
    for (const step of chain) if (!chain.some((each) => broken.includes(each))) await run(step, { together: true });
  }
}
await Promise.all(Array.from({ length: Math.min(os.availableParallelism(), single.length) }, lane));
for (const step of several) {
  // The host suites run what was packaged: an older package would answer for it.
  if (step === 'test:host' && broken.includes('package')) broken.push(step);
  else await run(step, { together: false });
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
