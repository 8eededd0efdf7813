// "Explain This Image" in depth: the answer, the next questions, what goes wrong, and the way out.
import assert from 'node:assert';
import fs from 'node:fs';
import { explainPanel, squeezenet } from './panels/explainPanel.mjs';
import { ICON, openFile, openWorkbench, saveAs, screenshot } from './support/ui.mjs';

export const options = {
  viewport: { width: 1600, height: 1000 },
  // Dark where there is no heat, so that what is lit can be measured.
  settings: { 'onnxLens.defaultMethod': 'gradient', 'onnxLens.colorMap': 'magma' },
};

export function tests(page, srv, tools) {
  const {
    at,
    shipped,
    panel,
    bars,
    chosenBar,
    best,
    target,
    explain,
    idle,
    done,
    choose,
    parameter,
    show,
    far,
    brightness,
    fish,
    failed,
    needsLab,
    accessible,
    runners,
  } = explainPanel(page, srv, tools);

  return [
    [
      'a shipped picture: the class and the heat, beside the code',
      async () => {
        await openWorkbench(page, srv.url(), ICON);
        await openFile(page, 'train.py');
        await page.locator('.monaco-editor .view-lines').first().waitFor();
        await page.waitForTimeout(1500); // a menu closes when the editor takes the focus
        const { species, pictures } = shipped();
        await explain(pictures[0], 'birds_cnn.onnx');
        await done();
        assert.equal(await best(), species);
        assert.equal(await page.locator('.editor-group-container').count(), 2, 'beside the editor');
        assert.equal(await page.locator('.notification-toast').count(), 0);
        assert.match(await panel().locator('.ran').innerText(), /\w+ · [\d.]+ m?s/);
        await page.locator('.statusbar-item', { hasText: /ONNX Lens: \w+/ }).waitFor();
        await screenshot(page, 'explain-bird');
      },
    ],
    [
      'goldfish with SqueezeNet: lit in both methods',
      async () => {
        needsLab();
        await explain('lab/goldfish.jpg', squeezenet);
        await done();
        assert.equal(await best(), 'goldfish');
        await screenshot(page, 'explain-goldfish-gradient');
        await show('Heat');
        const gradient = await brightness(fish);
        assert.ok(gradient.inside > 1.3 * gradient.all, JSON.stringify(gradient));
        await choose('Method', 'Occlusion');
        await panel().locator('.scale-text', { hasText: 'drop of the logit' }).waitFor({ timeout: 120_000 });
        await done(180_000);
        await choose('Sign', 'for');
        await page.waitForTimeout(300);
        const occlusion = await brightness(fish);
        assert.ok(occlusion.inside > 1.3 * occlusion.all, JSON.stringify(occlusion));
        await choose('Sign', 'both');
        await show('Blend');
        await screenshot(page, 'explain-goldfish-occlusion');
        assert.match(await panel().locator('.model-view summary').innerText(), /227×227 RGB 0…255 − \(123, 117, 104\)/);
      },
    ],
    [
      'the history goes back without running again',
      async () => {
        needsLab();
        await panel().locator('.history-run', { hasText: 'Gradient · goldfish' }).click();
        await panel().locator('.history-run[aria-current=true]', { hasText: 'Gradient' }).waitFor();
        assert.equal(await panel().locator('.working').count(), 0);
      },
    ],
    [
      'another class: by a click on it, and by its name among all',
      async () => {
        needsLab();
        await bars().nth(1).click();
        await chosenBar('tench');
        await done();
        await target().click();
        await page.keyboard.type('king penguin');
        await panel().locator('.combobox-row', { hasText: 'king penguin' }).waitFor();
        await page.keyboard.press('Enter');
        await chosenBar('king penguin');
        assert.equal(await target().inputValue(), 'king penguin');
        await target().click();
        assert.ok((await panel().locator('.combobox-row').count()) < 40, 'only the rows in sight exist');
        assert.equal(await panel().locator('.combobox-row').first().getAttribute('aria-setsize'), '1001');
        await page.keyboard.press('Escape');
      },
    ],
    [
      'cancelling keeps what there is',
      async () => {
        needsLab();
        await choose('Method', 'Occlusion');
        await parameter('Patch', 8);
        await parameter('Stride', 1);
        await far();
        await screenshot(page, 'explain-working');
        await panel().locator('.working lens-button', { hasText: 'Cancel' }).click();
        await panel().locator('.notice', { hasText: 'Stopped' }).waitFor();
        assert.equal(await panel().locator('.failure').count(), 0);
        await screenshot(page, 'explain-partial');
        await choose('Method', 'Gradient');
        await done();
        assert.equal(await panel().locator('.notice').count(), 0);
      },
    ],
    [
      'a runner that is killed is one sentence, and the next run works',
      async () => {
        needsLab();
        await choose('Method', 'Occlusion');
        await far();
        const before = runners();
        assert.ok(before.length > 0, `before.length: ${before.length}`);
        for (const pid of before) process.kill(pid, 'SIGKILL');
        await failed(/SIGKILL/);
        await screenshot(page, 'explain-killed');
        await choose('Method', 'Gradient');
        await done();
        await panel().locator('.icon-button[aria-label="Run again"]').click();
        await panel().locator('.stage[aria-busy=true]').waitFor();
        await done();
        assert.equal(await panel().locator('.failure').count(), 0);
        const after = runners();
        assert.ok(after.length > 0 && after.every((pid) => !before.includes(pid)), `after.length: ${after.length}`);
      },
    ],
    [
      'a text file named .png, and after it a picture that is one',
      async () => {
        needsLab();
        await explain('lab/notes.png', squeezenet);
        await failed(/notes\.png/);
        await screenshot(page, 'explain-text-file');
        await explain('lab/cat_dog_both.png', squeezenet);
        await done();
        assert.equal(await best(), 'bull mastiff');
      },
    ],
    [
      'a tensor of the wrong shape',
      async () => {
        needsLab();
        await explain('lab/wrong.npy', squeezenet);
        await failed(/5×5/);
      },
    ],
    [
      'a model that is cut off',
      async () => {
        needsLab();
        await explain('lab/goldfish.jpg', 'broken.onnx');
        await failed(/cut off/);
        await screenshot(page, 'explain-broken-model');
        fs.rmSync(at('lab', 'broken.onnx'));
        await page.locator('.tabs-container .tab', { hasText: 'broken' }).click({ button: 'middle' });
      },
    ],
    [
      'several pictures: one that fails stops no other',
      async () => {
        needsLab();
        const row = (name) =>
          page.locator(`.explorer-folders-view .monaco-list-row:has([aria-label$="/lab/${name}"])`).first();
        await row('cat_dog_both.png').click();
        await page.locator('.tabs-container .tab.active', { hasText: /^cat_dog_both\.png$/ }).waitFor();
        await page.waitForTimeout(1000); // the explorer selects what has opened
        for (const name of ['goldfish.jpg', 'notes.png']) await row(name).click({ modifiers: ['Control'] });
        assert.equal(await page.locator('.explorer-folders-view .monaco-list-row.selected').count(), 3);
        await explain('lab/goldfish.jpg', squeezenet, '3 pictures');
        await panel().locator('.picture.failed').waitFor({ timeout: 60_000 });
        await idle();
        assert.equal(await panel().locator('.picture').count(), 3);
        assert.equal(await panel().locator('.picture.failed').count(), 1);
        await panel().locator('.picture[aria-label^="goldfish.jpg"]').click();
        await bars().first().filter({ hasText: 'goldfish' }).waitFor();
        await screenshot(page, 'explain-several');
      },
    ],
    [
      'keyboard alone: classes, pixels, the original, the target',
      async () => {
        needsLab();
        await page.locator('.explorer-folders-view .monaco-list-row', { hasText: 'README.md' }).click(); // ends the selection
        await explain('lab/goldfish.jpg', squeezenet);
        await done();
        await bars().first().focus();
        await page.keyboard.press('ArrowDown');
        await page.keyboard.press('Enter');
        await chosenBar('tench');
        await done();
        await panel().locator('lens-heat-canvas canvas').focus();
        await page.keyboard.press('ArrowRight');
        await page.keyboard.press('Shift+ArrowDown');
        assert.match(
          await panel().locator('[aria-live=polite]').innerText(),
          /^\d+, \d+: heat \S+, picture \d+ \d+ \d+$/,
        );
        assert.match(await panel().locator('.readout').innerText(), /Model input\s+\S*\d/);
        for (const key of ['+', '+', 'ArrowLeft', '-', '0']) await page.keyboard.press(key);
        const mode = (name) => panel().locator('.segmented [aria-checked=true]', { hasText: name }).waitFor();
        await page.keyboard.down('o');
        await mode('Original');
        await page.keyboard.up('o');
        await mode('Blend');
        await target().focus();
        await page.keyboard.press('ArrowDown');
        await page.keyboard.type('goldfi');
        await page.keyboard.press('Enter');
        await chosenBar('goldfish');
      },
    ],
    [
      'exports: picture, values, recipe, command line',
      async () => {
        needsLab();
        await done();
        const item = async (name) => {
          await panel().locator('.icon-button[aria-label=Export]').click();
          await panel().locator('[role=menuitem]', { hasText: name }).click();
        };
        const save = async (name, file) => {
          await item(name);
          return saveAs(page, at('lab', file), 'goldfish');
        };
        const png = await save('PNG', 'out.png');
        assert.equal(png.subarray(1, 4).toString('latin1'), 'PNG');
        assert.ok(png.readUInt32BE(16) > 600, 'wide enough for a paper');
        const svg = String(await save('SVG', 'out.svg'));
        assert.match(svg, /^<svg [\s\S]*href="data:image\/png;base64,[\s\S]*goldfish: Gradient[\s\S]*<\/svg>\n$/);
        const npy = await save('Values', 'out.npy');
        assert.match(npy.subarray(0, 128).toString('latin1'), /'<f4'.*\(3, 227, 227\)/);
        const recipe = JSON.parse(String(await save('Recipe', 'out.json')));
        assert.equal(recipe.schema, 'onnx-lens/recipe/1');
        assert.equal(recipe.target.label, 'goldfish');
        assert.equal(recipe.preprocessing.mean.origin.kind, 'sidecar');
        await item('command line');
        await page.waitForTimeout(500);
        const line = await page.evaluate(() => navigator.clipboard.readText());
        const start = 'onnx-lens explain lab/squeezenet_v1.0_dc.onnx lab/goldfish.jpg --method gradient --target 1 ';
        assert.ok(line.startsWith(start), line);
      },
    ],
    [
      'a setting changed on disk makes the answer old: run again',
      async () => {
        needsLab();
        const sidecar = at('lab', `${squeezenet}.lens.json`);
        fs.writeFileSync(sidecar, fs.readFileSync(sidecar, 'utf8').replace('[123,117,104]', '[0,0,0]'));
        const notice = panel().locator('.notice', { hasText: 'changed on disk' });
        await notice.waitFor();
        await screenshot(page, 'explain-stale');
        await notice.locator('lens-button').click();
        await notice.waitFor({ state: 'detached' });
        await done();
        assert.doesNotMatch(await panel().locator('.model-view summary').innerText(), /123/);
      },
    ],
    [
      'no violation of accessibility, in every theme',
      async () => {
        needsLab();
        await panel().locator('.model-view summary').click();
        await accessible('explain');
      },
    ],
    [
      'a pinned panel stays, the next picture opens another',
      async () => {
        needsLab();
        await panel().locator('.icon-button[aria-label^="Pin"]').click();
        await explain('lab/cat_dog_both.png', squeezenet);
        await done();
        const tabs = await page.locator('.tabs-container .tab', { hasText: squeezenet }).allInnerTexts();
        assert.deepEqual(tabs.map((t) => t.split(' · ')[0].trim()).sort(), ['cat_dog_both.png', 'goldfish.jpg']);
      },
    ],
  ];
}
