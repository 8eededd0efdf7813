import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { TARGET_KINDS } from '../../../../src/method/target/index.js';
import { isInside, isOneScore, numberOf, type Target } from '../../../../src/method/target/target.js';
import { floatTensor } from '../../../../src/base/tensor.js';
import { asksForClass } from '../../../../src/result/target.js';

describe('method/target: the kinds', () => {
  it('are listed once each, with a test of their own', () => {
    const ids = TARGET_KINDS.map((kind) => kind.id);
    assert.equal(new Set(ids).size, ids.length);
    const tests = readdirSync('test/unit/method/target');
    for (const id of ids) assert.ok(tests.includes(`${id}.test.ts`), `no test/unit/method/target/${id}.test.ts`);
  });

  it('are told from a class by their text alone, where they are none', () => {
    for (const text of ['top1', '7', 'tabby cat', 'hammer-head', 'x-ray fish', '−3', 'box turtle', 'me@home.org'])
      assert.ok(asksForClass(text), text);
    for (const text of [
      'cat - dog',
      '3 − 5',
      'conv3#5',
      'conv3#5@2,7',
      'layer3.2.relu2#0',
      'box:3',
      'cat@1,2,30,40',
      'mask:a.png',
      'mask:64x48:3k,5',
      'mask:box:1',
      'similar:a.png',
      'place:3=e',
      'value:0',
    ])
      assert.ok(!asksForClass(text), text);
  });

  it('say which number is explained, by three questions', () => {
    const one: Target = { index: 2, label: '' };
    const weighted: Target = { index: 2, label: '', weights: Float32Array.of(0, 1, -1) };
    const inner: Target = { index: 2, label: '', unit: { value: 'act', pick: { index: 9 } } };
    assert.deepEqual([one, weighted, inner].map(isOneScore), [true, false, false]);
    assert.deepEqual([one, weighted, inner].map(isInside), [false, false, true]);
    assert.deepEqual(numberOf(one, 'scores'), { value: 'scores', pick: { index: 2 } });
    const direction = floatTensor([3], Float32Array.of(0, 1, -1));
    assert.deepEqual(numberOf(weighted, 'scores'), { value: 'scores', pick: { direction } });
    assert.deepEqual(numberOf(inner, 'scores'), { value: 'act', pick: { index: 9 } });
  });

  it('are known to nobody else: outside, no file looks into a target', () => {
    const sources = ['src', 'webview'].flatMap((top) =>
      readdirSync(top, { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.ts'))
        .map((file) => `${top}/${file}`),
    );
    assert.ok(sources.length > 300, `${sources.length} files`);
    const looks = sources.filter(
      (file) =>
        !file.startsWith('src/method/target/') &&
        file !== 'src/result/target.ts' &&
        /\btarget\.(kind|unit|weights)\b|#\|\\s\[-−\]/.test(readFileSync(file, 'utf8')),
    );
    assert.deepEqual(looks, []);
  });
});
