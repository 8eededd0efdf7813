// Which folder may know which: the table of src/README.md, deny by default. Checked by test/architecture.
const path = require('node:path');

/** Folder under src/ (or webview) and what it may import beside itself; src/README.md has the same table, with reasons. */
const mayImport = {
  base: [],
  checkpoint: ['base'],
  graph: ['base', 'checkpoint'],
  gradient: ['base', 'graph'],
  session: ['base', 'checkpoint', 'graph'],
  input: ['base', 'graph'],
  dataset: ['base', 'input'],
  numeric: ['base'],
  result: ['base'],
  report: ['base', 'result'],
  job: ['base'],
  training: ['base', 'graph', 'gradient', 'session', 'dataset', 'result'],
  method: ['base', 'graph', 'gradient', 'session', 'input', 'dataset', 'numeric', 'result', 'training'],
  protocol: ['base', 'result'],
  // prettier-ignore
  runner: ['base', 'checkpoint', 'graph', 'gradient', 'session', 'input', 'dataset', 'numeric', 'result', 'report', 'job', 'training', 'method', 'protocol'],
  host: ['base', 'result', 'report', 'protocol'],
  cli: ['base', 'result', 'report', 'job', 'protocol', 'runner'],
  mcp: ['base', 'result', 'report', 'job', 'protocol', 'runner'],
  webview: ['base', 'result', 'protocol'],
};

/** Folders that know neither Node nor the editor nor the DOM (src/tsconfig.pure.json). */
const pure = ['base', 'graph', 'gradient', 'numeric', 'result', 'protocol'];

/** Packages with one home only, also those that are not in use yet. */
const homes = [
  { name: 'onnxruntime', packages: 'onnxruntime-(node|common)', home: '^src/session/ort/' },
  { name: 'sharp', packages: 'sharp', home: '^src/input/' },
  { name: 'vscode', packages: '(@types/)?vscode', home: '^src/(host/|extension\\.ts$)' },
  { name: 'mcp', packages: '@modelcontextprotocol/[^/]+', home: '^src/mcp/' },
  { name: 'queue', packages: '(bullmq|ioredis)', home: '^src/job/queue/' },
  { name: 'toolkit', packages: '@vscode/webview-ui-toolkit', home: '^webview/shared/controls\\.ts$' },
];

const at = (folder) => (folder === 'webview' ? '^webview/' : `^src/${folder}/`);
const builtIn = { dependencyTypes: ['core'] };
const declared = { dependencyTypes: ['npm', 'npm-dev'] };

module.exports = {
  allowedSeverity: 'error',
  allowed: [
    ...Object.entries(mayImport).map(([folder, others]) => ({
      from: { path: at(folder) },
      to: { path: [folder, ...others].map(at) },
    })),
    { from: { path: '^src/extension\\.ts$' }, to: { path: [at('host'), at('base')] } },
    { from: { pathNot: [...pure, 'webview'].map(at) }, to: builtIn },
    { from: {}, to: declared },
  ],
  forbidden: [
    {
      // Of types neither: what two files need of each other stands in a third, below both.
      name: 'no-circle',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'protocol-knows-types-only',
      severity: 'error',
      from: { path: at('protocol') },
      to: { path: at('result'), dependencyTypesNot: ['type-only', 'type-import'] },
    },
    ...homes.map(({ name, packages, home }) => ({
      name: `one-home-for-${name}`,
      severity: 'error',
      from: { pathNot: home },
      to: { path: `(^|node_modules/)${packages}($|/)` },
    })),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: path.join(__dirname, 'src/tsconfig.json') },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
// For the test that holds src/README.md to it; the program refuses settings that it does not know.
Object.defineProperty(module.exports, 'mayImport', { value: mayImport });
