// Beside each heatmap: whether it depends on what the model learned, in words, as maps and as a curve.
import assert from 'node:assert';
import fs from 'node:fs';
import { explainPanel } from './panels/explainPanel.mjs';
import { axe, openWorkbench, screenshot, setTheme, webviewFrame } from './ui.mjs';

const icon = '.activitybar a[aria-label^="ONNX Lens"]';

export const options = { viewport: { width: 1600, height: 1100 } };

export function tests(page, srv, tools) {
  const { at, panel, explain, done, choose } = explainPanel(page, srv, tools);
  const badge = (verdict = '') => panel().locator(`details.trust${verdict} .trust-sentence`);

  return [
    [
      'the gradient of the bird model depends on what it learned',
      async () => {
        await openWorkbench(page, srv.url(), icon);
        const species = fs.readdirSync(at('models/birds/pictures')).sort()[0];
        const picture = fs.readdirSync(at('models/birds/pictures', species)).sort()[0];
        await explain(`models/birds/pictures/${species}/${picture}`, 'birds_cnn.onnx');
        await done();
        await badge('.learned').waitFor({ timeout: 120_000 });
        assert.match(
          await badge().innerText(),
          /^Depends on what the model learned: 0\.\d\d like a random network's\.$/,
        );
      },
    ],
    [
      'behind the line: the maps, depth by depth, the curve, and its numbers',
      async () => {
        await badge().click();
        const maps = panel().locator('.trust-strip li');
        await maps.first().waitFor();
        const stages = (await maps.count()) - 1;
        assert.ok(stages >= 3, `${stages} depths`);
        assert.match(await maps.nth(1).innerText(), /random to \S+[\s\S]*SSIM -?\d\.\d\d/);
        await panel().locator('lens-line-chart canvas').scrollIntoViewIfNeeded();
        await panel().locator('.trust-numbers summary').click();
        assert.equal(await panel().locator('.trust-numbers tbody tr').count(), stages);
        const drawn = await (
          await webviewFrame(page)
        ).evaluate(() => {
          const canvas = document.querySelector('lens-line-chart canvas');
          return canvas
            .getContext('2d')
            .getImageData(0, 0, canvas.width, canvas.height)
            .data.some((v) => v > 0);
        });
        assert.ok(drawn, 'the curve is drawn');
      },
    ],
    [
      'no violation of accessibility, in every theme',
      async () => {
        for (const theme of ['light', 'hc', 'hc-light', 'dark']) {
          await setTheme(page, theme);
          await screenshot(page, `trust-${theme}`);
          assert.deepEqual(await axe(await webviewFrame(page)), [], theme);
        }
      },
    ],
    [
      'guided backprop is warned of where it looks like a random network',
      async () => {
        await choose('Method', 'Guided backprop');
        await done();
        await badge(':is(.learned, .partly, .picture)')
          .filter({ hasText: "like a random network's" })
          .waitFor({ timeout: 120_000 });
        await panel().locator('.history-run[aria-current=true]', { hasText: 'Guided' }).waitFor();
        const sentence = await badge().innerText();
        console.log(`      guided backprop: ${sentence}`);
        const { 1: number } = /(\d\.\d\d) like a random network's/.exec(sentence);
        assert.equal(/^Depends on/.test(sentence), Number(number) < 0.3, 'the words follow the number');
        await screenshot(page, 'trust-guided');
      },
    ],
  ];
}
