// The explain panel as a user handles it: helpers of the driven tests.
import assert from 'node:assert';
import fs from 'node:fs';
import path from 'node:path';
import { axe, explorerMenu, screenshot, setTheme, webview, webviewFrame } from '../support/ui.mjs';
import { lab } from '../support/lab.mjs';

export const squeezenet = 'squeezenet_v1.0_dc';

/** What the specs do with a panel, and the workspace folder `lab` with what they need. */
export function explainPanel(page, srv, tools) {
  const at = (...parts) => path.join(srv.ws, ...parts);
  const panel = () => webview(page);
  const bars = () => panel().locator('.bar-row[role=option]');
  const chosenBar = (label) => panel().locator('.bar-row[aria-selected=true]', { hasText: label }).waitFor();
  const best = async () => (await bars().first().locator('.bar-label').innerText()).trim();
  const target = () => panel().locator('lens-combobox input[aria-label="Target class"]');

  /** The n-th species, and its shipped pictures. */
  const shipped = (n = 0) => {
    const pictures = 'models/birds/pictures';
    const species = fs.readdirSync(at(pictures)).sort()[n];
    const folder = path.posix.join(pictures, species);
    const files = fs.readdirSync(at(folder)).sort();
    return { species, pictures: files.map((file) => path.posix.join(folder, file)) };
  };

  /** Right-click, choose, and the model where it is asked for. */
  const explain = async (file, model, title = path.basename(file)) => {
    await explorerMenu(page, file, 'Explain This Image');
    const question = page.locator('.quick-input-widget:visible');
    const opened = page.locator('.tabs-container .tab.active', { hasText: `${title} · ` });
    await Promise.race([question.waitFor(), opened.waitFor()]);
    if (await question.isVisible())
      await page.locator('.quick-input-list .monaco-list-row', { hasText: model }).first().click();
    await opened.waitFor();
  };
  const idle = (timeout = 60_000) => panel().locator('.stage[aria-busy=false]').waitFor({ timeout });
  const done = async (timeout) => {
    await idle(timeout);
    await bars().first().waitFor();
  };
  const choose = async (label, option) => {
    if (label === 'Method') {
      const picker = panel().locator('lens-method-picker');
      await picker.locator('input').click();
      await picker.locator('.method-title', { hasText: option }).first().click();
      return;
    }
    const list = panel().locator(`lens-dropdown[aria-label="${label}"]`);
    await list.click();
    await list.locator('lens-option', { hasText: option }).first().click();
  };
  const parameter = async (title, value) => {
    const text = panel().locator(`.parameters lens-text-field[aria-label="${title}"] input`);
    const field = text.or(panel().locator(`.parameters input[aria-label="${title}"]`)).first();
    await field.fill(String(value));
    await field.press('Enter');
  };
  const show = (mode) => panel().locator('.segmented button', { hasText: mode }).click();
  const far = () => panel().locator('.working-text', { hasText: /\d/ }).waitFor({ timeout: 60_000 });

  /** Mean brightness of the drawn picture inside a box given in parts of it, and in all of it. */
  const brightness = async (box) =>
    (await webviewFrame(page)).evaluate(({ left, top, right, bottom }) => {
      const canvas = document.querySelector('lens-heat-canvas canvas');
      const { width, height } = canvas;
      const side = Math.min(width, height);
      const [x0, y0] = [(width - side) / 2, (height - side) / 2];
      const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
      const mean = (x1, y1, x2, y2) => {
        let [sum, count] = [0, 0];
        for (let y = Math.ceil(y0 + side * y1); y < y0 + side * y2; y++) {
          for (let x = Math.ceil(x0 + side * x1); x < x0 + side * x2; x++) {
            const i = 4 * (y * width + x);
            sum += data[i] + data[i + 1] + data[i + 2];
            count++;
          }
        }
        return sum / count;
      };
      return { inside: mean(left, top, right, bottom), all: mean(0, 0, 1, 1) };
    }, box);
  /** Where the goldfish swims in the picture as the model sees it. */
  const fish = { left: 0.15, top: 0.32, right: 0.92, bottom: 0.72 };

  const failed = async (pattern) => {
    const message = panel().locator('.failure');
    await message.waitFor({ timeout: 60_000 });
    assert.match(await message.locator('p').first().innerText(), pattern);
    assert.equal(await page.locator('.notification-toast').count(), 0, 'it is said once, in the panel');
  };

  const needsLab = lab(srv, tools, () => {
    fs.copyFileSync(tools.data(`models/${squeezenet}.onnx`), at('lab', `${squeezenet}.onnx`));
    for (const photo of ['goldfish.jpg', 'cat_dog_both.png'])
      fs.copyFileSync(tools.data(`images/photos/${photo}`), at('lab', photo));
    fs.copyFileSync(tools.data('labels/imagenet_classes.txt'), at('lab', 'imagenet_classes.txt'));
    const resize = { mode: 'shortSide', size: 256 };
    const input = { color: 'RGB', resize, crop: 'center', range: [0, 255], mean: [123, 117, 104] };
    fs.writeFileSync(at('lab', `${squeezenet}.lens.json`), JSON.stringify({ input, labels: 'imagenet_classes.txt' }));
    fs.writeFileSync(at('lab', 'notes.png'), 'These are only words.\n');
    const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 5, 5), }".padEnd(117) + '\n';
    const magic = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0]);
    fs.writeFileSync(at('lab', 'wrong.npy'), Buffer.concat([magic, Buffer.from(header), Buffer.alloc(300)]));
    fs.writeFileSync(at('lab', 'broken.onnx'), fs.readFileSync(at('lab', `${squeezenet}.onnx`)).subarray(0, 200_000));
  });

  /** The panel violates no rule of accessibility in any theme; takes a picture `name-theme` of each. */
  const accessible = async (name) => {
    for (const theme of ['light', 'hc', 'hc-light', 'dark']) {
      await setTheme(page, theme);
      await screenshot(page, `${name}-${theme}`);
      const violations = await axe(await webviewFrame(page));
      assert.deepEqual(violations, [], `${theme}: ${violations.join('; ')}`);
    }
  };

  /** The runner processes of this server. */
  const runners = () => {
    const root = path.dirname(path.dirname(srv.data));
    const command = (pid) => {
      try {
        return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      } catch {
        return ''; // it has just ended
      }
    };
    const ours = (text) => text.includes(path.join('dist', 'runner.js')) && text.includes(root);
    return fs
      .readdirSync('/proc')
      .filter((pid) => /^\d+$/.test(pid) && ours(command(pid)))
      .map(Number);
  };

  return {
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
  };
}
