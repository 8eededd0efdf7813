// Double-click a checkpoint: what it is, what its layers have learned, what they see, and the line that made them.
import assert from 'node:assert';
import fs from 'node:fs';
import path from 'node:path';
import { lab } from './support/lab.mjs';
import { modelPanel } from './panels/modelPanel.mjs';
import { ICON, openFile, openWorkbench, reloadWindow, screenshot } from './support/ui.mjs';

/** Pixels, but for what the browser rounds. */
const near = (a, b) => Math.abs(a - b) < 2;

export const options = { viewport: { width: 1600, height: 1000 } };

export function tests(page, srv, tools) {
  const at = (...parts) => path.join(srv.ws, ...parts);
  const { panel, rows, tab, search, selected, find, drawn, choosePicture, accessible, quiet } = modelPanel(page);
  const open = async (file) => {
    await openFile(page, file);
    await page.locator('.tabs-container .tab.active', { hasText: path.basename(file) }).waitFor();
    await rows().first().waitFor({ timeout: 60_000 });
  };

  const needsLab = lab(srv, tools, () => {
    for (const name of ['squeezenet_v1.0_dc.onnx', 'cifar_resnet20_dynamo.onnx', 'cifar_resnet20_dynamo.onnx.data'])
      fs.copyFileSync(tools.data(`models/${name}`), at('lab', name));
    fs.copyFileSync(tools.data('images/photos/goldfish.jpg'), at('lab', 'goldfish.jpg'));
    fs.copyFileSync(tools.data('labels/imagenet_classes.txt'), at('lab', 'imagenet_classes.txt'));
    const input = { color: 'RGB', range: [0, 255], mean: [123, 117, 104] };
    const settings = { input, labels: 'imagenet_classes.txt' };
    fs.writeFileSync(at('lab', 'squeezenet_v1.0_dc.lens.json'), JSON.stringify(settings));
    // The code of the network, as far as its lines count.
    fs.mkdirSync(at('src'));
    const lines = Array.from({ length: 60 }, (_, i) => `# line ${i + 1}`);
    lines[0] = 'from torch import nn';
    lines[1] = 'class Block(nn.Module):';
    lines[2] = '    def __init__(self):';
    lines[3] = '        self.conv1 = nn.Conv2d(3, 16, 3)';
    fs.writeFileSync(at('src', 'resnet_cifar.py'), lines.join('\n'));
    fs.utimesSync(at('src', 'resnet_cifar.py'), 1_000_000_000, 1_000_000_000);
  });

  return [
    [
      'a double click shows what a model is',
      async () => {
        await openWorkbench(page, srv.url(), ICON);
        await open('models/birds/birds_cnn.onnx');
        await panel().locator('h2', { hasText: 'What is odd' }).waitFor();
        const facts = () => panel().locator('.facts').innerText();
        assert.match(await facts(), /Parameters\s+[\d.]+ k in \d+ layers/);
        await panel().locator('.facts dd', { hasText: 'FLOPs' }).waitFor({ timeout: 60_000 });
        await panel().locator('h2', { hasText: 'weights checked' }).waitFor({ timeout: 60_000 });
        assert.match(await facts(), /differentiable from output to input/);
        await quiet();
        await screenshot(page, 'model-birds-overview');
      },
    ],
    [
      'its first filters are pictures, its layers are found by name, operator and shape',
      async () => {
        await tab('Weights').click();
        const count = await rows().count();
        await search().fill('conv');
        const left = await rows().count();
        assert.ok(left < count && left > 0, `${left} of ${count}`);
        await rows().first().click();
        await drawn('lens-cell-grid canvas');
        await panel().locator('.numbers').waitFor();
        await screenshot(page, 'model-birds-weights');
        await search().fill('nothing like this');
        await panel().locator('.layer-none').waitFor();
        await search().fill('');
      },
    ],
    [
      'keyboard alone: layers, tabs, filters',
      async () => {
        await panel().locator('.layer-scroll').focus();
        await page.keyboard.press('Home');
        const first = await selected().innerText();
        await page.keyboard.press('ArrowDown');
        await page.waitForTimeout(200);
        assert.notEqual(await selected().innerText(), first);
        await page.keyboard.press('End');
        await page.keyboard.press('Home');
        await selected().filter({ hasText: first }).waitFor();
        await tab('Weights').focus();
        await page.keyboard.press('ArrowRight');
        await panel().locator('[role=tab][aria-selected=true]', { hasText: 'Activations' }).waitFor();
        await page.keyboard.press('ArrowLeft');
        await panel().locator('.cells').first().focus();
        for (const key of ['ArrowRight', 'ArrowRight', 'Control+ArrowRight']) await page.keyboard.press(key);
        assert.match(await panel().locator('.cell-readout').first().innerText(), /2.* \(\d+, \d+\) /);
      },
    ],
    [
      'SqueezeNet: filters in a grid, its last layer by principal components',
      async () => {
        needsLab();
        await open('lab/squeezenet_v1.0_dc.onnx');
        await tab('Weights').click();
        await find('conv1');
        await drawn('lens-cell-grid canvas', 100);
        await screenshot(page, 'model-squeezenet-filters');
        await find('fire8.expand3x3');
        await drawn('lens-cell-grid canvas');
        await find('conv_final');
        await panel().locator('.segmented button', { hasText: 'Classes' }).click();
        const box = panel().locator('lens-points lens-combobox input');
        await box.click({ timeout: 60_000 });
        await page.keyboard.type('goldfish');
        await page.keyboard.press('Enter');
        await panel().locator('.similar li').nth(9).waitFor();
        await screenshot(page, 'model-squeezenet-classes');
        await panel().locator('.segmented button', { hasText: 'Matrix' }).click();
        await drawn('lens-cell-grid canvas');
        await quiet();
      },
    ],
    [
      'its activations on a photograph',
      async () => {
        needsLab();
        await tab('Activations').click();
        await find('fire2.expand3x3_relu');
        await choosePicture('lens-activations', at('lab', 'goldfish.jpg'));
        await drawn('lens-activations lens-cell-grid canvas');
        await panel()
          .locator('.cells')
          .click({ position: { x: 120, y: 40 } });
        await panel().locator('.cell-readout', { hasText: 'channel' }).first().waitFor();
        await drawn('lens-heat-canvas canvas', 100);
        await screenshot(page, 'model-squeezenet-activations');
        await find('fire9.expand3x3_relu');
        await panel().locator('.channel h2', { hasText: '13×13' }).waitFor();
        await quiet();
      },
    ],
    [
      'its graph: drawn beside the page, and the selected layer is in it',
      async () => {
        needsLab();
        await tab('Graph').click();
        await drawn('lens-graph-canvas canvas', 8);
        await panel().locator('lens-graph-canvas canvas').focus();
        await page.keyboard.press('ArrowRight');
        await page.keyboard.press('ArrowRight');
        await panel().locator('.graph-readout').waitFor();
        await panel().locator('lens-graph lens-combobox input').click();
        await page.keyboard.type('fire5.squeeze');
        await page.keyboard.press('Enter');
        await selected().filter({ hasText: 'fire5.squeeze' }).waitFor();
        await screenshot(page, 'model-squeezenet-graph');
      },
    ],
    [
      'what the file says of a node: attributes, types, shapes and constants, and the nodes at their other ends',
      async () => {
        needsLab();
        const detail = panel().locator('lens-node-detail');
        await detail.locator('dt', { hasText: 'kernel_shape' }).waitFor();
        assert.equal((await detail.locator('dt:text("kernel_shape") + dd').innerText()).trim(), '[1, 1] ints');
        const weight = detail.locator('li', { hasText: 'weight' }).first();
        assert.match(await weight.innerText(), /float32 \d+×\d+×1×1[^]*constant, [\d.]+ kB/);
        const before = await panel().locator('.graph-readout').innerText();
        await detail.locator('li', { hasText: 'from' }).first().locator('.link').first().click();
        await panel().locator('.graph-readout').filter({ hasNotText: before }).waitFor();
      },
    ],
    [
      'the border beside the list of layers moves by keys and by the mouse, and back',
      async () => {
        needsLab();
        const border = panel().locator('.model-layout > lens-splitter .splitter');
        const width = async () => (await panel().locator('.layers').boundingBox()).width;
        const before = await width();
        await border.focus();
        for (let i = 0; i < 3; i++) await page.keyboard.press('ArrowRight');
        assert.ok(near((await width()) - before, 48), `${before} to ${await width()}`);
        await border.dblclick();
        assert.ok(near(await width(), before), `${await width()}, not ${before}`);
      },
    ],
    [
      'a layer of a dynamo export leads to its source line',
      async () => {
        needsLab();
        await open('lab/cifar_resnet20_dynamo.onnx');
        await tab('Weights').click();
        await find('layer1.0.conv1');
        await drawn('lens-cell-grid canvas');
        await panel().locator('.layer-card .source').click();
        await page.locator('.tabs-container .tab.active', { hasText: 'resnet_cifar.py' }).waitFor();
        const status = await page.locator('.statusbar-item', { hasText: /^Ln \d+/ }).innerText();
        assert.match(status, /^Ln 9, /);
        await screenshot(page, 'model-source');
      },
    ],
    [
      'and the source leads back to the layer',
      async () => {
        needsLab();
        const lens = page.locator('.codelens-decoration a', { hasText: 'Inspect' }).first();
        await lens.waitFor({ timeout: 30_000 });
        await page
          .locator('.view-line', { hasText: 'self.conv1' })
          .locator('span', { hasText: 'conv1' })
          .last()
          .hover();
        await page.locator('.monaco-hover img').waitFor({ timeout: 30_000 });
        await screenshot(page, 'model-hover');
        await page.keyboard.press('Escape');
        await lens.click();
        const question = page.locator('.quick-input-widget:visible');
        await question.waitFor();
        await page.locator('.quick-input-list .monaco-list-row', { hasText: 'layer2.1.conv1' }).first().click();
        await selected().filter({ hasText: 'layer2.1.conv1' }).waitFor();
        await quiet();
      },
    ],
    [
      'rewritten while it is open, in pieces: the selection stays and nothing is called broken',
      async () => {
        needsLab();
        const file = at('lab', 'cifar_resnet20_dynamo.onnx');
        const bytes = fs.readFileSync(file);
        const said = [];
        fs.writeFileSync(file, bytes.subarray(0, bytes.length >> 1));
        for (let i = 0; i < 8; i++) {
          await page.waitForTimeout(250);
          said.push(await panel().locator('.failure').count());
        }
        fs.writeFileSync(file, bytes);
        assert.deepEqual(said.filter(Boolean), [], 'half a file is no failure');
        await page.waitForTimeout(2500);
        assert.equal(await panel().locator('.failure').count(), 0);
        assert.equal(await panel().locator('.strip').count(), 0);
        assert.equal(await selected().innerText(), 'layer2.1.conv1');
        await drawn('lens-cell-grid canvas');
        await quiet();
      },
    ],
    [
      'the tree and the editor select the same layer',
      async () => {
        needsLab();
        await page.locator(ICON).click();
        await find('layer3.2.conv2');
        const row = page.locator('.pane-body .monaco-list-row.selected', { hasText: 'conv2' });
        await row.waitFor({ timeout: 20_000 });
        await screenshot(page, 'model-tree');
      },
    ],
    ...['dark', 'light', 'hc'].map((theme) => [
      `every tab in ${theme}: no violation of accessibility rules`,
      () => accessible(theme, ['Overview', 'Weights', 'Activations', 'Graph'], 'model'),
    ]),
    [
      'a reloaded window shows the same layer in the same tab',
      async () => {
        await tab('Weights').click();
        const before = await selected().innerText();
        await reloadWindow(page);
        await selected().filter({ hasText: before }).waitFor({ timeout: 180_000 });
        await panel().locator('[role=tab][aria-selected=true]', { hasText: 'Weights' }).waitFor();
        await drawn('lens-cell-grid canvas');
      },
    ],
  ];
}
