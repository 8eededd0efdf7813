// What a transformer looks at: a token on the picture, every layer and head beside it, and what speaks against seeing too much.
import assert from 'node:assert';
import { attentionPanel } from './panels/attentionPanel.mjs';
import { ICON, openWorkbench, screenshot, until } from './support/ui.mjs';

export const options = { viewport: { width: 1500, height: 1000 } };

const PICTURE = 'models/birds/pictures/Lanternfinch/lanternfinch-3000006.png';

export function tests(page, srv) {
  const { panel, named, canvas, shown, open, fetched, accessible, sideways, hovered } = attentionPanel(page);

  return [
    [
      'a picture shows the attention of its class token, and the token follows the pointer at once',
      async () => {
        await openWorkbench(page, srv.url(), ICON);
        await open(PICTURE, 'birds_vit.onnx');
        await fetched();
        await named('layer 3, mean of its heads: what class token looks at');
        const times = await hovered();
        assert.ok(times.length >= 6, `the maps were drawn ${times.length} times`);
        console.log(
          `      from the pointer to drawn maps: ${times[times.length >> 1].toFixed(1)} ms (median of ${times.length})`,
        );
        await page.mouse.move(5, 5);
        await named('what class token looks at');
        await screenshot(page, 'attention');
      },
    ],
    [
      'keys alone: a token, a head, and who looks at it',
      async () => {
        await canvas().focus();
        await page.keyboard.press('ArrowRight');
        await named('token (4, 5) of 8 × 8');
        await page.keyboard.press('ArrowUp');
        await named('token (3, 5) of 8 × 8');
        await panel().locator('.att-heads .cells').focus();
        await page.keyboard.press('Home');
        await page.keyboard.press('ArrowRight');
        await named('layer 3, max of its heads');
        await page.keyboard.press('ArrowRight');
        await page.keyboard.press('ArrowUp');
        await named('layer 2, head 0: what token (3, 5)');
        await panel().locator('.att-tokens .segmented button', { hasText: 'Looked at by' }).click();
        await named('who looks at token (3, 5)');
      },
    ],
    [
      'rollout, the relevance of any class, and random weights while a key is held',
      async () => {
        await shown('Rollout').click();
        await named('rollout: who looks at');
        await shown('Relevance').click();
        await named('relevance of Lanternfinch');
        await panel().locator('.att-picture .bar-row', { hasText: 'Foxwren' }).click();
        await named('relevance of Foxwren');
        await shown('Attention').click();
        await page.keyboard.down('r');
        await named('random weights');
        await until('it is drawn', async () =>
          (await panel().locator('.att-random').innerText()).includes('not learned'),
        );
        await page.keyboard.up('r');
        await until(
          'it is the model again',
          async () => !(await panel().locator('.att-name').innerText()).includes('random'),
        );
      },
    ],
    [
      'a head is silenced, and a region is marked by keys',
      async () => {
        await panel().locator('.att-silence lens-button', { hasText: 'Heads of layer 2' }).click();
        const rows = panel().locator('.att-silence tbody tr');
        await until('four heads are ranked', async () => (await rows.count()) === 4);
        await rows.first().locator('button').click();
        await named('layer 2, head');
        await panel().locator('.att-bias lens-button', { hasText: 'Begin at the token' }).click();
        await panel().locator('.att-bias p', { hasText: 'looks right here' }).waitFor();
      },
    ],
    [
      'a reloaded window shows the same head and token',
      async () => {
        const before = await panel().locator('.att-name').innerText();
        await page.reload();
        await page.waitForSelector(ICON);
        await fetched();
        await named(before);
      },
    ],
    ['high contrast breaks no rule of accessibility', () => accessible('hc')],
    ['light breaks none either', () => accessible('light')],
    [
      'a narrow panel stacks its parts',
      async () => {
        await page.setViewportSize({ width: 640, height: 1000 });
        await page.waitForTimeout(500);
        await screenshot(page, 'attention-narrow');
        assert.equal(await sideways(), 0);
        await page.setViewportSize(options.viewport);
      },
    ],
    [
      'a network without attention says so in a sentence',
      async () => {
        await open(PICTURE, 'birds_cnn.onnx');
        await panel().locator('.empty-state', { hasText: 'This model has no attention.' }).waitFor({ timeout: 60_000 });
      },
    ],
  ];
}
