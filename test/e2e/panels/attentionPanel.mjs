// The panel of attention as a user handles it: helpers of the driven tests.
import assert from 'node:assert';
import { axe, explorerMenu, pick, screenshot, setTheme, until, webview, webviewFrame } from '../support/ui.mjs';

/** What the specs do with the panel. */
export function attentionPanel(page) {
  const panel = () => webview(page);
  const name = () => panel().locator('.att-name');
  const named = (text) => until(`it is named ${text}`, async () => (await name().innerText()).includes(text));
  const canvas = () => panel().locator('.att-stage lens-heat-canvas canvas');
  const shown = (label) => panel().locator('.att-shown .segmented button', { hasText: label });

  const open = async (picture, model) => {
    await explorerMenu(page, picture, 'Show Attention');
    await pick(page, model);
    const title = `${picture.split('/').at(-1)} · ${model.replace(/\.onnx$/, '')}`;
    await page.locator('.tabs-container .tab.active', { hasText: title }).waitFor();
  };

  /** All matrices are there. */
  const fetched = async () => {
    await panel().locator('.att-heads lens-cell-grid canvas').waitFor({ timeout: 90_000 });
    await until('matrices are there', async () => (await panel().locator('.att-bias').count()) === 1);
  };

  /** No rule of accessibility is broken in a theme, and nothing scrolls sideways. */
  const accessible = async (theme) => {
    await setTheme(page, theme);
    await page.waitForTimeout(500);
    const frame = await webviewFrame(page);
    await screenshot(page, `attention-${theme}`);
    assert.deepEqual(await axe(frame), []);
  };

  /** How much wider the page is than its panel, in pixels. */
  const sideways = async () =>
    (await webviewFrame(page)).evaluate(() => {
      const main = document.querySelector('main');
      return main.scrollWidth - main.clientWidth;
    });

  /** The times from a moved pointer to drawn maps, in milliseconds, shortest first. */
  const hovered = async () => {
    const box = await canvas().boundingBox();
    const frame = await webviewFrame(page);
    await frame.evaluate(() => performance.clearMeasures('attention-hover'));
    for (let i = 1; i <= 16; i++) {
      await page.mouse.move(box.x + (box.width * i) / 17, box.y + box.height / 2);
      await page.waitForTimeout(80);
    }
    return frame.evaluate(() =>
      performance
        .getEntriesByName('attention-hover')
        .map(({ duration }) => duration)
        .sort((a, b) => a - b),
    );
  };

  return { panel, named, canvas, shown, open, fetched, accessible, sideways, hovered };
}
