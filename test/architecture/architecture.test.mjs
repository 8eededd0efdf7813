import assert from 'node:assert';
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { bareComparisons } from './assertions.mjs';
import { circlesOfFolders } from './rooms.mjs';

const config = path.resolve('.dependency-cruiser.cjs');
const cruiser = path.resolve('node_modules/.bin/depcruise');
const rules = createRequire(import.meta.url)(config);

const cruised = new Map();

/** Cruises src and webview below a folder, once. */
function cruise(cwd) {
  if (!cruised.has(cwd)) cruised.set(cwd, cruiseNow(cwd));
  return cruised.get(cwd);
}

function cruiseNow(cwd) {
  const args = ['src', 'webview', '--config', config, '--output-type', 'json'];
  const { stdout, stderr } = spawnSync(cruiser, args, { cwd, encoding: 'utf8', maxBuffer: 2 ** 28 });
  assert.ok(stdout.startsWith('{'), stderr);
  const { modules, summary } = JSON.parse(stdout);
  const ours = modules.map((module) => module.source).filter((file) => /^(src|webview)\/.*\.ts$/.test(file));
  const violations = summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`);
  const imports = modules.flatMap((module) => module.dependencies.map((d) => [module.source, d.resolved]));
  return { ours: ours.sort(), violations: violations.sort(), imports };
}

/** Rooms whose folders stand one above the other, with the files that compose them. */
const rooms = {
  'src/graph': [],
  'src/gradient': [],
  'src/runner': ['main.ts', 'rooms.ts', 'service.ts'],
  'src/host': ['services.ts'],
};

const byName = (a, b) => (a < b ? -1 : 1);
const below = (folder) =>
  fs.readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
const sources = (root) =>
  ['src', 'webview']
    .flatMap((folder) =>
      below(path.join(root, folder)).map((entry) => path.relative(root, path.join(entry.parentPath, entry.name))),
    )
    .filter((file) => file.endsWith('.ts'))
    .sort(byName);
const tracked = () => execFileSync('git', ['ls-files'], { encoding: 'utf8' }).split('\n').filter(Boolean);

describe('imports between folders', () => {
  it('follow the table', () => {
    const { ours, violations } = cruise('.');
    assert.deepEqual(violations, []);
    assert.deepEqual(ours, sources('.'), 'every file is looked at');
  });

  it('the table knows every folder', () => {
    const known = (file) => rules.allowed.some((rule) => rule.from.path && new RegExp(rule.from.path).test(file));
    const free = ['src/environment.d.ts'];
    assert.deepEqual(
      sources('.').filter((file) => !known(file) && !free.includes(file)),
      [],
    );
  });

  it('the table of src/README.md is the same', () => {
    const text = fs.readFileSync('src/README.md', 'utf8');
    const table = /<!-- rooms -->([^]*?)<!-- rooms end -->/.exec(text)[1];
    const rows = [...table.matchAll(/^\| (\w+) +\| ([\w, ]+?) +\|$/gm)].slice(1);
    const written = rows.map(([, folder, others]) => [folder, others === 'nothing' ? [] : others.split(', ')]);
    assert.deepEqual(Object.fromEntries(written), rules.mayImport);
  });

  it('of rooms that are not there, src/README.md says that they are not built yet, and of no others', () => {
    const text = fs.readFileSync('src/README.md', 'utf8');
    const told = [...text.matchAll(/^\| `(?:\.\.\/)?(\w+)\/` +\| (.*?) *\|$/gm)];
    const missing = told.filter(([, , what]) => what.endsWith('not built yet')).map(([, folder]) => folder);
    assert.deepEqual(told.map(([, folder]) => folder).sort(byName), Object.keys(rules.mayImport).sort(byName));
    const there = (folder) => fs.existsSync(folder === 'webview' ? folder : path.join('src', folder));
    assert.deepEqual(
      missing,
      told.map(([, folder]) => folder).filter((folder) => !there(folder)),
    );
  });

  it('planted violations are found', () => {
    const fixture = 'test/architecture/fixture';
    const { ours, violations } = cruise(fixture);
    assert.deepEqual(ours, sources(fixture));
    assert.deepEqual(
      violations.map((line) => line.replace(/-> .*node_modules\//, '-> ')),
      [
        'no-circle: src/base/one.ts -> src/base/two.ts',
        'not-in-allowed: src/attic/parts.ts -> src/base/one.ts',
        'not-in-allowed: src/base/upward.ts -> src/graph/parts.ts',
        'not-in-allowed: src/graph/parts.ts -> ./missing.js',
        'not-in-allowed: src/graph/parts.ts -> fs',
        'not-in-allowed: src/host/parse.ts -> src/attic/parts.ts',
        'not-in-allowed: webview/shared/panel.ts -> path',
        'one-home-for-onnxruntime: src/method/native.ts -> onnxruntime-node/dist/index.js',
        'one-home-for-sharp: src/method/native.ts -> sharp/dist/index.d.mts',
        'one-home-for-toolkit: webview/shared/panel.ts -> @vscode/webview-ui-toolkit/dist/index.js',
        'one-home-for-vscode: src/runner/editor.ts -> @types/vscode/index.d.ts',
        'protocol-knows-types-only: src/protocol/heavy.ts -> src/result/plain.ts',
      ],
    );
  });
});

describe('folders of a room', () => {
  it('do not import each other both ways, nor in a circle', () => {
    const { imports } = cruise('.');
    for (const room of Object.keys(rooms))
      assert.ok(
        imports.some(([from, to]) => from.startsWith(`${room}/`) && to.startsWith(`${room}/`)),
        `no import within ${room}`,
      );
    assert.deepEqual(circlesOfFolders(imports, rooms), []);
  });

  it('planted circles are found, of types too, and composing files are free', () => {
    const { imports } = cruise('test/architecture/fixture');
    assert.deepEqual(circlesOfFolders(imports, { 'src/graph': ['compose.ts'] }).sort(), [
      'src/graph: build -> layers (src/graph/build/first.ts -> src/graph/layers/first.ts)',
      'src/graph: layers -> measure (src/graph/layers/second.ts -> src/graph/measure/first.ts)',
      'src/graph: measure -> build (src/graph/measure/first.ts -> src/graph/build/second.ts)',
    ]);
    assert.equal(circlesOfFolders(imports, { 'src/graph': [] }).length, 5, 'a file at the top that composes');
  });
});

describe('files', () => {
  it('stay under 400 lines', () => {
    const code = tracked().filter((file) => /\.(ts|mjs|cjs|css|py)$/.test(file) && fs.existsSync(file));
    assert.ok(code.length > 0, `code.length: ${code.length}`);
    const long = code.filter((file) => fs.readFileSync(file, 'utf8').split('\n').length > 401);
    assert.deepEqual(long, []);
  });

  it('lie in the folders of the plan', () => {
    const planned =
      /^(src|webview|media|models|test|package\.json|package-lock\.json|tsconfig\.json|esbuild\.mjs|README\.md|CHANGELOG\.md|LICENSE|\..*)$/;
    const entries = new Set(tracked().map((file) => file.split('/')[0]));
    assert.deepEqual(
      [...entries].filter((entry) => !planned.test(entry)),
      [],
    );
  });
});

describe('what is written', () => {
  it('names no page that is not here', () => {
    const pages = new Set(tracked().map((file) => path.basename(file)));
    const texts = tracked().filter((file) => /\.(ts|mjs|cjs|css|py|md|json)$/.test(file) && fs.existsSync(file));
    const named = texts.flatMap((file) =>
      [...fs.readFileSync(file, 'utf8').matchAll(/\b[A-Z][A-Z_-]+\.md\b/g)].map(([page]) => ({ file, page })),
    );
    assert.deepEqual(
      named.filter(({ page }) => !pages.has(page)),
      [],
    );
  });
});

describe('assertions', () => {
  it('say what was compared: assertClose for what is near, a message for what is larger or equal', () => {
    const tests = tracked().filter((file) => /^test\/(?!architecture\/fixture).*\.(ts|mjs)$/.test(file));
    const read = (file) => (fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '');
    const found = tests.flatMap((file) => bareComparisons(read(file)).map((text) => `${file}: ${text}`));
    assert.deepEqual(found, []);
  });

  it('that are planted are found', () => {
    const source = `
      assert.ok(a > b);
      assert.ok((await count()) === 0 && !(b! <= 2));
      assert.ok(Math.abs(a - b) < 1e-9, 'near');
      assert.ok(a > b, \`\${a}\`);
      assert.ok(list.every((x) => x > 0));
      assert.ok(found);`;
    assert.deepEqual(bareComparisons(source), [
      'assert.ok(a > b)',
      'assert.ok((await count()) === 0 && !(b! <= 2))',
      "assert.ok(Math.abs(a - b) < 1e-9, 'near')",
    ]);
  });
});

