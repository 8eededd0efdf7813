// Situations from public reports, each opened in the explain panel: what is seen there of the model's answer, or why there
// is none.
import assert from 'node:assert';
import fs from 'node:fs';
import { dataMissing } from '../data.mjs';
import { explainPanel } from './panels/explainPanel.mjs';
import { explorerMenu, ICON, openWorkbench, runCommand, screenshot } from './support/ui.mjs';

/** A number that is shown rounded. */
function between(shown, value, half, what) {
  assert.ok(shown > value - half && shown < value + half, `${what}: ${shown} in place of ${value}`);
}

export const options = { viewport: { width: 1600, height: 1000 } };

const PICTURE = 'goldfish.jpg';
const VALUE = /−?\d+(\.\d+)?/;

/**
 * What is seen: `rows` of the predictions in any order, by their name; `score` of the target; `said` anywhere in the panel;
 * `slices` of a volume; `refused`, in place of an answer; `never` anywhere.
 */
const CASES = [
  { model: 'if_partial', input: 'if_input.npy', best: 'class 0', score: 1.17956, said: /which is a guess/ },
  { model: 'if_squeeze', input: 'if_input.npy', said: /which is a guess/ },
  { model: 'two_class_ok', rows: { a: 0.537, b: 0.542 }, boxes: 2 },
  { model: 'one_class', rows: { license_plate: 0.48 }, boxes: 1 },
  { model: 'obb', rows: { plane: 0.453, ship: 0.508, 'storage tank': 0.532 }, boxes: 3 },
  { model: 'seg', rows: { plane: 0.459, ship: 0.544, 'storage tank': 0.511 }, boxes: 3 },
  { model: 'end2end', best: 'storage tank', rows: { 'storage tank': 0.57 }, boxes: 10 },
  { model: 'imagenet_inside_255', best: 'class 911', score: 0.406, never: /how this model wants its pictures/i },
  { model: 'nhw', best: 'class 8', said: /coloured and the model takes grey ones/ },
  {
    model: 'nhw',
    input: 'nhw.npy',
    best: 'class 8',
    rows: { 'class 8': 0.698 },
    never: /how this model wants its pictures/i,
  },
  { model: 'vol3d', input: 'vol3d.npy', best: 'class 0', score: 1.83, slices: 16 },
  { model: 'age_gender', rows: { 'class 0': 0.519, 'class 1': 0.481 }, said: /age\s+−0\.104/ },
  { model: 'landmarks', best: 'landmarks 0', never: /class \d|probabilit/i },
  // The classifier behind the names has no gradient: auto takes a method that only runs the model.
  { model: 'zipmap', rows: { cat: 0.283, dog: 0.396, emu: 0.322 } },
  { model: 'text', refused: /"input_ids" takes int64 values \(numbers of tokens, a text\), not a picture.*\.npy/s },
  { model: 'clip', said: /"input_ids" is fed with zeros: give its values with --input input_ids=FILE\.npy/ },
  { model: 'hwc_uint8', said: /leaves the size of its input free; 224×224 is taken/ },
  { model: 'infinite_logit', refused: /infinite score \(number \d+ of its output\)/ },
  { model: 'output_is_initialiser', refused: /"Parameter87" does not depend on the picture/ },
  { model: 'classes_1000000000', said: /"y".*which is a guess/ },
  { model: 'resize_huge', refused: /would take [\d.]+ GB of memory.*onnxLens\.memoryLimit/s },
  { model: 'command_link', refused: /\[Repair the model\]\(command:workbench\.action\.terminal\.new\)/ },
  { model: 'long_refusal', refused: /^The node "[^"]+" \(Identity\) has 3 inputs, but Identity takes 1\./ },
];

const number = (text) => Number(text.replace('−', '-').replace('<', ''));

export function tests(page, srv, tools) {
  const { panel, bars, best, idle, needsLab, at } = explainPanel(page, srv, tools);
  if (!dataMissing) {
    fs.mkdirSync(at('cases'));
    const files = new Set(CASES.flatMap(({ model, input = [] }) => [`${model}.onnx`, input].flat()));
    for (const file of files) fs.copyFileSync(tools.data(`cases/${file}`), at('cases', file));
    fs.copyFileSync(tools.data(`images/photos/${PICTURE}`), at('cases', PICTURE));
  }

  /** Opens the panel on the picture, with the model that is typed into the question. */
  async function open(model, input) {
    await explorerMenu(page, `cases/${input}`, 'Explain This Image');
    const box = page.locator('.quick-input-widget:visible input').first();
    await box.fill(`${model}.onnx`);
    await page
      .locator('.quick-input-list .monaco-list-row', { hasText: `${model}.onnx` })
      .first()
      .click();
    await page.locator('.tabs-container .tab.active', { hasText: `${input} · ${model}` }).waitFor();
    await idle();
  }

  const text = (selector) => panel().locator(selector).innerText();

  /** The name of each row of the predictions, and its value. */
  async function rows() {
    await bars().first().waitFor();
    const all = await bars().evaluateAll((found) =>
      found.map((row) => [
        row.querySelector('.bar-label').textContent.trim(),
        row.querySelector('.bar-value').textContent.trim(),
      ]),
    );
    return new Map(all.map(([name, value]) => [name, number(value)]));
  }

  async function check(each) {
    const { refused, rows: expected, boxes, said, never } = each;
    if (refused !== undefined) {
      await panel().locator('.failure').waitFor();
      assert.match(await text('.failure-text'), refused);
      assert.equal(await page.locator('.notification-toast').count(), 0, 'it is said once, in the panel');
      return;
    }
    assert.equal(await panel().locator('.failure').count(), 0, 'it is refused');
    await panel().locator('lens-heat-canvas canvas[aria-label*="heat for"]').waitFor();
    if (expected !== undefined) {
      const found = await rows();
      // Values are shown with three digits.
      for (const [name, value] of Object.entries(expected)) between(found.get(name), value, 6e-4, name);
    }
    if (boxes !== undefined) {
      assert.equal(await panel().locator('lens-heat-canvas .box').count(), boxes);
      const titles = await bars().evaluateAll((found) => found.map((row) => row.title));
      assert.deepEqual(
        titles.filter((title) => /probability/.test(title)),
        [],
        'a probability was made of the score of a box',
      );
    }
    if (each.slices !== undefined) {
      const slices = panel().locator('input[aria-label="Slice of the volume"]');
      assert.equal(await slices.getAttribute('aria-valuetext'), `all ${each.slices} slices along depth`);
      await slices.press('ArrowRight');
      await panel().locator(`lens-heat-canvas canvas[aria-label*="slice 1 of ${each.slices} along depth"]`).waitFor();
      await slices.press('Home');
    }
    if (each.best !== undefined) assert.equal(await best(), each.best);
    if (each.score !== undefined) {
      const shown = number(VALUE.exec(await text('.question .field-control > .value'))?.[0] ?? 'NaN');
      between(shown, each.score, 6e-3, 'the score');
    }
    if (said !== undefined) assert.match(await text('main'), said);
    if (never !== undefined) assert.doesNotMatch(await text('main'), never);
  }

  return [
    ['opens', async () => needsLab() && openWorkbench(page, srv.url(), ICON)],
    ...CASES.map((each) => {
      const { model, input = PICTURE } = each;
      return [
        `${model} with ${input}`,
        async () => {
          needsLab();
          await open(model, input);
          await check(each);
          await screenshot(page, `case-${model}-${input}`);
          await runCommand(page, 'View: Close All Editors');
        },
      ];
    }),
  ];
}
