// A model is trained on a folder of pictures: what would happen, live curves, a pause, an end by hand, and back after a reload.
import assert from 'node:assert';
import {
  axe,
  explorerMenu,
  ICON,
  openWorkbench,
  pick,
  reloadWindow,
  screenshot,
  setTheme,
  until,
  webview,
  webviewFrame,
} from './support/ui.mjs';

export const options = { viewport: { width: 1500, height: 950 }, settings: { 'onnxLens.provider': 'cpu' } };

export function tests(page, srv) {
  const panel = () => webview(page);
  const iconButton = (label) => panel().locator(`button[aria-label="${label}"]`);
  const accessible = async (theme, name) => {
    await setTheme(page, theme);
    assert.deepEqual(await axe(await webviewFrame(page)), []);
    await screenshot(page, `train-${name}-${theme}`);
  };

  return [
    [
      'says what would be learned from a folder',
      async () => {
        await openWorkbench(page, srv.url(), ICON);
        await explorerMenu(page, 'models/birds/pictures', 'Train…');
        await pick(page, 'birds_cnn.onnx');
        await panel().locator('.train-classes li', { hasText: 'Foxwren' }).waitFor({ timeout: 90_000 });
        await panel()
          .locator('.train-question', { hasText: '24 pictures to train on, 8 held out; 8 classes' })
          .waitFor();
        for (const theme of ['light', 'hc']) await accessible(theme, 'before');
      },
    ],
    [
      'draws its curves, waits when it is paused, and keeps what there is when it is ended',
      async () => {
        const epochs = panel().locator('input[aria-label="Epochs"]');
        await epochs.fill('900');
        await epochs.press('Enter');
        await until('it can be trained', async () =>
          panel().locator('.train-make lens-button:not([disabled])', { hasText: 'Train' }).isVisible(),
        );
        await panel().locator('.train-make lens-button').click();
        await panel().locator('.train-now', { hasText: 'left' }).waitFor({ timeout: 90_000 });
        await panel().locator('.train-charts canvas').nth(1).waitFor({ timeout: 90_000 });
        await iconButton('Pause').click();
        await panel().locator('.train-now', { hasText: 'Paused' }).waitFor();
        await accessible('dark', 'paused');
        await iconButton('Go on').click();
        await panel().locator('.train-now', { hasText: 'loss' }).waitFor({ timeout: 90_000 });
        await iconButton('End here and keep the network').click();
        await panel().locator('.train-end', { hasText: 'of 900: it was ended by hand' }).waitFor({ timeout: 240_000 });
        for (const theme of ['light', 'hc', 'dark']) await accessible(theme, 'end');
      },
    ],
    [
      'shows the result again after a reload, and opens the network with its epochs',
      async () => {
        await reloadWindow(page);
        await panel().locator('.train-end', { hasText: 'it was ended by hand' }).waitFor({ timeout: 90_000 });
        await panel().locator('lens-button', { hasText: 'Open the Network' }).click();
        await page.locator('.tab', { hasText: 'best.onnx' }).waitFor({ timeout: 90_000 });
        const training = panel().locator('[role=tab]', { hasText: 'Training' });
        await training.click({ timeout: 90_000 });
        await panel().locator('.training-play input[type=range]').waitFor({ timeout: 90_000 });
        await screenshot(page, 'train-epochs-dark');
      },
    ],
  ];
}
