// Beside each heatmap: whether it depends on what the model learned, in words, as maps and as a curve.
import assert from 'node:assert';
import { explainPanel } from './panels/explainPanel.mjs';
import { ICON, openWorkbench, screenshot, webviewFrame } from './support/ui.mjs';

export const options = {
  viewport: { width: 1600, height: 1100 },
  settings: { 'onnxLens.defaultMethod': 'gradient' },
};

export function tests(page, srv, tools) {
  const { panel, shipped, explain, done, choose, accessible } = explainPanel(page, srv, tools);
  const badge = () => panel().locator('details.sanity .sanity-sentence');

  let gradient;
  /** The number of the badge, whose words must follow from it. */
  const verdict = async () => {
    await badge().waitFor({ timeout: 120_000 });
    const sentence = await badge().innerText();
    const number = Number(/(\d+) % alike/.exec(sentence)?.[1]) / 100;
    const words = sentence.includes('depends on what the model learned')
      ? 'learned'
      : sentence.includes('part of it')
        ? 'partly'
        : 'picture';
    assert.equal(await panel().locator(`details.sanity.${words}`).count(), 1, sentence);
    assert.equal(await panel().locator('details.sanity > summary .codicon').count(), 1, 'one icon');
    return number;
  };

  return [
    [
      'the gradient of the bird model is no picture of edges',
      async () => {
        await openWorkbench(page, srv.url(), ICON);
        await explain(shipped().pictures[0], 'birds_cnn.onnx');
        await done();
        gradient = await verdict();
        assert.ok(gradient < 0.5, `gradient: ${gradient}`);
      },
    ],
    [
      'behind the line: the maps, depth by depth, the curve, and its numbers',
      async () => {
        await badge().click();
        const maps = panel().locator('.sanity-strip li');
        await maps.first().waitFor();
        const stages = (await maps.count()) - 1;
        assert.ok(stages >= 3, `${stages} depths`);
        assert.match(await maps.nth(1).innerText(), /random to \S+[\s\S]*\d+ % alike/);
        await panel().locator('lens-line-chart canvas').scrollIntoViewIfNeeded();
        await panel().locator('.sanity-numbers summary').click();
        assert.equal(await panel().locator('.sanity-numbers tbody tr').count(), stages);
        const drawn = await (
          await webviewFrame(page)
        ).evaluate(() => {
          const canvas = document.querySelector('lens-line-chart canvas');
          return canvas
            .getContext('2d')
            .getImageData(0, 0, canvas.width, canvas.height)
            .data.some((v) => v > 0);
        });
        assert.ok(drawn, 'the curve is drawn');
      },
    ],
    ['no violation of accessibility, in every theme', () => accessible('sanity')],
    [
      'guided backprop looks more like a random network than the gradient does',
      async () => {
        await choose('Method', 'Guided backprop');
        await done();
        await panel().locator('.history-run[aria-current=true]', { hasText: 'Guided' }).waitFor();
        const guided = await verdict();
        assert.ok(guided > gradient, `guided backprop ${guided}, gradient ${gradient}`);
        await screenshot(page, 'sanity-guided');
      },
    ],
  ];
}
