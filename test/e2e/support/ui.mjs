// Helpers to drive the workbench as a user does.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { findTheme } from '../../host/host.mjs';

const row = '.explorer-folders-view .monaco-list-row';

/** Our icon in the activity bar. */
export const ICON = '.activitybar a[aria-label^="ONNX Lens"]';

/** Opens the workbench and waits for the file explorer, and for `readySelector` (something the extension contributes). */
export async function openWorkbench(page, url, readySelector) {
  await page.goto(url, { waitUntil: 'commit' });
  await page.waitForSelector(row, { timeout: 180_000 });
  if (readySelector) await page.waitForSelector(readySelector, { timeout: 180_000 });
}

/** Runs a command by its title in the command palette. */
export async function runCommand(page, title) {
  const box = page.locator('.quick-input-widget input');
  const entry = page.locator('.quick-input-list .monaco-list-row', { hasText: title }).first();
  // F1 is lost until keybindings are ready, and an open palette does not notice commands that are contributed later: reopen.
  for (let i = 0; ; i++) {
    try {
      await page.keyboard.press('F1');
      await box.waitFor({ state: 'visible', timeout: 2000 });
      await box.fill('>' + title);
      await entry.click({ timeout: 4000 });
      return;
    } catch (error) {
      if (i >= 6) throw error;
      await page.keyboard.press('Escape');
    }
  }
}

/** A question whose rows are not complete yet. */
const BUSY = '.quick-input-widget .monaco-progress-container.active';

/** Picks an entry of the open quick pick by the text it shows. */
export async function pick(page, text) {
  const choice = page.locator('.quick-input-list .monaco-list-row', { hasText: text }).first();
  await choice.waitFor();
  // While facts are read rows are written anew, each in its place: what is about to be clicked would become another's.
  await until('every row says what it can', async () => (await page.locator(BUSY).count()) === 0);
  await choice.click();
}

/** Shows a file in the explorer: opens the folders on its way. The answer is its row. */
export async function reveal(page, file) {
  // A row's label holds its whole path, and after a bullet what decorates it.
  const entry = (name) => page.locator(`${row}:has(:is([aria-label$="/${name}"], [aria-label*="/${name} •"]))`).first();
  const parts = file.split('/');
  for (let depth = 1; depth < parts.length; depth++) {
    const folder = entry(parts.slice(0, depth).join('/'));
    await folder.waitFor();
    if ((await folder.getAttribute('aria-expanded')) === 'false') await folder.click();
  }
  return entry(file);
}

/** Opens a file of the workspace from the explorer; `file` may hold folders: `pictures/goldfish.jpg`. */
export async function openFile(page, file) {
  await (await reveal(page, file)).dblclick();
}

/** Opens the context menu of a file in the explorer; the answer is its entry `item`. */
export async function openMenu(page, file, item) {
  await (await reveal(page, file)).click({ button: 'right' });
  const entry = page.locator('.monaco-menu .action-item', { hasText: item }).first();
  await entry.waitFor();
  return entry;
}

/** Chooses `item` in the context menu of a file in the explorer. */
export async function explorerMenu(page, file, item) {
  const entry = await openMenu(page, file, item);
  // A freshly opened menu ignores the mouse for about 100 ms: click until it closes.
  for (let i = 0; i < 10 && (await entry.isVisible()); i++) {
    await page.waitForTimeout(200);
    await entry.click({ timeout: 2000 }).catch(() => {});
  }
}

/** Waits until the page has nothing to do for a second: a workbench goes on starting long after it can be seen. */
export async function calm(page) {
  await page.evaluate(async () => {
    for (let quiet = 0; quiet < 20;) {
      const start = performance.now();
      await new Promise((resolve) => setTimeout(resolve, 50));
      quiet = performance.now() - start < 60 ? quiet + 1 : 0;
    }
  });
}

/** The visible webviews of ours: the editor shows pictures in one of its own. */
export const OURS = 'iframe.webview.ready[src*="extensionId=onnx-lens"]:visible';

/** Locators in the visible webview: outer iframe.webview, inner iframe#active-frame. */
export function webview(page) {
  return page.frameLocator(OURS).last().frameLocator('iframe#active-frame');
}

/** The visible webview's own frame, for evaluate(). */
export async function webviewFrame(page) {
  const outer = page.locator(OURS).last();
  await outer.waitFor();
  const inner = outer.contentFrame().locator('iframe#active-frame');
  await inner.waitFor();
  return (await inner.elementHandle()).contentFrame();
}

