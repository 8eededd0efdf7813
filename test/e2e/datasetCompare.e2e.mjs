// Two models on a data set: one selection, both maps, and what differs between them.
import assert from 'node:assert';
import fs from 'node:fs';
import path from 'node:path';
import { datasetPanel } from './panels/datasetPanel.mjs';
import { ICON, axe, openWorkbench, pick, saveAs, screenshot, setTheme, until, webviewFrame } from './support/ui.mjs';

export const options = { viewport: { width: 1500, height: 1200 } };

const PLACE = 'models/birds/pictures';

export function tests(page, srv) {
  const { panel, tab, selected, open } = datasetPanel(page);
  const section = (title) => panel().locator('section', { has: page.locator('h2', { hasText: title }) });

  return [
    [
      'another checkpoint is put beside the model, and what differs is said',
      async () => {
        await openWorkbench(page, srv.url(), ICON);
        await open(PLACE, 'birds_cnn_epoch1.onnx');
        await tab('Compare').click();
        await panel().locator('lens-button', { hasText: 'Choose a model' }).first().click();
        await pick(page, 'birds_cnn.onnx');
        const findings = panel().locator('.findings');
        await findings.waitFor({ timeout: 180_000 });
        const said = await findings.innerText();
        assert.match(said, /Both say the same of \d+ of 32 pictures/);
        assert.match(said, /the second on 32/);
        assert.equal(await panel().locator('.compare-maps lens-map').count(), 2);
        await screenshot(page, 'dataset-compare');
      },
    ],
    [
      'a picture of a list is selected in both maps, and explained with both models',
      async () => {
        await section('Disagreements').locator('.picture-row').first().click();
        await selected('1');
        const marked = () =>
          webviewFrame(page).then((frame) =>
            frame.evaluate(() =>
              [...document.querySelectorAll('.compare-maps lens-map')].map((map) =>
                map.scene.selected.reduce((sum, v) => sum + v, 0),
              ),
            ),
          );
        await until('one point is marked in either map', async () => (await marked()).join() === '1,1');
        await panel().locator('lens-button', { hasText: 'Explain 1 picture with both models' }).waitFor();
      },
    ],
    [
      'every cell of the matrix of layers has a name and a value',
      async () => {
        const titles = await panel()
          .locator('.alignment tbody td')
          .evaluateAll((cells) => cells.map((cell) => cell.title));
        assert.ok(titles.length > 100, `${titles.length} cells`);
        for (const title of titles) assert.match(title, /^\S+ × \S+: (-?\d\.\d\d|none)/);
      },
    ],
    ...['dark', 'light', 'hc', 'hc-light'].map((theme) => [
      `violates no rule of accessibility: ${theme}`,
      async () => {
        await setTheme(page, theme);
        await page.waitForTimeout(1000);
        assert.deepEqual(await axe(await webviewFrame(page)), []);
        await screenshot(page, `dataset-compare-${theme}`);
      },
    ]),
    [
      'is saved as a page that stands alone',
      async () => {
        await setTheme(page, 'dark');
        await panel().locator('lens-button', { hasText: 'Save as a page' }).click();
        const file = path.join(srv.ws, 'compared.html');
        const html = (await saveAs(page, file, 'birds_cnn_epoch1 compared.html')).toString('utf8');
        assert.match(html, /^<!DOCTYPE html>[\s\S]*birds_cnn_epoch1\.onnx beside birds_cnn\.onnx/);
        assert.ok(fs.statSync(file).size > 50_000, 'with its pictures');
      },
    ],
    [
      'at 400 pixels nothing is cut off at the side',
      async () => {
        await page.setViewportSize({ width: 700, height: 1000 });
        await page.waitForTimeout(1000);
        const frame = await webviewFrame(page);
        const wide = await frame.evaluate(() => {
          const own = document.querySelector('.tab-body').getBoundingClientRect();
          return [...document.querySelectorAll('.tab-body *')]
            .filter((e) => e.getBoundingClientRect().right > own.right + 1)
            .filter((e) => e.closest('.table-scroll, .cells') === null && e.offsetParent !== null)
            .map((e) => `${e.tagName}.${e.className}`);
        });
        assert.deepEqual(wide, []);
        await screenshot(page, 'dataset-compare-400');
      },
    ],
  ];
}
