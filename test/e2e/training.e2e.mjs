// A layer and an explanation over the checkpoints of a training, and a layer beside the same one elsewhere.
import assert from 'node:assert';
import fs from 'node:fs';
import path from 'node:path';
import { modelPanel } from './panels/modelPanel.mjs';
import {
  ICON,
  explorerMenu,
  openFile,
  openWorkbench,
  OURS,
  pick,
  reloadWindow,
  runCommand,
  screenshot,
} from './support/ui.mjs';

export const options = { viewport: { width: 1600, height: 1000 }, settings: { 'onnxLens.provider': 'cpu' } };

export function tests(page, srv) {
  const at = (...parts) => path.join(srv.ws, ...parts);
  const birds = (file) => at('models/birds', file);
  const { panel, rows, tab, selected, find, drawn, choosePicture, accessible, quiet } = modelPanel(page);
  const bar = () => panel().locator('.training-play input[type=range]');
  const shows = (text) =>
    panel().locator(`.training-play input[aria-valuetext="${text}"]`).waitFor({ timeout: 60_000 });
  const value = () => panel().locator('.training-value');
  /** A checkpoint as a training writes it: in pieces. */
  const write = async (name, from) => {
    const bytes = fs.readFileSync(birds(from));
    fs.copyFileSync(birds('birds_cnn.lens.json'), at('runs', `${name}.lens.json`));
    fs.writeFileSync(at('runs', `${name}.onnx`), bytes.subarray(0, bytes.length >> 1));
    await page.waitForTimeout(300);
    fs.writeFileSync(at('runs', `${name}.onnx`), bytes);
  };

  // Before the workbench opens, so that it need not notice.
  fs.mkdirSync(at('runs'));
  const put = (name, from) => {
    fs.copyFileSync(birds(from), at('runs', `${name}.onnx`));
    fs.copyFileSync(birds('birds_cnn.lens.json'), at('runs', `${name}.lens.json`));
  };
  put('epoch_1', 'birds_cnn_epoch1.onnx');
  put('epoch_2', 'birds_cnn.onnx');
  put('epoch_10', 'birds_cnn.onnx');
  // Elsewhere, and not of the training; numbers of other things.
  for (const folder of ['other', 'nets']) fs.mkdirSync(at(folder));
  fs.copyFileSync(birds('birds_cnn_epoch1.onnx'), at('other', 'plain.onnx'));
  fs.copyFileSync(birds('birds_cnn.onnx'), at('nets', 'net_18.onnx'));
  fs.copyFileSync(birds('birds_vit.onnx'), at('nets', 'net_50.onnx'));
  fs.copyFileSync(birds('birds_cnn.onnx'), at('nets', 'net18.onnx'));

  return [
    [
      'a layer over the checkpoints of a folder, in the order of their numbers, with the keyboard',
      async () => {
        await openWorkbench(page, srv.url(), ICON);
        await openFile(page, 'runs/epoch_2.onnx');
        await rows().first().waitFor({ timeout: 60_000 });
        await find('stem');
        await tab('Training').click();
        await shows('epoch_2.onnx, 2 of 3');
        await drawn('.training-filters lens-cell-grid canvas');
        await panel().locator('.training-filters', { hasText: 'shared by all 3 checkpoints' }).waitFor();
        await value().filter({ hasText: 'epoch_2.onnx: 2.87' }).waitFor();
        await bar().focus();
        await page.keyboard.press('ArrowRight');
        await shows('epoch_10.onnx, 3 of 3');
        await page.keyboard.press('Home');
        await shows('epoch_1.onnx, 1 of 3');
        await value().filter({ hasText: 'epoch_1.onnx: 3.41' }).waitFor();
        assert.equal(await selected().innerText(), 'stem');
        await quiet();
      },
    ],
    [
      'another weight of the layer, the same in the tab of the weights',
      async () => {
        await page.keyboard.press('ArrowRight');
        await shows('epoch_2.onnx, 2 of 3');
        const choose = async (role) => {
          await panel().locator('.training-filters lens-dropdown').click();
          await panel().locator('.training-filters lens-option', { hasText: role }).click();
        };
        await choose('bias 24');
        await value()
          .filter({ hasText: /epoch_2.onnx: (?!2\.87)\d/ })
          .waitFor();
        await panel().locator('.training-filters lens-cell-grid.view-vector canvas').waitFor();
        await panel().locator('.training-filters', { hasText: 'shared by all 3 checkpoints' }).waitFor();
        const bias = await value().innerText();
        await page.keyboard.press('Escape');
        await bar().focus();
        await page.keyboard.press('Home');
        await shows('epoch_1.onnx, 1 of 3');
        await value()
          .filter({ hasText: /epoch_1.onnx: \d/ })
          .waitFor();
        assert.notEqual((await value().innerText()).split(': ')[1], bias.split(': ')[1]);
        await screenshot(page, 'training-bias');
        await tab('Weights').click();
        await panel().locator('lens-weights lens-cell-grid.view-vector').waitFor();
        await tab('Training').click();
        await choose('weight 24×3×7×7');
        await value().filter({ hasText: 'epoch_1.onnx: 3.41' }).waitFor();
        await quiet();
      },
    ],
    [
      'and the explanation of a picture, on one scale',
      async () => {
        await choosePicture('.training-picture', birds('pictures/Lanternfinch/lanternfinch-3000006.png'));
        await drawn('.training-stage canvas', 100);
        const line = panel().locator('.training-picture .training-line');
        await line.filter({ hasText: /Lanternfinch.*4\.41/ }).waitFor({ timeout: 60_000 });
        await panel()
          .locator('.training-picture', { hasText: 'shared by all 3 checkpoints' })
          .waitFor({ timeout: 60_000 });
        await bar().focus();
        await page.keyboard.press('End');
        // The same class, by another checkpoint.
        await line.filter({ hasText: /Lanternfinch.*8\.56/ }).waitFor({ timeout: 60_000 });
        await screenshot(page, 'training');
        await quiet();
      },
    ],
    [
      'it plays from the first to the last, and stops there',
      async () => {
        await panel().locator('.training-play button[aria-label^="Play"]').click();
        await shows('epoch_1.onnx, 1 of 3');
        await panel().locator('.training-play button[aria-label="Pause"]').waitFor();
        await shows('epoch_2.onnx, 2 of 3');
        await shows('epoch_10.onnx, 3 of 3');
        await panel().locator('.training-play button[aria-label^="Play"]').waitFor({ timeout: 30_000 });
      },
    ],
    [
      'a new checkpoint is gone to and a rewritten one read again; the layer stays selected and nothing is called broken',
      async () => {
        await write('epoch_11', 'birds_cnn_epoch1.onnx');
        await shows('epoch_11.onnx, 4 of 4');
        await value().filter({ hasText: 'epoch_11.onnx: 3.41' }).waitFor({ timeout: 60_000 });
        await write('epoch_11', 'birds_cnn.onnx');
        await value().filter({ hasText: 'epoch_11.onnx: 2.87' }).waitFor({ timeout: 60_000 });
        assert.equal(await panel().locator('.failure').count(), 0);
        assert.equal(await selected().innerText(), 'stem');
        await panel().locator('.page-toolbar .series', { hasText: '2 of 4' }).waitFor();
        await quiet();
      },
    ],
    [
      'the explained score of every checkpoint as a curve, with the numbers in a table that leads to them',
      async () => {
        await panel().locator('.training-curve lens-dropdown').click();
        await panel().locator('.training-curve lens-option', { hasText: 'Explained score' }).click();
        await value().filter({ hasText: 'epoch_11.onnx: 8.56' }).waitFor({ timeout: 60_000 });
        await panel().locator('.training-curve summary').click();
        const cells = panel().locator('.training-table tr td:last-child');
        for (let i = 0; (await cells.allInnerTexts()).includes('–'); i++) {
          assert.ok(i < 150, 'every checkpoint is explained');
          await page.waitForTimeout(200);
        }
        assert.deepEqual(await cells.allInnerTexts(), ['4.41', '8.56', '8.56', '8.56']);
        await panel().locator('.training-table button', { hasText: 'epoch_1.onnx' }).click();
        await shows('epoch_1.onnx, 1 of 4');
        await drawn('lens-line-chart canvas', 5);
      },
    ],
    [
      'a checkpoint without the layer says so in one sentence, and the others are still there',
      async () => {
        fs.copyFileSync(birds('birds_vit.onnx'), at('runs', 'epoch_12.onnx'));
        fs.copyFileSync(birds('birds_vit.lens.json'), at('runs', 'epoch_12.lens.json'));
        await shows('epoch_1.onnx, 1 of 5');
        await bar().focus();
        await page.keyboard.press('End');
        await shows('epoch_12.onnx, 5 of 5');
        await panel().locator('.failure', { hasText: 'The model has no layer "stem".' }).waitFor({ timeout: 60_000 });
        await page.keyboard.press('Home');
        await shows('epoch_1.onnx, 1 of 5');
        await panel().locator('.training-filters .failure').waitFor({ state: 'detached' });
        await drawn('.training-filters lens-cell-grid canvas');
      },
    ],
    [
      'a layer beside that of another checkpoint: nearest first, and only those that have it',
      async () => {
        await tab('Weights').click();
        await panel().locator('button[aria-label="Compare this layer with…"]').click();
        const list = page.locator('.quick-input-list .monaco-list-row');
        await list.filter({ hasText: 'birds_cnn.onnx' }).waitFor({ timeout: 60_000 });
        await page.locator('.quick-input-list .monaco-list-row.focused', { hasText: 'epoch_1.onnx' }).waitFor();
        assert.equal(await list.filter({ hasText: 'birds_vit.onnx' }).count(), 0);
        await pick(page, 'epoch_1.onnx');
        await panel().locator('.compare-facts', { hasText: '0.981' }).waitFor({ timeout: 60_000 });
        for (const side of [1, 2, 3]) await drawn(`.compare-side:nth-child(${side}) canvas`);
        await panel().locator('.compare-side .cells').first().focus();
        await page.keyboard.press('ArrowRight');
        await page.keyboard.press('Control+ArrowRight');
        await panel()
          .locator('.cell-readout', { hasText: /filter 1 · \(0, 0\) · a .* · b .* · a − b / })
          .waitFor();
        await screenshot(page, 'compare');
        await find('stage2.conv1');
        await panel().locator('.compare-side h2', { hasText: 'b: epoch_1.onnx' }).waitFor();
        await drawn('.compare-side:nth-child(3) canvas');
        await quiet();
      },
    ],
    [
      'and beside one that lies elsewhere: when that is rewritten, in pieces, the comparison follows',
      async () => {
        await panel().locator('.controls-row lens-button', { hasText: 'Change…' }).click();
        await page
          .locator('.quick-input-list .monaco-list-row', { hasText: 'plain.onnx' })
          .waitFor({ timeout: 60_000 });
        await pick(page, 'plain.onnx');
        await panel().locator('.compare-side h2', { hasText: 'b: plain.onnx' }).waitFor({ timeout: 60_000 });
        const fact = panel().locator('.compare-facts dd').first();
        await fact.filter({ hasText: /^0\.\d+$/ }).waitFor();
        const bytes = fs.readFileSync(birds('birds_cnn.onnx'));
        const said = [];
        fs.writeFileSync(at('other', 'plain.onnx'), bytes.subarray(0, bytes.length >> 1));
        for (let i = 0; i < 8; i++) {
          await page.waitForTimeout(250);
          said.push(await panel().locator('.failure').count());
        }
        fs.writeFileSync(at('other', 'plain.onnx'), bytes);
        await fact.filter({ hasText: /^0$/ }).waitFor({ timeout: 60_000 });
        assert.deepEqual(said.filter(Boolean), [], 'half a file is no failure');
        assert.equal(await selected().innerText(), 'stage2.conv1');
        assert.equal(await panel().locator('.failure').count(), 0);
        await quiet();
      },
    ],
    [
      'and beside weights drawn anew, another draw at a time',
      async () => {
        await panel().locator('.controls-row lens-button', { hasText: 'Change…' }).click();
        await page.locator('.quick-input-list .monaco-list-row.focused', { hasText: 'epoch_1.onnx' }).waitFor();
        await pick(page, 'random weights');
        await panel()
          .locator('.compare-side h2', { hasText: 'b: random weights, draw 1' })
          .waitFor({ timeout: 60_000 });
        const fact = panel().locator('.compare-facts dd').first();
        await fact.filter({ hasText: /^1\.[34]\d$/ }).waitFor();
        await panel().locator('lens-button', { hasText: 'Draw again' }).click();
        await panel().locator('.compare-side h2', { hasText: 'draw 2' }).waitFor();
        await screenshot(page, 'compare-random');
      },
    ],
    [
      'the graph by what a picture excites, with a scale',
      async () => {
        await tab('Graph').click();
        await panel().locator('lens-graph lens-dropdown').click();
        await panel().locator('lens-option', { hasText: 'Mean |activation|' }).click();
        await panel().locator('.graph-picture', { hasText: 'values measured' }).waitFor({ timeout: 60_000 });
        const ticks = await panel().locator('.graph-scale .ticks span').allInnerTexts();
        assert.equal(ticks[0], '0');
        assert.ok(Number(ticks[2]) > Number(ticks[1]), ticks.join());
        await panel().locator('lens-graph lens-combobox input').click();
        await page.keyboard.type('stage1.relu');
        await page.keyboard.press('Enter');
        await panel()
          .locator('.graph-readout', { hasText: /\|activation\| [\d.]+ on average.*% zero/ })
          .waitFor();
        await screenshot(page, 'graph-activations');
      },
    ],
    [
      'the explain panel and the editor select the same layer, both ways',
      async () => {
        await explorerMenu(page, 'models/birds/pictures/Lanternfinch/lanternfinch-3000006.png', 'Explain This Image');
        await pick(page, 'epoch_2.onnx');
        const frames = page.locator(OURS);
        await frames.nth(1).waitFor({ timeout: 60_000 });
        const inside = (i) => frames.nth(i).contentFrame().frameLocator('iframe#active-frame');
        const count = async (i) => inside(i).locator('lens-explain').count();
        // Whichever is which in the page.
        for (let i = 0; (await count(0)) + (await count(1)) === 0; i++) {
          assert.ok(i < 100, 'the explain panel is there');
          await page.waitForTimeout(200);
        }
        const explain = inside((await count(0)) > 0 ? 0 : 1);
        const model = inside((await count(0)) > 0 ? 1 : 0);
        await explain.locator('.bar-row').first().waitFor({ timeout: 60_000 });
        const choose = async (name) => {
          await model.locator('.layer-search input').fill(name);
          await model.locator('.layer-space .layer-row').first().click();
        };
        // A method that explains the input is left alone.
        await choose('stage3.conv2');
        await explain.locator('lens-method-picker input').click();
        await explain.locator('.method-row[data-method="gradcam"]').click();
        const layer = () => explain.locator('input[aria-label="Layer"]');
        const reads = async (name) => {
          for (let i = 0; (await layer().inputValue()) !== name; i++) {
            assert.ok(i < 150, `the layer is ${await layer().inputValue()}`);
            await page.waitForTimeout(200);
          }
        };
        await layer().waitFor();
        await choose('stage2.conv2');
        await reads('stage2.conv2');
        await layer().click();
        await page.keyboard.type('stage1.conv2');
        await explain.locator('.combobox-row', { hasText: 'stage1.conv2' }).first().waitFor();
        await page.keyboard.press('Enter');
        await model.locator('.layer-card .layer-name', { hasText: 'stage1.conv2' }).waitFor({ timeout: 30_000 });
        await screenshot(page, 'explain-follows');
        await runCommand(page, 'View: Close Other Editors in Group');
        await runCommand(page, 'View: Close Editor');
        await frames.nth(1).waitFor({ state: 'detached' });
      },
    ],
    ...['dark', 'light', 'hc'].map((theme) => [
      `training, comparison and graph in ${theme}: no violation of accessibility rules`,
      async () => {
        await find('stem');
        await accessible(theme, ['Training', 'Weights', 'Graph'], 'training');
      },
    ]),
    [
      'a reloaded window shows the same comparison',
      async () => {
        await tab('Weights').click();
        await page.waitForTimeout(1000);
        await reloadWindow(page);
        await panel().locator('.compare-side h2', { hasText: 'draw 2' }).waitFor({ timeout: 180_000 });
        await panel().locator('button[aria-label="Stop comparing"]').click();
        await panel().locator('lens-weights .numbers').waitFor({ timeout: 60_000 });
      },
    ],
    [
      'another network is no checkpoint of the training, whatever the numbers in the names',
      async () => {
        await openFile(page, 'nets/net_18.onnx');
        await page.locator('.tabs-container .tab.active', { hasText: 'net_18.onnx' }).waitFor();
        await rows().first().waitFor({ timeout: 60_000 });
        await tab('Training').click();
        await panel().locator('.empty-state', { hasText: 'There is only this checkpoint.' }).waitFor();
        // Another state of the same network is one, and is gone to.
        fs.copyFileSync(birds('birds_cnn_epoch1.onnx'), at('nets', 'net_20.onnx'));
        await shows('net_20.onnx, 2 of 2');
      },
    ],
  ];
}
