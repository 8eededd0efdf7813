import assert from 'node:assert/strict';
import { colormap } from '../../../src/result/colormap.js';
import { normalise, type ValueMap } from '../../../src/result/heatmap.js';
import { differenceOf } from '../../../webview/shared/canvas/difference.js';
import { DEFAULT_DISPLAY, type Scene } from '../../../webview/shared/canvas/display.js';
import { svgOf, type SvgParts } from '../../../webview/explain/picture/svg.js';

function scene(width: number, height: number, values: readonly number[]): Scene {
  const map: ValueMap = { width, height, values: Float32Array.from(values), signed: false };
  return {
    picture: { width: 2, height: 2, data: new Uint8Array(12) },
    values: map,
    scaled: normalise(map, 100),
    colors: colormap('magma'),
    channels: false,
    signed: false,
  };
}
const display = { ...DEFAULT_DISPLAY, percentile: 100 };

describe('the difference of two maps', () => {
  it('keeps the unit that both have, and is centred on zero', () => {
    const found = differenceOf(scene(2, 2, [1, 2, 3, 4]), 'logit', scene(2, 2, [4, 2, 0, 1]), 'logit', display);
    assert.deepEqual([...found.values.values], [-3, 0, 3, 3]);
    assert.equal(found.scaled.limit, 3);
    assert.equal(found.colors.kind, 'diverging');
    assert.equal(found.unit, 'difference, logit');
  });

  it('divides by the scales where the units differ, and says so', () => {
    const found = differenceOf(scene(2, 1, [0, 10]), 'logit', scene(2, 1, [0.5, 0.25]), 'share', display);
    assert.deepEqual([...found.values.values], [-1, 0.5]);
    assert.match(found.unit ?? '', /each scale/);
  });

  it('brings a coarse map to the pixels of the fine one', () => {
    const found = differenceOf(scene(2, 2, [1, 2, 3, 4]), 'logit', scene(1, 1, [1]), 'logit', display);
    assert.deepEqual([...found.values.values], [0, 1, 2, 3]);
  });
});

describe('the picture as SVG', () => {
  const parts: SvgParts = {
    width: 64,
    height: 32,
    picture: 'data:image/png;base64,AA==',
    smooth: false,
    scale: { picture: 'data:image/png;base64,BB==', low: -2, high: 2, unit: 'logit per unit of "input"' },
    caption: ['cat & dog <1>: Gradient', 'word '.repeat(60).trim()],
  };

  it('has the same bytes for the same parts, embeds the pixels and says the scale', () => {
    const svg = svgOf(parts);
    assert.equal(svg, svgOf({ ...parts }));
    assert.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" width="672" height="\d+"/);
    assert.match(svg, /width="640" height="320"[^>]*image-rendering="pixelated" href="data:image\/png;base64,AA=="/);
    assert.match(svg, />−2\.00<.*>0   logit per unit of &quot;input&quot;<.*>2\.00</s);
    assert.doesNotMatch(svg, /http:(?!\/\/www\.w3\.org\/2000\/svg)/);
  });

  it('escapes and wraps what is written', () => {
    const svg = svgOf(parts);
    assert.match(svg, /font-weight="bold">cat &amp; dog &lt;1&gt;: Gradient</);
    const words = [...svg.matchAll(/>(word[^<]*)</g)].map((m) => m[1]!);
    assert.ok(words.length > 1 && words.every((w) => w.length <= 91), `words.length: ${words.length}`);
    assert.equal(words.join(' '), parts.caption[1]);
  });

  it('leaves the scale out where no heat is shown', () => {
    const { scale: _scale, ...others } = parts;
    assert.doesNotMatch(svgOf(others), /BB==/);
  });
});
