// Many maps beside each other: pictures by methods or classes, on one scale or each on its own.
import assert from 'node:assert';
import fs from 'node:fs';
import { explainPanel } from './panels/explainPanel.mjs';
import { axe, openFile, openWorkbench, screenshot, setTheme, webviewFrame } from './ui.mjs';

const icon = '.activitybar a[aria-label^="ONNX Lens"]';

export const options = { viewport: { width: 1600, height: 1100 } };

export function tests(page, srv, tools) {
  const { at, panel, explain, done, choose } = explainPanel(page, srv, tools);
  const cell = (row, column) => panel().locator(`[data-cell="${row},${column}"]`);
  const full = async (count) => {
    await panel()
      .locator('.compare-cell.done')
      .nth(count - 1)
      .waitFor({ timeout: 120_000 });
    assert.equal(await panel().locator('.compare-cell').count(), count);
  };
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
        await openWorkbench(page, srv.url(), icon);
        const species = fs.readdirSync(at('models/birds/pictures')).sort()[0];
        const [first, second] = fs.readdirSync(at('models/birds/pictures', species)).sort();
        const folder = `models/birds/pictures/${species}`;
        await openFile(page, `${folder}/${first}`);
        await page.locator('.tabs-container .tab.active', { hasText: first }).waitFor();
        await page.waitForTimeout(1000); // the explorer selects what has opened
        const row = page.locator(`.explorer-folders-view .monaco-list-row:has([aria-label$="/${second}"])`).first();
        await row.click({ modifiers: ['Control'] });
        await explain(`${folder}/${first}`, 'birds_cnn.onnx', '2 pictures');
        await done();
        await panel().locator('.segmented button', { hasText: 'Grid' }).click();
        await full(6);
        assert.deepEqual(await panel().locator('.compare-title').allInnerTexts(), [
          'Gradient',
          'Guided backpropagation',
          'Grad-CAM',
        ]);
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
        assert.notDeepEqual(await drawings(), before);
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
        await page.waitForTimeout(300);
        const after = await drawings();
        assert.ok(after.every((d, i) => d !== before[i]));
        await panel().locator('.mode-row .segmented button', { hasText: 'Blend' }).click();
        await choose('Colours', 'viridis');
      },
    ],
    [
      'no violation of accessibility, in every theme',
      async () => {
        for (const theme of ['light', 'hc', 'hc-light', 'dark']) {
          await setTheme(page, theme);
          await screenshot(page, `grid-${theme}`);
          assert.deepEqual(await axe(await webviewFrame(page)), [], theme);
        }
      },
    ],
    [
      'classes across: the same method asked about another class',
      async () => {
        await panel().locator('[aria-label=Columns] button', { hasText: 'Classes' }).click();
        await full(2);
        await check('Lanternfinch');
        await full(4);
        assert.match(await cell(0, 1).getAttribute('aria-label'), /Lanternfinch/);
        await panel().locator('[aria-label=Columns] button', { hasText: 'Methods' }).click();
        await full(6);
      },
    ],
    [
      'the grid as a picture',
      async () => {
        await panel().locator('.icon-button[aria-label=Export]').click();
        await panel().locator('[role=menuitem]', { hasText: 'Grid' }).click();
        const box = page.locator('.quick-input-widget:visible input').first();
        await box.waitFor();
        for (let i = 0; i < 50 && !(await box.inputValue()).includes('grid'); i++) await page.waitForTimeout(100);
        await box.fill(at('grid.png'));
        await box.press('Enter');
        for (let i = 0; i < 50 && !fs.existsSync(at('grid.png')); i++) await page.waitForTimeout(100);
        await page.waitForTimeout(300);
        const png = fs.readFileSync(at('grid.png'));
        assert.equal(png.subarray(1, 4).toString('latin1'), 'PNG');
        assert.ok(png.readUInt32BE(16) > 800 && png.readUInt32BE(20) > 500);
        fs.mkdirSync('out/screenshots', { recursive: true });
        fs.copyFileSync(at('grid.png'), 'out/screenshots/grid-exported.png');
      },
    ],
    [
      'a click on a cell shows it large',
      async () => {
        await cell(1, 1).click();
        await done();
        await panel().locator('.history-run[aria-current=true]', { hasText: 'Guided' }).waitFor();
        assert.equal(await panel().locator('.picture[aria-selected=true]').count(), 1);
        assert.equal(await panel().locator('.picture').nth(1).getAttribute('aria-selected'), 'true');
      },
    ],
  ];
}
