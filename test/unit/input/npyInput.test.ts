import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { LensError } from '../../../src/base/errors.js';
import { writeNpy } from '../../../src/base/npy.js';
import { floatTensor, sizeOf, type FloatTensor } from '../../../src/base/tensor.js';
import { loadNpyInput, readNpyInputs } from '../../../src/input/npyInput.js';

function counting(dims: readonly number[]): FloatTensor {
  return floatTensor(
    dims,
    Float32Array.from({ length: sizeOf(dims) }, (_, i) => i),
  );
}

function problem(dims: readonly number[], shape: readonly (number | string)[]): LensError {
  try {
    loadNpyInput(counting(dims), shape, '"x.npy"');
  } catch (error) {
    assert.ok(error instanceof LensError, String(error));
    return error;
  }
  assert.fail('it was accepted');
}

describe('.npy inputs', () => {
  it('get the batch dimension they lack', () => {
    const [input, ...rest] = loadNpyInput(counting([3, 2, 2]), ['batch', 3, 2, 2]);
    assert.deepEqual([input!.dims, rest.length], [[1, 3, 2, 2], 0]);
    assert.deepEqual(input!.data, counting([12]).data);
  });

  it('with a batch are several inputs, each with its own memory', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.constantFrom<number | string>('n', 1, 7), (count, batch) => {
        const inputs = loadNpyInput(counting([count, 1, 2, 3]), [batch, 1, 'h', 3]);
        assert.equal(inputs.length, count);
        inputs.forEach((input, k) => {
          assert.deepEqual(input.dims, [1, 1, 2, 3]);
          assert.deepEqual(
            [...input.data],
            Array.from({ length: 6 }, (_, i) => 6 * k + i),
          );
          assert.equal(input.data.buffer.byteLength, 24);
        });
      }),
    );
  });

  it('of other number types are converted', () => {
    const [input] = loadNpyInput({ type: 'uint8', dims: [1, 2], data: Uint8Array.of(3, 255) }, ['b', 2]);
    assert.deepEqual([input!.type, ...input!.data], ['float32', 3, 255]);
  });

  it('of the wrong shape are refused, both shapes named', () => {
    const error = problem([3, 32, 32], ['batch', 3, 224, 224]);
    assert.equal(error.message, '"x.npy" is 3×32×32, but the model\'s input is batch×3×224×224.');
    assert.match(problem([1, 8, 8, 3], ['b', 3, 8, 8]).hint ?? '', /transpose\(array, \(0, 3, 1, 2\)\)/);
    assert.match(problem([2, 2], ['b', '', 2, 2]).message, /b×\?×2×2/);
    assert.match(problem([], ['b', 3, 2, 2]).message, /is scalar/);
    assert.match(problem([0, 3, 2, 2], ['b', 3, 2, 2]).message, /holds no values/);
  });

  it('are read from files', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'lens-npy-'));
    try {
      const file = path.join(folder, 'a.npy');
      writeFileSync(file, writeNpy(counting([2, 1, 2, 2])));
      assert.equal((await readNpyInputs(file, ['b', 1, 2, 2])).length, 2);
      await assert.rejects(readNpyInputs(file, ['b', 3, 2, 2]), /"a\.npy" is 2×1×2×2, but/);
      writeFileSync(file, 'not an array');
      await assert.rejects(readNpyInputs(file, ['b', 1, 2, 2]), LensError);
      await assert.rejects(readNpyInputs(path.join(folder, 'b.npy'), ['b', 1, 2, 2]), /There is no file/);
      await assert.rejects(readNpyInputs(folder, ['b', 1, 2, 2]), LensError);
      const pipe = path.join(folder, 'pipe.npy');
      execFileSync('mkfifo', [pipe]);
      await assert.rejects(readNpyInputs(pipe, ['b', 1, 2, 2]), /is no ordinary file/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
