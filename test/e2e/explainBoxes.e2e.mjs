// A detector in the explain panel: its boxes over the picture, and each of them explained.
import assert from 'node:assert';
import fs from 'node:fs';
import { dataMissing } from '../data.mjs';
import { explainPanel } from './panels/explainPanel.mjs';
import { axe, ICON, openWorkbench, screenshot, webviewFrame } from './support/ui.mjs';

export const options = {
  viewport: { width: 1600, height: 1000 },
  settings: { 'onnxLens.defaultMethod': 'gradient' },
};

export function tests(page, srv, tools) {
  const { panel, target, explain, idle, choose, at, needsLab } = explainPanel(page, srv, tools);
  if (!dataMissing) fs.copyFileSync(tools.data('cases/two_class_ok.onnx'), at('lab', 'detector.onnx'));
  const boxes = () => panel().locator('lens-heat-canvas .box');
  const shown = async (text) => {
    await idle();
    await panel().locator(`lens-heat-canvas canvas[aria-label*="heat for ${text}"]`).waitFor();
  };
  const pressed = async (n) => {
    await panel().locator('lens-heat-canvas .box[aria-pressed=true]').first().waitFor();
    assert.equal(await boxes().nth(n).getAttribute('aria-pressed'), 'true');
  };

  return [
    [
      'boxes of a detector stand over the picture, and one is explained by a click in it',
      async () => {
        needsLab();
        await openWorkbench(page, srv.url(), ICON);
        await explain('lab/goldfish.jpg', 'detector.onnx');
        await idle();
        await boxes().first().waitFor();
        assert.equal(await boxes().count(), 2);
        await screenshot(page, 'explain-boxes');
        const place = await boxes().nth(0).boundingBox();
        await page.mouse.click(place.x + place.width / 2, place.y + place.height / 2);
        await shown('box 1: b');
        await pressed(0);
        await screenshot(page, 'explain-box-gradient');
      },
    ],
    [
      'Grad-CAM and occlusion of the same box',
      async () => {
        needsLab();
        for (const method of ['Grad-CAM', 'Occlusion']) {
          await choose('Method', method);
          await shown('box 1: b');
          await screenshot(page, `explain-box-${method.toLowerCase()}`);
          const heat = await (
            await webviewFrame(page)
          ).evaluate(() => {
            const canvas = document.querySelector('lens-heat-canvas canvas');
            const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
            return new Set(Array.from({ length: data.length / 400 }, (_, i) => data[400 * i])).size;
          });
          assert.ok(heat > 10, `${method}: ${heat} levels`);
        }
      },
    ],
    [
      'the other by the keyboard, and by the list of targets',
      async () => {
        needsLab();
        await boxes().nth(1).focus();
        await page.keyboard.press('Enter');
        await shown('box 2: a');
        await pressed(1);
        await target().click();
        await panel().locator('[role=option]', { hasText: 'box 1: b' }).first().click();
        await shown('box 1: b');
        assert.deepEqual(await axe(await webviewFrame(page)), []);
      },
    ],
  ];
}
