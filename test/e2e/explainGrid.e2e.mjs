// Many maps beside each other: pictures, methods and classes, on one scale or each on its own.
import assert from 'node:assert';
import fs from 'node:fs';
import path from 'node:path';
import { explainPanel } from './panels/explainPanel.mjs';
import { ICON, openFile, openWorkbench, reloadWindow, saveAs, screenshot, until, webviewFrame } from './support/ui.mjs';

export const options = {
  viewport: { width: 1600, height: 1100 },
  // As on a network mount: changes are seen without the system's events.
  settings: { 'onnxLens.defaultMethod': 'gradient', 'files.watcherExclude': { '**/models/**': true } },
};

export function tests(page, srv, tools) {
  const { at, panel, shipped, explain, done, choose, accessible } = explainPanel(page, srv, tools);
  const cell = (row, column) => panel().locator(`[data-cell="${row},${column}"]`);
  const count = (selector) => panel().locator(selector).count();
  const full = (wanted) =>
    until(
      `${wanted} maps are there`,
      async () =>
        (await count('.compare-cell.done:not(.outdated)')) === wanted && (await count('.compare-cell')) === wanted,
      180_000,
    );
  const titles = () => panel().locator('.compare-title-text').allInnerTexts();
  const titled = (wanted) =>
    until(`the columns are ${wanted}`, async () => String(await titles()) === String(wanted)).catch(async (error) => {
      throw new Error(`The columns are ${await titles()}`, { cause: error });
    });
  const rows = (axis) => panel().locator('[aria-label=Rows] button', { hasText: axis }).click();
  const spoken = (text) =>
    panel().locator('lens-explain-grid [aria-live=polite]', { hasText: text }).waitFor({ state: 'attached' });
  const check = (name) => panel().locator('.grid-columns lens-checkbox', { hasText: name }).first().click();
  const drawings = async () =>
    (await webviewFrame(page)).evaluate(() =>
      [...document.querySelectorAll('lens-heat-cell canvas')].map((c) => c.toDataURL()),
    );
  const text = (row, column) => cell(row, column).locator('.compare-text').innerText();

  return [
    [
      'two birds by three methods',
      async () => {
        await openWorkbench(page, srv.url(), ICON);
        const [first, second] = shipped().pictures;
        await openFile(page, first);
        await page.locator('.tabs-container .tab.active', { hasText: path.basename(first) }).waitFor();
        await page.waitForTimeout(1000); // the explorer selects what has opened
        const row = page.locator(`.explorer-folders-view .monaco-list-row:has([aria-label$="/${second}"])`).first();
        await row.click({ modifiers: ['Control'] });
        await explain(first, 'birds_cnn.onnx', '2 pictures');
        await done();
        await panel().locator('.segmented button', { hasText: 'Grid' }).click();
        await full(6);
        assert.deepEqual(await titles(), ['Gradient', 'Guided backpropagation', 'Grad-CAM']);
        assert.equal(new Set(await drawings()).size, 6, 'six different maps');
        await screenshot(page, 'grid');
      },
    ],
    [
      'one scale for all maps of a unit, or one for each, and it is said which',
      async () => {
        const notes = panel().locator('.compare-scales .scale-text');
        assert.match(await notes.first().innerText(), /a scale per map/);
        const before = await drawings();
        await panel().locator('[aria-label=Scale] button', { hasText: 'shared' }).click();
        await notes.filter({ hasText: 'shared scale' }).first().waitFor();
        await until('maps are drawn anew', async () => String(await drawings()) !== String(before));
        const ends = [await text(0, 0), await text(1, 0)].map((t) => /to (\S+)$/.exec(t)[1]);
        assert.equal(ends[0], ends[1], 'the gradients of both pictures share an end');
        await screenshot(page, 'grid-shared');
      },
    ],
    [
      'the value at the same pixel in every cell, and keys from cell to cell',
      async () => {
        await cell(0, 1).hover({ position: { x: 60, y: 60 } });
        const values = await panel().locator('.compare-text').allInnerTexts();
        assert.equal(values.length, 6);
        assert.equal(new Set(values.map((v) => v.split(':')[0])).size, 1, 'the same pixel');
        for (const value of values) assert.match(value, /^\d+, \d+: \S*\d/);
        await page.mouse.move(5, 5);
        await cell(0, 0).focus();
        for (const key of ['ArrowRight', 'ArrowDown', 'End']) await page.keyboard.press(key);
        await panel().locator('[data-cell="1,2"]:focus').waitFor();
        await page.keyboard.press('Control+ArrowRight');
        assert.match(await text(0, 0), /^\d+, \d+: /);
      },
    ],
    [
      'how maps are drawn holds for all of them',
      async () => {
        const before = await drawings();
        await panel().locator('.mode-row .segmented button', { hasText: 'Mask' }).click();
        await until('every map is drawn anew', async () => (await drawings()).every((d, i) => d !== before[i]));
        await panel().locator('.mode-row .segmented button', { hasText: 'Blend' }).click();
        await choose('Colours', 'viridis');
      },
    ],
    ['no violation of accessibility, in every theme', () => accessible('grid')],
    [
      'three axes at once: pictures, methods and classes, whichever goes down',
      async () => {
        await check('Lanternfinch');
        await full(12);
        assert.deepEqual((await titles())[1].split('\n'), ['Gradient', 'Lanternfinch']);
        assert.match(await cell(0, 1).getAttribute('aria-label'), /Gradient, Lanternfinch: /);
        await screenshot(page, 'grid-three-axes');
        await rows('Methods');
        await full(12);
        assert.deepEqual(await panel().locator('.compare-name[role=rowheader]').allInnerTexts(), [
          'Gradient',
          'Guided backpropagation',
          'Grad-CAM',
        ]);
        assert.equal((await titles()).length, 4, 'two pictures by two classes');
        await screenshot(page, 'grid-methods-down');
        await rows('Classes');
        await full(12);
        assert.equal((await titles()).length, 6, 'two pictures by three methods');
        await rows('Pictures');
        await check('Lanternfinch');
        await full(6);
      },
    ],
    [
      'columns are moved by mouse and by keys, pinned and hidden, and it is said',
      async () => {
        const [gradient, guided, cam] = ['Gradient', 'Guided backpropagation', 'Grad-CAM'];
        const head = (column) => panel().locator(`[data-column="${column}"]`);
        const middle = async (column) => {
          const { x, y, width, height } = await head(column).boundingBox();
          return [x + width / 3, y + height / 2];
        };
        // The toolbar covers what is only just in sight.
        await head(0).evaluate((element) => element.scrollIntoView({ block: 'center' }));
        await page.mouse.move(...(await middle(0)));
        await page.mouse.down();
        const [x, y] = await middle(2);
        for (const part of [0.3, 0.7, 1]) await page.mouse.move(x * part + (1 - part) * (await middle(0))[0], y);
        await panel().locator('.compare-title.drop-after').waitFor();
        await page.mouse.up();
        await titled([guided, cam, gradient]);
        await spoken('Gradient moved to column 3 of 3');
        await cell(0, 2).focus();
        await page.keyboard.press('ArrowUp');
        await panel().locator('[data-column="2"]:focus').waitFor();
        await page.keyboard.press('Shift+ArrowLeft');
        await titled([guided, gradient, cam]);
        await spoken('Gradient moved to column 2 of 3');
        await page.keyboard.press('p');
        await titled([gradient, guided, cam]);
        await spoken('Gradient pinned, column 1 of 3');
        await panel().locator('[data-column="0"]:focus').waitFor();
        assert.match(await head(0).getAttribute('aria-label'), /^Gradient, pinned$/);
        await page.keyboard.press('Shift+ArrowRight');
        await spoken('Gradient stays at column 1');
        await screenshot(page, 'grid-pinned');
        await head(1).hover();
        await head(1).locator('button[aria-label^=Hide]').click();
        await titled([gradient, cam]);
        await panel().locator('.grid-choice lens-button', { hasText: 'Show' }).click();
        await titled([gradient, guided, cam]);
        await full(6);
        await cell(0, 2).focus();
        await page.keyboard.press('Shift+ArrowLeft');
        await titled([gradient, cam, guided]);
        await full(6);
      },
    ],
    [
      'the grid as a picture, its recipes, its commands, the values of a map',
      async () => {
        const item = async (name) => {
          await panel().locator('.icon-button[aria-label=Export]').click();
          await panel().locator('[role=menuitem]', { hasText: name }).click();
        };
        const save = async (name, file, proposed) => {
          await item(name);
          const bytes = await saveAs(page, at(file), proposed);
          await page.locator('.statusbar-item', { hasText: `Saved ${file}` }).waitFor();
          return bytes;
        };
        const png = await save('Grid (PNG)', 'grid.png', 'birds_cnn.grid.png');
        assert.equal(png.subarray(1, 4).toString('latin1'), 'PNG');
        assert.ok(
          png.readUInt32BE(16) > 800 && png.readUInt32BE(20) > 500,
          `png.readUInt32BE(16): ${png.readUInt32BE(16)}, png.readUInt32BE(20): ${png.readUInt32BE(20)}`,
        );
        const svg = String(await save('Grid (SVG)', 'grid.svg', 'birds_cnn.grid.svg'));
        assert.equal(svg.match(/<image /g).length, 6 + (await count('.compare-scales lens-color-bar')));
        assert.match(svg, />Guided backpropagation</);
        fs.mkdirSync('out/screenshots', { recursive: true });
        for (const file of ['grid.png', 'grid.svg']) fs.copyFileSync(at(file), `out/screenshots/exported-${file}`);
        const { schema, recipes } = JSON.parse(
          String(await save('Recipes of 6 maps', 'grid.json', 'birds_cnn.grid.json')),
        );
        assert.equal(schema, 'onnx-lens/recipes/1');
        const methods = ['gradient', 'gradcam', 'guided_backprop'];
        assert.deepEqual(
          recipes.map(({ method }) => method),
          [...methods, ...methods],
        );
        assert.equal(new Set(recipes.map(({ input }) => input.file)).size, 2);
        await cell(1, 1).focus();
        const npy = await save('Values of', 'map.npy', '.gradcam.');
        assert.match(npy.subarray(0, 128).toString('latin1'), /'<f4'/);
        await item('Copy all as command lines');
        await page.locator('.statusbar-item', { hasText: 'Copied 6 command lines' }).waitFor();
        const lines = (await page.evaluate(() => navigator.clipboard.readText())).split('\n');
        assert.equal(lines.length, 6);
        for (const [i, line] of lines.entries())
          assert.match(
            line,
            new RegExp(
              `^onnx-lens explain models/birds/birds_cnn.onnx models/birds/\\S+ --method ${methods[i % 3]} --target \\d+ `,
            ),
          );
      },
    ],
    [
      'a reloaded window shows the same grid: columns, scale and drawing',
      async () => {
        const before = await titles();
        await reloadWindow(page);
        await titled(before);
        await full(6);
        await panel().locator('.compare-title.pinned', { hasText: 'Gradient' }).waitFor();
        await panel().locator('[aria-label=Scale] [aria-checked=true]', { hasText: 'shared' }).waitFor();
      },
    ],
    [
      'hidden behind another file and shown again: no map is lost',
      async () => {
        const before = await drawings();
        await cell(0, 0).focus();
        await openFile(page, 'train.py');
        const group = page.locator('.editor-group-container.active .tabs-container');
        await group.locator('.tab.active', { hasText: 'train.py' }).waitFor();
        await group.locator('.tab', { hasText: '2 pictures · birds_cnn' }).click();
        await full(6);
        await until('the maps are the same', async () => String(await drawings()) === String(before));
        assert.match(await panel().locator('.grid-status[role=status]').innerText(), /^6 of 6 maps$/);
        assert.equal(await count('.compare-cell.failed'), 0);
      },
    ],
    [
      'a setting changed on disk makes the maps old: they stay in sight until they are run again',
      async () => {
        const sidecar = at('models/birds/birds_cnn.lens.json');
        const settings = JSON.parse(fs.readFileSync(sidecar, 'utf8'));
        fs.writeFileSync(sidecar, JSON.stringify({ ...settings, input: { ...settings.input, mean: [0.2, 0.2, 0.2] } }));
        const notice = panel().locator('.notice', { hasText: 'changed on disk' });
        await notice.waitFor();
        assert.equal(await count('.compare-cell.outdated'), 6);
        const before = await drawings();
        await screenshot(page, 'grid-stale');
        await notice.locator('lens-button').click();
        await full(6);
        await notice.waitFor({ state: 'detached' });
        await until('the maps are others', async () => String(await drawings()) !== String(before));
      },
    ],
    [
      'a click on a cell shows it large, and at once',
      async () => {
        const frame = await webviewFrame(page);
        await frame.evaluate(() => {
          globalThis.waits = 0;
          new MutationObserver(() => {
            if (document.querySelector('.stage[aria-busy=true], .stage .working') !== null) globalThis.waits++;
          }).observe(document.body, { subtree: true, childList: true, attributes: true });
        });
        await cell(1, 1).click();
        await done();
        assert.equal(await frame.evaluate(() => globalThis.waits), 0, 'it is not computed a second time');
        await panel().locator('.history-run[aria-current=true]', { hasText: 'Grad-CAM' }).waitFor();
        assert.equal(await panel().locator('.picture[aria-selected=true]').count(), 1);
        assert.equal(await panel().locator('.picture').nth(1).getAttribute('aria-selected'), 'true');
        assert.equal(await panel().locator('.notice', { hasText: 'changed on disk' }).count(), 0, 'it is new');
        await choose('Method', 'Occlusion');
        await until('the observer sees what is computed', async () => frame.evaluate(() => globalThis.waits > 0));
      },
    ],
  ];
}
