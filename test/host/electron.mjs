// npm run test:electron [-- --version 1.100.0]: the in-host suite in desktop VS Code, on the packaged .vsix.
import { downloadAndUnzipVSCode, resolveCliArgsFromVSCodeExecutablePath, runTests } from '@vscode/test-electron';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { countsLine, writeCounts } from '../../.build/counts.mjs';
import { createDemo } from '../../.build/demo.mjs';
import { temporaryRoot } from './host.mjs';
import { bundleSuite, readResults } from './inHost.mjs';

const { version } = parseArgs({ options: { version: { type: 'string', default: 'stable' } } }).values;
let vscodeExecutablePath;
try {
  vscodeExecutablePath = await downloadAndUnzipVSCode({ version, timeout: 30_000 });
} catch (error) {
  console.error(
    `VS Code ${version} could not be downloaded from update.code.visualstudio.com (${error.message}). ` +
      'These tests need that address; `npm run test:host` runs the same suite without it.',
  );
  process.exit(1);
}

const root = temporaryRoot();
const [workspace, extensions, data] = ['workspace', 'extensions', 'data'].map((name) => path.join(root, name));
fs.mkdirSync(workspace);
createDemo(workspace);
const profile = [`--extensions-dir=${extensions}`, `--user-data-dir=${data}`];
const [cli] = resolveCliArgsFromVSCodeExecutablePath(vscodeExecutablePath);
const shell = process.platform === 'win32';
const installed = spawnSync(cli, [...profile, '--install-extension', path.resolve('out/onnx-lens.vsix')], {
  stdio: 'inherit',
  shell,
});
if (installed.status !== 0) process.exit(1);

const suite = await bundleSuite();
const failed = await runTests({
  vscodeExecutablePath,
  extensionDevelopmentPath: suite.development,
  extensionTestsPath: suite.entry,
  extensionTestsEnv: { ...suite.env, LENS_TEST_EXTENSIONS: extensions },
  launchArgs: [workspace, ...profile, '--disable-workspace-trust', '--skip-welcome', '--skip-release-notes'],
}).then(
  (code) => code !== 0,
  () => true,
);
const counts = readResults(suite.results);
writeCounts('electron', counts);
console.log(`electron: ${countsLine(counts)}`);
process.exit(failed || counts.failed || !counts.passed ? 1 : 0);
