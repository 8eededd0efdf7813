// What comes back: hidden tabs, a window that is reloaded in order, and one whose end the editor does not notice.
import assert from 'node:assert';
import path from 'node:path';
import { explainPanel } from './panels/explainPanel.mjs';
import { ICON, crashAndReload, keptPanels, openWorkbench, openFile, reloadWindow, screenshot } from './support/ui.mjs';

export const options = { viewport: { width: 1600, height: 1000 } };

export function tests(page, srv, tools) {
  const { panel, shipped, bars, chosenBar, target, explain, done, show } = explainPanel(page, srv, tools);
  /** A picture of each of two species. */
  const birds = [shipped(0).pictures[0], shipped(1).pictures[0]];
  const tab = (text) => page.locator('.tabs-container .tab', { hasText: text });
  const explained = (picture) => tab(`${path.basename(picture)} · birds_cnn`);
  const drawing = (mode) => panel().locator('.mode-row .segmented [aria-checked=true]', { hasText: mode }).waitFor();
  /** Chooses another class, and says which. */
  const retarget = async (row) => {
    const label = (await bars().nth(row).locator('.bar-label').innerText()).trim();
    await bars().nth(row).click();
    await chosenBar(label);
    await done();
    return label;
  };
  const asked = async (label) => {
    await done(90_000);
    await chosenBar(label);
    assert.equal(await target().inputValue(), label);
  };
  const modelTab = (name) => panel().locator('[role=tab]', { hasText: name });
  const chosenTab = (name) =>
    panel().locator('[role=tab][aria-selected=true]', { hasText: name }).waitFor({ timeout: 90_000 });

  let first, second;

  return [
    [
      'a hidden tab comes back as it was',
      async () => {
        const [one, two] = birds;
        await openWorkbench(page, srv.url(), ICON);
        await explain(one, 'birds_cnn.onnx');
        await done();
        first = await retarget(1);
        await panel().locator('.icon-button[aria-label^="Pin"]').click();
        await explain(two, 'birds_cnn.onnx');
        await done();
        await show('Mask');
        second = await retarget(2);
        await explained(one).click();
        await asked(first);
        await drawing('Blend');
        await explained(two).click();
        await asked(second);
        await drawing('Mask');
        await openFile(page, 'models/birds/birds_cnn.onnx');
        await modelTab('Weights').click();
        await chosenTab('Weights');
        await explained(two).click();
        await asked(second);
      },
    ],
    [
      'a reloaded window shows the same tabs, and in them the same',
      async () => {
        await reloadWindow(page);
        await asked(second);
        await drawing('Mask');
        await explained(birds[0]).click();
        await asked(first);
        await drawing('Blend');
        assert.equal(await panel().locator('.icon-button[aria-label^="Unpin"]').count(), 1);
        await tab('birds_cnn.onnx').click();
        await chosenTab('Weights');
        await explained(birds[0]).click();
        await asked(first);
      },
    ],
    [
      'a window that ends without notice does, too: what changed since the editor stored it last is not lost',
      async () => {
        const other = await retarget(3);
        await show('Heat');
        const { subject } = await keptPanels(page, (state) => state.display?.mode === 'heat');
        assert.equal(subject.pictures[0].name, path.basename(birds[0]));
        await tab('birds_cnn.onnx').click();
        await modelTab('Graph').click();
        await keptPanels(page, (state) => state.tab === 'graph');
        await crashAndReload(page);
        // Which tab was in front is the editor's to remember, or not.
        await explained(birds[0]).click();
        await asked(other);
        await drawing('Heat');
        await explained(birds[1]).click();
        await asked(second);
        await drawing('Mask');
        await tab('birds_cnn.onnx').click();
        await chosenTab('Graph');
        await screenshot(page, 'explain-reloaded');
      },
    ],
  ];
}
