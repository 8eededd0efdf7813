// Bundles the extension: one file per process (extension host, runner, command line) and one per webview panel.
// --watch: again on every change, with the webviews' source maps inside.
import { build, context } from 'esbuild';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const watching = process.argv.includes('--watch');
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

const browser = {
  ...common,
  platform: 'browser',
  format: 'iife',
  target: 'es2022',
  minify: !watching,
  tsconfig: 'webview/tsconfig.json',
};
// Work beside a page: a webview may load no script but its own, so the worker's travels inside of it as text.
const worker = {
  ...browser,
  sourcemap: false,
  entryPoints: { 'webview/graphWorker': 'webview/model/graph/graphWorker.ts' },
  outdir: dist,
  write: false,
};
// Threads beside the runner and the command line: each is one file, which holds the text of its threads.
const thread = {
  ...node,
  sourcemap: false,
  minify: !watching,
  entryPoints: { forcesThread: 'src/runner/embedding/threads/forcesThread.ts' },
  outdir: dist,
  write: false,
};
const pages = (workerText) => ({
  ...browser,
  // A page has no way to a map in another file.
  ...(watching && { sourcemap: 'inline', sourcesContent: true }),
  define: { GRAPH_WORKER: JSON.stringify(workerText) },
  loader: { '.ttf': 'file' },
  entryPoints: Object.fromEntries(panels.map((name) => [name, `webview/${name}/main.ts`])),
  outdir: path.join(dist, 'webview'),
});
// What the extension imports when it is wanted: files of their own, because every start of the editor waits for all that is
// read and parsed (these are a third of it, 17 of 45 ms). Only what throws no error that is told apart by its class.
const apart = {
  comparisonPage: path.resolve('src/report/comparison.ts'),
  layoutPage: path.resolve('src/report/layout.ts'),
  filterPicture: path.resolve('src/host/python/filterPicture.ts'),
  yauzl: createRequire(import.meta.url).resolve('yauzl'),
};
const asFiles = {
  name: 'apart',
  setup: ({ onResolve, resolve }) =>
    onResolve({ filter: /./ }, async ({ kind, path: wanted, resolveDir }) => {
      if (kind !== 'dynamic-import') return undefined;
      const found = await resolve(wanted, { resolveDir, kind: 'require-call' });
      const name = Object.keys(apart).find((each) => apart[each] === found.path);
      return name === undefined ? undefined : { path: `./${name}.js`, external: true };
    }),
};
const processes = (threadText) => [
  // Read and parsed at each start of the editor: white space costs a tenth of that. Names stay, for the log.
  {
    ...node,
    minifyWhitespace: !watching,
    entryPoints: { extension: 'src/extension.ts' },
    outdir: dist,
    external: ['vscode'],
    plugins: [asFiles],
  },
  { ...node, minifyWhitespace: !watching, entryPoints: apart, outdir: dist },
  // It needs the picture decoder: a file beside the others, where native packages are found.
  { ...node, entryPoints: { reader: 'src/runner/reader.ts' }, outdir: dist, external: native },
  {
    ...node,
    define: { FORCES_THREAD: JSON.stringify(threadText) },
    entryPoints: { runner: 'src/runner/main.ts' },
    outdir: dist,
    external: native,
  },
  {
    ...node,
    define: { FORCES_THREAD: JSON.stringify(threadText) },
    entryPoints: { cli: 'src/cli/main.ts' },
    outdir: dist,
    external: native,
    banner: { js: '#!/usr/bin/env node' },
  },
];

if (watching) await watch();
else await buildAll();

async function buildAll() {
  const [first, forces] = await Promise.all([build(worker), build(thread)]);
  const others = await Promise.all(
    [...processes(forces.outputFiles[0].text), pages(first.outputFiles[0].text)].map((options) => build(options)),
  );
  // What each bundle holds, for the architecture test.
  mkdirSync('out', { recursive: true });
  const outputs = [first, forces, ...others].flatMap((r) => Object.entries(r.metafile.outputs));
  const inputs = outputs.filter(([file]) => file.endsWith('.js'));
  writeFileSync(
    'out/bundles.json',
    JSON.stringify(
      Object.fromEntries(inputs.map(([file, o]) => [file, { bytes: o.bytes, inputs: Object.keys(o.inputs) }])),
      null,
      1,
    ),
  );
}

/** Goes on until it is interrupted. Errors do not end it; they are printed, and the next change is another try. */
async function watch() {
  let under = 0;
  // Lines that an editor's task waits for.
  const told = {
    name: 'told',
    setup({ onStart, onEnd }) {
      onStart(() => void (under++ === 0 && console.log('building')));
      onEnd(() => void (--under === 0 && console.log('built')));
    },
  };
  const start = async (options, ...plugins) => {
    const made = await context({
      ...options,
      logLevel: 'info',
      plugins: [told, ...(options.plugins ?? []), ...plugins],
    });
    await made.watch();
    return made;
  };
  // What holds a worker's or a thread's text begins anew when it changes.
  const holders = (make) => {
    let current = [];
    let text;
    return {
      name: 'holders',
      setup: ({ onEnd }) =>
        onEnd(async ({ outputFiles }) => {
          const built = outputFiles?.[0]?.text;
          if (built === undefined || built === text) return;
          text = built;
          await Promise.all(current.map((each) => each.dispose()));
          current = await Promise.all(make(built).map((options) => start(options)));
        }),
    };
  };
  await Promise.all([
    start(thread, holders(processes)),
    start(
      worker,
      holders((built) => [pages(built)]),
    ),
  ]);
}
