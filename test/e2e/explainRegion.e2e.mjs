// A model that answers a map, in the explain panel: a pixel, a class, a rectangle and a painted region as targets.
import assert from 'node:assert';
import fs from 'node:fs';
import { explainPanel } from './panels/explainPanel.mjs';
import { writeMapModels } from './support/models.mjs';
import { axe, explorerMenu, ICON, openWorkbench, runCommand, screenshot, webviewFrame } from './support/ui.mjs';

export const options = { viewport: { width: 1600, height: 1000 } };

export function tests(page, srv, tools) {
  const { panel, idle, shipped, target, at } = explainPanel(page, srv, tools);
  const { pictures } = shipped(2);
  fs.mkdirSync(at('maps'));
  writeMapModels(at('maps'));
  fs.copyFileSync(at(pictures[0]), at('maps', 'bird.png'));

  async function open(model) {
    await explorerMenu(page, 'maps/bird.png', 'Explain This Image');
    await page.locator('.quick-input-widget:visible input').first().fill(`${model}.onnx`);
    await page
      .locator('.quick-input-list .monaco-list-row', { hasText: `${model}.onnx` })
      .first()
      .click();
    await page.locator('.tabs-container .tab.active', { hasText: `bird.png · ${model}` }).waitFor();
    await idle();
    await panel().locator('lens-heat-canvas canvas[aria-label*="heat for"]').waitFor();
  }
  /** Waits for the heat of a target. */
  const shown = async (text) => {
    await panel().locator(`lens-heat-canvas canvas[aria-label*="heat for ${text}"]`).waitFor();
    await idle();
  };
  const tool = (name) => panel().locator('.region .segmented button', { hasText: name }).click();
  /** A point of the picture, in shares of its sides, on the screen. */
  async function spot(x, y) {
    const box = await panel().locator('lens-heat-canvas canvas').boundingBox();
    const side = Math.min(box.width, box.height);
    return [box.x + box.width / 2 + (x - 0.5) * side, box.y + box.height / 2 + (y - 0.5) * side];
  }
  async function drag(...points) {
    await page.mouse.move(...(await spot(...points[0])));
    await page.mouse.down();
    for (const point of points.slice(1)) await page.mouse.move(...(await spot(...point)), { steps: 5 });
    await page.mouse.up();
  }

  return [
    [
      'the classes of a segmentation stand in a legend, and one is explained by all of its pixels',
      async () => {
        await openWorkbench(page, srv.url(), ICON);
        await open('segments');
        const legend = panel().locator('.legend-class');
        assert.ok((await legend.count()) > 1, 'classes in the legend');
        assert.match(await legend.first().innerText(), /(dark|bright|red|green)\s*\d+ %/);
        const name = (await legend.nth(1).locator('.ellipsis').innerText()).trim();
        await legend.nth(1).click();
        await shown(`${name} over`);
        assert.equal(await legend.nth(1).getAttribute('aria-pressed'), 'true');
        await screenshot(page, 'explain-region-class');
        assert.deepEqual(await axe(await webviewFrame(page)), []);
      },
    ],
    [
      'a pixel is picked by a click, and by the keyboard',
      async () => {
        await page.mouse.click(...(await spot(0.4, 0.5)));
        await panel().locator('lens-heat-canvas canvas[aria-label*="(1 of 1024 places)"]').waitFor();
        await idle();
        await screenshot(page, 'explain-region-pixel');
        const canvas = panel().locator('lens-heat-canvas canvas');
        await canvas.focus();
        for (const key of ['ArrowLeft', 'ArrowUp', 'Shift+ArrowUp', 'Enter']) await page.keyboard.press(key);
        await panel()
          .locator('[aria-live=polite]', { hasText: /Picked \d+, \d+\. Explaining/ })
          .waitFor();
        await idle();
      },
    ],
    [
      'a painted region is explained, comes back with the window, and is cleared',
      async () => {
        await tool('Brush');
        await drag([0.3, 0.3], [0.6, 0.5], [0.7, 0.4]);
        await panel().locator('lens-heat-canvas canvas[aria-label*="in the painted region"]').waitFor();
        await idle();
        await screenshot(page, 'explain-region-painted');
        const label = await target().inputValue();
        await page.reload();
        await page.waitForSelector(ICON);
        await panel().locator('lens-heat-canvas canvas[aria-label*="in the painted region"]').waitFor();
        await idle();
        assert.equal(await target().inputValue(), label);
        await panel().locator('.region lens-button', { hasText: 'Clear' }).click();
        await panel().locator('.region lens-button', { hasText: 'Clear' }).waitFor({ state: 'detached' });
        await idle();
        await runCommand(page, 'View: Close All Editors');
      },
    ],
    [
      'a rectangle of a dense map, drawn with Shift',
      async () => {
        await open('depth');
        const map = panel().locator('lens-value-map canvas[aria-label^="Map of"]');
        assert.match(await map.getAttribute('aria-label'), /, \d+×\d+: [-−\d.]+ at \d+, \d+ to [-−\d.]+ at \d+, \d+$/);
        assert.ok(
          await map.evaluate((c) => new Set(c.getContext('2d').getImageData(0, 0, c.width, c.height).data).size > 20),
        );
        await page.keyboard.down('Shift');
        await drag([0.3, 0.3], [0.6, 0.6]);
        await page.keyboard.up('Shift');
        await shown('depth in');
        await screenshot(page, 'explain-region-depth');
        await runCommand(page, 'View: Close All Editors');
      },
    ],
    [
      'the mask of a box is drawn, and explained from the list of targets',
      async () => {
        await open('masks');
        await panel().locator('lens-heat-canvas .box').first().waitFor();
        await target().click();
        await page.keyboard.type('mask of box 1');
        await panel().locator('[role=option]', { hasText: 'mask of box 1' }).first().click();
        await shown('mask of box 1');
        await screenshot(page, 'explain-region-mask');
      },
    ],
  ];
}
