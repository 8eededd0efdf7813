import assert from 'node:assert/strict';
import { floatTensor } from '../../../src/base/tensor.js';
import { comparisonPage } from '../../../src/report/comparison.js';
import type { ComparedModel, ComparedSet, Comparison } from '../../../src/result/comparison.js';
import { findingsOf } from '../../../src/result/comparisonWords.js';

/** What a file name, a class or an error may be. */
const HOSTILE = '<img src=x onerror="alert(1)">&\u0000\u0007"\'</script></style>';

const model = (name: string): ComparedModel => ({
  name,
  file: `/models/${name}`,
  sha256: 'abc',
  format: 'float32',
  provider: 'cpu',
  preprocessing: { range: { value: [0, 1], origin: { kind: 'default', detail: HOSTILE } } },
  warnings: [HOSTILE],
});

const png = Uint8Array.of(137, 80, 78, 71);

const set: ComparedSet = {
  place: HOSTILE,
  names: ['a.png', HOSTILE, 'c.png', 'd.png'],
  files: ['a', 'b', 'c', 'd'],
  labels: ['cat', HOSTILE, '', 'cat'],
  of: 5,
  omitted: [{ name: HOSTILE, error: { kind: 'input', code: 'x', message: HOSTILE } }],
  predictions: {
    classes: ['cat', HOSTILE],
    matched: 'name',
    truth: Int32Array.of(0, 1, -1, 0),
    a: Int32Array.of(0, 0, 1, -1),
    b: Int32Array.of(0, 1, 0, 1),
    confidence: { a: Float32Array.of(0.9, 0.8, NaN, NaN), b: Float32Array.of(0.9, 0.7, 0.6, 0.5) },
    agreed: 1,
    counted: 3,
    labelled: 3,
    correct: { a: 1, b: 2 },
    disagreements: [
      { example: 1, right: 'b' },
      { example: 2, right: 'unknown' },
    ],
  },
  spaces: {
    a: { layer: 'pool', width: 3, points: floatTensor([4, 2], Float32Array.of(0, 0, 1, 1, 2, 0, 1, 3)) },
    b: { layer: HOSTILE, width: 5, points: floatTensor([4, 2], Float32Array.of(0, 1, 1, 1, 2, 0, 1, 2)) },
    layout: 'pca',
    residual: 0.25,
    kept: Float32Array.of(1, 0, 0.5, 1),
    k: 3,
    chance: 0.3,
    order: Int32Array.of(1, 2, 0, 3),
  },
  alignment: {
    a: ['conv1', HOSTILE],
    b: ['conv1'],
    cka: floatTensor([2, 1], Float32Array.of(1, NaN)),
    without: floatTensor([2, 1], Float32Array.of(0.75, NaN)),
    dropped: 1,
    moved: { a: 0, b: 0, by: -0.25 },
    counted: 4,
    batch: 4,
    of: { a: 2, b: 1 },
    projected: [],
  },
  signal: {
    paired: 'name',
    layers: [
      { a: 'conv1', b: 'conv1', snr: Infinity, broken: 0 },
      { a: 'conv2', b: HOSTILE, snr: 3.25, broken: 2, behind: 'Relu of the first model' },
      { a: 'conv3', b: 'conv3', snr: NaN, broken: 9 },
      { a: 'conv4', b: 'conv4', snr: -Infinity, broken: 0 },
    ],
    bound: 10,
    first: 1,
    counted: 4,
  },
  reasons: {
    method: 'gradient',
    rows: [{ example: 0, spearman: 0.125, cosine: -0.5, heat: { a: png, b: png } }],
    explained: 1,
    of: 1,
    failed: 0,
  },
  thumbnails: [{ example: 1, png }],
  notes: [HOSTILE],
};

const comparison: Comparison = {
  a: model('a.onnx'),
  b: model(HOSTILE),
  weights: {
    paired: 'name',
    layers: [{ a: 'conv1', b: 'conv1', shape: [2, 3], relative: 0.5, cosine: NaN, leftOut: 0 }],
    unpaired: [{ side: 'b', layer: HOSTILE, reason: HOSTILE }],
  },
  set,
  recipe: {
    schema: 'onnx-lens/recipe/1',
    model: { file: HOSTILE, sha256: 'abc' },
    preprocessing: {},
    method: 'compare',
    params: {},
    seed: 0,
    provider: 'cpu',
    versions: {},
    notes: [],
  },
};

