// An output that nobody understands: the panel asks how to read it, follows the answer, and writes it beside the model.
import assert from 'node:assert';
import fs from 'node:fs';
import { dataMissing } from '../data.mjs';
import { explainPanel } from './panels/explainPanel.mjs';
import { ICON, openWorkbench, screenshot } from './support/ui.mjs';

export const options = { viewport: { width: 1600, height: 1000 } };

export function tests(page, srv, tools) {
  const { panel, explain, idle, choose, at, needsLab, accessible } = explainPanel(page, srv, tools);
  const sidecar = at('lab', 'riddle.lens.json');
  if (!dataMissing) {
    fs.copyFileSync(tools.data('cases/landmarks.onnx'), at('lab', 'riddle.onnx'));
    fs.writeFileSync(sidecar, JSON.stringify({ outputs: { landmarks: { kind: 'unknown' } } }));
  }
  const reading = () => panel().locator('.reading');
  const list = () => panel().locator('lens-dropdown[aria-label="How to read the output"]');

  return [
    [
      'an output that is not understood is asked about, read as chosen, and saved beside the model',
      async () => {
        needsLab();
        await openWorkbench(page, srv.url(), ICON);
        await explain('lab/goldfish.jpg', 'riddle.onnx');
        await reading().waitFor();
        await idle();
        assert.match(await reading().innerText(), /not a list of classes; choose how to read it/);
        await screenshot(page, 'explain-reading-unknown');
        await panel().getByRole('button', { name: 'Choose how to read it' }).click();
        await accessible('reading');
        await choose('How to read the output', 'Numbers');
        await panel().locator('lens-heat-canvas canvas[aria-label*="heat for"]').waitFor({ timeout: 60_000 });
        await idle();
        assert.match(await panel().locator('.right').innerText(), /is read as you say, in this panel/);
        assert.doesNotMatch(await panel().locator('.scale-text').first().innerText(), /logit|probability/);
        await screenshot(page, 'explain-reading-chosen');
        await reading().getByRole('button', { name: 'Save beside the model' }).click();
        await list().waitFor({ state: 'detached' });
        await idle();
        assert.deepEqual(JSON.parse(fs.readFileSync(sidecar, 'utf8')).outputs, { landmarks: { kind: 'regression' } });
      },
    ],
  ];
}
