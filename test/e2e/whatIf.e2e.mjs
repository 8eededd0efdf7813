// What if, by hand: parts of the picture are painted over, the prediction moves meanwhile, and the file stays as it is.
import assert from 'node:assert';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { explainPanel } from './panels/explainPanel.mjs';
import { ICON, openWorkbench, saveAs, screenshot, until, webviewFrame } from './support/ui.mjs';

export const options = { viewport: { width: 1400, height: 900 }, settings: { 'onnxLens.provider': 'cpu' } };

export function tests(page, srv, tools) {
  const { at, panel, shipped, explain, done, idle, best, accessible } = explainPanel(page, srv, tools);
  const { species, pictures } = shipped();
  const canvas = () => panel().locator('lens-heat-canvas canvas');
  const rows = () => panel().locator('.what-if-row');
  const icon = (label) => panel().locator(`.what-if .icon-button[aria-label^="${label}"]`);
  const hint = () => panel().locator('.what-if-hint').innerText();
  /** What the model says of the class that was best: before, and now. */
  const values = async () => {
    const text = await rows().filter({ hasText: species }).locator('.bar-value').innerText();
    const [before, now] = text.split('→').map((v) => Number(v.trim().replace('<', '')));
    return { before, now };
  };
  const moved = (what, fits) => until(what, async () => fits(await values().catch(() => ({}))));
  /** A drag over the canvas, in parts of the picture, which is square and lies in the middle. */
  const drag = async (...spots) => {
    const box = await canvas().boundingBox();
    const side = Math.min(box.width, box.height);
    const [left, top] = [box.x + (box.width - side) / 2, box.y + (box.height - side) / 2];
    const place = ([x, y]) => [left + x * side, top + y * side];
    await page.mouse.move(...place(spots[0]));
    await page.mouse.down();
    for (const spot of spots.slice(1)) await page.mouse.move(...place(spot), { steps: 6 });
    return () => page.mouse.up();
  };
  /** All of the picture, in lines that a brush of 12 % leaves no gap between. */
  const everywhere = Array.from({ length: 22 }, (_, i) => [
    i % 4 === 1 || i % 4 === 2 ? 0.99 : 0.01,
    0.02 + 0.096 * Math.floor(i / 2),
  ]);
  const hash = (file) =>
    createHash('sha256')
      .update(fs.readFileSync(at(file)))
      .digest('hex');
  const files = () =>
    fs
      .readdirSync(at('models/birds'), { recursive: true })
      .map(String)
      .sort((a, b) => (a < b ? -1 : 1));
  let before;

  return [
    [
      'the prediction moves while one paints, before the button is let go',
      async () => {
        before = { hash: hash(pictures[0]), files: files() };
        await openWorkbench(page, srv.url(), ICON);
        await explain(pictures[0], 'birds_cnn.onnx');
        await done(120_000);
        assert.equal(await best(), species);
        await panel().locator('.what-if-toggle').click();
        await moved('the prediction is there', ({ before: b, now }) => b > 0.9 && b === now);
        const release = await drag(...everywhere);
        await moved('it has moved', ({ before: b, now }) => b > 0.9 && now < 0.6);
        await screenshot(page, 'what-if-painting');
        await release();
        assert.match(await hint(), /Edited picture: \d+ % of it/);
        assert.equal(await panel().locator('.predictions .edited').innerText(), 'edited picture');
      },
    ],
    [
      'undo, clear, and a square that keys move',
      async () => {
        await icon('Undo').click();
        await moved('it is as before', ({ before: b, now }) => b === now);
        await drag([0.55, 0.3], [0.7, 0.45]).then((release) => release());
        assert.match(await hint(), /Edited picture/);
        await page.keyboard.press('Control+z');
        await until('it is undone by the key', async () => !/Edited picture/.test(await hint()));
        await canvas().focus();
        await page.keyboard.press('ArrowRight');
        await until('the square covers something', async () => /Edited picture: \d/.test(await hint()));
        for (let i = 0; i < 12; i++) await page.keyboard.press('ArrowUp');
        await page.keyboard.press('Space');
        await page.keyboard.press('Escape');
        assert.match(await hint(), /Edited picture: \d/, 'what was pressed stays');
        await icon('Clear').click();
        await moved('it is as before', ({ before: b, now }) => b === now);
        assert.doesNotMatch(await hint(), /Edited picture/);
      },
    ],
    [
      'the edited picture is explained by the same method, and says so',
      async () => {
        await panel().locator('.what-if .segmented button', { hasText: 'Blur' }).click();
        await drag(...everywhere.slice(4, 14)).then((release) => release());
        const { now } = await until('the model has answered', async () => {
          const found = await values();
          return found.now !== found.before && found;
        });
        await panel().locator('lens-button', { hasText: 'Explain the edited picture' }).click();
        await panel().locator('h1 .edited').waitFor();
        await idle();
        await panel().locator('.history-run[aria-current=true]', { hasText: 'edited picture' }).waitFor();
        assert.match(
          await panel().locator('.remarks[aria-label=Notes]').innerText(),
          /pixels were painted over by hand/,
        );
        assert.match(await canvas().getAttribute('aria-label'), /edited picture/);
        await screenshot(page, 'what-if-explained');
        await panel().locator('.what-if-toggle').click();
        const row = panel().locator('.bar-row[role=option]', { hasText: species }).locator('.bar-value');
        const after = Number((await row.innerText()).replace('<', ''));
        assert.ok(after >= now - 0.002 && after <= now + 0.002, `${after} in place of ${now}`);
        await panel().locator('.what-if-toggle').click();
        await panel().locator('lens-button', { hasText: 'Explain the original' }).click();
        await until('the original is shown', async () => (await panel().locator('h1 .edited').count()) === 0);
        await idle();
      },
    ],
    [
      'it is written to disk where a person says so, and nowhere else',
      async () => {
        assert.equal(hash(pictures[0]), before.hash);
        assert.deepEqual(files(), before.files);
        await panel().locator('lens-menu[aria-label="Export"] button, lens-menu .icon-button').first().click();
        await panel().locator('.menu button', { hasText: 'Edited picture' }).click();
        const file = at('edited.png');
        const bytes = await saveAs(page, file, '.edited.png');
        assert.equal(bytes.subarray(1, 4).toString(), 'PNG');
        const size = await (
          await webviewFrame(page)
        ).evaluate(
          async (data) => {
            const bitmap = await globalThis.createImageBitmap(new Blob([new Uint8Array(data)]));
            return [bitmap.width, bitmap.height];
          },
          [...bytes],
        );
        assert.deepEqual(size, [64, 64], 'as large as the model sees it');
        assert.deepEqual(files(), before.files);
      },
    ],
    [
      'it can be used by everybody, in every theme and in a narrow panel',
      async () => {
        await accessible('what-if');
        await page.keyboard.press('Control+b');
        await page.setViewportSize({ width: 460, height: 900 });
        await page.waitForTimeout(800);
        const { width, scroll } = await (
          await webviewFrame(page)
        ).evaluate(() => ({ width: globalThis.innerWidth, scroll: globalThis.document.documentElement.scrollWidth }));
        assert.ok(scroll <= width, `${scroll} of ${width}`);
        await screenshot(page, 'what-if-400');
      },
    ],
  ];
}
