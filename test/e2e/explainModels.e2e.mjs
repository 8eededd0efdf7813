// The same pictures by several networks: chosen in one question, marked where they differ, each with its own settings.
import assert from 'node:assert';
import fs from 'node:fs';
import path from 'node:path';
import { explainPanel } from './panels/explainPanel.mjs';
import { writeSignalModel } from './support/models.mjs';
import {
  ICON,
  explorerMenu,
  openFile,
  openWorkbench,
  reloadWindow,
  reveal,
  runCommand,
  saveAs,
  screenshot,
  until,
  webviewFrame,
} from './support/ui.mjs';

export const options = {
  viewport: { width: 1600, height: 1000 },
  settings: { 'onnxLens.defaultMethod': 'gradient' },
};

export function tests(page, srv, tools) {
  const { at, panel, shipped, done, accessible } = explainPanel(page, srv, tools);
  const [trained, early] = ['birds_cnn', 'birds_cnn_epoch1'];
  const list = page.locator('.quick-input-list .monaco-list-row');
  const row = (text) => list.filter({ hasText: text }).first();
  const ticked = (text) => row(text).locator('input[type=checkbox], .monaco-checkbox').first();
  const isTicked = async (text) =>
    (await row(text).getAttribute('aria-checked')) === 'true' ||
    (await ticked(text).getAttribute('aria-checked')) === 'true';
  const tick = async (text) => {
    await row(text).click();
    await until(`${text} is ticked`, () => isTicked(text));
  };
  const cell = (r, c) => panel().locator(`[data-cell="${r},${c}"]`);
  const count = (selector) => panel().locator(selector).count();
  const full = (wanted) =>
    until(
      `${wanted} maps are there`,
      async () => (await count('.compare-cell.done')) === wanted && (await count('.compare-cell')) === wanted,
      180_000,
    );
  const titles = () => panel().locator('.compare-title-text').allInnerTexts();
  const text = (r, c) => cell(r, c).locator('.compare-text').innerText();
  const texts = (column) => Promise.all(pictures().map((_, r) => text(r, column)));
  const pictures = () => [0, 3, 6].map((n) => shipped(n).pictures[0]);
  const item = async (name) => {
    await panel().locator('.icon-button[aria-label=Export]').click();
    await panel().locator('[role=menuitem]', { hasText: name }).click();
  };

  return [
    [
      'pictures of the explorer: the models are asked for once, with size, input and age, and what takes no picture is not taken',
      async () => {
        fs.rmSync(at('models/birds/birds_vit.onnx'));
        writeSignalModel(at('models/birds'));
        // Settings of its own: the earlier checkpoint is given darker pictures.
        const sidecar = at(`models/birds/${early}.lens.json`);
        const settings = JSON.parse(fs.readFileSync(sidecar, 'utf8'));
        fs.writeFileSync(sidecar, JSON.stringify({ ...settings, input: { ...settings.input, mean: [0.7, 0.7, 0.7] } }));
        await openWorkbench(page, srv.url(), ICON);
        const [first, ...others] = pictures();
        await openFile(page, first);
        await page.locator('.tabs-container .tab.active', { hasText: path.basename(first) }).waitFor();
        await page.waitForTimeout(1000); // the explorer selects what has opened
        // A click on a folder ends the selection: they are opened before.
        for (const other of others) await reveal(page, other);
        await (await reveal(page, first)).click();
        for (const other of others) await (await reveal(page, other)).click({ modifiers: ['Control'] });
        await explorerMenu(page, others.at(-1), 'Explain with Several Models');
        await row('signal').filter({ hasText: 'takes no picture' }).waitFor();
        assert.match(await row(`${trained}.onnx`).innerText(), /\d kB · batch×3×64×64 · .*(ago|now)/);
        await screenshot(page, 'models-question');
        await row('signal').click();
        await tick(`${trained}.onnx`);
        await tick(`${early}.onnx`);
        await tick('Random weights');
        assert.equal(await isTicked('signal'), false, 'what takes no picture is ticked');
        await page.keyboard.press('Enter');
        await page.locator('.tabs-container .tab.active', { hasText: `3 pictures · ${trained}` }).waitFor();
        await full(9);
        assert.deepEqual(await titles(), [trained, early, 'random weights']);
        await screenshot(page, 'models-grid');
      },
    ],
    [
      'right, wrong and changed are said in every cell, and summed up for each network',
      async () => {
        for (const [column, pattern] of [/^✓ right · [A-Z]\w+ [\d.]+\s?%$/, /^[✓✗] /, /^[✓✗] /].entries())
          for (const said of await texts(column)) assert.match(said, pattern);
        const drawn = await texts(2);
        assert.ok(
          drawn.some((said) => /≠ changed/.test(said)),
          `random weights see every bird as the trained network does: ${drawn}`,
        );
        const changed = drawn.filter((said) => /≠ changed/.test(said)).length;
        const line = panel().locator('.grid-choice .grid-status', { hasText: 'random weights' });
        assert.match(await line.innerText(), new RegExp(`${changed} of 3 pictures changed`));
        await line.locator('lens-button', { hasText: 'Only these' }).click();
        await until('the others are left out', async () => (await count('.compare-cell')) === 3 * changed);
        await panel().locator('lens-button', { hasText: 'Show all pictures' }).click();
        await full(9);
      },
    ],
    [
      'keys go from cell to cell, and every cell says network, class and verdict',
      async () => {
        await cell(0, 0).focus();
        await page.keyboard.press('ArrowRight');
        await panel().locator('[data-cell="0,1"]:focus').waitFor();
        assert.match(await cell(0, 1).getAttribute('aria-label'), new RegExp(`, ${early}: [✓✗] (right|wrong)`));
        await page.keyboard.press('End');
        await panel().locator('[data-cell="0,2"]:focus').waitFor();
        await page.keyboard.press('Enter');
        await panel()
          .locator('lens-explain-grid [aria-live=polite]', { hasText: 'no panel' })
          .waitFor({ state: 'attached' });
      },
    ],
    ['no violation of accessibility, in every theme', () => accessible('models')],
    [
      'recipes name each network and its own settings; commands leave out what no command line has',
      async () => {
        await item('Recipes of 9 maps');
        const { recipes } = JSON.parse(String(await saveAs(page, at('models.json'), `${trained}.grid.json`)));
        const of = (k) => recipes.filter((_, i) => i % 3 === k);
        assert.deepEqual(
          recipes.slice(0, 3).map(({ model }) => [model.file, model.randomWeights]),
          [
            [`${trained}.onnx`, undefined],
            [`${early}.onnx`, undefined],
            [`${trained}.onnx`, 0],
          ],
        );
        for (const { preprocessing } of of(1)) assert.deepEqual(preprocessing.mean.value, [0.7, 0.7, 0.7]);
        for (const { preprocessing } of [...of(0), ...of(2)])
          assert.notDeepEqual(preprocessing.mean.value, [0.7, 0.7, 0.7]);
        await item('Copy all as command lines');
        await page.locator('.statusbar-item', { hasText: 'Copied 6 command lines' }).waitFor();
        const lines = (await page.evaluate(() => navigator.clipboard.readText())).split('\n');
        for (const [i, line] of lines.entries())
          assert.ok(line.includes(`models/birds/${[trained, early][i % 2]}.onnx `), line);
        await item('Grid (SVG)');
        const svg = String(await saveAs(page, at('models.svg'), `${trained}.grid.svg`));
        for (const name of [trained, early, 'random weights'])
          assert.ok(svg.includes(`>${name}<`), `no ${name} in the picture`);
        assert.match(svg, /✓ right|✗ wrong/);
      },
    ],
    [
      'a reloaded window shows the same networks',
      async () => {
        await reloadWindow(page);
        await full(9);
        assert.deepEqual(await titles(), [trained, early, 'random weights']);
      },
    ],
    [
      "a cell of the panel's own network opens large, one of another network in its own panel",
      async () => {
        await cell(1, 1).click();
        await page
          .locator('.tabs-container .tab.active', { hasText: `${path.basename(pictures()[1])} · ${early}` })
          .waitFor();
        await done();
        const mean = await panel().locator('.model-view, .recipe, body').first().innerText();
        assert.match(mean, /0\.7/);
        await page.locator('.tabs-container .tab', { hasText: `3 pictures · ${trained}` }).click();
        await full(9);
        await cell(1, 0).click();
        await done();
        await panel().locator('.picture[aria-selected=true]').waitFor();
      },
    ],
    [
      'from the palette, with one picture in front: its networks stand beside each other in one row',
      async () => {
        const [, picture] = shipped(1).pictures;
        await openFile(page, picture);
        await page.locator('.tabs-container .tab.active', { hasText: path.basename(picture) }).waitFor();
        await runCommand(page, 'ONNX Lens: Explain with Several Models');
        await tick(`${trained}.onnx`);
        await tick(`${early}.onnx`);
        await page.keyboard.press('Enter');
        await page.locator('.tabs-container .tab.active', { hasText: `${path.basename(picture)} · ` }).waitFor();
        await full(2);
        assert.deepEqual(await titles(), [trained, early]);
        // Two groups beside each other, of some 400 pixels each.
        await page.keyboard.press('Control+b');
        await page.setViewportSize({ width: 860, height: 900 });
        const frame = await webviewFrame(page);
        const size = () =>
          frame.evaluate(() => [globalThis.innerWidth, globalThis.document.documentElement.scrollWidth]);
        await until('the panel is narrow', async () => (await size())[0] <= 430);
        await page.waitForTimeout(500);
        await screenshot(page, 'models-narrow');
        const [width, scrolls] = await size();
        assert.ok(scrolls <= width, `the page is ${width} wide and scrolls over ${scrolls}`);
        await page.setViewportSize({ width: 1600, height: 1000 });
      },
    ],
  ];
}
