import assert from 'node:assert/strict';
import fc from 'fast-check';
import { pan, pixelAt, place, rectOf, reveal, WHOLE, zoomAt } from '../../../webview/shared/canvas/geometry.js';
import {
  formatDuration,
  formatElapsed,
  formatNumber,
  formatProbability,
  plural,
} from '../../../webview/shared/format.js';
import { shownParameters, withParameter } from '../../../webview/shared/form/parameters.js';
import { searchEntries, visibleRows } from '../../../webview/shared/form/search.js';
import type { ParameterSchema } from '../../../src/result/method.js';

describe('numbers in panels', () => {
  const cases: [number, string][] = [
    [0, '0'],
    [0.02431, '0.0243'],
    [-0.5, '−0.500'],
    [12.345, '12.3'],
    [999.4, '999'],
    [999.6, '1000'],
    [1234, '1234'],
    [2.4e-5, '2.40e−5'],
    [-3.21e7, '−3.21e7'],
    [NaN, 'NaN'],
    [-Infinity, '−∞'],
  ];
  for (const [value, text] of cases) it(`${value} is ${text}`, () => assert.equal(formatNumber(value), text));
  it('never claims certainty that is not there', () => {
    assert.equal(formatProbability(0.9999), '>0.999');
    assert.equal(formatProbability(0.0001), '<0.001');
    assert.equal(formatProbability(1), '1.000');
    assert.equal(formatProbability(0), '0.000');
    assert.equal(formatProbability(0.0316), '0.032');
  });
  it('says durations in the unit people count in', () => {
    assert.deepEqual([38.4, 999.4, 1240, 12_345, 125_000].map(formatDuration), [
      '38 ms',
      '999 ms',
      '1.24 s',
      '12.3 s',
      '2 min 5 s',
    ]);
    assert.equal(formatElapsed(1240), '1.2 s');
  });
  it('counts', () => assert.deepEqual([plural(1, 'picture'), plural(3, 'picture')], ['1 picture', '3 pictures']));
});

describe('the view of a picture', () => {
  const picture = { width: 200, height: 100 };
  const canvas = { width: 400, height: 400 };
  it('shows all of it at zoom 1, centred', () => {
    assert.deepEqual(place(picture, canvas, WHOLE), { width: 400, height: 200, left: 0, top: 100 });
  });
  it('finds the pixel below a point, and none beside the picture', () => {
    assert.deepEqual(pixelAt(picture, canvas, WHOLE, 3, 101), { x: 1, y: 0 });
    assert.deepEqual(pixelAt(picture, canvas, WHOLE, 399, 299), { x: 199, y: 99 });
    assert.equal(pixelAt(picture, canvas, WHOLE, 10, 99), undefined);
  });
  it('finds every pixel at its own rectangle, at any zoom', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 199 }),
        fc.integer({ min: 0, max: 99 }),
        fc.double({ min: 1, max: 40, noNaN: true }),
        (x, y, zoom) => {
          const view = reveal(picture, canvas, zoomAt(picture, canvas, WHOLE, zoom), { x, y });
          const rect = rectOf(picture, canvas, view, { x, y });
          assert.deepEqual(pixelAt(picture, canvas, view, rect.left + rect.width / 2, rect.top + rect.height / 2), {
            x,
            y,
          });
          assert.ok(rect.left >= -1e-6 && rect.left + rect.width <= canvas.width + 1e-6, 'in sight');
        },
      ),
    );
  });
  it('zooms about the pointer', () => {
    const view = zoomAt(picture, canvas, WHOLE, 4, 100, 200);
    const before = pixelAt(picture, canvas, WHOLE, 100, 200);
    assert.deepEqual(pixelAt(picture, canvas, view, 100, 200), before);
  });
  it('never moves the picture out of sight', () => {
    const near = zoomAt(picture, canvas, WHOLE, 8);
    for (const [dx, dy] of [
      [1e5, 0],
      [-1e5, 0],
      [0, 1e5],
      [0, -1e5],
    ] as const) {
      const rect = place(picture, canvas, pan(picture, canvas, near, dx, dy));
      assert.ok(
        rect.left <= 1e-6 && rect.left + rect.width >= canvas.width - 1e-6,
        `rect.left: ${rect.left}, rect.left + rect.width: ${rect.left + rect.width}, canvas.width - 1e-6: ${canvas.width - 1e-6}`,
      );
      assert.ok(
        rect.top <= 1e-6 && rect.top + rect.height >= canvas.height - 1e-6,
        `rect.top: ${rect.top}, rect.top + rect.height: ${rect.top + rect.height}, canvas.height - 1e-6: ${canvas.height - 1e-6}`,
      );
    }
    assert.deepEqual(zoomAt(picture, canvas, near, 0.001), WHOLE);
  });
});

describe('searching a list', () => {
  const entries = ['tench', 'goldfish', 'red fox', 'fox squirrel', 'foxhound', 'kit fox', 'fox'].map((label, i) => ({
    value: String(i),
    label,
    detail: String(i),
  }));
  const found = (text: string): string[] => searchEntries(entries, text).map((e) => e.label);
  it('puts what was meant first', () => {
    assert.deepEqual(found('fox'), ['fox', 'fox squirrel', 'foxhound', 'red fox', 'kit fox']);
    assert.deepEqual(found('FISH'), ['goldfish']);
    assert.deepEqual(found('3'), ['fox squirrel']);
    assert.deepEqual(found('zebra'), []);
    assert.equal(found('  ').length, entries.length);
  });
  it('shows the rows in sight and a few more, whatever the length', () => {
    assert.deepEqual(visibleRows(20_000, 22, 2200, 220), [96, 114]);
    assert.deepEqual(visibleRows(3, 22, 0, 220), [0, 3]);
    assert.deepEqual(visibleRows(0, 22, 0, 220), [0, 0]);
  });
});

describe('parameters of a method', () => {
  const schema: ParameterSchema = {
    patch: { type: 'integer', title: 'Patch', description: '', default: 16 },
    reduce: { type: 'choice', title: 'Reduce', description: '', default: 'l1', choices: ['none', 'l1'] },
  };
  it('keeps what differs from the defaults', () => {
    assert.deepEqual(withParameter(schema, {}, 'patch', 32), { patch: 32 });
    assert.deepEqual(withParameter(schema, { patch: 32, reduce: 'none' }, 'patch', 16), { reduce: 'none' });
  });
  it('leaves out what the panel does itself', () => {
    assert.deepEqual(
      shownParameters(schema, ['reduce']).map(([name]) => name),
      ['patch'],
    );
  });
});
