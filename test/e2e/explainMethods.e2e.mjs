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
  const { panel, shipped, explain, done, idle, accessible } = explainPanel(page, srv, tools);
  const list = () => panel().locator('lens-method-picker');
  const row = (id) => list().locator(`.method-row[data-method="${id}"]`);
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
  /** Of these, what this network cannot be asked with. */
  let refused;

  return [
    [
      'the methods of the package are those that the panel offers',
      async () => {
        await openWorkbench(page, srv.url(), ICON);
        await explain(shipped().pictures[0], 'birds_cnn.onnx');
        await done(120_000);
        await panel().locator('.mode-row .segmented button', { hasText: 'Heat' }).click();
        await list().locator('input').click();
        offered = await list()
          .locator('.method-row')
          .evaluateAll((all) =>
            all.map((each) => ({
              id: each.dataset.method,
              title: each.querySelector('.method-title').textContent.trim(),
            })),
          );
        await list().locator('input').press('Escape');
        const { contributes } = JSON.parse(fs.readFileSync('package.json', 'utf8'));
        const { enum: ids } = contributes.configuration.properties['onnxLens.defaultMethod'];
        const sorted = (list) => [...list].sort((a, b) => a.localeCompare(b));
        assert.deepEqual(sorted(offered.map(({ id }) => id)), sorted(ids));
        assert.ok(offered.length >= 20, `offered.length: ${offered.length}`);
      },
    ],
    [
      'auto has answered by one of them, and says which and why',
      async () => {
        const sentence = (await panel().locator('.method-choice').innerText()).trim();
        const [, title] = /^Auto took (.+?): .+ drawings/.exec(sentence) ?? [];
        assert.ok(
          offered.some((each) => each.title === title),
          sentence,
        );
        assert.equal(await list().locator('input').inputValue(), `${title} (auto)`);
        await run(title).waitFor();
        await screenshot(page, 'explain-auto');
      },
    ],
    [
      'the list says what each takes here, and is used by keys alone',
      async () => {
        const input = list().locator('input');
        await input.focus();
        await input.press('ArrowDown');
        await row('rise')
          .locator('.method-cost', { hasText: /≈ [\d.]+ (ms|s|min)/ })
          .waitFor();
        assert.ok((await list().locator('[role=group]').count()) >= 3, 'groups');
        refused = await list()
          .locator('.method-row[aria-disabled=true]')
          .evaluateAll((all) => all.map((each) => each.dataset.method));
        assert.deepEqual(refused, ['attention_rollout', 'attention_relevance'], 'it has no attention');
        await screenshot(page, 'explain-methods');
        await accessible('methods');
        await input.fill('class activation');
        await input.fill('layercam');
        const active = await input.getAttribute('aria-activedescendant');
        assert.equal(active, 'method-layercam');
        await input.press('Enter');
        await run('LayerCAM').waitFor({ timeout: 60_000 });
        assert.equal(await panel().locator('.method-choice').count(), 0, 'what a person chose needs no reason');
      },
    ],
    [
      'the help has every method, what was measured, and what that does not say',
      async () => {
        await panel()
          .getByRole('button', { name: /^Which method/ })
          .click();
        const help = panel().locator('dialog.method-help');
        await help.waitFor();
        assert.equal(
          await help.locator('tbody tr').count(),
          offered.length - 1 - refused.length + 2,
          'all but auto and those that ask for attention, and two that know nothing',
        );
        await help.locator('tr.current th', { hasText: 'LayerCAM' }).waitFor();
        await help.getByText('What this does not say.').waitFor();
        await screenshot(page, 'explain-method-help');
        await accessible('method-help');
        await page.keyboard.press('Escape');
        await help.waitFor({ state: 'detached' });
      },
    ],
    [
      'each of them runs, draws a map of its own, and is named',
      async () => {
        const seen = new Map();
        for (const { id, title } of offered.filter((each) => each.id !== 'auto' && !refused.includes(each.id))) {
          await list().locator('input').click();
          await row(id).click();
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
