import assert from 'node:assert/strict';
import { fromBfloat16, fromFloat16, toBfloat16, toFloat16 } from '../../../src/base/float16.js';
import { Random } from '../../../src/base/random.js';
import { toNumbers } from '../../../src/base/tensor.js';
import { assertClose } from '../support/close.js';

describe('float16 and bfloat16', () => {
  it('every pattern survives the way there and back', () => {
    for (let bits = 0; bits < 65536; bits++) {
      const half = fromFloat16(bits);
      if (!Number.isNaN(half)) assert.equal(toFloat16(half), bits);
      const brain = fromBfloat16(bits);
      if (!Number.isNaN(brain)) assert.equal(toBfloat16(brain), bits);
    }
    assert.ok(Number.isNaN(fromFloat16(toFloat16(NaN))));
    assert.ok(Number.isNaN(fromBfloat16(toBfloat16(NaN))));
  });

  it('rounds to the nearest, ties to even', () => {
    assert.equal(fromFloat16(toFloat16(1 + 2 ** -11)), 1);
    assert.equal(fromFloat16(toFloat16(1 + 3 * 2 ** -11)), 1 + 2 ** -9);
    assert.equal(fromFloat16(toFloat16(65519)), 65504);
    assert.equal(fromFloat16(toFloat16(65520)), Infinity);
    assert.equal(fromFloat16(toFloat16(2 ** -25)), 0);
    assert.equal(fromFloat16(toFloat16(1.5 * 2 ** -24)), 2 ** -23);
    assert.equal(fromBfloat16(toBfloat16(1 + 2 ** -8)), 1);
    assert.equal(fromBfloat16(toBfloat16(1 + 3 * 2 ** -8)), 1 + 2 ** -6);
  });

  it('knows the 8-bit floats of the specification', () => {
    const value = (type: 'float8e4m3fn' | 'float8e5m2' | 'float8e4m3fnuz' | 'float4e2m1', bits: number): number =>
      toNumbers({ type, dims: [1], data: Uint8Array.of(bits) })[0]!;
    assert.equal(value('float8e4m3fn', 0x7e), 448);
    assert.ok(Number.isNaN(value('float8e4m3fn', 0x7f)));
    assert.equal(value('float8e4m3fn', 0x01), 2 ** -9);
    assert.equal(value('float8e5m2', 0x7b), 57344);
    assert.equal(value('float8e5m2', 0xfc), -Infinity);
    assert.equal(value('float8e4m3fnuz', 0x7f), 240);
    assert.ok(Number.isNaN(value('float8e4m3fnuz', 0x80)));
    assert.deepEqual(
      [0, 1, 2, 3, 4, 5, 6, 7].map((b) => value('float4e2m1', b)),
      [0, 0.5, 1, 1.5, 2, 3, 4, 6],
    );
  });
});

describe('random numbers', () => {
  it('follow from the seed alone', () => {
    const draw = (seed: number): number[] => {
      const random = new Random(seed);
      return Array.from({ length: 5 }, () => random.normal());
    };
    assert.deepEqual(draw(7), draw(7));
    assert.notDeepEqual(draw(7), draw(8));
    assert.notEqual(new Random(7).fork(0).uint32(), new Random(7).fork(1).uint32());
  });

  it('have the moments they should', () => {
    const random = new Random(1);
    const n = 200_000;
    let [sum, squares, fourth, uniform] = [0, 0, 0, 0];
    for (let i = 0; i < n; i++) {
      const z = random.normal();
      sum += z;
      squares += z * z;
      fourth += z ** 4;
      uniform += random.uniform();
    }
    // Six standard errors of each estimate.
    assertClose(sum / n, 0, { absolute: 6 / Math.sqrt(n) }, 'mean');
    assertClose(squares, n, { relative: 6 * Math.sqrt(2 / n) }, 'sum of squares');
    assertClose(fourth / n, 3, { absolute: 6 * Math.sqrt(96 / n) }, 'fourth moment');
    assertClose(uniform / n, 0.5, { absolute: 6 / Math.sqrt(12 * n) }, 'mean of the uniform numbers');
  });
});
