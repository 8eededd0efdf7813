// Every method that the panel offers runs from it, draws heat, and is named beside it.
import assert from 'node:assert';
import fs from 'node:fs';
import { explainPanel } from './panels/explainPanel.mjs';
import { ICON, openWorkbench, screenshot, until, webviewFrame } from './support/ui.mjs';

export const options = {
  viewport: { width: 1600, height: 1000 },
  // One method's check is another's delay.
  settings: { 'onnxLens.trustBadge': false, 'onnxLens.provider': 'cpu' },
};

/** What a method costs most of; small values are enough to see that it runs. */
const CHEAP = { Samples: 40, Steps: 4, Iterations: 5, Masks: 20, Patch: 16, Stride: 8 };

/** Behind a global mean, as in the birds' network, HiResCAM is Grad-CAM (Draelos and Carin 2020). */
const ALIKE = { hirescam: 'gradcam' };

export function tests(page, srv, tools) {
  const { panel, shipped, explain, done, idle } = explainPanel(page, srv, tools);
  const list = () => panel().locator('lens-dropdown[aria-label="Method"]');
  const run = (title) =>
    panel()
      .locator('.history-run[aria-current=true]')
      .filter({ hasText: `${title} · ` });
  /** The drawn heat, and how many colours it has. */
  const heat = async () =>
    (await webviewFrame(page)).evaluate(() => {
      const canvas = document.querySelector('lens-heat-canvas canvas');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      const colours = new Set();
      for (let i = 0; i < data.length; i += 4) colours.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
      return { picture: canvas.toDataURL(), colours: colours.size };
    });
  let offered;

  return [
    [
      'the methods of the package are those that the panel offers',
      async () => {
        await openWorkbench(page, srv.url(), ICON);
        await explain(shipped().pictures[0], 'birds_cnn.onnx');
        await done(120_000);
        await panel().locator('.mode-row .segmented button', { hasText: 'Heat' }).click();
        offered = await list()
          .locator('lens-option')
          .evaluateAll((all) =>
            all.map((each) => ({ id: each.getAttribute('value'), title: each.textContent.trim() })),
          );
        const { contributes } = JSON.parse(fs.readFileSync('package.json', 'utf8'));
        const { enum: ids } = contributes.configuration.properties['onnxLens.defaultMethod'];
        const sorted = (list) => [...list].sort((a, b) => a.localeCompare(b));
        assert.deepEqual(sorted(offered.map(({ id }) => id)), sorted(ids));
        assert.ok(offered.length >= 20, `offered.length: ${offered.length}`);
      },
    ],
    [
      'each of them runs, draws a map of its own, and is named',
      async () => {
        const seen = new Map();
        for (const { id, title } of offered) {
          await list().click();
          await list().locator(`lens-option[value="${id}"]`).click();
          await panel().locator(`.parameters[aria-label="Parameters of ${title}"], .summary`).first().waitFor();
          await until(`${id} is chosen`, async () => (await list().evaluate((each) => each.value)) === id);
          // Set while the first run is under way: each change ends it.
          for (const [name, value] of Object.entries(CHEAP)) {
            const field = panel()
              .locator(
                `.parameters input[aria-label="${name}"], .parameters lens-text-field[aria-label="${name}"] input`,
              )
              .first();
            if ((await field.count()) === 0) continue;
            if ((await field.getAttribute('type')) === 'number' && Number(await field.inputValue()) <= value) continue;
            await field.fill(String(value));
            await field.press('Enter');
          }
          await run(title).waitFor({ timeout: 180_000 });
          await idle(180_000);
          assert.equal(await panel().locator('.failure').count(), 0, id);
          assert.equal(await panel().locator('.notice', { hasText: 'Stopped' }).count(), 0, id);
          const drawn = await until(`${id} is drawn`, async () => {
            const now = await heat();
            const others = [...seen].filter(([other]) => other !== ALIKE[id]).map(([, map]) => map);
            return now.colours > 8 && !others.includes(now.picture) && now.picture;
          }).catch(() => heat().then(({ colours }) => assert.fail(`${id}: ${colours} colours, or the map of another`)));
          seen.set(id, drawn);
          assert.match(await panel().locator('.scale-text').first().innerText(), /\w/, `${id}: a unit`);
        }
        await screenshot(page, 'explain-last-method');
      },
    ],
  ];
}
