import assert from 'node:assert/strict';
import { Random } from '../../../../src/base/random.js';
import { roughly, solvePlane, systemOf } from '../../../../src/method/benchmark/impute.js';
import { imputeInto } from '../../../../src/method/benchmark/road.js';
import { assertClose } from '../../support/close.js';
import { testSpec } from '../../support/subject.js';

/** The same system written out and solved by elimination. */
function dense(plane: Float64Array, missing: Uint8Array, height: number, width: number): Float64Array {
  const unknown = [...missing.keys()].filter((p) => missing[p] === 1);
  const rows = unknown.map((p) => {
    const row = new Float64Array(unknown.length + 1);
    const [y, x] = [Math.floor(p / width), p % width];
    let total = 0;
    for (let v = y - 1; v <= y + 1; v++)
      for (let u = x - 1; u <= x + 1; u++) {
        if ((v === y && u === x) || v < 0 || u < 0 || v >= height || u >= width) continue;
        const weight = v === y || u === x ? 1 / 6 : 1 / 12;
        total += weight;
        const at = unknown.indexOf(v * width + u);
        if (at < 0) row[unknown.length]! += weight * plane[v * width + u]!;
        else row[at]! -= weight;
      }
    row[unknown.indexOf(p)]! += total;
    return row;
  });
  const n = unknown.length;
  for (let i = 0; i < n; i++) {
    const best = rows.slice(i).reduce((b, row, k) => (Math.abs(row[i]!) > Math.abs(rows[i + b]![i]!) ? k : b), 0);
    [rows[i], rows[i + best]] = [rows[i + best]!, rows[i]!];
    for (let k = i + 1; k < n; k++) {
      const factor = rows[k]![i]! / rows[i]![i]!;
      for (let j = i; j <= n; j++) rows[k]![j]! -= factor * rows[i]![j]!;
    }
  }
  const x = new Float64Array(n);
  for (let i = n - 1; i >= 0; i--) {
    let sum = rows[i]![n]!;
    for (let j = i + 1; j < n; j++) sum -= rows[i]![j]! * x[j]!;
    x[i] = sum / rows[i]![i]!;
  }
  const out = plane.slice();
  unknown.forEach((p, i) => (out[p] = x[i]!));
  return out;
}

describe('method/benchmark: imputation', () => {
  const [height, width] = [9, 13];
  const size = height * width;
  const random = new Random(4);
  const plane = Float64Array.from({ length: size }, () => random.normal());
  const masks: Readonly<Record<string, (p: number) => boolean>> = {
    'every other pixel': (p) => p % 2 === 0,
    'a block that touches two borders': (p) => Math.floor(p / width) < 6 && p % width < 8,
    'all but one pixel': (p) => p !== 37,
    'a hole with an island': (p) => Math.hypot(Math.floor(p / width) - 4, (p % width) - 6) < 4 && p !== 58,
    'one pixel in a corner': (p) => p === 0,
    'drawn ones': () => random.uniform() < 0.7,
  };
  for (const [name, isMissing] of Object.entries(masks))
    it(`solves its system as elimination does: ${name}`, () => {
      const missing = Uint8Array.from({ length: size }, (_, p) => (isMissing(p) ? 1 : 0));
      const found = plane.slice();
      roughly(found, missing, height, width);
      const left = solvePlane(systemOf(missing, height, width), found, height, width);
      assert.ok(left <= 1e-6, `residual ${left}`);
      assertClose(found, dense(plane, missing, height, width), { absolute: 1e-4 }, name);
      for (let p = 0; p < size; p++) if (missing[p] === 0) assert.equal(found[p], plane[p], 'what is known stays');
    });

  it('begins near: a plane of one colour is imputed exactly at once', () => {
    const missing = Uint8Array.from({ length: size }, (_, p) => (p === 40 ? 0 : 1));
    const flat = new Float64Array(size).fill(0.25);
    roughly(flat, missing, height, width);
    assert.ok(
      flat.every((v) => v === 0.25),
      'the mean of what is known',
    );
    const left = solvePlane(systemOf(missing, height, width), flat, height, width);
    assert.ok(left < 1e-12, `residual ${left}`);
  });

  for (const layout of ['NCHW', 'NHWC'] as const)
    it(`imputes each channel by itself, ${layout}`, () => {
      const spec = testSpec('x', layout === 'NCHW' ? [2, height, width] : [height, width, 2], layout);
      const input = new Float32Array(2 * size);
      const at = (c: number, p: number): number => (layout === 'NCHW' ? c * size + p : p * 2 + c);
      for (let p = 0; p < size; p++) {
        input[at(0, p)] = plane[p]!;
        input[at(1, p)] = 5;
      }
      const missing = Uint8Array.from({ length: size }, (_, p) => (p % 3 === 0 ? 1 : 0));
      const out = new Float32Array(input.length);
      imputeInto(out, input, missing, spec);
      const want = dense(plane, missing, height, width);
      for (let p = 0; p < size; p++) {
        assertClose(out[at(0, p)]!, want[p]!, { absolute: 1e-4 }, `pixel ${p}`);
        assertClose(out[at(1, p)]!, 5, { absolute: 1e-4 }, 'a channel of one value');
      }
    });
});
