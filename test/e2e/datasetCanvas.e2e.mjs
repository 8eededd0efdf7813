// The map of a data set where there is no WebGL: drawn by hand, with everything that the other has.
import assert from 'node:assert';
import { datasetPanel } from './panels/datasetPanel.mjs';
import { ICON, openWorkbench, screenshot, until, webviewFrame } from './support/ui.mjs';

export const options = { viewport: { width: 1400, height: 950 } };

export async function tests(page, srv) {
  const { panel, over, selected, open, drag, drawn } = datasetPanel(page);
  // As on a machine whose driver is refused; in the frames of the panels, too.
  await page.addInitScript(() => {
    const { getContext } = HTMLCanvasElement.prototype;
    HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
      return /webgl/.test(kind) ? null : getContext.call(this, kind, ...rest);
    };
  });

  return [
    [
      'points are drawn without WebGL, and say so',
      async () => {
        await openWorkbench(page, srv.url(), ICON);
        await open('models/birds/pictures', 'birds_cnn_epoch1.onnx');
        await until('the points are drawn by hand', async () => (await drawn()).painter === 'canvas');
        const { colours, points } = await drawn();
        assert.equal(points, 32);
        assert.ok(colours > 8, `${colours} colours`);
        await screenshot(page, 'dataset-canvas');
      },
    ],
    [
      'lasso, keys, space and pictures are the same',
      async () => {
        await drag([0.01, 0.01], [0.99, 0.99], ['Shift']);
        await selected('32 · ');
        await over().focus();
        await page.keyboard.press('ArrowLeft');
        await panel().locator('.side h2', { hasText: 'Neighbours' }).waitFor();
        await panel().locator('.map-question .segmented button', { hasText: '3-D' }).click();
        await panel().locator('.map-numbers:not(.old)').waitFor({ timeout: 90_000 });
        await panel().locator('lens-checkbox', { hasText: 'pictures' }).click();
        await page.waitForTimeout(800);
        await screenshot(page, 'dataset-canvas-space');
      },
    ],
    [
      'a frame of 50,000 points takes less than 100 ms',
      async () => {
        const times = await (
          await webviewFrame(page)
        ).evaluate(async () => {
          const element = document.querySelector('.map-frame lens-map');
          const count = 50_000;
          const points = Float32Array.from({ length: 2 * count }, (_, i) => Math.sin(i * 12.9898) * (1 + (i % 7)));
          const scene = {
            cloud: { count, dims: 2, points, centre: [0, 0, 0], reach: 7 },
            colours: Uint32Array.from({ length: count }, (_, i) => 0xc8000000 | ((i * 2654435761) % 0xffffff)),
            shapes: Uint8Array.from({ length: count }, (_, i) => (i % 9 === 0 ? 1 : 0)),
            order: Uint32Array.from({ length: count }, (_, i) => i),
            selected: new Uint8Array(count),
            anySelected: false,
          };
          const start = performance.now();
          element.scene = scene;
          await element.updateComplete;
          element.places();
          const first = performance.now() - start;
          const frames = [];
          for (let i = 0; i < 15; i++) {
            const before = performance.now();
            element.places();
            frames.push(performance.now() - before);
          }
          return { first, frames: frames.sort((a, b) => a - b) };
        });
        assert.ok(times.first < 1000, `the first frame took ${times.first} ms`);
        // The best third: the machine has other things to do as well.
        assert.ok(times.frames[5] < 100, `frames took ${times.frames.map(Math.round).join(', ')} ms`);
      },
    ],
  ];
}
