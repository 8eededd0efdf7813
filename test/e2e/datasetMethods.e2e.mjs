// How good methods are on a data set: the table beside random pixels and edges, and the way to a picture.
import assert from 'node:assert';
import fs from 'node:fs';
import path from 'node:path';
import { datasetPanel } from './panels/datasetPanel.mjs';
import {
  ICON,
  axe,
  explorerMenu,
  openWorkbench,
  pick,
  saveAs,
  screenshot,
  setTheme,
  webviewFrame,
} from './support/ui.mjs';

export const options = { viewport: { width: 1500, height: 1200 } };

const PLACE = 'models/birds/pictures';

export function tests(page, srv) {
  const { panel, selected, choose } = datasetPanel(page);
  const rows = () => panel().locator('.eval-table tbody tr');

  return [
    [
      'methods are measured beside random pixels and edges',
      async () => {
        await openWorkbench(page, srv.url(), ICON);
        await explorerMenu(page, PLACE, 'Evaluate Methods on a Data Set');
        await pick(page, 'birds_cnn.onnx');
        await panel().locator('.empty-state', { hasText: 'any good' }).waitFor({ timeout: 90_000 });
        await screenshot(page, 'dataset-methods-empty');
        await panel().locator('.map-question input.number-field').click();
        await page.keyboard.press('ControlOrMeta+A');
        await page.keyboard.type('6');
        await page.keyboard.press('Tab');
        await panel().locator('.map-question lens-button', { hasText: 'Evaluate' }).click();
        await panel().locator('.eval-table').waitFor({ timeout: 240_000 });
        assert.equal(await rows().count(), 5);
        const text = await panel().locator('.eval-table').innerText();
        for (const name of ['Gradient', 'Integrated Gradients', 'Grad-CAM', 'random pixels', 'edges (Sobel)'])
          assert.ok(text.includes(name), name);
        assert.match(text, /better/);
        await screenshot(page, 'dataset-methods');
      },
    ],
    [
      'a method lists its pictures, and one of them is selected',
      async () => {
        await rows().first().locator('th button').click();
        await panel().locator('.tab-body .picture-row').first().click();
        await selected('1');
        assert.equal(await panel().locator('.tab-body .picture-row').count(), 6);
      },
    ],
    [
      'the numbers are saved with the recipe',
      async () => {
        await panel().locator('lens-button', { hasText: 'Save numbers' }).click();
        const file = path.join(srv.ws, 'methods.json');
        const saved = await saveAs(page, file, 'pictures.birds_cnn.road.json');
        const document = JSON.parse(saved.toString('utf8'));
        assert.equal(document.schema, 'onnx-lens/evaluate/1');
        assert.equal(document.recipe.params.metric, 'road');
        assert.equal(document.methods[0].results.length, 6);
      },
    ],
    [
      'what methods point at is removed, and networks are retrained in a folder beside the place',
      async () => {
        await choose('.map-question', 'ROAR');
        await panel().locator('.empty-state', { hasText: 'it may take hours' }).waitFor();
        await screenshot(page, 'dataset-retrain-empty');
        const form = async (name) => panel().locator('.eval-choice summary', { hasText: name }).click();
        const type = async (label, text) => {
          await panel()
            .getByLabel(label, { exact: true })
            .first()
            .locator('input')
            .or(panel().locator(`input[aria-label="${label}"]`))
            .first()
            .fill(text);
          await page.keyboard.press('Tab');
        };
        await form('3 methods');
        for (const name of ['Integrated Gradients', 'Grad-CAM'])
          await panel()
            .locator('.eval-choice lens-checkbox')
            .filter({ hasText: new RegExp(`^\\s*${name}\\s*$`) })
            .click();
        await form('1 method');
        await form('What is removed');
        await type('Removed', '50,90');
        await type('Seeds', '2');
        await form('What is removed');
        await form('How networks are trained');
        await type('Epochs', '1');
        await form('How networks are trained');
        await panel().locator('.retrain-folder', { hasText: '14 networks' }).waitFor();
        await panel().locator('.map-question lens-button', { hasText: 'Retrain' }).click();
        await panel().locator('.retrain-left', { hasText: 'of 14 trainings done' }).waitFor({ timeout: 120_000 });
        await panel().locator('.retrain-table').waitFor({ timeout: 120_000 });
        await screenshot(page, 'dataset-retrain-running');
        await panel().locator('.working lens-button, .working button').first().click();
        await panel().locator('.notice', { hasText: 'Stopped' }).waitFor();
        await panel().locator('.notice lens-button', { hasText: 'Go on' }).click();
        await panel().locator('h2', { hasText: 'lower is better' }).waitFor({ timeout: 240_000 });
        assert.equal(await panel().locator('.retrain-table tbody tr').count(), 3);
        assert.match(await panel().locator('.retrain-table').innerText(), /± \d/);
        const folder = path.join(srv.ws, 'models/birds/pictures-birds_cnn-roar');
        assert.equal(JSON.parse(fs.readFileSync(path.join(folder, 'panel.json'), 'utf8')).training.epochs, 1);
        await screenshot(page, 'dataset-retrain');
      },
    ],
    [
      'its table is saved, a line for each training',
      async () => {
        await panel().locator('lens-button', { hasText: 'Save table' }).click();
        const saved = await saveAs(page, path.join(srv.ws, 'roar.csv'), 'pictures.birds_cnn.roar.csv');
        const lines = saved.toString('utf8').trim().split('\n');
        assert.equal(lines[0], 'method,fraction,seed,accuracy,loss');
        assert.equal(lines.length, 15);
      },
    ],
    ...['light', 'hc', 'dark'].map((theme) => [
      `violates no rule of accessibility: ${theme}`,
      async () => {
        await setTheme(page, theme);
        await page.waitForTimeout(1000);
        assert.deepEqual(await axe(await webviewFrame(page)), []);
        await screenshot(page, `dataset-methods-${theme}`);
      },
    ]),
    [
      'at 400 pixels nothing is cut off at the side',
      async () => {
        await panel().locator('.eval-choice summary').first().click();
        await page.setViewportSize({ width: 700, height: 1200 });
        await page.waitForTimeout(1000);
        const frame = await webviewFrame(page);
        const wide = await frame.evaluate(() => {
          const own = document.querySelector('.tab-body').getBoundingClientRect();
          return [...document.querySelectorAll('.tab-body *')]
            .filter((e) => e.getBoundingClientRect().right > own.right + 1)
            .filter((e) => e.closest('.table-scroll') === null && e.offsetParent !== null)
            .map((e) => `${e.tagName}.${e.className}`);
        });
        assert.deepEqual(wide, []);
        await screenshot(page, 'dataset-methods-400');
      },
    ],
  ];
}
