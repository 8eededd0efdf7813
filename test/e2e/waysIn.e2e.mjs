// Every way to ask: the palette, a key over the explorer's selection, its menu over several; and checkpoints that are chosen.
import assert from 'node:assert';
import fs from 'node:fs';
import path from 'node:path';
import { explainPanel } from './panels/explainPanel.mjs';
import { modelPanel } from './panels/modelPanel.mjs';
import { ICON, openFile, openWorkbench, reveal, runCommand, screenshot, until } from './support/ui.mjs';

export const options = { viewport: { width: 1400, height: 900 }, settings: { 'onnxLens.provider': 'cpu' } };

export function tests(page, srv, tools) {
  const { at, panel, shipped, done, best } = explainPanel(page, srv, tools);
  const { tab, quiet } = modelPanel(page);
  const [one, two] = [shipped(0), shipped(1)];
  const question = page.locator('.quick-input-widget:visible');
  const rows = page.locator('.quick-input-list .monaco-list-row');
  const opened = (title) => page.locator('.tabs-container .tab.active', { hasText: title }).waitFor();
  const closeAll = async () => {
    await runCommand(page, 'View: Close All Editors');
    await until('all is closed', async () => (await page.locator('.tabs-container .tab').count()) === 0);
  };
  /** Answers which model, where it is asked. */
  const withModel = async (title) => {
    const there = page.locator('.tabs-container .tab.active', { hasText: title });
    await Promise.race([rows.filter({ hasText: 'birds_cnn.onnx' }).first().waitFor(), there.waitFor()]);
    if (await question.isVisible()) await rows.filter({ hasText: 'birds_cnn.onnx' }).first().click();
    await opened(title);
    await done(120_000);
  };

  fs.mkdirSync(at('mine'));
  for (const name of ['best', 'last']) fs.copyFileSync(at('models/birds/birds_cnn.onnx'), at('mine', `${name}.onnx`));

  return [
    [
      'the palette asks for the picture and for the model',
      async () => {
        await openWorkbench(page, srv.url(), ICON);
        await runCommand(page, 'ONNX Lens: Explain This Image');
        const name = path.basename(two.pictures[0]);
        await rows.filter({ hasText: name }).first().waitFor();
        await page.keyboard.type(name);
        await rows.filter({ hasText: name }).first().click();
        await withModel(`${name} · `);
        assert.equal(await best(), two.species);
      },
    ],
    [
      'a key explains the picture that is selected in the explorer',
      async () => {
        await closeAll();
        const name = path.basename(one.pictures[1]);
        await (await reveal(page, one.pictures[1])).click();
        await until('the explorer has the focus', () =>
          page.evaluate(() => document.activeElement?.closest('.explorer-folders-view') !== null),
        );
        await page.keyboard.press('Control+Alt+e');
        await withModel(`${name} · `);
        assert.equal(await best(), one.species);
      },
    ],
    [
      'the menu over a selection explains all of it, and nothing else',
      async () => {
        await closeAll();
        await (await reveal(page, one.pictures[0])).click();
        await (await reveal(page, one.pictures[2])).click({ modifiers: ['Control'] });
        await (await reveal(page, one.pictures[2])).click({ button: 'right' });
        const entry = page.locator('.monaco-menu .action-item', { hasText: 'Explain' }).first();
        await entry.waitFor();
        for (let i = 0; i < 10 && (await entry.isVisible()); i++) {
          await page.waitForTimeout(200);
          await entry.click({ timeout: 2000 }).catch(() => {});
        }
        await withModel('2 pictures · ');
        const pictures = panel().locator('.pictures [role=option]');
        await until(
          'both are answered',
          async () => (await pictures.filter({ hasNot: page.locator('.codicon') }).count()) === 2,
        );
        const names = await pictures.evaluateAll((all) =>
          all.map((each) => each.getAttribute('aria-label').split(':')[0]),
        );
        assert.deepEqual(names.sort(), [one.pictures[0], one.pictures[2]].map((p) => path.basename(p)).sort());
        await screenshot(page, 'ways-selection');
      },
    ],
    [
      'Choose Checkpoints… takes files of any name with the same layers',
      async () => {
        await closeAll();
        await openFile(page, 'mine/best.onnx');
        await tab('Training').click({ timeout: 60_000 });
        // Two lie side by side: they are played already, and others can be chosen.
        await panel().locator('.icon-button[aria-label="Choose the checkpoints"]').click();
        await page.locator('.quick-input-title', { hasText: 'Checkpoints to look at with best.onnx' }).waitFor();
        const count = (n) => page.locator('.quick-input-count', { hasText: `${n} Selected` }).waitFor();
        // What is looked at now is chosen already; others of the same layers are found wherever they lie.
        await count(1);
        const other = rows.filter({ hasText: 'birds_cnn_epoch1.onnx' }).first();
        await other.waitFor({ timeout: 60_000 });
        await other.locator('.quick-input-list-checkbox, input[type=checkbox], .monaco-checkbox').first().click();
        await count(2);
        assert.equal(await rows.filter({ hasText: 'birds_vit.onnx' }).count(), 0, 'other layers are not offered');
        await page.locator('.quick-input-action .monaco-button', { hasText: 'OK' }).click();
        const bar = panel().locator('.training-play input[type=range]');
        await bar.waitFor({ timeout: 60_000 });
        await until('three checkpoints are played', async () => (await bar.getAttribute('max')) === '2');
        await quiet();
        await screenshot(page, 'ways-checkpoints');
      },
    ],
  ];
}