interface Element {
  readonly tag: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** The elements of a page that closes all it opens, as XML has it. Throws where it does not, or where text is not text. */
function elementsOf(html: string): Element[] {
  const out: Element[] = [];
  const open: string[] = [];
  let at = html.indexOf('<html');
  while (at < html.length) {
    const next = html.indexOf('<', at);
    const text = html.slice(at, next < 0 ? undefined : next);
    if (open.at(-1) !== 'style') assert.doesNotMatch(text, /&(?!#\d+;)/, `a bare & in "${text.slice(0, 80)}"`);
    if (next < 0) break;
    const tag = /^<(\/?)([a-z][a-z0-9]*)((?:\s+[a-zA-Z][a-zA-Z0-9-]*="[^"<>]*")*)\s*(\/?)>/.exec(html.slice(next));
    assert.ok(tag !== null, `no tag at "${html.slice(next, next + 80)}"`);
    const [whole, close, name, attributes, alone] = tag as unknown as [string, string, string, string, string];
    if (close !== '') assert.equal(open.pop(), name, `</${name}> closes another`);
    else {
      const found = Object.fromEntries(
        [...attributes.matchAll(/([a-zA-Z][a-zA-Z0-9-]*)="([^"]*)"/g)].map((m) => [m[1]!, m[2]!] as const),
      );
      out.push({ tag: name, attributes: found });
      if (alone === '') open.push(name);
    }
    at = next + whole.length;
  }
  assert.deepEqual(open, []);
  return out;
}

describe('report, two models', () => {
  const html = comparisonPage(comparison);
  const elements = elementsOf(html);
  const all = (tag: string): Element[] => elements.filter((e) => e.tag === tag);

  it('is a page that closes what it opens, in which names are text', () => {
    assert.match(html, /^<!DOCTYPE html>\n<html lang="en">/);
    assert.deepEqual([all('script'), all('title').length > 0, all('h1').length], [[], true, 1]);
    // eslint-disable-next-line no-control-regex -- that there are none is what is tested
    assert.doesNotMatch(html, /[\u0000-\u0008]/);
    const ids = elements.flatMap((e) => e.attributes['id'] ?? []);
    assert.equal(new Set(ids).size, ids.length, 'an id stands once');
    for (const { attributes } of all('a')) assert.ok(ids.includes(attributes['href']!.slice(1)), attributes['href']);
  });

  it('loads nothing from outside, and forbids to', () => {
    const policy = all('meta').find((e) => 'http-equiv' in e.attributes)!.attributes['content']!;
    assert.match(policy, /default-src 'none'/);
    for (const { attributes } of elements)
      for (const [name, value] of Object.entries(attributes)) {
        assert.ok(!name.startsWith('on'), `${name} is no script`);
        if (['src', 'href', 'srcset', 'data', 'action'].includes(name))
          assert.match(value, /^(data:image\/png;base64,|#)/);
      }
    assert.deepEqual([...all('link'), ...all('iframe'), ...all('object')], []);
    assert.doesNotMatch(html, /@import|url\(/);
  });

  it('can be read without seeing it: tables with captions and named rows, pictures and drawings with words', () => {
    assert.equal(all('table').length, all('caption').length);
    assert.ok(
      all('th').every((e) => ['col', 'row'].includes(e.attributes['scope']!)),
      'every heading of a table says of what',
    );
    assert.ok(all('img').length >= 3, `${all('img').length} pictures`);
    assert.ok(
      all('img').every((e) => (e.attributes['alt'] ?? '') !== ''),
      'every picture has words',
    );
    for (const { attributes } of all('svg'))
      assert.ok(attributes['aria-hidden'] === 'true' || (attributes['aria-label'] ?? '') !== '', 'a drawing has words');
    // What scrolls can be reached by the keyboard.
    for (const { attributes } of elements.filter((e) => (e.attributes['class'] ?? '').startsWith('wide')))
      assert.deepEqual([attributes['tabindex'], attributes['role']], ['0', 'region']);
  });

  it('says what was found, in words', () => {
    const said = findingsOf(comparison).join(' ');
    assert.match(said, /Both say the same of 1 of 3 pictures \(33\.3 %\)/);
    assert.match(said, /the first is right 0 times, the second 1, neither 0/);
    assert.match(
      said,
      /first layer below 10 dB is conv2 \(3\.3 dB, 2 numbers that are not finite\).*before it nothing differs/,
    );
    assert.match(said, /CKA\) of conv1 with conv1 moves by -0\.25/);
    assert.match(html, /conv3<\/th><td>conv3<\/td><td>no finite number/);
    assert.match(html, /A few far pictures/);
  });

  it('of weights alone is a page, too', () => {
    const { set: _set, ...alone } = comparison;
    const page = comparisonPage(alone);
    elementsOf(page);
    assert.doesNotMatch(page, /Disagreements/);
    assert.match(page, /Norm of the difference/);
  });
});
