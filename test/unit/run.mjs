// npm run test:unit [-- PATTERN ...]: builds test/unit/**/*.test.ts whose path holds a PATTERN and runs them with mocha, in two
// processes that take the next file when they are done with one.
import { fork } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { addCounts, countsLine, noCounts, writeCounts } from '../../.build/counts.mjs';
import { buildTests } from './build.mjs';

const LANES = 2;
/** A process that has grown to this is replaced: what tests keep by module adds up, and a full heap is swept for seconds. */
const FULL_BYTES = 1.2e9;
/** A file that says nothing for so long hangs: no test may take longer than a few minutes. */
const SILENT_MS = 600_000;

const patterns = process.argv.slice(2).filter((a) => !a.startsWith('--'));
const find = (dir) =>
  readdirSync(dir, { withFileTypes: true }).flatMap((e) =>
    e.isDirectory() ? find(path.join(dir, e.name)) : e.name.endsWith('.test.ts') ? [path.join(dir, e.name)] : [],
  );
const files = find('test/unit').filter((f) => patterns.length === 0 || patterns.some((p) => f.includes(p)));
if (files.length === 0) {
  console.error(`No unit test matches ${patterns.join(', ')}.`);
  process.exit(1);
}
mkdirSync('out', { recursive: true });
const out = mkdtempSync(path.resolve('out/unit-'));
process.on('exit', () => rmSync(out, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));
await buildTests(files, out);

// The longest first, as far as that is known, so that no process waits long for the other's last one.
const LONG = [
  'cli/job',
  'method/references',
  'webgpu/',
  'runner/findSettings',
  'runner/comparison',
  'runner/encodedWeights',
  'attribution/deeplift',
  'attention/zoo',
  'cli/embed',
  'gradient/randomNets',
  'models/make',
  'runner/sanity',
];
const length = (file) => (LONG.some((part) => file.includes(part)) ? 1e9 : 0) + statSync(file).size;
const queue = [...files].sort((a, b) => length(b) - length(a));
const total = noCounts();
const broken = [];
await Promise.all(Array.from({ length: Math.min(LANES, queue.length) }, lane));
if (broken.length > 0) console.log(`\nfailed: ${broken.join(', ')}`);
console.log(`\nunit: ${countsLine(total)}`);
writeCounts('unit', total);
process.exit(total.failed || total.passed === 0 ? 1 : 0);

/** Takes files until none is left; what a file prints is kept together. */
async function lane() {
  let child;
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    child ??= start();
    const { counts, text, bytes } = await run(child, file);
    process.stdout.write(text);
    addCounts(total, counts);
    if (counts.failed > 0) broken.push(file);
    if (bytes > FULL_BYTES) child.kill();
    if (bytes > FULL_BYTES || child.exitCode !== null || child.signalCode !== null) child = undefined;
  }
  child?.kill();
}

function start() {
  return fork('test/unit/lane.mjs', [out], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
}

/** @returns {Promise<{ counts: ReturnType<typeof noCounts>, text: string, bytes: number }>} one failure where the process ends or hangs */
function run(child, file) {
  return new Promise((resolve) => {
    let text = '';
    const hear = (chunk) => {
      text += chunk;
      alarm.refresh();
    };
    const alarm = setTimeout(() => child.kill('SIGKILL'), SILENT_MS);
    const end = ({ counts, bytes }, more = '') => {
      clearTimeout(alarm);
      for (const stream of [child.stdout, child.stderr]) stream.off('data', hear);
      child.removeAllListeners();
      resolve({ counts, text: text + more, bytes });
    };
    for (const stream of [child.stdout, child.stderr]) stream.on('data', hear);
    // What was printed before the answer may arrive after it.
    child.once('message', (answer) => setTimeout(() => end(answer), 50));
    child.once('exit', (code, signal) =>
      end(
        { counts: { ...noCounts(), failed: 1 }, bytes: 0 },
        `\n${file}: its process has ended with ${code ?? signal}.\n`,
      ),
    );
    child.send({ file: path.relative('test/unit', file).replace(/\.ts$/, '.js'), color: process.stdout.isTTY });
  });
}
