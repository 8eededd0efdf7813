import assert from 'node:assert';
import { ICON, openWorkbench } from './support/ui.mjs';

export const tests = (page, srv) => [
  [
    'opens quietly',
    async () => {
      await openWorkbench(page, srv.url(), ICON);
      await page.waitForTimeout(2000);
      assert.equal(await page.locator('.monaco-dialog-box').count(), 0);
      assert.equal(await page.locator('.tabs-container .tab').count(), 0);
      assert.equal(await page.locator('.notification-toast').count(), 0);
    },
  ],
  [
    'shows the models of the workspace',
    async () => {
      await page.locator(ICON).click();
      await page.locator('.pane-body .monaco-list-row', { hasText: 'birds_cnn' }).first().waitFor();
    },
  ],
];
