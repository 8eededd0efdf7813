import assert from 'node:assert/strict';
import fc from 'fast-check';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { floatTensor, int64Tensor, toNumbers } from '../../../src/base/tensor.js';
import { MemorySource } from '../../../src/checkpoint/byteSource.js';
import { toRaw } from '../../../src/checkpoint/elements.js';
import { Message } from '../../../src/checkpoint/message.js';
import { inMemory, type StoredTensor } from '../../../src/checkpoint/model.js';
import { openCheckpoint } from '../../../src/checkpoint/reader.js';
import { readTensor } from '../../../src/checkpoint/readTensor.js';
import { Fields, Window } from '../../../src/checkpoint/wire.js';
import { writeModel, writeModelFile, type ModelToWrite } from '../../../src/checkpoint/writer.js';
import { external, message, model, open, save, tensor } from './craft.js';
import { temporaryFolder } from '../support/temporary.js';

/** A graph without nodes that holds these weights: what the writer does with them is all that matters. */
function holding(weights: readonly StoredTensor[], more: Partial<ModelToWrite> = {}): ModelToWrite {
  return {
    name: 'g',
    irVersion: 3,
    opset: 18,
    opsets: new Map(),
    inputs: [],
    outputs: [{ name: weights[0]!.name, type: 'float32' }],
    nodes: [],
    weights: new Map(weights.map((w) => [w.name, w])),
    metadata: new Map(),
    ...more,
  };
}

async function reread(bytes: Uint8Array, folder: string, name = 'written.onnx'): ReturnType<typeof openCheckpoint> {
  return openCheckpoint(save(bytes, folder, name));
}

describe('protobuf fields', () => {
  it('come back as they were written', () => {
    const value = fc.oneof(
      fc.record({
        kind: fc.constant('int' as const),
        field: fc.integer({ min: 1, max: 1 << 20 }),
        value: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      }),
      fc.record({
        kind: fc.constant('float' as const),
        field: fc.integer({ min: 1, max: 1 << 20 }),
        value: fc.float(),
      }),
      fc.record({
        kind: fc.constant('text' as const),
        field: fc.integer({ min: 1, max: 1 << 20 }),
        value: fc.string({ maxLength: 200, unit: 'grapheme' }),
      }),
      fc.record({
        kind: fc.constant('ints' as const),
        field: fc.integer({ min: 1, max: 1 << 20 }),
        value: fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), { minLength: 1, maxLength: 20 }),
      }),
    );
    fc.assert(
      fc.property(fc.array(value, { maxLength: 50 }), (values) => {
        const inner = new Message();
        for (const v of values) {
          if (v.kind === 'int') inner.int(v.field, v.value);
          else if (v.kind === 'float') inner.float(v.field, v.value);
          else if (v.kind === 'text') inner.text(v.field, v.value);
          else inner.ints(v.field, v.value);
        }
        const bytes = message((m) => (m.message(7, inner), m.bytes(8, new Uint8Array(70_000)))).toBytes();
        const outer = new Fields(new Window(new MemorySource(bytes)), { start: 0, end: bytes.length });
        assert.ok(outer.next());
        const f = new Fields(outer.window, outer.span());
        for (const v of values) {
          assert.ok(f.next());
          assert.equal(f.field, v.field);
          if (v.kind === 'int') assert.equal(f.bigint(), v.value);
          else if (v.kind === 'float') assert.ok(Object.is(f.float32(), v.value));
          else if (v.kind === 'text') assert.equal(f.text(), v.value);
          else {
            const list: bigint[] = [];
            f.repeatedInt((x) => list.push(x));
            assert.deepEqual(list, v.value);
          }
        }
        assert.ok(!f.next());
        assert.ok(outer.next());
        outer.skip();
        assert.ok(!outer.next());
      }),
      { numRuns: 300, seed: 4 },
    );
  });
});

describe('the version that is written', () => {
  it('is one that ONNX Runtime reads', async () => {
    for (const [ir, expected] of [
      [3, 8],
      [10, 10],
      [14, 13],
    ] as const) {
      const { bytes } = await writeModel(holding([inMemory('w', floatTensor([1]))], { irVersion: ir }));
      assert.equal((await reread(bytes, temporaryFolder())).irVersion, expected);
    }
  });
});

