// A folder as a data set: where its pictures lie, which are wrong, and one selection for all views and both models.
import assert from 'node:assert';
import { datasetPanel } from './panels/datasetPanel.mjs';
import { ICON, openWorkbench, screenshot, until } from './support/ui.mjs';

export const options = { viewport: { width: 1500, height: 1000 } };

const PLACE = 'models/birds/pictures';

export function tests(page, srv) {
  const { panel, tab, over, selected, open, drag, choose, drawn } = datasetPanel(page);
  const press = async (...keys) => {
    for (const key of keys) await page.keyboard.press(key);
  };

  return [
    [
      'a folder opens as a data set, and its pictures are points',
      async () => {
        await openWorkbench(page, srv.url(), ICON);
        // After its first epoch it gets many of them wrong.
        await open(PLACE, 'birds_cnn_epoch1.onnx');
        await panel().locator('.page-toolbar', { hasText: '32 pictures' }).waitFor();
        const { colours, points } = await drawn();
        assert.equal(points, 32);
        assert.ok(colours > 8, `${colours} colours`);
        const numbers = panel().locator('.map-numbers');
        for (const name of ['explained variance', 'linear probe', 'trustworthiness', 'continuity'])
          await numbers.locator('dt', { hasText: name }).waitFor();
        assert.match(await numbers.innerText(), /± .*always the largest class: 12\.5 %/);
        await screenshot(page, 'dataset-map');
      },
    ],
    [
      'a lasso selects, a click beside all points selects nothing',
      async () => {
        await drag([0.01, 0.01], [0.99, 0.99], ['Shift']);
        await selected('32 · ');
        await panel().locator('.side .picture-row').nth(3).waitFor();
        await over().click({ position: { x: 5, y: 5 } });
        await selected('0');
        await panel().locator('.map-tools .segmented button', { hasText: 'rectangle' }).click();
        await drag([0.01, 0.01], [0.5, 0.99], [], true);
        await until('some are selected', async () => {
          const [count] = (await panel().locator('.side h2 .hint').first().innerText()).split(' ');
          return Number(count) > 0 && Number(count) < 32;
        });
        await panel().locator('.map-tools .segmented button', { hasText: 'move' }).click();
      },
    ],
    [
      'keys alone: from point to point, Space selects, and neighbours are listed',
      async () => {
        await panel().locator('.side .icon-button[aria-label="Select nothing"]').click();
        await over().focus();
        await press('ArrowLeft', 'Space', 'ArrowUp', 'ArrowDown', 'Space');
        await panel().locator('.side h2', { hasText: 'Neighbours' }).waitFor();
        await panel().locator('.side section').nth(1).locator('.picture-row').nth(5).waitFor();
        const live = panel().locator('lens-dataset > [aria-live]');
        await until('the selection is read out', async () => /selected|labelled/.test(await live.innerText()));
        await panel().locator('.side .segmented button', { hasText: 'Euclidean' }).click();
        await panel().locator('.side .picture-row').first().waitFor();
      },
    ],
    [
      'a cell of the confusion matrix, a class and a search select the same pictures everywhere',
      async () => {
        await tab('Mistakes').click();
        const cell = panel().locator('.confusion td:not(.diagonal) button').first();
        const count = Number((await cell.innerText()).trim());
        await cell.click();
        await selected(`${count} · ${count} wrong`);
        await panel().locator('.columns lens-picture-list').first().locator('.picture-row').first().click();
        await selected('1 · 1 wrong');
        await screenshot(page, 'dataset-mistakes');
        await tab('Classes').click();
        await panel().locator('.class-table tbody th button', { hasText: 'Foxwren' }).click();
        await selected('4');
        await tab('Gallery').click();
        await panel().locator('.gallery-tools .segmented button', { hasText: 'selected 4' }).click();
        await panel().locator('.gallery-tools', { hasText: '4 of 32' }).waitFor();
        await screenshot(page, 'dataset-gallery');
        await panel().locator('.gallery-tools .segmented button', { hasText: 'all' }).click();
        await panel().locator('lens-cell-grid .cells').focus();
        await press('ArrowRight', 'h');
        await panel().locator('.gallery-heat lens-color-bar').waitFor({ timeout: 60_000 });
        assert.match(await panel().locator('.gallery-heat .heat-words').innerText(), /for .*\(logit/);
        await press('Escape');
        await panel().locator('.gallery-heat .heat-words', { hasText: 'press H' }).waitFor();
        await tab('Map').click();
        await choose('.map-tools', 'logit of a class');
        await panel().locator('.map-legend lens-color-bar', { hasText: 'logit of Butterfinch' }).waitFor();
        await choose('.map-tools', 'label');
        await panel().locator('.set-search input').fill('torchwren');
        await press('Enter');
        await until('those with the word are selected', async () =>
          /Selected [1-9]/i.test((await panel().locator('.side h2').first().innerText()).replace(/\s+/g, ' ')),
        );
      },
    ],
    [
      't-SNE moves while it runs, says that a seed is one of many, and shows three',
      async () => {
        await choose('.map-question', 't-SNE');
        await panel().locator('.map-settings summary').click();
        const steps = panel().locator('.map-form input[aria-label="Steps"]');
        await steps.fill('250');
        await press('Tab', 'Escape');
        assert.ok(!(await steps.isVisible()), 'the settings are closed');
        await panel().locator('.map-running', { hasText: 'Another seed looks different' }).waitFor();
        await panel().locator('.map-numbers dt', { hasText: 'Kullback-Leibler' }).waitFor({ timeout: 90_000 });
        await panel().locator('.map-running .link', { hasText: 'Show three seeds' }).click();
        await panel()
          .locator('.map-seeds figcaption', { hasText: 'seed 2 · trustworthiness' })
          .waitFor({ timeout: 180_000 });
        assert.equal(await panel().locator('.map-seeds lens-map').count(), 3);
        await panel().locator('.map-running .link', { hasText: 'Hide the three seeds' }).click();
        await panel().locator('.map-question .segmented button', { hasText: '3-D' }).click();
        await panel().locator('.map-numbers:not(.old)').waitFor({ timeout: 90_000 });
        await panel().locator('lens-checkbox', { hasText: 'pictures' }).click();
        await page.waitForTimeout(1000);
        await screenshot(page, 'dataset-space');
        await panel().locator('lens-checkbox', { hasText: 'pictures' }).click();
        await panel().locator('.map-question .segmented button', { hasText: '2-D' }).click();
      },
    ],
    [
      'the classes themselves are points, and layers are compared on request',
      async () => {
        await panel().locator('.map-question .segmented button', { hasText: 'classes' }).click();
        await choose('.map-question', 'Principal components');
        await until('8 classes are points', async () => (await drawn()).points === 8);
        await panel().locator('.map-question .segmented button', { hasText: 'pictures' }).click();
        await until('32 pictures are points', async () => (await drawn()).points === 32);
        await panel().locator('lens-button', { hasText: 'Where do the classes come apart' }).click();
        await panel().locator('.map-curve table tbody tr').nth(2).waitFor({ state: 'attached', timeout: 240_000 });
      },
    ],
    [
      'Enter explains the picture in focus',
      async () => {
        await over().focus();
        await press('ArrowRight', 'Enter');
        await page
          .locator('.tabs-container .tab', { hasText: / · birds_cnn_epoch1/ })
          .nth(1)
          .waitFor();
        await page
          .locator('.tabs-container .tab', { hasText: /wren.*png|finch.*png/ })
          .first()
          .waitFor();
      },
    ],
  ];
}
