import assert from 'node:assert/strict';
import { Random } from '../../../src/base/random.js';
import { sketch } from '../../../src/numeric/sketch.js';

describe('a random projection', () => {
  const random = new Random(5);
  const rows = Array.from({ length: 20 }, () => Float32Array.from({ length: 5000 }, () => random.normal()));
  const distance = (a: Float32Array, b: Float32Array): number =>
    Math.sqrt(a.reduce((s, v, i) => s + (v - b[i]!) ** 2, 0));

  it('keeps distances to some per cent', () => {
    const short = rows.map(sketch(5000, 1024));
    let worst = 0;
    for (let i = 0; i < rows.length; i++)
      for (let j = 0; j < i; j++)
        worst = Math.max(worst, Math.abs(distance(short[i]!, short[j]!) / distance(rows[i]!, rows[j]!) - 1));
    assert.ok(worst < 0.12, `${worst}`);
    assert.ok(
      short.every((row) => row.length === 1024),
      'all have the width that was asked for',
    );
  });

  it('is linear, and the same for the same seed', () => {
    const [project, again, other] = [sketch(5000, 64), sketch(5000, 64), sketch(5000, 64, 1)];
    assert.deepEqual(project(rows[0]!), again(rows[0]!));
    assert.notDeepEqual(project(rows[0]!), other(rows[0]!));
    const doubled = project(rows[0]!.map((v) => 2 * v));
    assert.deepEqual(
      doubled,
      project(rows[0]!).map((v) => 2 * v),
    );
  });
});
