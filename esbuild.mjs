// Bundles the extension: one file per process (extension host, runner, command line) and one per webview panel.
import { build } from 'esbuild';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const dist = 'dist';
rmSync(dist, { recursive: true, force: true });

// Native packages stay outside the bundles and travel in the .vsix as they are.
const native = ['onnxruntime-node', 'sharp'];
const common = { bundle: true, sourcemap: 'linked', sourcesContent: false, logLevel: 'warning', metafile: true };
// Lazy imports become lazy `require`: the native packages' ES module entries are not in the .vsix.
const node = { ...common, platform: 'node', format: 'cjs', target: 'node20', supported: { 'dynamic-import': false } };
const panels = readdirSync('webview', { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(path.join('webview', entry.name, 'main.ts')))
  .map((entry) => entry.name);

// Work beside a page: a webview may load no script but its own, so the worker's travels inside of it as text.
const browser = {
  ...common,
  platform: 'browser',
  format: 'iife',
  target: 'es2022',
  minify: true,
  tsconfig: 'webview/tsconfig.json',
};
const worker = await build({
  ...browser,
  sourcemap: false,
  entryPoints: { 'webview/graphWorker': 'webview/model/graph/graphWorker.ts' },
  outdir: dist,
  write: false,
});

const others = await Promise.all([
  build({ ...node, entryPoints: { extension: 'src/extension.ts' }, outdir: dist, external: ['vscode'] }),
  build({ ...node, entryPoints: { runner: 'src/runner/main.ts' }, outdir: dist, external: native }),
  build({
    ...node,
    entryPoints: { cli: 'src/cli/main.ts' },
    outdir: dist,
    external: native,
    banner: { js: '#!/usr/bin/env node' },
  }),
  build({
    ...browser,
    define: { GRAPH_WORKER: JSON.stringify(worker.outputFiles[0].text) },
    loader: { '.ttf': 'file' },
    entryPoints: Object.fromEntries(panels.map((name) => [name, `webview/${name}/main.ts`])),
    outdir: path.join(dist, 'webview'),
  }),
]);
const results = [worker, ...others];

// What each bundle holds, for the architecture test.
mkdirSync('out', { recursive: true });
const inputs = results.flatMap((r) => Object.entries(r.metafile.outputs)).filter(([file]) => file.endsWith('.js'));
writeFileSync(
  'out/bundles.json',
  JSON.stringify(
    Object.fromEntries(inputs.map(([file, o]) => [file, { bytes: o.bytes, inputs: Object.keys(o.inputs) }])),
    null,
    1,
  ),
);
