// A data set beside another model, after a reload, in every theme, by keys alone and at 400 pixels.
import assert from 'node:assert';
import { datasetPanel } from './panels/datasetPanel.mjs';
import {
  ICON,
  OURS,
  keptPanels,
  openWorkbench,
  pick,
  reloadWindow,
  runCommand,
  screenshot,
  setTheme,
  until,
  webviewFrame,
} from './support/ui.mjs';

export const options = { viewport: { width: 1500, height: 1000 } };

const TABS = ['Map', 'Mistakes', 'Classes', 'Gallery', 'Compare'];

export function tests(page, srv) {
  const { panel, tab, selected, open, accessible } = datasetPanel(page);
  const press = async (...keys) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  const chosenTab = (name) => panel().locator('[role=tab][aria-selected=true]', { hasText: name });
  /** The panel of a model, where two are beside each other. */
  const panelOf = (at) => page.frameLocator(OURS).nth(at).frameLocator('iframe#active-frame');

  return [
    [
      'another model beside it shares the selection: a lasso in one selects in the other',
      async () => {
        await openWorkbench(page, srv.url(), ICON);
        await open('models/birds/pictures', 'birds_cnn_epoch1.onnx');
        await panel().locator('lens-menu .icon-button[aria-label="More"]').click();
        await panel().locator('[role=menuitem]', { hasText: 'another model' }).click();
        await pick(page, 'birds_vit.onnx');
        await page.locator('.tabs-container .tab.active', { hasText: 'pictures · birds_vit' }).waitFor();
        await until('two panels are in sight', async () => (await page.locator(OURS).count()) === 2);
        const both = [panelOf(0), panelOf(1)];
        for (const one of both) await one.locator('.map-frame lens-map').waitFor({ timeout: 90_000 });
        const box = await both[1].locator('.map-frame canvas.over').boundingBox();
        await page.keyboard.down('Shift');
        await page.mouse.move(box.x + 3, box.y + 3);
        await page.mouse.down();
        for (const [x, y] of [
          [box.width / 2, 3],
          [box.width / 2, box.height - 3],
          [3, box.height - 3],
        ])
          await page.mouse.move(box.x + x, box.y + y, { steps: 5 });
        await page.mouse.up();
        await page.keyboard.up('Shift');
        const hint = async (one) => (await one.locator('.side h2 .hint').first().innerText()).split(' ')[0];
        await until('both have the same selection', async () => {
          const [a, b] = await Promise.all(both.map(hint));
          return a === b && Number(a) > 0 && Number(a) < 32;
        });
        await screenshot(page, 'dataset-two-models');
        await page.locator('.tabs-container .tab', { hasText: 'pictures · birds_vit' }).click();
        await runCommand(page, 'View: Close Editor');
        await until('one panel is in sight', async () => (await page.locator(OURS).count()) === 1);
      },
    ],
    [
      'after a reload it is as it was',
      async () => {
        await page.locator('.tabs-container .tab', { hasText: 'pictures · birds_cnn_epoch1' }).click();
        await panel().locator('.side h2 .hint').first().waitFor();
        const before = (await panel().locator('.side h2 .hint').first().innerText()).split(' ')[0];
        await tab('Mistakes').click();
        await keptPanels(page, (state) => state.view?.tab === 'mistakes');
        await reloadWindow(page);
        await chosenTab('Mistakes').waitFor({ timeout: 120_000 });
        await panel().locator('.confusion').waitFor({ timeout: 90_000 });
        await selected(before);
      },
    ],
    ...['dark', 'light', 'hc', 'hc-light'].map((theme) => [
      `no view violates a rule of accessibility: ${theme}`,
      () => accessible(theme, TABS, 'dataset'),
    ]),
    [
      'every stop of the Tab key has a name and is seen',
      async () => {
        for (const title of TABS) {
          await tab(title).click();
          const frame = await webviewFrame(page);
          const stops = [];
          for (let i = 0; i < 45; i++) {
            await press('Tab');
            const stop = await frame.evaluate(() => {
              const at = document.activeElement;
              if (!document.hasFocus() || at === null || at === document.body) return undefined;
              const name = [at.getAttribute('aria-label'), at.getAttribute('title'), at.textContent].find((t) =>
                t?.trim(),
              );
              const { outlineStyle, boxShadow } = getComputedStyle(at);
              const around = getComputedStyle(at.parentElement).outlineStyle;
              const seen =
                [outlineStyle, around].some((o) => o !== 'none') || boxShadow !== 'none' || at.shadowRoot !== null;
              return { what: `${at.tagName.toLowerCase()}.${at.className}`, name, seen };
            });
            if (stop === undefined) break;
            assert.ok(stop.name, `${title}: ${stop.what} has no name`);
            assert.ok(stop.seen || stop.what.startsWith('input'), `${title}: the focus on ${stop.what} is not seen`);
            stops.push(stop.what);
          }
          assert.ok(stops.length > 3, `${title}: ${stops.join(' → ')}`);
        }
      },
    ],
    [
      'at 400 pixels nothing is cut off at the side',
      async () => {
        await setTheme(page, 'dark');
        await page.setViewportSize({ width: 700, height: 900 });
        for (const title of TABS) {
          await tab(title).click();
          await page.waitForTimeout(700);
          const { width, wide } = await (
            await webviewFrame(page)
          ).evaluate(() => {
            const own = document.querySelector('.tab-body').getBoundingClientRect();
            const scrolls = (element) =>
              element.closest('.confusion-scroll, .table-scroll, .cells, .tabs, lens-menu') !== null;
            const cut = [...document.querySelectorAll('.tab-body *')].filter(
              (element) =>
                element.getBoundingClientRect().right > own.right + 1 &&
                !scrolls(element) &&
                element.offsetParent !== null,
            );
            return { width: own.width, wide: cut.map((element) => `${element.tagName}.${element.className}`) };
          });
          assert.ok(width < 450, `the panel is ${width} pixels wide`);
          assert.deepEqual(wide, [], title);
          await screenshot(page, `dataset-400-${title.toLowerCase()}`);
        }
      },
    ],
  ];
}
