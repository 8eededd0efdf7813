// The gradient graph as a file: asked for in the explorer, saved by the editor's own dialog, opened as a model.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { explorerMenu, openWorkbench, pick, runCommand, screenshot, webview } from './support/ui.mjs';

const MODEL = 'models/birds/birds_cnn.onnx';

export const tests = (page, srv) => {
  const at = (...parts) => path.join(srv.ws, ...parts);
  const dialog = page.locator('.quick-input-widget input');
  const toast = (text) => page.locator('.notification-toast', { hasText: text });

  // The dialog reads the folder before it shows the name.
  const proposed = (file) =>
    page.waitForFunction((name) => document.querySelector('.quick-input-widget input')?.value === name, file);

  return [
    [
      'a right click on a model, two questions, and the file is there',
      async () => {
        await openWorkbench(page, srv.url(), '[aria-label="ONNX Lens"]');
        await explorerMenu(page, MODEL, 'Export Gradient Graph');
        await page.locator('.quick-input-title', { hasText: 'Export the Gradient Graph of birds_cnn.onnx' }).waitFor();
        await screenshot(page, 'export-gradient-weights');
        await pick(page, 'Leave the weights where they are');
        await page.locator('.quick-input-title', { hasText: 'Save the Gradient Graph beside Its Model' }).waitFor();
        await proposed(at('models/birds/birds_cnn.gradient.onnx'));
        await page.keyboard.press('Enter');
        await toast('Saved birds_cnn.gradient.onnx').waitFor({ timeout: 60_000 });
        await toast('Its weights stay in birds_cnn.onnx').waitFor();
        await screenshot(page, 'export-gradient-done');
        assert.ok(
          fs.statSync(at('models/birds/birds_cnn.gradient.onnx')).size < fs.statSync(at(MODEL)).size,
          `${fs.statSync(at('models/birds/birds_cnn.gradient.onnx')).size}, fs.statSync(at(MODEL)).size: ${fs.statSync(at(MODEL)).size}`,
        );
      },
    ],
    [
      'it opens as a model',
      async () => {
        await toast('Saved').getByRole('button', { name: 'Open' }).click();
        await webview(page).locator('h2', { hasText: 'What is odd' }).waitFor();
        await page.locator('.tab.active', { hasText: 'birds_cnn.gradient.onnx' }).waitFor();
      },
    ],
    [
      'weights that would be out of reach are copied on a click',
      async () => {
        await page.keyboard.press('Control+w');
        await explorerMenu(page, MODEL, 'Export Gradient Graph');
        await pick(page, 'Leave the weights where they are');
        await page.locator('.quick-input-title', { hasText: 'beside Its Model' }).waitFor();
        await proposed(at('models/birds/birds_cnn.gradient.onnx'));
        await dialog.fill(at('models/birds/pictures/far.onnx'));
        // Enter is lost until it has read the folder of the new name.
        await page.locator('.quick-input-list .monaco-list-row', { hasText: 'Butterfinch' }).waitFor();
        await page.keyboard.press('Enter');
        const warning = toast('cannot be pointed at from');
        await warning.waitFor();
        await screenshot(page, 'export-gradient-folder');
        assert.ok(!fs.existsSync(at('models/birds/pictures/far.onnx')));
        await warning.getByRole('button', { name: 'Copy the Weights In' }).click();
        await toast('Its weights are copied in').waitFor({ timeout: 60_000 });
        assert.ok(
          fs.statSync(at('models/birds/pictures/far.onnx')).size > 0.8 * fs.statSync(at(MODEL)).size,
          `${fs.statSync(at('models/birds/pictures/far.onnx')).size}, 0.8 * fs.statSync(at(MODEL)).size: ${0.8 * fs.statSync(at(MODEL)).size}`,
        );
      },
    ],
    [
      'the palette asks which model',
      async () => {
        await runCommand(page, 'ONNX Lens: Export Gradient Graph');
        await page.locator('.quick-input-title', { hasText: 'Export the Gradient Graph of a Model' }).waitFor();
        await pick(page, 'birds_vit.onnx');
        await page.locator('.quick-input-title', { hasText: 'of birds_vit.onnx' }).waitFor();
        await page.keyboard.press('Escape');
      },
    ],
  ];
};
