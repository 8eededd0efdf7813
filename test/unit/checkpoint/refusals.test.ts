import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CancelledError, LensError } from '../../../src/base/errors.js';
import { readTensor } from '../../../src/checkpoint/readTensor.js';
import { openCheckpoint } from '../../../src/checkpoint/reader.js';
import { buildGraph } from '../../../src/graph/build/build.js';
import type { Message } from '../../../src/checkpoint/message.js';
import { bytesOf, external, message, model, node, open, save, tensor, valueInfo } from './craft.js';
import { temporaryFolder } from '../support/temporary.js';

const text = (s: string): Uint8Array => new TextEncoder().encode(s);

/** Every refusal is a LensError of kind input or unsupported, with one sentence. */
async function refused(promise: Promise<unknown>, code: string, sentence?: RegExp): Promise<void> {
  await assert.rejects(promise, (e: unknown) => {
    assert.ok(e instanceof LensError, String(e));
    assert.equal(e.code, code);
    assert.match(e.message, /^[A-Z"].*\.$/s);
    assert.ok(!e.message.includes('undefined'), e.message);
    if (sentence !== undefined) assert.match(e.message, sentence);
    return true;
  });
}

describe('files that are no models', () => {
  const cases: [string, Uint8Array, string, RegExp][] = [
    ['an empty file', new Uint8Array(0), 'checkpoint/empty', /empty/],
    [
      'a Git LFS pointer',
      text('version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 97\n'),
      'checkpoint/git-lfs',
      /Git LFS/,
    ],
    ['a web page', text('\n<!DOCTYPE html><html></html>'), 'checkpoint/not-onnx', /web page/],
    ['a PyTorch checkpoint', text('PK\u0003\u0004...............archive/data.pkl'), 'checkpoint/not-onnx', /PyTorch/],
    ['a zip archive', text('PK\u0003\u0004...............readme.txt'), 'checkpoint/not-onnx', /zip/],
    ['a pickle', Uint8Array.of(0x80, 2, 0x7d, 0x71), 'checkpoint/not-onnx', /pickle/],
    ['a Keras model', Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d), 'checkpoint/not-onnx', /HDF5/],
    ['a TensorFlow Lite model', text('\u0018\0\0\0TFL3'), 'checkpoint/not-onnx', /Lite/],
    ['an .ort model', text('\u0018\0\0\0ORTM'), 'checkpoint/not-onnx', /\.ort/],
    ['a gzip archive', Uint8Array.of(0x1f, 0x8b, 8, 0), 'checkpoint/not-onnx', /gzip/],
    ['a safetensors file', text('\u0040\0\0\0\0\0\0\0{"w":{"dtype":"F32"}}'), 'checkpoint/not-onnx', /safetensors/],
    ['a model in text form', text('ir_version: 8\ngraph {\n}\n'), 'checkpoint/not-onnx', /text form/],
    ['plain text', text('Hello, this is a note about the model.'), 'checkpoint/malformed', /not a readable/],
    ['zeros', new Uint8Array(4096), 'checkpoint/malformed', /not a readable/],
  ];
  for (const [title, bytes, code, sentence] of cases)
    it(`refuses ${title}`, () => refused(open(bytes), code, sentence));

  it('refuses a path that is not there, and a folder', async () => {
    await refused(openCheckpoint('/nowhere/model.onnx'), 'checkpoint/missing', /no model at/);
    await refused(openCheckpoint(temporaryFolder()), 'checkpoint/missing', /not a file/);
  });
});

describe('damaged models', () => {
  it('refuses a file that is cut off, wherever it is cut', async () => {
    const whole = model({ initializers: [tensor('w', 1, [8], (m) => m.floats(4, [1, 2, 3, 4, 5, 6, 7, 8]))] });
    const codes = new Set<string>();
    for (let n = 1; n < whole.length; n++) {
      await assert.rejects(
        open(whole.subarray(0, n)),
        (e: LensError) => codes.add(e.code) !== undefined && e instanceof LensError,
        `${n} bytes`,
      );
    }
    assert.deepEqual([...codes].sort(), ['checkpoint/malformed', 'checkpoint/truncated']);
  });

  const tensors: [string, Message, string, RegExp?][] = [
    ['a negative dimension', tensor('w', 1, [-1, 4], (m) => m.floats(4, [1])), 'checkpoint/dims', /negative/],
    [
      'an absurd size',
      tensor('w', 1, [2 ** 31, 2 ** 31, 4], (m) => m.floats(4, [1])),
      'checkpoint/dims',
      /more elements/,
    ],
    [
      'a size that overflows',
      tensor('w', 1, [Number.MAX_SAFE_INTEGER, 1000], (m) => m.bytes(9, new Uint8Array(4))),
      'checkpoint/dims',
    ],
    [
      'too few raw bytes',
      tensor('w', 1, [4], (m) => m.bytes(9, new Uint8Array(12))),
      'checkpoint/tensor-size',
      /float32 4 but holds 12 bytes/,
    ],
    ['too many numbers', tensor('w', 1, [1], (m) => m.floats(4, [1, 2])), 'checkpoint/tensor-size'],
    ['no data', tensor('w', 1, [4], () => {}), 'checkpoint/tensor-size', /no data/],
    ['too few integers', tensor('w', 7, [4], (m) => m.ints(7, [1, 2])), 'checkpoint/tensor-size'],
    ['an unknown element type', tensor('w', 99, [1], (m) => m.bytes(9, new Uint8Array(4))), 'checkpoint/type', /99/],
    [
      'segments',
      tensor('w', 1, [1], (m) =>
        m.message(
          3,
          message((s) => s.int(1, 0)),
        ),
      ),
      'checkpoint/segment',
    ],
    ['half a float', tensor('w', 1, [1], (m) => m.bytes(4, new Uint8Array(3))), 'checkpoint/tensor-size'],
    ['a name where a number belongs', message((m) => m.text(2, 'float')), 'checkpoint/malformed'],
  ];
  for (const [title, w, code, sentence] of tensors)
    it(`refuses a weight with ${title}`, () => refused(open(model({ initializers: [w] })), code, sentence));

  it('refuses versions it cannot read, and names them', async () => {
    await refused(open(model({ opset: 27 })), 'checkpoint/opset', /opset 27; opsets 7 to 26/);
    await refused(open(model({ opset: 6 })), 'checkpoint/opset', /opset 6.*too old/);
    await refused(open(model({ ir: 99 })), 'checkpoint/ir', /99/);
    await refused(
      open(
        bytesOf(
          (m) => (
            m.int(1, 8),
            m.message(
              7,
              message((g) => g.message(12, valueInfo('y'))),
            )
          ),
        ),
      ),
      'checkpoint/malformed',
      /operator set/,
    );
    await refused(
      open(
        bytesOf(
          (m) => (
            m.int(1, 8),
            m.message(
              8,
              message((o) => o.int(2, 17)),
            )
          ),
        ),
      ),
      'checkpoint/malformed',
      /no graph/,
    );
  });

  it('refuses graphs nested beyond reason instead of overflowing the stack', async () => {
    let inner = message((g) => g.text(2, 'innermost'));
    for (let i = 0; i < 3000; i++) {
      const body = inner;
      inner = message((g) =>
        g.message(
          1,
          node('If', ['c'], ['y'], (n) =>
            n.message(
              5,
              message((a) => (a.text(1, 'then_branch'), a.message(6, body), a.int(20, 5))),
            ),
          ),
        ),
      );
    }
    const bottom = inner;
    await refused(
      open(
        model({
          graph: (g) =>
            g.message(
              1,
              node('If', ['x'], ['z'], (n) =>
                n.message(
                  5,
                  message((a) => (a.text(1, 'then_branch'), a.message(6, bottom), a.int(20, 5))),
                ),
              ),
            ),
        }),
      ),
      'checkpoint/malformed',
      /nested/,
    );
  });

  it('refuses an attribute without a value and a node without an operator', async () => {
    const bare = node('Relu', ['x'], ['z'], (n) =>
      n.message(
        5,
        message((a) => (a.text(1, 'value'), a.int(20, 4))),
      ),
    );
    await refused(open(model({ graph: (g) => g.message(1, bare) })), 'checkpoint/malformed', /"value" has no value/);
    await refused(
      open(
        model({
          graph: (g) =>
            g.message(
              1,
              message((n) => n.text(1, 'x')),
            ),
        }),
      ),
      'checkpoint/malformed',
      /names no operator/,
    );
  });

  it('names a cycle, a value that nothing makes, and one that is made twice', async () => {
    const build = async (nodes: Message[]): Promise<unknown> =>
      buildGraph(await open(model({ graph: (g) => nodes.forEach((n) => g.message(1, n)) })));
    await refused(
      build([
        node('Abs', ['b'], ['a'], (n) => n.text(3, 'first')),
        node('Neg', ['a'], ['b'], (n) => n.text(3, 'second')),
      ]),
      'graph/cycle',
      /(Abs "first" ← Neg "second"|Neg "second" ← Abs "first")/,
    );
    await refused(
      build([node('Abs', ['nothing'], ['a'], (n) => n.text(3, 'reader'))]),
      'graph/unresolved',
      /Abs "reader" reads "nothing"/,
    );
    await refused(build([node('Abs', ['x'], ['y'])]), 'graph/duplicate', /"y" is made twice/);
  });

  it('stops when it is asked to', async () => {
    const controller = new AbortController();
    controller.abort();
    await assert.rejects(openCheckpoint(save(model()), { signal: controller.signal }), CancelledError);
    const long = save(
      model({
        graph: (g) => {
          for (let i = 0; i < 200_000; i++) g.message(1, node('Relu', [`v${i}`], [`v${i + 1}`]));
        },
      }),
    );
    const late = new AbortController();
    const opening = openCheckpoint(long, { signal: late.signal });
    setTimeout(() => late.abort(), 5);
    await assert.rejects(opening, CancelledError);
  });
});

describe('external data', () => {
  const data = new Uint8Array(Float32Array.from({ length: 1024 }, (_, i) => i).buffer);
  const at = (entries: Record<string, string>, dims: readonly number[] = [512]): Uint8Array =>
    model({ initializers: [external('w', dims, entries)] });

  it('is found beside the model and below it', async () => {
    const folder = temporaryFolder();
    mkdirSync(path.join(folder, 'sub'));
    writeFileSync(path.join(folder, 'sub', 'weights.bin'), data);
    const checkpoint = await open(
      at({ location: 'sub/weights.bin', offset: '2048', length: '2048', checksum: 'ignored' }),
      folder,
    );
    const w = checkpoint.graph.initializers[0]!;
    assert.ok(w.at.kind === 'file' && w.at.offset === 2048 && w.at.length === 2048, JSON.stringify(w.at));
    assert.equal((await readTensor(w)).data[0], 512);
    assert.equal(checkpoint.externalFiles.length, 1);
    const windows = await open(at({ location: 'sub\\weights.bin' }), folder);
    assert.ok(windows.graph.initializers[0]!.at.kind === 'file', JSON.stringify(windows.graph.initializers[0]!.at));
    const small = await open(at({ location: './sub/../sub/weights.bin', offset: '8' }, [2]), folder);
    assert.ok(small.graph.initializers[0]!.at.kind === 'memory', JSON.stringify(small.graph.initializers[0]!.at));
    assert.deepEqual([...(small.graph.initializers[0]!.at.tensor.data as Float32Array)], [2, 3]);
  });

  it('is refused where it leaves the folder or does not fit', async () => {
    const outer = temporaryFolder();
    writeFileSync(path.join(outer, 'secret.bin'), data);
    const folder = path.join(outer, 'models');
    mkdirSync(folder);
    writeFileSync(path.join(folder, 'weights.bin'), data);
    symlinkSync(path.join(outer, 'secret.bin'), path.join(folder, 'link.bin'));
    symlinkSync(outer, path.join(folder, 'up'));
    const cases: [Record<string, string>, string, RegExp][] = [
      [{ location: '../secret.bin' }, 'checkpoint/external-path', /out of the model's folder/],
      [{ location: 'a/../../secret.bin' }, 'checkpoint/external-path', /out of the model's folder/],
      [{ location: '..\\secret.bin' }, 'checkpoint/external-path', /out of the model's folder/],
      [{ location: path.join(outer, 'secret.bin') }, 'checkpoint/external-path', /absolute/],
      [{ location: 'C:\\weights.bin' }, 'checkpoint/external-path', /absolute/],
      [{ location: 'link.bin' }, 'checkpoint/external-path', /link that leaves/],
      [{ location: 'up/secret.bin' }, 'checkpoint/external-path', /link that leaves/],
      [{ location: '.' }, 'checkpoint/external-path', /not a file/],
      [{}, 'checkpoint/external-path', /not named/],
      [{ location: 'a\0b' }, 'checkpoint/external-path', /not named/],
      [{ location: 'gone.bin' }, 'checkpoint/external-missing', /"gone.bin"/],
      [{ location: 'weights.bin', offset: '3000' }, 'checkpoint/external-range', /beyond the end/],
      [{ location: 'weights.bin', offset: '-1' }, 'checkpoint/external-range', /not a number/],
      [{ location: 'weights.bin', offset: '1e3' }, 'checkpoint/external-range', /not a number/],
      [{ location: 'weights.bin', offset: '99999999999999999999' }, 'checkpoint/external-range', /not a number/],
      [{ location: 'weights.bin', length: '4' }, 'checkpoint/tensor-size', /4 bytes of external data/],
    ];
    for (const [entries, code, sentence] of cases) await refused(open(at(entries), folder), code, sentence);
  });

  it('is followed where model and data are both links into one store', async () => {
    const store = temporaryFolder();
    const snapshot = temporaryFolder();
    writeFileSync(path.join(store, 'aaaa'), at({ location: 'model.onnx.data' }));
    writeFileSync(path.join(store, 'bbbb'), data);
    symlinkSync(path.join(store, 'aaaa'), path.join(snapshot, 'model.onnx'));
    symlinkSync(path.join(store, 'bbbb'), path.join(snapshot, 'model.onnx.data'));
    const checkpoint = await openCheckpoint(path.join(snapshot, 'model.onnx'));
    assert.equal((await readTensor(checkpoint.graph.initializers[0]!)).data[5], 5);
    assert.equal(checkpoint.path, path.join(snapshot, 'model.onnx'));
  });
});
