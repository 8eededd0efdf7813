// npm run test:unit [-- PATTERN]: bundles test/unit/**/*.test.ts whose path holds PATTERN and runs them with mocha.
import { build } from 'esbuild';
import Mocha from 'mocha';
import { mkdtempSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { runMocha } from '../../.build/counts.mjs';

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
await build({
  entryPoints: files,
  outdir: out,
  outbase: 'test/unit',
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  sourcemap: 'inline',
  logLevel: 'warning',
  external: [
    'vscode',
    'onnxruntime-node',
    'sharp',
    'esbuild',
    'typescript',
    'dependency-cruiser',
    'playwright-core',
    'prettier',
  ],
  define: { 'process.env.UNIT_OUT': JSON.stringify(out) },
});
process.setSourceMapsEnabled?.(true);
const mocha = new Mocha({ ui: 'bdd', timeout: 60_000, slow: 2_000, color: process.stdout.isTTY });
for (const file of files) mocha.addFile(path.join(out, path.relative('test/unit', file).replace(/\.ts$/, '.js')));
runMocha(mocha, 'unit');
