// The panel of a data set as a user handles it: helpers of the driven tests.
import assert from 'node:assert';
import { axe, explorerMenu, pick, screenshot, setTheme, webview, webviewFrame } from '../support/ui.mjs';

/** What the specs do with the panel. */
export function datasetPanel(page) {
  const panel = () => webview(page);
  const tab = (name) => panel().locator('[role=tab]', { hasText: name });
  const map = () => panel().locator('.map-frame lens-map');
  const over = () => map().locator('canvas.over');
  const selected = (text) => panel().locator('.side h2', { hasText: 'Selected' }).filter({ hasText: text }).waitFor();

  const open = async (place, model) => {
    await explorerMenu(page, place, 'Open as Data Set');
    await pick(page, model);
    const title = `${place.split('/').at(-1)} · ${model.replace(/\.onnx$/, '')}`;
    await page.locator('.tabs-container .tab.active', { hasText: title }).waitFor();
    await map().waitFor({ timeout: 90_000 });
  };

  /** Drags over a share of the map, e.g. with Shift held. */
  const drag = async ([x0, y0], [x1, y1], keys = [], straight = false) => {
    const box = await over().boundingBox();
    const at = (x, y) => [box.x + x * box.width, box.y + y * box.height];
    for (const key of keys) await page.keyboard.down(key);
    await page.mouse.move(...at(x0, y0));
    await page.mouse.down();
    // Around the four corners, what a lasso encloses; or straight to the other corner of a rectangle.
    const corners = [
      [x1, y0],
      [x1, y1],
      [x0, y1],
    ];
    for (const [x, y] of straight ? [corners[1]] : corners) await page.mouse.move(...at(x, y), { steps: 6 });
    await page.mouse.up();
    for (const key of keys) await page.keyboard.up(key);
  };

  /** Chooses in one of the toolkit's dropdowns. */
  const choose = async (within, option) => {
    await panel().locator(`${within} lens-dropdown`).first().click();
    await panel().locator(`${within} lens-option`, { hasText: option }).first().click();
  };

  /** How many colours stand on the points of the map, and what draws them. */
  const drawn = async () =>
    (await webviewFrame(page)).evaluate(() => {
      const element = document.querySelector('.map-frame lens-map');
      const canvas = element.snapshot();
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      const seen = new Set();
      for (let i = 0; i < data.length; i += 4) seen.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
      return { colours: seen.size, painter: element.dataset.painter, points: element.places().order.length };
    });

  /** No view violates a rule of accessibility in a theme; takes a picture of each. */
  const accessible = async (theme, tabs, name) => {
    await setTheme(page, theme);
    const found = [];
    for (const title of tabs) {
      await tab(title).click();
      await page.waitForTimeout(1000);
      for (const violation of await axe(await webviewFrame(page))) found.push(`${title}: ${violation}`);
      await screenshot(page, `${name}-${title.toLowerCase()}-${theme}`);
    }
    assert.deepEqual(found, []);
  };

  return { panel, tab, map, over, selected, open, drag, choose, drawn, accessible };
}
