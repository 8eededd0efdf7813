// The first thing a user does: a right click on a picture of the demo workspace, and an answer beside the code.
import assert from 'node:assert';
import fs from 'node:fs';
import path from 'node:path';
import * as ui from './support/ui.mjs';

const birds = 'models/birds/pictures/Lanternfinch';

export const options = { settings: { 'onnxLens.provider': 'cpu' } };

export const tests = (page, srv) => {
  const [first, second] = fs.readdirSync(path.join(srv.ws, birds)).map((file) => `${birds}/${file}`);
  const panel = ui.webview(page);
  const bars = panel.locator('.bar-row');

  /** Explains a picture from the explorer's menu; picks the model, which is asked for when there are several. */
  const explain = async (picture, model) => {
    await ui.explorerMenu(page, picture, 'Explain This Image');
    const models = fs.readdirSync(srv.ws, { recursive: true }).filter((file) => file.endsWith('.onnx'));
    if (models.length > 1) await ui.pick(page, model);
  };
  const choose = async (method) => {
    await panel.locator('lens-method-picker input').click();
    await panel.locator(`.method-row[data-method="${method}"]`).click();
  };
  const answered = async (picture) => {
    await panel.locator('h1', { hasText: path.basename(picture) }).waitFor();
    await panel.locator('.scale-text span').first().waitFor();
    await panel.locator('.stage[aria-busy="false"]').waitFor();
  };
  const drawing = async () => {
    const frame = await ui.webviewFrame(page);
    return frame.evaluate("document.querySelector('lens-heat-canvas canvas').toDataURL()");
  };
  /** Waits until the canvas shows something else than it did. */
  const redrawn = async (before) => {
    for (let i = 0; i < 100 && (await drawing()) === before; i++) await page.waitForTimeout(100);
    assert.notEqual(await drawing(), before);
  };

  return [
    [
      'a right click on a bird shows what it is and where the model looks, beside the code',
      async () => {
        await ui.openWorkbench(page, srv.url(), ui.ICON);
        await ui.openFile(page, 'train.py');
        await page.locator('.tab.active', { hasText: 'train.py' }).waitFor();
        await explain(first, 'birds_cnn.onnx');
        await answered(first);
        assert.match(await bars.first().getAttribute('title'), /class \d+ · logit .* · probability/);
        assert.equal(await page.locator('.editor-group-container').count(), 2);
        await page.locator('.statusbar-item', { hasText: 'ONNX Lens: CPU' }).waitFor();
      },
    ],
    [
      'another method gives another map',
      async () => {
        const before = await drawing();
        await choose('occlusion');
        await answered(first);
        await redrawn(before);
      },
    ],
    [
      'a click on a class explains that class',
      async () => {
        const before = await drawing();
        await bars.nth(1).click();
        await bars.nth(1).and(panel.locator('[aria-selected="true"]')).waitFor();
        await redrawn(before);
      },
    ],
    [
      'the next picture goes into the same panel',
      async () => {
        await explain(second, 'birds_cnn.onnx');
        await answered(second);
        assert.equal(await page.locator('iframe.webview').count(), 1);
      },
    ],
    [
      'every theme is accessible',
      async () => {
        for (const theme of ['light', 'hc', 'hc-light', 'dark']) {
          await ui.setTheme(page, theme);
          await ui.screenshot(page, `explain-${theme}`);
          assert.deepEqual(await ui.axe(await ui.webviewFrame(page)), [], theme);
        }
      },
    ],
    [
      'a text file called .png ends in one sentence, and the next picture works',
      async () => {
        fs.writeFileSync(path.join(srv.ws, 'letter.png'), 'Dear reader, I am no picture.');
        await explain('letter.png', 'birds_cnn.onnx');
        const failure = panel.locator('.failure');
        await failure.locator('p', { hasText: 'letter.png' }).first().waitFor();
        await ui.screenshot(page, 'explain-failed');
        await explain(first, 'birds_cnn.onnx');
        await failure.waitFor({ state: 'hidden' });
        await answered(first);
      },
    ],
  ];
};
