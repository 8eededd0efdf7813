// Starts the workbench server on an installed .vsix, and the browser that drives it.
import { execFileSync, spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { launchBrowser } from '../../.build/browser.mjs';
import { node, server, vscode } from './setup.mjs';

const quiet = {
  'security.workspace.trust.enabled': false,
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.welcomePage.walkthroughs.openOnInstall': false,
  'workbench.enableExperiments': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'update.showReleaseNotes': false,
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'chat.disableAIFeatures': true,
  'explorer.compactFolders': false,
  'git.enabled': false,
  'npm.autoDetect': 'off',
  'typescript.disableAutomaticTypeAcquisition': true,
};

/** The editor's class for each theme. */
const kinds = { dark: 'vs-dark', light: 'vs', hc: 'hc-black', 'hc-light': 'hc-light' };
export const themes = Object.keys(kinds);

/** The built-in theme for `dark`, `light`, `hc` or `hc-light`; ids and labels depend on the VS Code version. */
export function findTheme(name) {
  if (!kinds[name]) throw new Error(`Unknown theme ${name}: one of ${themes.join(', ')}.`);
  const folder = path.join(vscode, 'extensions/theme-defaults');
  const read = (file) => JSON.parse(fs.readFileSync(path.join(folder, file), 'utf8'));
  const found = read('package.json').contributes.themes.filter((theme) => theme.uiTheme === kinds[name]);
  const { id, label } = found.find((theme) => theme.id.includes('Modern')) ?? found[0];
  return { id, label: read('package.nls.json')[label.slice(1, -1)], class: kinds[name] };
}

/** A temporary folder for one run, removed when the process ends. */
export function temporaryRoot() {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'onnx-lens-'));
  process.once('exit', () => fs.rmSync(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 }));
  return root;
}

const cleanEnvironment = (home) => ({
  PATH: process.env.PATH,
  HOME: home,
  LANG: 'C.UTF-8',
  TMPDIR: os.tmpdir(),
  EXTENSIONS_GALLERY: JSON.stringify({ serviceUrl: '', itemUrl: '', resourceUrlTemplate: '' }),
});

const freePort = () =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });

/** Installs a .vsix as a user's editor would; returns the extensions folder. */
export function installVsix(vsix, root) {
  if (!fs.existsSync(vsix)) throw new Error(`There is no ${vsix} yet: run \`npm run package\` first.`);
  const extensions = path.join(root, 'extensions');
  const folders = ['--server-data-dir', path.join(root, 'install'), '--extensions-dir', extensions];
  const args = [
    server,
    '--accept-server-license-terms',
    ...folders,
    '--install-extension',
    path.resolve(vsix),
    '--force',
  ];
  const env = cleanEnvironment(root);
  const output = execFileSync(node(), args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  if (!/successfully installed/.test(output)) throw new Error(output);
  return extensions;
}

/**
 * Starts a workbench server.
 * @param root temporary folder of the run (temporaryRoot); the server keeps its data in a new folder inside
 * @param extensions what installVsix returned
 * @param folder the workspace to open; default: a new empty folder, as `ws` of the answer
 * @param settings user settings on top of those that keep the workbench quiet
 */
export async function startServer({ root, extensions, folder, settings = {}, flags = [], env = {}, port = 0 }) {
  const run = fs.mkdtempSync(path.join(root, 'run-'));
  const [data, home, empty] = ['data', 'home', 'workspace'].map((name) => path.join(run, name));
  for (const each of [path.join(data, 'User'), home, empty]) fs.mkdirSync(each, { recursive: true });
  const ws = folder ?? empty;
  // Read once: the server does not watch this file.
  const all = { ...quiet, 'workbench.colorTheme': findTheme('dark').id, ...settings };
  fs.writeFileSync(path.join(data, 'User', 'settings.json'), JSON.stringify(all));

  const chosen = port || (await freePort());
  const logFile = path.join(run, 'server.log');
  const log = fs.openSync(logFile, 'w');
  const where = ['--host', '127.0.0.1', '--port', String(chosen), '--without-connection-token'];
  const folders = [
    '--server-data-dir',
    path.join(run, 'server'),
    '--user-data-dir',
    data,
    '--extensions-dir',
    extensions,
  ];
  const modes = ['--accept-server-license-terms', '--telemetry-level', 'off', '--disable-telemetry'];
  const trust = ['--disable-workspace-trust', '--disable-getting-started-override'];
  const child = spawn(node(), [server, ...where, ...folders, ...modes, ...trust, ...flags], {
    stdio: ['ignore', log, log],
    env: { ...cleanEnvironment(home), ...env },
    detached: true, // Ctrl-C reaches us first, and we stop it
  });
  fs.closeSync(log);
  let exited = false;
  const gone = new Promise((resolve) => child.once('exit', () => resolve((exited = true))));
  process.once('exit', () => exited || child.kill('SIGKILL'));

  const base = `http://127.0.0.1:${chosen}`;
  for (let i = 0; ; i++) {
    if (exited || i > 300) throw new Error(`The workbench server did not start:\n${fs.readFileSync(logFile, 'utf8')}`);
    if (
      await fetch(`${base}/version`).then(
        (r) => r.ok,
        () => false,
      )
    )
      break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    /** The workspace folder on disk. */
    ws,
    /** Where the server and the extension host keep logs, settings and storage. */
    data,
    logFile,
    gone,
    url: (payload = []) =>
      `${base}/?${new URLSearchParams({ folder: ws, ...(payload.length ? { payload: JSON.stringify(payload) } : {}) })}`,
    remote: (file) => `vscode-remote://127.0.0.1:${chosen}${path.resolve(file)}`,
    async stop() {
      if (!exited) child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
      await gone;
      clearTimeout(timer);
    },
  };
}

/** Starts the browser that drives the workbench. */
export const startBrowser = () =>
  launchBrowser([
    '--no-first-run',
    ...['quic', 'background-networking', 'component-update', 'sync'].map((name) => `--disable-${name}`),
  ]);

/** A page in a context of its own: nothing is left over from earlier pages. */
export async function newPage(browser, { width = 1400, height = 900 } = {}) {
  const context = await browser.newContext({
    viewport: { width, height },
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  return page;
}
