// Pictures of what a class and the channels of a layer want to see: made, put side by side, stopped, and back after a reload.
import assert from 'node:assert';
import { modelPanel } from './panels/modelPanel.mjs';
import {
  axe,
  ICON,
  openFile,
  openWorkbench,
  pick,
  reloadWindow,
  runCommand,
  screenshot,
  setTheme,
  webview,
  webviewFrame,
} from './support/ui.mjs';

export const options = { viewport: { width: 1500, height: 950 }, settings: { 'onnxLens.provider': 'cpu' } };

export function tests(page, srv) {
  const panel = () => webview(page);
  const tab = (name) => panel().locator('[role=tab]', { hasText: name });
  const button = (text) => panel().locator('lens-button', { hasText: text }).first();
  const caption = (text) => panel().locator('.vis-caption', { hasText: text }).waitFor({ timeout: 90_000 });
  const says = () => panel().locator('.vis-says').first();
  const { rows, find } = modelPanel(page);

  const accessible = async (theme, name) => {
    await setTheme(page, theme);
    assert.deepEqual(await axe(await webviewFrame(page)), []);
    await screenshot(page, `visualize-${name}-${theme}`);
  };

  return [
    [
      'a class is chosen and its picture made, with what the model says of it',
      async () => {
        await openWorkbench(page, srv.url(), ICON);
        await runCommand(page, 'ONNX Lens: Visualize Class');
        await pick(page, 'birds_cnn.onnx');
        const classes = panel().locator('.vis-question input[aria-label="Class"]');
        await classes.click({ timeout: 90_000 });
        await classes.fill('Foxwren');
        await page.keyboard.press('Enter');
        await panel().locator('.vis-empty', { hasText: 'What does this network want to see of Foxwren?' }).waitFor();
        await panel().locator('.vis-make lens-button', { hasText: 'Make the Picture' }).click();
        await caption('Foxwren by distill, 128 steps');
        await says().locator('[role=option][aria-selected=true]', { hasText: 'Foxwren' }).waitFor();
        await says().filter({ hasText: 'A probability says nothing of how a picture looks' }).waitFor();
        assert.ok((await panel().locator('.vis-frame').count()) > 3, 'there are steps on the way');
        await panel().locator('.vis-frame').first().focus();
        await page.keyboard.press('Enter');
        await caption('on the way: step 8');
        for (const theme of ['light', 'hc']) await accessible(theme, 'picture');
        await setTheme(page, 'dark');
      },
    ],
    [
      'tricks are switched one by one, and put side by side',
      async () => {
        const jitter = panel().locator('.vis-tricks lens-checkbox', { hasText: 'jitter' });
        await jitter.click();
        await panel().locator('.notice', { hasText: 'of what was set before' }).waitFor();
        await panel().locator('summary', { hasText: 'All settings · 1 changed' }).waitFor();
        await jitter.click();
        await tab('Side by side').click();
        await panel().locator('[role=radio]', { hasText: 'Tricks one by one' }).click();
        await button('Make 6 Pictures').click();
        const done = panel().locator('.vis-card .vis-small', { hasText: 'says' });
        await done.nth(5).waitFor({ timeout: 90_000 });
        assert.deepEqual(await panel().locator('.vis-card-title').allInnerTexts(), [
          'none of it',
          '+ spectrum',
          '+ colours',
          '+ jitter',
          '+ scale',
          '+ noise',
        ]);
        await accessible('dark', 'tricks');
      },
    ],
    [
      'facets are made at once and chosen from, and the same is asked of random weights at the same seed',
      async () => {
        await tab('Picture').click();
        await panel().locator('summary', { hasText: 'All settings' }).click();
        for (const [name, value] of [
          ['Facets', '3'],
          ['Steps', '24'],
        ]) {
          const field = panel().locator(`input[aria-label^="${name}"]`).first();
          await field.fill(value);
          await field.press('Enter');
        }
        await panel().locator('.vis-make lens-button').click();
        await caption('24 steps, facet 1 of 3');
        await panel().locator('[aria-label="Facets"] .vis-frame').nth(2).focus();
        await page.keyboard.press('Enter');
        await panel().locator('lens-checkbox', { hasText: 'Fade what did not matter' }).click();
        await caption('24 steps, facet 3 of 3');
        for (const theme of ['light', 'hc']) await accessible(theme, 'facets');
        await tab('Side by side').click();
        await panel().locator('[role=radio]', { hasText: 'Networks' }).click();
        await button('Make 2 Pictures').click();
        await panel().locator('.vis-card .vis-small', { hasText: 'says' }).nth(1).waitFor({ timeout: 90_000 });
        assert.deepEqual(await panel().locator('.vis-card-title').allInnerTexts(), ['this network', 'random weights']);
        await accessible('dark', 'networks');
      },
    ],
    [
      'a layer of the checkpoint’s editor opens the panel, whose grid of channels stops and goes on',
      async () => {
        await openFile(page, 'models/birds/birds_cnn.onnx');
        await rows().first().waitFor({ timeout: 60_000 });
        await find('stem');
        await panel().locator('.icon-button[aria-label="Visualize what the layer wants to see"]').click();
        await caption('stem channel 0 by distill');
        await tab('Channels').click();
        const steps = panel().locator('input[aria-label="Steps for each channel"]');
        await steps.fill('8');
        await steps.press('Enter');
        await button('Pictures').click();
        await panel().locator('.vis-channels .working lens-button').click();
        const stopped = panel().locator('.vis-channels [role=status]', { hasText: 'Stopped:' });
        await stopped.waitFor();
        await accessible('dark', 'channels-stopped');
        await button('Go on').click();
        await stopped.waitFor({ state: 'detached' });
        await panel().locator('.vis-channels .working').waitFor({ state: 'detached', timeout: 120_000 });
        await accessible('dark', 'channels');
      },
    ],
    [
      'all of it is there again after a reload',
      async () => {
        await reloadWindow(page);
        await panel().locator('.cell-readout', { hasText: 'channel 0: answers' }).waitFor({ timeout: 90_000 });
        await tab('Picture').click();
        await caption('stem channel 0 by distill');
      },
    ],
  ];
}
