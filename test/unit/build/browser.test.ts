import assert from 'node:assert/strict';
import { ensureBrowser, findBrowser } from '../../../.build/browser.mjs';

type Machine = Parameters<typeof ensureBrowser>[0];

/** A machine with some files, on which commands do what `commands` says: make files, or say what went wrong. */
function machine(
  files: readonly string[],
  given: Partial<Machine> & { commands?: (line: string, there: Set<string>) => string | undefined | void } = {},
): Machine & { readonly ran: string[]; readonly said: string[] } {
  const there = new Set(files);
  const [ran, said]: [string[], string[]] = [[], []];
  const { commands, ...others } = given;
  return {
    platform: 'linux',
    env: { PATH: '/usr/local/bin:/usr/bin' },
    root: false,
    exists: (file) => there.has(file),
    run: (program, args, env = {}) => {
      const set = Object.entries(env).map(([name, value]) => `${name}=${value} `);
      const line = `${set.join('')}${program === process.execPath ? 'node' : program} ${args.join(' ')}`;
      ran.push(line.replace(/ \S*(?=node_modules)/, ' '));
      return commands?.(line, there) ?? undefined;
    },
    bundled: () => '/home/me/.cache/ms-playwright/chrome',
    say: (line) => said.push(line),
    ...others,
    ran,
    said,
  };
}

const playwright = 'node node_modules/playwright-core/cli.js install chromium';

describe('build/browser', () => {
  it('takes the one that CHROMIUM names, and refuses a name without a file', () => {
    const env = { PATH: '/usr/bin', CHROMIUM: '/opt/mine/chrome' };
    const files = ['/usr/bin/chromium', '/opt/mine/chrome'];
    assert.equal(findBrowser(machine(files, { env })), '/opt/mine/chrome');
    assert.throws(() => ensureBrowser(machine(['/usr/bin/chromium'], { env })), /CHROMIUM names \/opt\/mine\/chrome/);
  });

  it('takes Chromium, Chrome or Edge from the PATH, and installs nothing', () => {
    for (const name of ['chromium', 'google-chrome', 'chrome', 'microsoft-edge']) {
      const m = machine([`/usr/local/bin/${name}`, '/usr/bin/apt-get'], { root: true });
      assert.equal(ensureBrowser(m), `/usr/local/bin/${name}`);
      assert.deepEqual([m.ran, m.said], [[], []]);
    }
  });

  it('passes by a chromium-browser that only says what to install', () => {
    const note = (line: string): string | undefined => (line.includes('--version') ? 'install the snap' : undefined);
    const files = ['/usr/bin/chromium-browser', '/opt/google/chrome/chrome'];
    assert.equal(findBrowser(machine(files, { commands: note })), '/opt/google/chrome/chrome');
    assert.equal(findBrowser(machine(files)), '/usr/bin/chromium-browser');
  });

  it('looks in the usual places of macOS and Windows', () => {
    const mac = '/Users/me/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';
    const onMac = { platform: 'darwin', env: { PATH: '/usr/bin', HOME: '/Users/me' } };
    assert.equal(findBrowser(machine([mac], onMac)), mac);
    const edge = 'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe';
    const onWindows = { platform: 'win32', env: { PATH: 'C:\\bin', 'PROGRAMFILES(X86)': 'C:\\Program Files (x86)' } };
    assert.equal(findBrowser(machine([edge], onWindows)), edge);
  });

  it('takes what playwright-core has installed before', () => {
    const bundled = '/home/me/.cache/ms-playwright/chrome';
    const m = machine([bundled, '/usr/bin/apt-get'], { root: true });
    assert.equal(ensureBrowser(m), bundled);
    assert.deepEqual(m.ran, []);
  });

  const apt = (line: string, there: Set<string>): void => {
    if (line.endsWith('install -y -qq chromium')) there.add('/usr/bin/chromium');
  };

  it('installs Chromium by apt as root, its list of packages first, and says so in one line', () => {
    const m = machine(['/usr/bin/apt-get'], { root: true, commands: apt });
    assert.equal(ensureBrowser(m), '/usr/bin/chromium');
    assert.deepEqual(m.ran, [
      'DEBIAN_FRONTEND=noninteractive apt-get update -qq',
      'DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium',
    ]);
    assert.deepEqual(m.said, ['No browser was installed: apt has installed /usr/bin/chromium.']);
  });

  it('installs it with sudo where it is not root, and never asks for a password', () => {
    const m = machine(['/usr/bin/apt-get', '/usr/bin/sudo'], { commands: apt });
    assert.equal(ensureBrowser(m), '/usr/bin/chromium');
    assert.deepEqual(m.ran, [
      'sudo -n DEBIAN_FRONTEND=noninteractive apt-get update -qq',
      'sudo -n DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium',
    ]);
  });

  const bundle = (line: string, there: Set<string>): void => {
    if (line.endsWith('cli.js install chromium')) there.add('/home/me/.cache/ms-playwright/chrome');
  };

  it('has playwright-core install one where there is no apt, or neither root nor sudo', () => {
    for (const files of [[], ['/usr/bin/apt-get']]) {
      const m = machine(files, { commands: bundle });
      assert.equal(ensureBrowser(m), '/home/me/.cache/ms-playwright/chrome');
      assert.deepEqual(m.ran, [playwright]);
      assert.equal(m.said.length, 1);
    }
    const mac = machine([], { platform: 'darwin', env: { PATH: '/usr/bin', HOME: '/Users/me' }, commands: bundle });
    assert.equal(ensureBrowser(mac), '/home/me/.cache/ms-playwright/chrome');
  });

  it('has playwright-core install one where apt fails, or brings none that runs', () => {
    const fails = (line: string, there: Set<string>): string | void =>
      line.includes('apt-get update') ? 'no network' : bundle(line, there);
    const m = machine(['/usr/bin/apt-get'], { root: true, commands: fails });
    assert.equal(ensureBrowser(m), '/home/me/.cache/ms-playwright/chrome');
    assert.equal(m.ran.at(-1), playwright);
    const empty = machine(['/usr/bin/apt-get'], { root: true, commands: bundle });
    assert.equal(ensureBrowser(empty), '/home/me/.cache/ms-playwright/chrome');
  });

  it('says what was tried where nothing helps', () => {
    const fails = (line: string): string => (line.includes('apt-get') ? 'no such package' : 'no network');
    assert.throws(
      () => ensureBrowser(machine(['/usr/bin/apt-get'], { root: true, commands: fails })),
      /apt: no such package; playwright-core: no network\). Install one, or name one in CHROMIUM\.$/,
    );
  });
});
