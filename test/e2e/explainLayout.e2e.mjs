// The explain panel at the sizes people have: what must be seen is seen, all classes can be found, one picture is large.
import assert from 'node:assert';
import fs from 'node:fs';
import path from 'node:path';
import { explainPanel } from './panels/explainPanel.mjs';
import { ICON, openWorkbench, screenshot, until, webviewFrame } from './support/ui.mjs';

export const options = { viewport: { width: 1400, height: 900 }, settings: { 'onnxLens.provider': 'cpu' } };

export function tests(page, srv, tools) {
  const { at, panel, shipped, explain, done, choose, chosenBar, best, bars, accessible } = explainPanel(
    page,
    srv,
    tools,
  );
  /** The shipped network with a list of names that does not fit: the answer carries a warning. */
  const odd = () => {
    fs.mkdirSync(at('odd'));
    const settings = JSON.parse(fs.readFileSync(at('models/birds/birds_cnn.lens.json'), 'utf8'));
    fs.copyFileSync(at('models/birds/birds_cnn.onnx'), at('odd/odd.onnx'));
    fs.writeFileSync(at('odd/odd.lens.json'), JSON.stringify({ ...settings, labels: ['one', 'two', 'three'] }));
    fs.copyFileSync(at(shipped().pictures[0]), at('odd/bird.png'));
  };
  odd();

  /** Where elements lie in the page, and how large the page is; lines that stay at an edge hide what is below them. */
  const places = async (...selectors) =>
    (await webviewFrame(page)).evaluate((all) => {
      const box = (selector) => globalThis.document.querySelector(selector)?.getBoundingClientRect();
      const top = box('header.toolbar').bottom;
      const history = box('.history');
      return {
        width: globalThis.innerWidth,
        height: globalThis.innerHeight,
        scrollWidth: globalThis.document.documentElement.scrollWidth,
        seen: all.map((selector) => {
          const found = box(selector);
          const low = selector.startsWith('.history') ? globalThis.innerHeight : history.top;
          return found !== undefined &&
            found.height > 0 &&
            found.top >= (selector.startsWith('.history') ? 0 : top) &&
            found.bottom <= low + 0.5 &&
            found.left >= 0 &&
            found.right <= globalThis.innerWidth
            ? 'seen'
            : `${selector} lies at ${JSON.stringify(found)}`;
        }),
      };
    }, selectors);
  const inSight = async (...selectors) => {
    const { width, scrollWidth, seen } = await places(...selectors);
    assert.deepEqual(
      seen,
      selectors.map(() => 'seen'),
    );
    assert.ok(scrollWidth <= width, `the page is ${width} wide and scrolls over ${scrollWidth}`);
  };
  const resize = async (width, height) => {
    await page.setViewportSize({ width, height });
    await until('the panel has its size', async () => (await places()).width <= width);
    await page.waitForTimeout(500);
  };
  const WHAT = ['.stage', '.sanity-line', '.trust .remarks', '.history', '.history-run[aria-current=true]'];
  const list = () => panel().locator('lens-class-list');

  return [
    [
      'badge, warnings and history are in sight at 1400 × 900 and 1100 × 700',
      async () => {
        await openWorkbench(page, srv.url(), ICON);
        await explain('odd/bird.png', 'odd.onnx');
        await done(120_000);
        await choose('Method', 'Grad-CAM');
        await done();
        await panel().locator('details.sanity').waitFor({ timeout: 60_000 });
        assert.match(await panel().locator('.trust .remarks').innerText(), /3 .*8|8 .*3/);
        await inSight(...WHAT);
        await screenshot(page, 'layout-1400');
        await resize(1100, 700);
        await inSight(...WHAT);
        await screenshot(page, 'layout-1100');
      },
    ],
    [
      'at 400 pixels nothing scrolls sideways, and the badge stands below the picture',
      async () => {
        await page.keyboard.press('Control+b');
        await resize(460, 900);
        const { width } = await places();
        assert.ok(width > 300 && width <= 410, `the page is ${width} wide`);
        await inSight('.stage', '.sanity-line', '.history');
        await screenshot(page, 'layout-400');
        await resize(1400, 900);
        await page.keyboard.press('Control+b');
      },
    ],
    [
      'all classes: found by typing, chosen by keys, explained',
      async () => {
        await explain(shipped().pictures[0], 'birds_cnn.onnx');
        await done();
        await list().locator('button', { hasText: 'All 8 classes' }).click();
        const rows = list().locator('[role=option]');
        await until('the classes are there', async () => (await rows.count()) === 8);
        assert.equal(await rows.first().locator('.class-rank').innerText(), '1');
        assert.equal(await rows.first().locator('.ellipsis').innerText(), await best());
        await page.keyboard.type('wren');
        await until('only wrens are left', async () => (await rows.count()) < 8);
        const names = await rows.locator('.ellipsis').allInnerTexts();
        assert.ok(names.length > 1 && names.every((name) => /wren/i.test(name)), names.join());
        await page.keyboard.press('ArrowDown');
        assert.equal(await rows.nth(1).getAttribute('class'), 'class-row active');
        await page.keyboard.press('Enter');
        await chosenBar(names[1]);
        await done();
        assert.equal(await list().locator('.class-list').count(), 0, 'the list closes');
        await list().locator('button').click();
        await page.keyboard.press('Escape');
        assert.equal(await list().locator('.class-list').count(), 0, 'Escape closes it');
      },
    ],
    [
      'one picture is shown large, also where a grid was open before',
      async () => {
        await panel().locator('.segmented button', { hasText: 'Grid' }).click();
        await panel().locator('lens-explain-grid').waitFor();
        const next = shipped(1);
        await explain(next.pictures[0], 'birds_cnn.onnx');
        await done();
        assert.equal(await best(), next.species);
        assert.equal(await panel().locator('lens-explain-grid').count(), 0);
        assert.equal((await bars().count()) > 0, true);
        assert.match(await panel().locator('h1').innerText(), new RegExp(path.basename(next.pictures[0])));
      },
    ],
    [
      'it can be used by everybody, in every theme',
      async () => {
        await list().locator('button').click();
        await list().locator('[role=option]').first().waitFor();
        await accessible('layout');
      },
    ],
  ];
}
