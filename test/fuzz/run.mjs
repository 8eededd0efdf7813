// npm run fuzz [-- OPTIONS]: the campaign against hostile files. Seeded mutants of models, pictures, .npy arrays, settings
// files and Python sources are written to disk one by one, and the runner (the process that runs models, started,
// watched and asked through the client and the channel that the editor uses) is asked what a user would ask about each:
// overview, prediction, explanations, graph, activations, weights. Refusing a mutant is right, answering is right; wrong is
//
// - a process that died, or took more than its bound of memory,
// - no answer after a minute of work,
// - an error that nobody foresaw, a message with a stack or of more than 600 letters, or one that is no sentence,
// - a probability that is NaN or outside 0 to 1,
// - a file that was left behind.
//
//   --count N        mutants of each kind, default 500
//   --seed S         default 1; a seed, a kind and an index make the same mutant again
//   --kind KIND      model, picture, npy, sidecar, python or all (default)
//   --only INDEX     this mutant alone, with every question and answer
//   --keep DIR       where mutants that fail are kept, default out/fuzz
//   --workers N      processes at a time, default 2
//
// Ends with 1 where anything failed. Some seeds are files of the test data (LENS_TEST_DATA), so the same index is another
// mutant where there are none; what failed is kept, so that this does not matter.
import { build } from 'esbuild';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { noCounts, writeCounts } from '../../.build/counts.mjs';

const text = { type: 'string' };
const { values } = parseArgs({
  options: { count: text, seed: text, kind: text, only: text, keep: text, workers: text },
});
const number = (name, fallback) => {
  if (values[name] === undefined) return fallback;
  if (/^\d+$/.test(values[name])) return Number(values[name]);
  console.error(`--${name} takes a whole number, not "${values[name]}".`);
  process.exit(2);
};

mkdirSync('out', { recursive: true });
const folder = mkdtempSync(path.resolve('out/fuzz-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));
await build({
  entryPoints: { main: 'test/fuzz/main.ts', runner: 'src/runner/main.ts', scanner: 'test/fuzz/scanner.ts' },
  outdir: folder,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  outExtension: { '.js': '.cjs' },
  // A stack says where in the sources it was.
  keepNames: true,
  external: ['onnxruntime-node', 'sharp'],
  logLevel: 'warning',
});
const { KINDS, run } = (await import(pathToFileURL(path.join(folder, 'main.cjs')).href)).default;

const known = KINDS.map(({ id }) => id);
const { kind = 'all' } = values;
if (kind !== 'all' && !known.includes(kind)) {
  console.error(`There is no kind "${kind}"; there are ${known.join(', ')} and all.`);
  process.exit(2);
}
if (values.only !== undefined && kind === 'all') {
  console.error('--only needs the kind that the index is of.');
  process.exit(2);
}
const summaries = await run(kind === 'all' ? known : [kind], {
  count: number('count', 500),
  seed: number('seed', 1),
  only: number('only', undefined),
  workers: number('workers', 2),
  keep: path.resolve(values.keep ?? 'out/fuzz'),
  folder,
  scripts: { runner: path.join(folder, 'runner.cjs'), scanner: path.join(folder, 'scanner.cjs') },
  say: (line) => console.log(line),
});

const failed = summaries.filter(({ failures }) => failures.length > 0);
writeCounts('fuzz', { ...noCounts(), passed: summaries.length - failed.length, failed: failed.length });
process.exit(failed.length > 0 ? 1 : 0);
