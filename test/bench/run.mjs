// npm run bench [-- PATTERN] [--readme] [--write] [--quick]: bundles test/bench/*.bench.ts whose name holds PATTERN, runs each in its
// own process, one after the other, and prints Markdown tables of exactness, transfer and speed; --readme puts their lines into
// test/bench/README.md, and those that matter into the README at the top; with --write a benchmark keeps what the product
// reads of it. Every figure of speed is a ratio of two things measured in the same run.
import { build } from 'esbuild';
import { fork } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { markdownLine, withHeadlines, writeTables } from './readme.mjs';

const patterns = process.argv.slice(2).filter((a) => !a.startsWith('--'));
const files = readdirSync('test/bench').filter(
  (f) => /\.bench\.(ts|mjs)$/.test(f) && (patterns.length === 0 || patterns.some((p) => f.includes(p))),
);
if (files.length === 0) {
  console.error(`No benchmark matches ${patterns.join(', ')}.`);
  process.exit(1);
}
mkdirSync('out', { recursive: true });
const out = mkdtempSync(path.resolve('out/bench-'));
process.on('exit', () => rmSync(out, { recursive: true, force: true }));
await build({
  entryPoints: files.filter((f) => f.endsWith('.ts')).map((f) => path.join('test/bench', f)),
  outdir: out,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  logLevel: 'warning',
  external: ['onnxruntime-node', 'sharp', 'playwright-core', 'esbuild', 'prettier'],
  footer: {
    js: 'module.exports.bench().then((rows) => process.send(rows, () => process.exit(0)), (e) => { console.error(e); process.exit(1); });',
  },
});
// The thread that reads pictures beside a run, where bundles look for it.
await build({
  entryPoints: { reader: 'src/runner/reader.ts' },
  outdir: out,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  external: ['sharp'],
});
// What is measured works in a process like the runner's.
const memory = path.join(out, 'runnerMemory.mjs');
await build({ entryPoints: ['src/host/runner/memory.ts'], outfile: memory, format: 'esm' });
const { runnerMemory } = await import(pathToFileURL(memory));

const rows = [];
let failed = 0;
for (const file of files) {
  console.error(`… ${file}`);
  // Bundled sources report through the footer above; .mjs files of the workbench report themselves.
  const program = file.endsWith('.ts')
    ? path.join(out, file.replace(/\.ts$/, '.js'))
    : path.resolve('test/bench', file);
  const env = file.endsWith('.ts') ? { ...process.env, ...runnerMemory(process.env) } : process.env;
  const child = fork(program, process.argv.slice(2), { execArgv: ['--expose-gc'], env });
  const got = await new Promise((resolve) => {
    child.once('message', resolve);
    child.once('exit', (code) => code !== 0 && resolve(undefined));
  });
  if (got === undefined) failed++;
  else rows.push(...got);
}
const tables = new Map();
for (const [name, head, lines] of [
  ['exactness', ['what', 'against', 'largest relative error', 'allowed', 'met'], rows.filter(isExactness)],
  ['transfer', ['made for → shown to', 'pictures each', 'naive', 'smooth', 'distill', 'maco'], rows.filter(isTransfer)],
  ['speed', ['what', 'measured', 'goal', 'met'], rows.filter((row) => !isExactness(row) && !isTransfer(row))],
]) {
  if (lines.length > 0) tables.set(name, { head, lines: lines.map(cellsOf) });
}
for (const { head, lines } of tables.values())
  console.log([head, head.map(() => '---'), ...lines].map(markdownLine).join('\n') + '\n');
if (process.argv.includes('--readme')) {
  // A line that could not be measured here leaves the one that there is.
  const measured = ({ head, lines }) => ({ head, lines: lines.filter((cells) => !cells.join().includes('skipped: ')) });
  const whole = patterns.length === 0 && failed === 0 && rows.every((row) => row.skipped === undefined);
  const file = 'test/bench/README.md';
  await writeTables(file, new Map([...tables].map(([name, table]) => [name, measured(table)])), whole);
  writeFileSync('README.md', await withHeadlines('README.md', file));
}
writeFileSync('out/bench.json', JSON.stringify(rows, null, 1));
process.exit(failed > 0 ? 1 : 0);

function isExactness({ against }) {
  return against !== undefined;
}

function isTransfer({ shares }) {
  return shares !== undefined;
}

function cellsOf({ what, against, shares, value, skipped, goal = '', met }) {
  if (shares !== undefined) return [what, ...(skipped === undefined ? shares : [`skipped: ${skipped}`])];
  const measured = skipped === undefined ? value : `skipped: ${skipped}`;
  const verdict = met === undefined ? '' : met ? 'yes' : '**no**';
  return [what, ...(against === undefined ? [] : [against]), measured, goal, verdict];
}