/** Switches the running workbench to `dark`, `light`, `hc` or `hc-light`. */
export async function setTheme(page, name) {
  const theme = findTheme(name);
  await runCommand(page, 'Preferences: Color Theme');
  await page.locator('.quick-input-widget input').fill(theme.label);
  await pick(page, theme.label);
  await page.waitForSelector(`.monaco-workbench.${theme.class}`);
  await page.waitForTimeout(500); // webviews get the new colours a moment later
}

/** Takes a picture of the workbench into out/screenshots; returns its path. */
export async function screenshot(page, name) {
  const file = path.join('out', 'screenshots', `${name.replace(/[^\w.-]+/g, '-')}.png`);
  await fs.promises.mkdir(path.dirname(file), { recursive: true });
  await page.screenshot({ path: file });
  return file;
}

const axeSource = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Accessibility violations in a frame (webviewFrame), each as one line: rule, what is wrong, and where. */
export async function axe(frame, options = {}) {
  await frame.evaluate(axeSource); // evaluated by the debugger, past the page's content security policy
  const { violations } = await frame.evaluate((o) => globalThis.axe.run(globalThis.document, o), options);
  return violations.map(
    (v) => `${v.id} (${v.impact}): ${v.help}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`,
  );
}

/** Waits until `look` answers something. */
export async function until(what, look, ms = 60_000) {
  for (const end = Date.now() + ms; ; await new Promise((resolve) => setTimeout(resolve, 100))) {
    const found = await look();
    if (found) return found;
    if (Date.now() > end) throw new Error(`Still not so after ${ms} ms: ${what}`);
  }
}

/** Waits for the workbench to have begun anew. */
async function reloaded(page, reload) {
  await page.evaluate(() => (globalThis.before = true));
  await reload();
  await until('the window is another', () => page.evaluate(() => !globalThis.before).catch(() => false));
  // Whatever view the side bar shows.
  await page.waitForSelector(ICON, { timeout: 180_000 });
}

/** Reloads the window as a user does: the workbench has time to store its editors. */
export const reloadWindow = (page) => reloaded(page, () => runCommand(page, 'Developer: Reload Window'));

/** Reloads the window without a word to the workbench, as when it crashes: it stores nothing. */
export const crashAndReload = (page) =>
  reloaded(page, async () => {
    await page.evaluate(() => {
      for (const type of ['beforeunload', 'pagehide', 'unload', 'visibilitychange', 'blur'])
        globalThis.addEventListener(type, (event) => event.stopImmediatePropagation(), { capture: true });
    });
    await page.reload({ waitUntil: 'commit' });
  });

/** The state of one of our pages that the extension has stored, once there is one that fits. */
export const keptPanels = (page, fits) =>
  until('the state is stored', async () => {
    const stored = await page.evaluate(async () => {
      const opened = (request) =>
        new Promise((resolve, reject) => {
          request.onsuccess = () => resolve(request.result);
          request.onerror = () => reject(request.error);
        });
      const found = [];
      for (const { name } of await indexedDB.databases()) {
        if (!name?.startsWith('vscode-web-state-db-')) continue;
        const db = await opened(indexedDB.open(name));
        if (db.objectStoreNames.contains('ItemTable'))
          found.push(await opened(db.transaction('ItemTable').objectStore('ItemTable').get('onnx-lens.onnx-lens')));
        db.close();
      }
      return found;
    });
    const entries = stored.flatMap((value) => (value ? (JSON.parse(String(value)).keptPanels ?? []) : []));
    return entries.map((entry) => entry.state).find((state) => state && fits(state));
  });

/**
 * Saves in the editor's own dialog, once it proposes a name. Enter is lost while the dialog reads the folder of a new name:
 * it is pressed until the dialog has gone.
 */
export async function saveAs(page, file, proposed) {
  const box = page.locator('.quick-input-widget:visible input').first();
  await box.waitFor();
  await until('a name is proposed', async () => (await box.inputValue()).includes(proposed));
  await box.fill(file);
  await until('the dialog has gone', async () => {
    if (await box.isVisible()) await box.press('Enter', { timeout: 2000 }).catch(() => undefined);
    await page.waitForTimeout(500);
    return !(await box.isVisible());
  });
  await until(`${file} is written`, () => fs.existsSync(file) && fs.statSync(file).size > 0);
  return fs.readFileSync(file);
}
