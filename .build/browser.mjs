// The browser that tests drive: one that is installed, else one that is installed here and now.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright-core';

/** Names on the PATH. */
const names = [
  'chromium',
  'google-chrome',
  'google-chrome-stable',
  'chrome',
  'chromium-browser',
  'microsoft-edge',
  'microsoft-edge-stable',
];

/** Usual places that are not on the PATH. */
function places(platform, env) {
  if (platform === 'darwin') {
    const programs = ['Google Chrome', 'Chromium', 'Microsoft Edge'];
    const folders = ['/Applications', `${env.HOME}/Applications`];
    return folders.flatMap((folder) => programs.map((name) => `${folder}/${name}.app/Contents/MacOS/${name}`));
  }
  if (platform === 'win32') {
    const folders = [env.PROGRAMFILES, env['PROGRAMFILES(X86)'], env.LOCALAPPDATA].filter(Boolean);
    const programs = ['Google\\Chrome\\Application\\chrome.exe', 'Chromium\\Application\\chrome.exe'];
    const edge = 'Microsoft\\Edge\\Application\\msedge.exe';
    return [...programs, edge].flatMap((program) => folders.map((folder) => `${folder}\\${program}`));
  }
  return ['/opt/google/chrome/chrome', '/opt/microsoft/msedge/msedge', '/snap/bin/chromium'];
}

/**
 * @typedef {object} Machine What is asked of the machine and done to it.
 * @property {string} platform as process.platform
 * @property {Record<string, string | undefined>} env
 * @property {boolean} root whether this process may install packages
 * @property {(file: string) => boolean} exists
 * @property {(program: string, args: string[], env?: Record<string, string>) => string | undefined} run what went wrong
 * @property {() => string} bundled where playwright-core keeps the browser that it installs, whether it did or not
 * @property {(line: string) => void} say
 */

/**
 * A browser that is installed: the one that CHROMIUM names, Chromium, Chrome or Edge, or what playwright-core has installed.
 *
 * @param {Machine} machine
 * @returns {string | undefined} its path
 * @throws Error where CHROMIUM names no file
 */
export function findBrowser({ platform, env, exists, run, bundled }) {
  if (env.CHROMIUM) {
    if (!exists(env.CHROMIUM)) throw new Error(`CHROMIUM names ${env.CHROMIUM}, and there is no such file.`);
    return env.CHROMIUM;
  }
  const win = platform === 'win32';
  const folders = (env.PATH ?? '').split(win ? ';' : ':').filter(Boolean);
  const onPath = win ? [] : names.flatMap((name) => folders.map((folder) => `${folder}/${name}`));
  const there = [...onPath, ...places(platform, env), bundled()].filter((file) => exists(file));
  // Ubuntu's chromium-browser may be a note that says to install a snap.
  return there.find((file) => !file.endsWith('/chromium-browser') || run(file, ['--version']) === undefined);
}

/**
 * The browser that tests drive. Where none is installed, this installs one, by apt as root or with sudo, else as
 * playwright-core does, and says so in one line.
 *
 * @param {Machine} machine
 * @returns {string} its path
 * @throws Error that says what was tried, and what to do
 */
export function ensureBrowser(machine) {
  const found = findBrowser(machine);
  if (found !== undefined) return found;
  const tried = [];
  for (const [how, install] of [
    ['apt', byApt],
    ['playwright-core', byPlaywright],
  ]) {
    const wrong = install(machine);
    const installed = wrong === undefined ? findBrowser(machine) : undefined;
    if (installed !== undefined) {
      machine.say(`No browser was installed: ${how} has installed ${installed}.`);
      return installed;
    }
    tried.push(`${how}: ${wrong ?? 'it installed no browser'}`);
  }
  throw new Error(
    `No Chromium, Chrome or Edge was found, and none could be installed (${tried.join('; ')}). ` +
      'Install one, or name one in CHROMIUM.',
  );
}

/** @returns {string | undefined} what went wrong */
function byApt({ platform, env, root, exists, run }) {
  const has = (name) => (env.PATH ?? '').split(':').some((folder) => exists(`${folder}/${name}`));
  if (platform !== 'linux' || !has('apt-get')) return 'there is no apt here';
  if (!root && !has('sudo')) return 'it needs root or sudo';
  const quiet = { DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args) =>
    root
      ? run('apt-get', args, quiet)
      : // Never asks for a password, which nobody might be there to give.
        run('sudo', ['-n', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', ...args]);
  return apt('update', '-qq') ?? apt('install', '-y', '-qq', 'chromium');
}

/** @returns {string | undefined} what went wrong */
function byPlaywright({ run }) {
  return run(process.execPath, [path.resolve('node_modules/playwright-core/cli.js'), 'install', 'chromium']);
}

/** @type {Machine} */
const here = {
  platform: process.platform,
  env: process.env,
  root: process.getuid?.() === 0,
  exists: (file) => fs.existsSync(file),
  run(program, args, env = {}) {
    const { status, error, stderr } = spawnSync(program, args, { env: { ...process.env, ...env }, encoding: 'utf8' });
    if (status === 0) return undefined;
    return error?.message ?? (stderr.trim().split('\n').at(-1) || `${program} ended with ${status}`);
  },
  bundled: () => chromium.executablePath(),
  say: (line) => console.log(line),
};

/** The path of a browser that is installed. */
export const installedBrowser = () => findBrowser(here);

/** The path of the browser that tests drive; installs one where there is none. */
export const browserPath = () => ensureBrowser(here);

/**
 * Starts that browser without a window.
 *
 * @param {readonly string[]} args beside those that every test wants
 */
export function launchBrowser(args = []) {
  return chromium.launch({
    executablePath: browserPath(),
    headless: true,
    args: ['--no-sandbox', '--disable-gpu', ...args],
  });
}
