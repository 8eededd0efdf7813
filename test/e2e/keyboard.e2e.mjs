// The editor of a checkpoint without a mouse: from the tree to filters, activations, source line, graph, and back.
import assert from 'node:assert';
import fs from 'node:fs';
import path from 'node:path';
import { ICON, openWorkbench, screenshot, webview, webviewFrame } from './support/ui.mjs';

/** Pictures in a folder that is searched. */
const MANY = 30_000;

export const options = { viewport: { width: 1500, height: 950 } };

export function tests(page, srv) {
  const panel = () => webview(page);
  const press = async (...keys) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  const selected = () => panel().locator('.layer-card .layer-name');
  const chosenTab = (name) => panel().locator('[role=tab][aria-selected=true]', { hasText: name });

  /** Runs a command from the palette with keys. */
  const command = async (title) => {
    const box = page.locator('.quick-input-widget input');
    const entry = page.locator('.quick-input-list .monaco-list-row.focused', { hasText: title });
    for (let i = 0; ; i++) {
      await press('F1');
      try {
        await box.waitFor({ state: 'visible', timeout: 3000 });
        await page.keyboard.type(title);
        await entry.waitFor({ timeout: 5000 });
        return await press('Enter');
      } catch (error) {
        if (i >= 6) throw error;
        await press('Escape');
      }
    }
  };

  /** Where the focus is in the page, and whether a person can see and hear it. */
  const focus = async () =>
    (await webviewFrame(page)).evaluate(() => {
      const at = document.activeElement;
      if (at === null || at === document.body) return undefined;
      const label = at.getAttribute('aria-labelledby');
      const name = [
        at.getAttribute('aria-label'),
        label && document.getElementById(label)?.textContent,
        at.getAttribute('title'),
        at.getAttribute('placeholder'),
        at.textContent,
        at.closest('label')?.textContent,
      ].find((text) => text?.trim());
      const style = getComputedStyle(at);
      const drawn = (s) => s.outlineStyle !== 'none' || s.boxShadow !== 'none';
      // Fields and toolkit elements draw it on the box around or in their own tree.
      const seen =
        drawn(style) || at.shadowRoot !== null || at.tagName === 'INPUT' || at.getAttribute('role') === 'listbox';
      return { name: name?.trim().slice(0, 60), seen, tag: at.tagName.toLowerCase(), class: at.className };
    });

  /** Presses Tab until the focus is on what a selector names; every stop on the way has a name and is seen. */
  const tabTo = async (selector, key = 'Tab') => {
    const stops = [];
    for (let i = 0; i < 70; i++) {
      const there = await (
        await webviewFrame(page)
      ).evaluate((css) => document.hasFocus() && document.activeElement?.matches(css), selector);
      if (there) return;
      await press(key);
      const stop = await focus();
      if (stop === undefined) continue;
      stops.push(`${stop.tag}.${stop.class}`);
      assert.ok(stop.name, `${stops.at(-1)} has no name`);
      assert.ok(stop.seen, `the focus on ${stops.at(-1)} (${stop.name}) is not seen`);
    }
    assert.fail(`Tab does not lead to ${selector}: ${stops.join(' → ')}`);
  };
  const toTab = async (name) => {
    await tabTo('[role=tab][aria-selected=true]', 'Shift+Tab');
    for (let i = 0; i < 4 && (await chosenTab(name).count()) === 0; i++) {
      const before = await panel().locator('[role=tab][aria-selected=true]').innerText();
      await press('ArrowRight');
      await panel().locator('[role=tab][aria-selected=false]', { hasText: before }).waitFor();
    }
    await chosenTab(name).waitFor();
  };

  /** Types a path into the editor's own dialog. */
  const chooseInDialog = async (file) => {
    const box = page.locator('.quick-input-widget:visible input').first();
    await box.waitFor();
    // The dialog writes its folder into the field some time after it is shown: once more, where that came later.
    for (let i = 0; i < 8 && (await box.isVisible()); i++) {
      await press('Control+a');
      await page.keyboard.insertText(file);
      await page.waitForTimeout(700);
      await press('Enter');
      await page.waitForTimeout(1000);
    }
  };

  const picture = path.join(srv.ws, 'models/birds/pictures/Lanternfinch/lanternfinch-3000006.png');
  // Outside the workspace, which need not watch them: a search that takes a while.
  const many = path.join(srv.data, 'many');
  fs.mkdirSync(many);
  for (let i = 0; i < MANY; i++) fs.linkSync(i === 0 ? picture : path.join(many, '0.png'), path.join(many, `${i}.png`));

  return [
    [
      'from the tree to the filters of a layer',
      async () => {
        await openWorkbench(page, srv.url(), ICON);
        await command('Explorer: Focus on Folders View'); // the editor part is ready for keys then
        await command('ONNX Lens: Focus on Models View');
        const row = page.locator('.pane-body .monaco-list-row.focused');
        const walk = async (text, key) => {
          for (let i = 0; i < 40 && (await row.filter({ hasText: text }).count()) === 0; i++) {
            await press(key);
            await page.waitForTimeout(150);
          }
          await row.filter({ hasText: text }).waitFor();
        };
        await page
          .locator('.pane-body .monaco-list-row', { hasText: 'birds_cnn' })
          .first()
          .waitFor({ timeout: 60_000 });
        // A view that was not there yet could not take the focus.
        await command('ONNX Lens: Focus on Models View');
        await walk('birds_cnn.onnx', 'ArrowDown');
        await press('ArrowRight');
        await page.locator('.pane-body .monaco-list-row', { hasText: 'stem' }).first().waitFor({ timeout: 30_000 });
        await walk('stem', 'ArrowDown');
        await press('Enter');
        await selected().filter({ hasText: 'stem' }).waitFor({ timeout: 60_000 });
        await chosenTab('Weights').waitFor();
        await panel().locator('lens-cell-grid canvas').waitFor();
        await command('View: Focus Active Editor Group');
        await tabTo('.layer-search input');
        await tabTo('.cells');
        await press('ArrowRight', 'ArrowRight', 'Control+ArrowRight');
        await panel()
          .locator('.cell-readout', { hasText: /filter 2 · \(\d+, \d+\) / })
          .first()
          .waitFor();
        await screenshot(page, 'keyboard-filters');
      },
    ],
    [
      'search, arrows and letters choose layers; Escape takes a search back',
      async () => {
        await tabTo('.layer-search input', 'Shift+Tab');
        await page.keyboard.type('stage2 conv');
        await press('ArrowDown');
        await selected().filter({ hasText: 'stage2.conv1' }).waitFor();
        await press('ArrowDown');
        await selected().filter({ hasText: 'stage2.conv2' }).waitFor();
        await tabTo('.layer-search input', 'Shift+Tab');
        await press('Escape');
        await panel()
          .locator('.layer-count', { hasText: /^\s*\d+ layers/ })
          .waitFor();
        await press('ArrowDown');
        await press('Home');
        await selected().filter({ hasText: 'stem' }).waitFor();
        await page.keyboard.type('stage1.relu', { delay: 30 });
        await selected().filter({ hasText: 'stage1.relu' }).waitFor();
      },
    ],
    [
      'its activation on a picture, one channel, the value of a pixel',
      async () => {
        await tabTo('[role=tab][aria-selected=true]');
        await toTab('Activations');
        await tabTo('lens-button');
        await press('Enter');
        await chooseInDialog(picture);
        await panel().locator('lens-activations lens-cell-grid canvas').waitFor({ timeout: 60_000 });
        await command('View: Focus Active Editor Group');
        await tabTo('.cells');
        await press('ArrowRight', 'ArrowRight');
        await panel().locator('.channel h2', { hasText: 'Channel 2' }).waitFor({ timeout: 30_000 });
        await tabTo('lens-heat-canvas canvas');
        await press('ArrowRight');
        await panel()
          .locator('.channel .cell-readout', { hasText: /\(\d+, \d+\)/ })
          .waitFor();
        await screenshot(page, 'keyboard-activations');
      },
    ],
    [
      'Escape stops the search of a folder; what it has found stays',
      async () => {
        await tabTo('lens-top lens-button');
        await press('Enter');
        await chooseInDialog(many);
        await command('View: Focus Active Editor Group');
        const found = panel().locator('lens-top h2');
        await found.filter({ hasText: /of [1-9]/ }).waitFor({ timeout: 60_000 });
        await panel().locator('lens-top .working').waitFor();
        // Whatever has the focus in the page.
        await tabTo('.cells', 'Shift+Tab');
        await press('Escape');
        await panel().locator('lens-top', { hasText: 'Stopped: this is what there was.' }).waitFor();
        assert.equal(await panel().locator('.working').count(), 0);
        const seen = Number(/of (\d+) picture/.exec((await found.innerText()).replaceAll(',', ''))?.[1]);
        assert.ok(seen > 0 && seen < MANY, `${seen} of ${MANY} pictures were seen`);
        assert.notEqual(await panel().locator('.top-picture').count(), 0);
        await page.locator('.statusbar-item', { hasText: 'searching pictures' }).waitFor({ state: 'detached' });
        await screenshot(page, 'keyboard-escape');
      },
    ],
    [
      'its line of code, and back',
      async () => {
        await tabTo('.layer-card .source', 'Shift+Tab');
        await press('Enter');
        await page.locator('.tabs-container .tab.active', { hasText: 'net.py' }).waitFor();
        await page.locator('.statusbar-item', { hasText: /^Ln 25, / }).waitFor();
        await command('View: Focus First Editor Group');
        await tabTo('[role=tab][aria-selected=true]');
      },
    ],
    [
      'the graph: along its edges, into a module and out, and back to the overview',
      async () => {
        await toTab('Graph');
        await tabTo('lens-graph-canvas canvas');
        const readout = panel().locator('.graph-readout');
        await press('ArrowRight');
        await readout.waitFor();
        const before = await readout.innerText();
        await press('ArrowRight');
        await readout.filter({ hasNotText: before }).waitFor();
        // A module of several nodes opens, and closes again.
        const canvas = panel().locator('lens-graph-canvas canvas');
        const closed = await canvas.getAttribute('aria-label');
        for (let i = 0; i < 8 && (await canvas.getAttribute('aria-label')) === closed; i++) {
          await press('Enter');
          await page.waitForTimeout(600);
          if ((await canvas.getAttribute('aria-label')) === closed) await press('ArrowRight');
        }
        assert.notEqual(await canvas.getAttribute('aria-label'), closed);
        await screenshot(page, 'keyboard-graph');
        await press('Backspace');
        for (let i = 0; i < 50 && (await canvas.getAttribute('aria-label')) !== closed; i++)
          await page.waitForTimeout(200);
        assert.equal(await canvas.getAttribute('aria-label'), closed);
        await tabTo('[role=tab][aria-selected=true]', 'Shift+Tab');
        await press('Home');
        await chosenTab('Overview').waitFor();
        await press('Tab');
        assert.match(JSON.stringify(await focus()), /./);
      },
    ],
  ];
}
