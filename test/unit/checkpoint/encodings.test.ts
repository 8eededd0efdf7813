import assert from 'node:assert/strict';
import { toFloat16 } from '../../../src/base/float16.js';
import { toNumbers, type Tensor } from '../../../src/base/tensor.js';
import type { Message } from '../../../src/checkpoint/message.js';
import type { StoredTensor } from '../../../src/checkpoint/model.js';
import { readTensor, readTensorSlice } from '../../../src/checkpoint/readTensor.js';
import { message, model, open, tensor, type Build } from './craft.js';

async function only(w: Message): Promise<StoredTensor> {
  const checkpoint = await open(model({ initializers: [w] }));
  assert.equal(checkpoint.graph.initializers.length, 1);
  return checkpoint.graph.initializers[0]!;
}

async function values(w: Message): Promise<Tensor> {
  return readTensor(await only(w));
}

const little = (Type: new (v: number[]) => ArrayBufferView, v: number[]): Uint8Array => {
  const a = new Type(v);
  return new Uint8Array(a.buffer as ArrayBuffer, a.byteOffset, a.byteLength);
};
const f64 = (v: readonly number[]): Uint8Array => little(Float64Array, [...v]);

describe('encodings of weights', () => {
  const half = [1.5, -2, 0.25, 3].map(toFloat16);
  const cases: {
    title: string;
    type: number;
    name: string;
    dims?: number[];
    fields: Build;
    expected: readonly number[];
  }[] = [
    {
      title: 'float32 raw',
      type: 1,
      name: 'float32',
      fields: (m) => m.bytes(9, little(Float32Array, [1, -2, 0.5, 3])),
      expected: [1, -2, 0.5, 3],
    },
    {
      title: 'float32 packed',
      type: 1,
      name: 'float32',
      fields: (m) => m.floats(4, [1, -2, 0.5, 3]),
      expected: [1, -2, 0.5, 3],
    },
    {
      title: 'float32 unpacked',
      type: 1,
      name: 'float32',
      fields: (m) => [1, -2, 0.5, 3].forEach((v) => m.float(4, v)),
      expected: [1, -2, 0.5, 3],
    },
    {
      title: 'float32 packed and unpacked',
      type: 1,
      name: 'float32',
      fields: (m) => (m.floats(4, [1, -2]), m.float(4, 0.5), m.floats(4, [3])),
      expected: [1, -2, 0.5, 3],
    },
    {
      title: 'float64 packed',
      type: 11,
      name: 'float64',
      fields: (m) => m.bytes(10, f64([1, -2, 1e300, 3])),
      expected: [1, -2, 1e300, 3],
    },
    {
      title: 'float64 in two runs',
      type: 11,
      name: 'float64',
      fields: (m) => (m.bytes(10, f64([1])), m.bytes(10, f64([-2, 1e300, 3]))),
      expected: [1, -2, 1e300, 3],
    },
    {
      title: 'float16 raw',
      type: 10,
      name: 'float16',
      fields: (m) => m.bytes(9, little(Uint16Array, half)),
      expected: [1.5, -2, 0.25, 3],
    },
    {
      title: 'float16 in int32_data',
      type: 10,
      name: 'float16',
      fields: (m) => m.ints(5, half),
      expected: [1.5, -2, 0.25, 3],
    },
    {
      title: 'bfloat16 in int32_data',
      type: 16,
      name: 'bfloat16',
      fields: (m) => m.ints(5, [0x3f80, 0xc000, 0x3e80, 0x4040]),
      expected: [1, -2, 0.25, 3],
    },
    {
      title: 'int8 raw',
      type: 3,
      name: 'int8',
      fields: (m) => m.bytes(9, Uint8Array.of(1, 255, 128, 127)),
      expected: [1, -1, -128, 127],
    },
    {
      title: 'int8 in int32_data',
      type: 3,
      name: 'int8',
      fields: (m) => m.ints(5, [1, -1, -128, 127]),
      expected: [1, -1, -128, 127],
    },
    {
      title: 'uint8 in int32_data',
      type: 2,
      name: 'uint8',
      fields: (m) => m.ints(5, [1, 255, 0, 7]),
      expected: [1, 255, 0, 7],
    },
    {
      title: 'int32 unpacked',
      type: 6,
      name: 'int32',
      fields: (m) => [1, -1, 2 ** 31 - 1, -(2 ** 31)].forEach((v) => m.int(5, v)),
      expected: [1, -1, 2 ** 31 - 1, -(2 ** 31)],
    },
    {
      title: 'int64 packed',
      type: 7,
      name: 'int64',
      fields: (m) => m.ints(7, [1, -1, 2n ** 40n, -(2n ** 40n)]),
      expected: [1, -1, 2 ** 40, -(2 ** 40)],
    },
    {
      title: 'uint64',
      type: 13,
      name: 'uint64',
      fields: (m) => m.ints(11, [1, 2, 3, 2n ** 40n]),
      expected: [1, 2, 3, 2 ** 40],
    },
    {
      title: 'uint32 in uint64_data',
      type: 12,
      name: 'uint32',
      fields: (m) => m.ints(11, [1, 2, 3, 2 ** 32 - 1]),
      expected: [1, 2, 3, 2 ** 32 - 1],
    },
    {
      title: 'bool in int32_data',
      type: 9,
      name: 'bool',
      fields: (m) => m.ints(5, [1, 0, 0, 1]),
      expected: [1, 0, 0, 1],
    },
    {
      title: 'int4 raw, two to a byte, first in the low half',
      type: 22,
      name: 'int4',
      dims: [5],
      fields: (m) => m.bytes(9, Uint8Array.of(0x71, 0x8f, 0x0e)),
      expected: [1, 7, -1, -8, -2],
    },
    {
      title: 'uint4 in int32_data',
      type: 21,
      name: 'uint4',
      dims: [3],
      fields: (m) => m.ints(5, [0xf1, 0x08]),
      expected: [1, 15, 8],
    },
    {
      title: 'int2 raw',
      type: 26,
      name: 'int2',
      dims: [4],
      fields: (m) => m.bytes(9, Uint8Array.of(0b11100100)),
      expected: [0, 1, -2, -1],
    },
    {
      title: 'float8e4m3fn raw',
      type: 17,
      name: 'float8e4m3fn',
      fields: (m) => m.bytes(9, Uint8Array.of(0x38, 0xb8, 0x40, 0x7e)),
      expected: [1, -1, 2, 448],
    },
    {
      title: 'float8e5m2 in int32_data',
      type: 19,
      name: 'float8e5m2',
      fields: (m) => m.ints(5, [0x3c, 0xbc, 0x40, 0x7c]),
      expected: [1, -1, 2, Infinity],
    },
    {
      title: 'float4e2m1 raw',
      type: 23,
      name: 'float4e2m1',
      fields: (m) => m.bytes(9, Uint8Array.of(0x21, 0xf7)),
      expected: [0.5, 1, 6, -6],
    },
    { title: 'a scalar', type: 1, name: 'float32', dims: [], fields: (m) => m.floats(4, [7]), expected: [7] },
    { title: 'nothing', type: 1, name: 'float32', dims: [0, 3], fields: () => {}, expected: [] },
  ];
  for (const c of cases) {
    it(`${c.title} is read`, async () => {
      const t = await values(tensor('w', c.type, c.dims ?? [2, 2], c.fields));
      assert.equal(t.type, c.name);
      assert.deepEqual([...t.dims], c.dims ?? [2, 2]);
      assert.deepEqual([...toNumbers(t)], [...c.expected]);
    });
  }

  it('strings are read', async () => {
    const t = await values(tensor('w', 8, [2], (m) => (m.text(6, 'a'), m.text(6, 'ü'))));
    assert.deepEqual(t.data, ['a', 'ü']);
  });

  it('large values stay in the file until they are asked for', async () => {
    const n = 1000;
    const numbers = Array.from({ length: n }, (_, i) => i - 500);
    const raw = await only(tensor('w', 1, [n], (m) => m.bytes(9, little(Float32Array, numbers))));
    assert.ok(raw.at.kind === 'file' && raw.at.encoding === 'raw' && raw.at.length === 4 * n, JSON.stringify(raw.at));
    assert.deepEqual([...toNumbers(await readTensor(raw))], numbers);
    assert.deepEqual([...toNumbers(await readTensorSlice(raw, 10, 5))], numbers.slice(10, 15));
    const packed = await only(tensor('w', 1, [n], (m) => m.floats(4, numbers)));
    assert.ok(packed.at.kind === 'file' && packed.at.encoding === 'raw', JSON.stringify(packed.at));
    assert.deepEqual([...toNumbers(await readTensor(packed))], numbers);
    const integers = await only(tensor('w', 7, [n], (m) => m.ints(7, numbers)));
    assert.ok(integers.at.kind === 'file' && integers.at.encoding === 'varint', JSON.stringify(integers.at));
    assert.deepEqual([...toNumbers(await readTensor(integers))], numbers);
    assert.deepEqual([...toNumbers(await readTensorSlice(integers, 990, 10))], numbers.slice(990));
    const nibbles = await only(tensor('w', 22, [2 * n], (m) => m.bytes(9, new Uint8Array(n).fill(0x21))));
    assert.deepEqual([...toNumbers(await readTensorSlice(nibbles, 3, 4))], [2, 1, 2, 1]);
    await assert.rejects(readTensorSlice(raw, 998, 5), RangeError);
  });

  it('sparse initializers become dense', async () => {
    const sparse = message((s) => {
      s.message(
        1,
        tensor('sp', 1, [2], (m) => m.floats(4, [5, 7])),
      );
      s.message(
        2,
        tensor('', 7, [2], (m) => m.ints(7, [1, 4])),
      );
      s.int(3, 2);
      s.int(3, 3);
    });
    const [w] = (await open(model({ graph: (g) => g.message(15, sparse) }))).graph.initializers;
    assert.equal(w!.name, 'sp');
    assert.deepEqual([...toNumbers(await readTensor(w!))], [0, 5, 0, 0, 7, 0]);
    const byAxis = message((s) => {
      s.message(
        1,
        tensor('sp', 1, [2], (m) => m.floats(4, [5, 7])),
      );
      s.message(
        2,
        tensor('', 7, [2, 2], (m) => m.ints(7, [0, 1, 1, 1])),
      );
      s.ints(3, [2, 3]);
    });
    const [v] = (await open(model({ graph: (g) => g.message(15, byAxis) }))).graph.initializers;
    assert.deepEqual([...toNumbers(await readTensor(v!))], [0, 5, 0, 0, 7, 0]);
    const huge = message((s) => {
      s.message(
        1,
        tensor('sp', 1, [1], (m) => m.floats(4, [5])),
      );
      s.message(
        2,
        tensor('', 7, [1], (m) => m.ints(7, [1])),
      );
      s.ints(3, [2 ** 30, 4]);
    });
    await assert.rejects(open(model({ graph: (g) => g.message(15, huge) })), { code: 'checkpoint/sparse' });
    const outside = message((s) => {
      s.message(
        1,
        tensor('sp', 1, [1], (m) => m.floats(4, [5])),
      );
      s.message(
        2,
        tensor('', 7, [1], (m) => m.ints(7, [6])),
      );
      s.ints(3, [2, 3]);
    });
    await assert.rejects(open(model({ graph: (g) => g.message(15, outside) })), { code: 'checkpoint/tensor-size' });
  });
});
