import assert from 'node:assert/strict';
import { Random } from '../../../src/base/random.js';
import { floatTensor } from '../../../src/base/tensor.js';
import { layoutPage } from '../../../src/report/layout.js';
import { spreadOut } from '../../../src/result/embeddingWords.js';
import type { LayoutReport } from '../../../src/result/layoutReport.js';

const HOSTILE = '<img src=x onerror="alert(1)">&\u0000\'</script></style>';

const report: LayoutReport = {
  title: `net.onnx: ${HOSTILE} by PCA`,
  embedding: {
    of: 'activations',
    layer: HOSTILE,
    method: 'pca',
    params: {},
    files: ['a.png', HOSTILE, 'c.png'],
    labels: ['cat', 'dog', ''],
    predicted: ['cat', 'cat', 'dog'],
    points: floatTensor([3, 2], Float32Array.of(0, 0, 1, 1, 2, 0)),
    explained: [0.5, 0.25],
    quality: { trustworthiness: 0.9, continuity: 0.8, kept: 0.7, k: 2, asked: 3 },
    omitted: [{ file: HOSTILE, error: { kind: 'input', code: 'x', message: HOSTILE } }],
    recipe: {
      schema: 'onnx-lens/recipe/1',
      model: { file: 'net.onnx', sha256: 'abcdef' },
      preprocessing: {},
      method: 'pca',
      params: {},
      seed: 3,
      provider: 'cpu',
      versions: {},
      notes: [],
    },
  },
  of: 4,
  provider: 'cpu',
  notes: ['Distances say little.', HOSTILE],
  thumbnails: [{ point: 1, png: Uint8Array.of(137, 80, 78, 71) }],
};

describe('a page of a layout', () => {
  const html = layoutPage(report);

  it('says what each point is, how good the picture is, and what must be said', () => {
    assert.match(html, /<title>a\.png \(cat\)<\/title>/);
    assert.match(html, /\(dog → cat\)<\/title>/);
    assert.match(html, /<title>c\.png \(no label → dog\)<\/title>/);
    for (const text of [
      '3 of 4 pictures',
      'seed 3',
      'component 1 (50.0 % of the variance)',
      'explained variance',
      '75.0 % (50 % + 25 %)',
      '0.900 (2 neighbours, 3 points asked)',
      'Distances say little.',
      '1 pictures were left out',
      '&#34;sha256&#34;: &#34;abcdef&#34;',
    ])
      assert.ok(html.includes(text), text);
    assert.equal(html.match(/<image /g)?.length, 1);
    assert.match(html, /1 of 3 pictures are shown/);
  });

  it('stands alone, and takes no name for markup', () => {
    assert.ok(!/<script|<img|<\/style><|onerror="/.test(html), 'nothing of a name is markup');
    assert.ok(!/(src|href)="(?!data:|#)/.test(html), 'nothing is loaded');
    assert.match(html, /default-src 'none'/);
  });

  it('has a scale with numbers in place of classes where it is coloured by a number', () => {
    const table = Uint8Array.from({ length: 768 }, (_, k) => Math.floor(k / 3));
    const values = Float32Array.of(-2, NaN, 2);
    const coloured = layoutPage({ ...report, colour: { title: 'logit of cat', values, low: -2, high: 2, table } });
    assert.match(coloured, /Scale of the colours from -2 to 2/);
    assert.match(coloured, /fill="rgb\(0 0 0\)"/);
    assert.match(coloured, /fill="rgb\(255 255 255\)"/);
    assert.match(coloured, /logit of cat none\)/);
    assert.match(coloured, /grey: without one/);
  });

  it('of many points draws some, and says so', () => {
    const n = 20_001;
    const files = Array.from({ length: n }, (_, i) => `${i}.png`);
    const embedding = {
      ...report.embedding,
      files,
      labels: files.map(() => 'cat'),
      predicted: files.map(() => 'cat'),
      points: floatTensor(
        [n, 2],
        Float32Array.from({ length: 2 * n }, (_, i) => Math.sin(i)),
      ),
    };
    const many = layoutPage({ ...report, embedding, of: n });
    assert.equal(many.match(/<circle class="|<g><circle /g)?.length, 20_000);
    assert.match(many, /20,000 of 20,001 points are drawn/);
  });

  it('shows pictures that do not cover one another', () => {
    const n = 500;
    const random = new Random(2);
    const points = floatTensor(
      [n, 2],
      Float32Array.from({ length: 2 * n }, () => random.uniform()),
    );
    const chosen = spreadOut(points, 0.1, 160);
    assert.ok(chosen.length > 20, `${chosen.length} pictures`);
    for (const i of chosen)
      for (const j of chosen) {
        const apart = [0, 1].some((c) => Math.abs(points.data[2 * i + c]! - points.data[2 * j + c]!) >= 0.1);
        assert.ok(i === j || apart, `${i} lies on ${j}`);
      }
    assert.equal(spreadOut(points, 1e-6, 7).length, 7);
  });
});
