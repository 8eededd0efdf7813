// A model of which nobody says how it wants its pictures: the doubt stands at the predictions, and two clicks lead out.
import assert from 'node:assert';
import fs from 'node:fs';
import path from 'node:path';
import { explainPanel, squeezenet } from './panels/explainPanel.mjs';
import { DATA } from '../data.mjs';
import { ICON, openWorkbench, screenshot } from './support/ui.mjs';

export const options = { viewport: { width: 1600, height: 1000 } };

export function tests(page, srv, tools) {
  const { panel, best, explain, done, needsLab, accessible } = explainPanel(page, srv, tools);
  const folder = path.join(srv.ws, 'alone');
  if (fs.existsSync(path.join(srv.ws, 'lab'))) {
    fs.mkdirSync(folder);
    fs.copyFileSync(path.join(DATA, 'models', `${squeezenet}.onnx`), path.join(folder, 'alone.onnx'));
    fs.copyFileSync(path.join(DATA, 'labels', 'imagenet_classes.txt'), path.join(folder, 'labels.txt'));
    fs.cpSync(path.join(DATA, 'images', 'photos'), folder, { recursive: true });
  }

  return [
    [
      'SqueezeNet without settings: the guess is said at the predictions, and two clicks lead to goldfish',
      async () => {
        needsLab();
        await openWorkbench(page, srv.url(), ICON);
        await explain('alone/goldfish.jpg', 'alone.onnx');
        await done();
        assert.notEqual(await best(), 'goldfish');
        const doubts = panel().locator('.predictions .doubts');
        assert.match(await doubts.innerText(), /is a guess .*alone\.lens\.json/s);
        await screenshot(page, 'find-settings-doubt');
        await doubts.getByRole('button', { name: 'Find the settings…' }).click();
        const found = panel().locator('.finding');
        await found.waitFor({ timeout: 600_000 });
        const verdicts = await found.locator('[data-verdict]').evaluateAll((all) => all.map((e) => e.dataset.verdict));
        assert.equal(verdicts.length, 3);
        assert.match(await found.innerText(), /Resize and crop are assumed/);
        await screenshot(page, 'find-settings-found');
        await accessible('find-settings');
        await found.getByRole('button', { name: 'Use these settings' }).click();
        await found.waitFor({ state: 'detached' });
        await panel().locator('.bar-row[role=option]', { hasText: 'goldfish' }).first().waitFor({ timeout: 60_000 });
        await done();
        assert.equal(await best(), 'goldfish');
        assert.equal(await panel().locator('.doubt-guessed').count(), 0);
        const written = JSON.parse(fs.readFileSync(path.join(folder, 'alone.lens.json'), 'utf8'));
        assert.deepEqual(written.input.range, [0, 255]);
        assert.match(written.input.evidence.range, /found from|stated in/);
        await screenshot(page, 'find-settings-taken');
      },
    ],
  ];
}
