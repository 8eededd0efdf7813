// The unit tests as programs for Node: what several of them import is built, read and loaded once (each with a copy of its own,
// 320 tests were 900 MB, and took longer to build and to parse than most of them to run).
import { build } from 'esbuild';
import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';

/** Loaded before any test: what stands in for the editor. */
export const FIRST = 'support/vscode.js';

/** @param {readonly string[]} files below test/unit  @param {string} out a folder that is empty */
export async function buildTests(files, out) {
  const parts = path.join(out, 'parts');
  await build({
    entryPoints: [...files, 'test/unit/support/vscode.ts'],
    outdir: parts,
    outbase: 'test/unit',
    bundle: true,
    // Only modules are divided; what they are turned into below is what mocks of `require` reach.
    splitting: true,
    format: 'esm',
    platform: 'node',
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
      'yauzl',
    ],
    define: { 'process.env.UNIT_OUT': JSON.stringify(out) },
  });
  const entryPoints = readdirSync(parts, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.js'))
    .map((file) => path.join(parts, file));
  // What is imported late is required, too: Node does not see all names of a file that was made of a module.
  const supported = { 'dynamic-import': false };
  const required = { format: 'cjs', platform: 'node', target: 'node20', supported };
  await build({ entryPoints, outdir: out, outbase: parts, ...required, sourcemap: 'inline', logLevel: 'warning' });
  rmSync(parts, { recursive: true });
}