describe('writing weights', () => {
  const numbers = Float32Array.from({ length: 1000 }, (_, i) => i);

  it('points into the file they came from', async () => {
    const file = save(model({ initializers: [tensor('w', 1, [1000], (m) => m.floats(4, [...numbers]))] }));
    const w = (await openCheckpoint(file)).graph.initializers[0]!;
    const { bytes, folder } = await writeModel(holding([w], { path: file }));
    assert.ok(bytes.length < 300, `bytes.length: ${bytes.length}`);
    assert.equal(folder, path.dirname(file));
    const again = (await reread(bytes, folder)).graph.initializers[0]!;
    assert.ok(again.at.kind === 'file' && again.at.path === file, JSON.stringify(again.at));
    assert.deepEqual(again.at, w.at);
    const preferred = await writeModel(holding([w]), { directory: path.dirname(path.dirname(file)) });
    assert.equal(preferred.folder, path.dirname(path.dirname(file)));
    assert.ok(Buffer.from(preferred.bytes).includes(`${path.basename(path.dirname(file))}/model.onnx`));
  });

  it('keeps small ones, integers in packed varints and ours inline', async () => {
    const integers = Array.from({ length: 700 }, (_, i) => i - 350);
    const checkpoint = await open(
      model({
        initializers: [
          tensor('small', 1, [4], (m) => m.floats(4, [1, 2, 3, 4])),
          tensor('shape', 7, [700], (m) => m.ints(7, integers)),
          tensor('text', 8, [2], (m) => (m.text(6, 'a'), m.text(6, 'b'))),
        ],
      }),
    );
    const nibbles = inMemory('nibbles', { type: 'int4', dims: [3], data: Int8Array.of(-8, 7, -1) });
    const { bytes, folder } = await writeModel(
      holding([...checkpoint.graph.initializers, inMemory('ours', floatTensor([2], Float32Array.of(5, 6))), nibbles]),
    );
    const again = await reread(bytes, temporaryFolder());
    assert.equal(folder, '');
    assert.deepEqual(again.externalFiles, []);
    const values = async (name: string): Promise<unknown[]> => {
      const t = await readTensor(again.graph.initializers.find((w) => w.name === name)!);
      return Array.isArray(t.data) ? t.data : [...toNumbers(t)];
    };
    assert.deepEqual(await values('small'), [1, 2, 3, 4]);
    assert.deepEqual(await values('shape'), integers);
    assert.deepEqual(await values('text'), ['a', 'b']);
    assert.deepEqual(await values('ours'), [5, 6]);
    assert.deepEqual(await values('nibbles'), [-8, 7, -1]);
    assert.deepEqual([...toRaw(nibbles.at.kind === 'memory' ? nibbles.at.tensor : int64Tensor([], []))], [0x78, 0x0f]);
  });

  it('finds the folder that several files have in common', async () => {
    const root = temporaryFolder();
    for (const name of ['a', 'b']) {
      mkdirSync(path.join(root, name));
      writeFileSync(path.join(root, name, 'w.bin'), toRaw(floatTensor([1000], numbers)));
    }
    const at = async (folder: string): Promise<StoredTensor> => {
      const file = save(
        model({ initializers: [external(folder, [1000], { location: 'w.bin' })] }),
        path.join(root, folder),
      );
      return (await openCheckpoint(file)).graph.initializers[0]!;
    };
    const { bytes, folder } = await writeModel(holding([await at('a'), await at('b')]));
    assert.equal(folder, root);
    const again = await reread(bytes, root);
    assert.deepEqual(again.externalFiles, [path.join(root, 'a', 'w.bin'), path.join(root, 'b', 'w.bin')]);
    assert.equal((await readTensor(again.graph.initializers[1]!)).data[999], 999);
  });

  it('follows a link to the model to where its weights really are', async () => {
    const store = temporaryFolder();
    const real = save(
      model({ initializers: [tensor('w', 1, [1000], (m) => m.floats(4, [...numbers]))] }),
      store,
      'blob',
    );
    const link = path.join(temporaryFolder(), 'model.onnx');
    symlinkSync(real, link);
    const checkpoint = await openCheckpoint(link);
    const { bytes, folder } = await writeModel(holding([checkpoint.graph.initializers[0]!], { path: checkpoint.path }));
    assert.equal(folder, store);
    assert.equal((await readTensor((await reread(bytes, folder)).graph.initializers[0]!)).data[7], 7);
  });

  it('embeds everything when it is told to, in memory or as a file', async () => {
    const w = (await open(model({ initializers: [tensor('w', 1, [1000], (m) => m.floats(4, [...numbers]))] }))).graph
      .initializers[0]!;
    const { bytes } = await writeModel(holding([w]), { embed: true });
    assert.ok(bytes.length > 4000, `bytes.length: ${bytes.length}`);
    const folder = temporaryFolder();
    const file = path.join(folder, 'out.onnx');
    await writeModelFile(holding([w], { metadata: new Map([['author', 'me']]) }), file);
    const again = await openCheckpoint(file);
    assert.equal(again.metadata.get('author'), 'me');
    assert.deepEqual([...toNumbers(await readTensor(again.graph.initializers[0]!))], [...numbers]);
    assert.deepEqual(readdirSync(folder), ['out.onnx']);
    await writeModelFile(holding([w]), file, { embed: false });
    assert.deepEqual(readdirSync(folder), ['out.onnx', 'out.onnx.data']);
    assert.equal(readFileSync(`${file}.data`).length, 4000);
    assert.equal((await readTensor((await openCheckpoint(file)).graph.initializers[0]!)).data[7], 7);
  });

  it('leaves no half-written file behind', async () => {
    const gone: StoredTensor = {
      name: 'w',
      type: 'float32',
      dims: [1000],
      at: { kind: 'file', path: '/nowhere/w.bin', offset: 0, length: 4000, encoding: 'raw' },
    };
    const folder = temporaryFolder();
    await assert.rejects(writeModelFile(holding([gone]), path.join(folder, 'out.onnx')));
    assert.deepEqual(readdirSync(folder), []);
    await assert.rejects(readTensor(gone), { code: 'checkpoint/missing' });
  });

  it('says so when more would have to be copied than memory should hold', async () => {
    const huge: StoredTensor = {
      name: 'w',
      type: 'float32',
      dims: [2 ** 29],
      at: { kind: 'file', path: '/nowhere/w.bin', offset: 0, length: 2 ** 31, encoding: 'raw' },
    };
    await assert.rejects(writeModel(holding([huge]), { embed: true }), { code: 'checkpoint/too-large' });
    await assert.rejects(writeModelFile(holding([huge]), path.join(temporaryFolder(), 'out.onnx')), {
      code: 'checkpoint/too-large',
    });
  });
});
