import assert from 'node:assert/strict';
import fc from 'fast-check';
import { LensError } from '../../../src/base/errors.js';
import { readNpy, writeNpy } from '../../../src/base/npy.js';
import { floatTensor, int64Tensor, type Tensor } from '../../../src/base/tensor.js';

/** A file as NumPy 1.x writes it, built by hand so that reader and writer are not only checked against each other. */
function numpyFile(descr: string, fortran: boolean, shape: string, body: Uint8Array, major = 1): Uint8Array {
  const text = `{'descr': '${descr}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': ${shape}, }`;
  const header = text.padEnd(117, ' ') + '\n';
  const start = major === 1 ? 10 : 12;
  const out = new Uint8Array(start + header.length + body.length);
  out.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, major, 0]);
  for (let i = 8; i < start; i++) out[i] = (header.length >> (8 * (i - 8))) & 255;
  out.set(new TextEncoder().encode(header), start);
  out.set(body, start + header.length);
  return out;
}

describe('.npy', () => {
  it('reads what NumPy writes', () => {
    const body = new Uint8Array(Float32Array.of(1, 2, 3, 4, 5, 6).buffer);
    const tensor = readNpy(numpyFile('<f4', false, '(2, 3)', body));
    assert.deepEqual(tensor, floatTensor([2, 3], Float32Array.of(1, 2, 3, 4, 5, 6)));
  });

  it('reads from a Node Buffer, whose slices are views of a larger memory', () => {
    const file = writeNpy(floatTensor([3], Float32Array.of(1, 2, 3)));
    const pool = Buffer.alloc(file.length + 13);
    pool.set(file, 13);
    assert.deepEqual(readNpy(pool.subarray(13)), floatTensor([3], Float32Array.of(1, 2, 3)));
  });

  it('turns Fortran order and big-endian numbers around', () => {
    const view = new DataView(new ArrayBuffer(48));
    [1, 2, 3, 4, 5, 6].forEach((v, i) => view.setFloat64(8 * i, v, false));
    const tensor = readNpy(numpyFile('>f8', true, '(2, 3)', new Uint8Array(view.buffer)));
    assert.deepEqual([...(tensor.data as Float64Array)], [1, 3, 5, 2, 4, 6]);
  });

  it('returns what it wrote, for every shape and type', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(4), { maxLength: 4 }),
        fc.constantFrom('float32', 'float64', 'int64', 'uint8'),
        (dims, type) => {
          const size = dims.reduce((a, b) => a * b, 1);
          const values = Array.from({ length: size }, (_, i) => i);
          const tensor: Tensor =
            type === 'int64'
              ? int64Tensor(dims, values)
              : {
                  type,
                  dims,
                  data:
                    type === 'float32'
                      ? Float32Array.from(values)
                      : type === 'float64'
                        ? Float64Array.from(values)
                        : Uint8Array.from(values),
                };
          const bytes = writeNpy(tensor);
          assert.equal(new DataView(bytes.buffer).getUint16(8, true) % 64, 54, 'NumPy aligns the data to 64 bytes');
          assert.deepEqual(readNpy(bytes), tensor);
        },
      ),
    );
  });

  it('refuses damaged files with a sentence, and believes no header', () => {
    const good = writeNpy(floatTensor([2, 2]));
    const lying = numpyFile('<f4', false, '(1000000, 1000000)', new Uint8Array(16));
    for (const bad of [
      new Uint8Array(0),
      good.subarray(0, 40),
      good.subarray(0, good.length - 1),
      lying,
      numpyFile('|O', false, '(1,)', new Uint8Array(8)),
      numpyFile('<f4', false, '(-1,)', new Uint8Array(8)),
      // More dimensions than NumPy knows, and a header as long as a file.
      numpyFile('<f4', false, `(${'1, '.repeat(65)})`, new Uint8Array(4)),
      numpyFile('<f4', false, `(1,${' '.repeat(80_000)})`, new Uint8Array(4), 2),
    ]) {
      assert.throws(
        () => readNpy(bad),
        (e) => e instanceof LensError && e.kind === 'input' && /not a readable/.test(e.message),
      );
    }
  });
});