describe('bundles', () => {
  let bundles;
  before(() => {
    bundles = Object.entries(JSON.parse(fs.readFileSync('out/bundles.json', 'utf8'))); // written by `npm run build`
  });
  const shared = String.raw`src/(base|result|protocol)/|node_modules/`;
  const strangers = (name, allowed) => {
    const found = bundles.filter(([file]) => name.test(file));
    assert.ok(found.length > 0, `no bundle is called ${name}`);
    const outside = new RegExp(`^(?!${allowed})`);
    return found.flatMap(([file, { inputs }]) =>
      inputs.filter((input) => outside.test(input)).map((input) => `${file} holds ${input}`),
    );
  };

  it('of the webview hold the webview and the shared vocabulary', () => {
    assert.deepEqual(strangers(/^dist\/webview\//, `webview/|${shared}`), []);
  });

  it('of the extension host hold no part of the runner and nothing native', () => {
    assert.deepEqual(
      strangers(
        /^dist\/(extension|comparisonPage|layoutPage|filterPicture|yauzl)\.js$/,
        String.raw`src/extension\.ts|src/host/|src/report/|${shared}`,
      ),
      [],
    );
    const native = bundles
      .flatMap(([, { inputs }]) => inputs)
      .filter((input) => /node_modules\/(onnxruntime|sharp|@img)/.test(input));
    assert.deepEqual(native, []);
  });

  it('of the runner and the command line know no editor', () => {
    assert.deepEqual(
      strangers(/^dist\/(runner|reader|cli)\.js$/, String.raw`(?!src/host/|src/extension)src/|node_modules/`),
      [],
    );
  });
});
