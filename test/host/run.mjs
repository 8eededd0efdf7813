// npm run test:host [-- inhost|e2e [PART]]: mocha inside the extension host, then the workbench driven as a user does.
// Both on the packaged .vsix. PART picks files by name.
import fs from 'node:fs';
import path from 'node:path';
import { countsLine, writeCounts } from '../../.build/counts.mjs';
import { setup } from './setup.mjs';

setup();
const { installVsix, startBrowser, temporaryRoot } = await import('./host.mjs');
const { runInHost } = await import('./inHost.mjs');
const { runDriven } = await import('./driven.mjs');

const suites = { inhost: runInHost, e2e: runDriven };
const [only, part] = process.argv.slice(2);
if (only && !suites[only]) {
  console.error(`Unknown suite ${only}: inhost or e2e.`);
  process.exit(2);
}
const failures = path.resolve('out/test/failures');
fs.rmSync(failures, { recursive: true, force: true });
fs.mkdirSync(failures, { recursive: true });
const root = temporaryRoot();
const extensions = installVsix('out/onnx-lens.vsix', root);
const browser = await startBrowser();
let good = true;
try {
  for (const [name, run] of Object.entries(suites)) {
    if (only && name !== only) continue;
    const start = Date.now();
    const counts = await run({ browser, root, extensions, part, failures });
    const suite = process.env.VSCODE_HOST ? `${name}-${process.env.VSCODE_HOST}` : name;
    writeCounts(suite, counts);
    console.log(`${suite}: ${countsLine(counts)} (${((Date.now() - start) / 1000).toFixed(0)} s)`);
    if (counts.failed || !counts.passed) good = false;
  }
} finally {
  await browser.close();
}
process.exit(good ? 0 : 1);
