// Checks in the Test Explorer: a model that is set wrong fails at its line of the settings file, and what is behind it opens.
import assert from 'node:assert';
import fs from 'node:fs';
import path from 'node:path';
import { ICON, explorerMenu, openWorkbench, runCommand, screenshot, setTheme } from './support/ui.mjs';

export const options = { viewport: { width: 1400, height: 900 }, settings: { 'onnxLens.provider': 'cpu' } };

export function tests(page, srv) {
  const file = path.join(srv.ws, 'models/birds/birds_cnn.lens.json');
  const row = (name) => page.locator('.test-explorer .monaco-list-row', { hasText: name });
  const problems = () => page.locator('.markers-panel-container .monaco-list-row');

  return [
    [
      'a model is checked, with right and wrong side by side',
      async () => {
        const settings = JSON.parse(fs.readFileSync(file, 'utf8'));
        settings.input.mean = [0.1, 0.9, 0.1];
        settings.input.std = [1, 1, 1];
        settings.checks = { data: 'pictures', accuracy: 0.95, randomisation: false };
        fs.writeFileSync(file, JSON.stringify(settings, null, 2));
        await openWorkbench(page, srv.url(), ICON);
        await explorerMenu(page, 'models/birds/birds_cnn.onnx', 'Check This Model');
        await row('Accuracy').waitFor({ timeout: 120_000 });
        await row('Accuracy').locator('.codicon-testing-failed-icon').waitFor({ timeout: 180_000 });
        for (const [name, icon] of [
          ['No NaN and no infinity', 'passed'],
          ['One Softmax', 'passed'],
          ['Same result twice', 'passed'],
          ['Preprocessing', 'failed'],
          ['Weights randomised', 'skipped'],
        ])
          await row(name).locator(`.codicon-testing-${icon}-icon`).waitFor({ timeout: 60_000 });
        await screenshot(page, 'checks');
      },
    ],
    [
      'the failure stands at its line of the settings file, and among the problems',
      async () => {
        await runCommand(page, 'Problems: Focus on Problems View');
        await problems().filter({ hasText: 'Accuracy:' }).waitFor();
        await problems().filter({ hasText: 'Preprocessing:' }).waitFor();
        const text = await problems().filter({ hasText: 'Accuracy:' }).innerText();
        assert.match(text, /ONNX Lens/);
        const line =
          fs
            .readFileSync(file, 'utf8')
            .split('\n')
            .findIndex((each) => each.includes('"accuracy"')) + 1;
        assert.match(text, new RegExp(`Ln ${line},`));
        await problems().filter({ hasText: 'Accuracy:' }).dblclick();
        await page.locator('.tabs-container .tab.active', { hasText: 'birds_cnn.lens.json' }).waitFor();
        await screenshot(page, 'checks-problems');
      },
    ],
    [
      'what is behind a failure opens: the pictures that it got wrong',
      async () => {
        await row('Accuracy').dblclick();
        await page.locator('.test-output-peek').waitFor();
        for (const theme of ['light', 'hc', 'dark']) {
          await setTheme(page, theme);
          await screenshot(page, `checks-peek-${theme}`);
        }
        await page.getByText('Explain the Pictures Behind It').first().click();
        await page.locator('.tabs-container .tab.active', { hasText: 'birds_cnn' }).waitFor({ timeout: 60_000 });
        await page
          .locator('.tabs-container .tab.active', { hasText: '.png' })
          .or(page.locator('.tabs-container .tab.active', { hasText: 'pictures' }))
          .first()
          .waitFor({ timeout: 60_000 });
        await screenshot(page, 'checks-behind');
      },
    ],
  ];
}
