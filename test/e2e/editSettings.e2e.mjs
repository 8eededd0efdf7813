// How the picture is prepared, edited in the panel: the predictions follow, and what is right is saved beside the model.
import assert from 'node:assert';
import fs from 'node:fs';
import path from 'node:path';
import { explainPanel } from './panels/explainPanel.mjs';
import { ICON, openWorkbench, screenshot } from './support/ui.mjs';

export const options = { viewport: { width: 1600, height: 1000 } };

export function tests(page, srv, tools) {
  const { panel, best, explain, done, idle, shipped, accessible } = explainPanel(page, srv, tools);
  const folder = path.join(srv.ws, 'edited');
  const sidecar = path.join(folder, 'edited.lens.json');
  const { species, pictures } = shipped(0);
  const models = path.join(srv.ws, 'models', 'birds');
  const written = JSON.parse(fs.readFileSync(path.join(models, 'birds_cnn.lens.json'), 'utf8'));
  fs.mkdirSync(folder);
  fs.copyFileSync(path.join(models, 'birds_cnn.onnx'), path.join(folder, 'edited.onnx'));
  fs.copyFileSync(path.join(srv.ws, pictures[0]), path.join(folder, 'bird.png'));
  const names = Array.isArray(written.labels)
    ? written.labels
    : fs.readFileSync(path.join(models, written.labels), 'utf8').trim().split('\n');
  fs.writeFileSync(path.join(folder, 'labels.txt'), `${names.join('\n')}\n`);
  const editor = () => panel().locator('.prepare');
  const field = (label) => editor().locator(`input[aria-label="${label}"]`);
  const press = (name, where = editor()) => where.getByRole('button', { name }).click();

  return [
    [
      'an edit changes what is predicted at once, and a wrong field says why',
      async () => {
        await openWorkbench(page, srv.url(), ICON);
        await explain('edited/bird.png', 'edited.onnx');
        await done();
        assert.notEqual(await best(), species);
        await press('Edit…', panel().locator('.prepare-edit'));
        await editor().waitFor();
        await editor().locator('lens-dropdown[aria-label="Preset"]:focus').waitFor();
        const preset = async (name) => {
          const presets = editor().locator('lens-dropdown[aria-label="Preset"]');
          await presets.locator('lens-option', { hasText: name }).waitFor({ state: 'attached' });
          await presets.click();
          await presets.locator('lens-option', { hasText: name }).click();
        };
        const tried = (text) => editor().locator('.trial[aria-busy=false] tbody tr', { hasText: text }).first();
        await preset('Keras "caffe"');
        assert.equal(await field('Mean, blue').inputValue(), '103.939');
        assert.equal(await field('Value of white').inputValue(), '255');
        // The numbers go with their colours.
        await editor().getByRole('radio', { name: 'RGB' }).click();
        assert.equal(await field('Mean, red').inputValue(), '123.68');
        await preset('ImageNet (torchvision)');
        await tried(species).waitFor();
        assert.notEqual(await best(), species, 'nothing is used before it is said');
        await field('Mean, red').fill('[0.596, 0.614, 0.554]');
        assert.equal(await field('Mean, blue').inputValue(), '0.554');
        await field('Deviation, green').fill('0');
        const error = editor().locator('.field-error');
        assert.match(await error.innerText(), /must not be 0/i);
        assert.equal(await field('Deviation, green').getAttribute('aria-describedby'), await error.getAttribute('id'));
        assert.equal(await editor().getByRole('button', { name: 'Use here' }).isDisabled(), true);
        await accessible('edit-settings');
        await field('Deviation, green').fill('0.166');
        await tried(species).waitFor();
        await screenshot(page, 'edit-settings-live');
      },
    ],
    [
      'what is edited is kept over a reload, used in the panel, and said at the predictions and in the recipe',
      async () => {
        await page.reload();
        await field('Mean, green').waitFor({ timeout: 60_000 });
        assert.equal(await field('Mean, green').inputValue(), '0.614');
        await press('Use here');
        await editor().waitFor({ state: 'detached' });
        await panel().locator('.bar-row[role=option]', { hasText: species }).first().waitFor({ timeout: 60_000 });
        await idle();
        assert.equal(await best(), species);
        await panel().locator('.prepare-edit lens-button:focus').waitFor();
        assert.match(await panel().locator('.prepared-here').innerText(), /edited here, not saved/);
        assert.match(await panel().locator('.model-view summary').innerText(), /edited in the panel/);
        assert.equal(fs.existsSync(sidecar), false);
        await screenshot(page, 'edit-settings-used');
        await page.reload();
        await panel().locator('.prepared-here').waitFor({ timeout: 60_000 });
        await done();
        assert.equal(await best(), species);
      },
    ],
    [
      'it is saved beside the model, what a person wrote is not replaced unasked, and the model opens with it',
      async () => {
        const mine = { input: { range: [-1, 1], pad: [9, 9, 9] }, labels: 'labels.txt' };
        fs.writeFileSync(sidecar, JSON.stringify(mine));
        await press('Save beside the model', panel().locator('.prepared-here'));
        const question = panel().getByRole('alertdialog');
        assert.match(await question.innerText(), /edited\.lens\.json says something else for range already/);
        assert.deepEqual(JSON.parse(fs.readFileSync(sidecar, 'utf8')), mine);
        await screenshot(page, 'edit-settings-asks');
        await press('Replace', question);
        await panel().locator('.prepared-here').waitFor({ state: 'detached', timeout: 60_000 });
        await idle();
        assert.equal(await best(), species);
        const saved = JSON.parse(fs.readFileSync(sidecar, 'utf8'));
        assert.deepEqual(saved.input.range, [0, 1]);
        assert.deepEqual(saved.input.mean, [0.596, 0.614, 0.554]);
        assert.deepEqual(saved.input.pad, [9, 9, 9]);
        assert.equal(saved.labels, 'labels.txt');
        assert.match(await panel().locator('.model-view summary').innerText(), /from edited\.lens\.json/);
        // Its own writing is no change that somebody else made.
        await page.waitForTimeout(1500);
        assert.equal(await panel().locator('.stage-top .notice').count(), 0);
        await screenshot(page, 'edit-settings-saved');
      },
    ],
    [
      'other labels name what is predicted at once, stay within the workspace, and are saved beside the model',
      async () => {
        await press('Edit…', panel().locator('.prepare-edit'));
        const labels = editor().locator('textarea[aria-label^="Labels"]');
        await panel().locator('.prepare textarea').waitFor();
        const tried = (text) => editor().locator('.trial[aria-busy=false]', { hasText: text }).first();
        await editor()
          .locator('#prepare-labels-origin', { hasText: 'labels.txt, named in edited.lens.json' })
          .waitFor();
        assert.equal(await labels.inputValue(), 'labels.txt');
        await labels.fill('/etc/hosts');
        await tried('lies outside the workspace').waitFor();
        assert.equal(await page.locator('.monaco-dialog-box').count(), 0, 'nobody is asked while somebody types');
        await labels.fill(names.map((_, i) => `Fowl ${i}`).join('\n'));
        await tried('Fowl').waitFor();
        await accessible('edit-labels');
        await screenshot(page, 'edit-settings-labels');
        await press('Save beside the model');
        await press('Replace', panel().getByRole('alertdialog'));
        await panel().locator('.bar-row[role=option]', { hasText: 'Fowl' }).first().waitFor({ timeout: 60_000 });
        await idle();
        assert.match(await best(), /^Fowl/);
        assert.equal(JSON.parse(fs.readFileSync(sidecar, 'utf8')).labels.length, names.length);
      },
    ],
  ];
}
