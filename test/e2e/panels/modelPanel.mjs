// The editor of a checkpoint as a user handles it: helpers of the driven tests.
import assert from 'node:assert';
import { axe, screenshot, setTheme, webview, webviewFrame } from '../support/ui.mjs';

/** What the specs do with the editor. */
export function modelPanel(page) {
  const panel = () => webview(page);
  const rows = () => panel().locator('.layer-space .layer-row');
  const tab = (name) => panel().locator('[role=tab]', { hasText: name });
  const search = () => panel().locator('.layer-search input');
  const selected = () => panel().locator('.layer-card .layer-name');
  const find = async (text) => {
    await search().fill(text);
    await rows().first().click();
    await selected().filter({ hasText: text }).waitFor();
  };

  /** So many colours stand in the middle of a canvas: a picture is there. */
  const colours = async (selector) =>
    (await webviewFrame(page)).evaluate((css) => {
      const canvas = document.querySelector(css);
      if (!canvas || canvas.width === 0) return 0;
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, Math.min(canvas.height, 800));
      const seen = new Set();
      for (let i = 0; i < data.length; i += 16)
        if (data[i + 3] > 0) seen.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
      return seen.size;
    }, selector);
  const drawn = async (selector, least = 20) => {
    for (let i = 0; (await colours(selector)) < least; i++) {
      assert.ok(i < 150, `${selector} shows ${await colours(selector)} colours`);
      await page.waitForTimeout(200);
    }
  };

  /** Chooses a picture, by its path, for the part of the editor that `within` names. */
  const choosePicture = async (within, file) => {
    await panel().locator(`${within} lens-button`, { hasText: 'Choose a Picture' }).click();
    const box = page.locator('.quick-input-widget:visible input').first();
    await box.waitFor();
    // The dialog writes its folder into the field some time after it is shown: once more, where that came later.
    for (let i = 0; i < 5 && (await box.isVisible()); i++) {
      await box.fill(file);
      await page.waitForTimeout(500);
      await box.press('Enter').catch(() => {});
      await page.waitForTimeout(1000);
    }
  };

  /** No tab violates a rule of accessibility in a theme; takes a picture `name-tab-theme` of each. */
  const accessible = async (theme, tabs, name) => {
    await setTheme(page, theme);
    const found = [];
    for (const title of tabs) {
      await tab(title).click();
      await page.waitForTimeout(1500);
      for (const violation of await axe(await webviewFrame(page))) found.push(`${title}: ${violation}`);
      await screenshot(page, `${name}-${title.toLowerCase()}-${theme}`);
    }
    assert.deepEqual(found, []);
  };

  const quiet = async () => assert.equal(await page.locator('.notification-toast').count(), 0);

  return { panel, rows, tab, search, selected, find, drawn, choosePicture, accessible, quiet };
}
