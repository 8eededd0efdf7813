// mocha inside the extension host, on the installed .vsix: bundles test/host/suite and reads what it reports.
import { build } from 'esbuild';
import fs from 'node:fs';
import path from 'node:path';
import { countSkipped, noCounts, onlyForbidden } from '../../.build/counts.mjs';
import { createDemo } from '../../.build/demo.mjs';
import { DATA } from '../data.mjs';
import { newPage, startServer } from './host.mjs';

const suiteFolder = 'test/host/suite';

/** Bundles the tests whose file name holds `part`; all with `part` as a pattern for titles if there is none. */
export async function bundleSuite(part = '') {
  const all = fs.readdirSync(suiteFolder).filter((file) => file.endsWith('.test.ts'));
  const named = all.filter((file) => file.includes(part));
  const files = named.length ? named : all;
  fs.mkdirSync('out', { recursive: true });
  const folder = fs.mkdtempSync(path.resolve('out/inhost-')); // inside the project, where the tests find mocha
  process.once('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
  await build({
    entryPoints: ['index.ts', ...files].map((file) => path.join(suiteFolder, file)),
    outdir: path.join(folder, 'suite'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    sourcemap: 'inline',
    logLevel: 'warning',
    external: ['vscode', 'mocha', 'onnxruntime-node', 'sharp'],
  });
  // An empty development extension only carries the tests; the extension under test is the installed one.
  const development = path.join(folder, 'development');
  fs.mkdirSync(development);
  const manifest = { name: 'test-runner', publisher: 'test', version: '0.0.1', engines: { vscode: '*' } };
  fs.writeFileSync(path.join(development, 'package.json'), JSON.stringify(manifest));
  const results = path.join(folder, 'results.ndjson');
  fs.writeFileSync(results, '');
  const env = {
    LENS_TEST_RESULTS: results,
    LENS_TEST_GREP: named.length ? '' : part,
    LENS_TEST_DATA: DATA,
    LENS_FORBID_ONLY: onlyForbidden ? '1' : '',
  };
  return { development, entry: path.join(folder, 'suite', 'index.js'), results, env };
}

/** Prints the results of a finished run and counts them. A run that broke off counts as one failure. */
export function readResults(file) {
  const lines = fs
    .readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  const counts = noCounts();
  for (const { result, title, ms, error, reason } of lines.filter((line) => line.result)) {
    if (result === 'skipped') countSkipped(counts, reason);
    else counts[result]++;
    if (result === 'failed') console.log(`  FAILED ${title}\n${error}`);
    else console.log(`  ${result === 'passed' ? 'ok' : 'skipped'} ${title}${ms === undefined ? '' : ` (${ms} ms)`}`);
  }
  const host = lines.find((line) => line.start);
  if (host)
    console.log(
      `  in the extension host of VS Code ${host.vscode}, Node ${host.node}, Electron ${host.electron ?? 'none'}`,
    );
  if (!lines.some((line) => line.end)) {
    counts.failed++;
    console.log('  FAILED the suite broke off');
  }
  return counts;
}

export async function runInHost({ browser, root, extensions, part, failures }) {
  const suite = await bundleSuite(part);
  const flags = ['--enable-smoke-test-driver'];
  const srv = await startServer({ root, extensions, flags, env: { ...suite.env, LENS_TEST_EXTENSIONS: extensions } });
  createDemo(srv.ws);
  const page = await newPage(browser);
  const said = [];
  page.on('console', (message) => said.push(message.text()));
  let timer;
  try {
    const exit = new Promise((resolve) => page.exposeFunction('codeAutomationExit', resolve));
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error('In-host tests: no result in 5 minutes.')), 300_000);
    });
    const payload = [
      ['extensionDevelopmentPath', srv.remote(suite.development)],
      ['extensionTestsPath', srv.remote(suite.entry)],
    ];
    await page.goto(srv.url(payload), { waitUntil: 'commit' });
    const code = await Promise.race([exit, late]);
    const counts = readResults(suite.results);
    if (code !== 0 && counts.failed === 0) counts.failed++;
    if (!counts.passed) console.log(said.slice(-30).join('\n'));
    return counts;
  } catch (error) {
    console.log(error, said.slice(-30).join('\n'));
    await page.screenshot({ path: path.join(failures, 'inhost.png') });
    return readResults(suite.results);
  } finally {
    clearTimeout(timer);
    await page.context().close();
    await srv.stop();
  }
}
