import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { closeSync, ftruncateSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { FileSource, type ByteSource } from '../../../src/checkpoint/byteSource.js';
import { hashModel } from '../../../src/checkpoint/hash.js';
import { Message } from '../../../src/checkpoint/message.js';
import { openCheckpoint } from '../../../src/checkpoint/reader.js';
import { decodeText, encodeText } from '../../../src/checkpoint/text.js';
import { bytesOf, external, message, model, node, open, save, valueInfo } from './craft.js';
import { temporaryFolder } from '../support/temporary.js';

describe('what a model says about itself', () => {
  it('is read: producer, metadata, denotations, free dimensions, nodes', async () => {
    const entry = (k: string, v: string): Message => message((e) => (e.text(1, k), e.text(2, v)));
    const checkpoint = await open(
      model({
        model: (m) => {
          m.text(2, 'pytorch');
          m.text(3, '2.13');
          m.text(6, 'A model.');
          m.message(14, entry('names', "{0: 'cat'}"));
          m.message(
            8,
            message((o) => (o.text(1, 'com.microsoft'), o.int(2, 1))),
          );
          m.message(
            20,
            message((t) => t.text(1, 'ignored')),
          );
        },
        graph: (g) => {
          g.message(
            1,
            node(
              'Abs',
              ['x', ''],
              ['z'],
              (n) => (
                n.text(3, '/abs'),
                n.text(7, 'ai.onnx'),
                n.text(6, 'doc'),
                n.message(9, entry('namespace', 'abs'))
              ),
            ),
          );
          g.message(
            11,
            message(
              (v) => (
                v.text(1, 'image'),
                v.message(
                  2,
                  message((t) => {
                    t.message(
                      1,
                      message(
                        (tt) => (
                          tt.int(1, 1),
                          tt.message(
                            2,
                            message((s) => {
                              s.message(
                                1,
                                message((d) => d.text(2, 'N')),
                              );
                              s.message(
                                1,
                                message((d) => d.int(1, 3)),
                              );
                              s.message(
                                1,
                                message(() => {}),
                              );
                              s.message(
                                1,
                                message((d) => d.int(1, -1)),
                              );
                            }),
                          )
                        ),
                      ),
                    );
                    t.text(6, 'IMAGE');
                  }),
                )
              ),
            ),
          );
        },
      }),
    );
    assert.deepEqual(checkpoint.producer, { name: 'pytorch', version: '2.13' });
    assert.equal(checkpoint.doc, 'A model.');
    assert.equal(checkpoint.metadata.get('names'), "{0: 'cat'}");
    assert.deepEqual(
      [...checkpoint.opsets],
      [
        ['', 17],
        ['com.microsoft', 1],
      ],
    );
    const image = checkpoint.graph.inputs.find((v) => v.name === 'image');
    assert.deepEqual(image, { name: 'image', type: 'float32', dims: ['N', 3, '', ''], denotation: 'IMAGE' });
    const abs = checkpoint.graph.nodes.find((n) => n.op === 'Abs')!;
    assert.deepEqual(
      [abs.name, abs.domain, abs.doc, abs.metadata.get('namespace'), abs.inputs],
      ['/abs', '', 'doc', 'abs', ['x', '']],
    );
  });

  it('follows protobuf where a field comes twice: the last one wins, messages are merged', async () => {
    const checkpoint = await open(
      model({
        model: (m) => {
          m.text(2, 'first');
          m.text(2, 'second');
          m.message(
            7,
            message((g) => (g.text(2, 'merged'), g.message(1, node('Abs', ['y'], ['z'])))),
          );
        },
        graph: (g) => {
          const half = (b: (m: Message) => void): Message => message(b);
          g.message(
            1,
            node('Foo', ['x'], ['w'], (n) =>
              n.message(
                5,
                message((a) => {
                  a.text(1, 'value');
                  a.message(
                    5,
                    half((t) => (t.int(1, 2), t.int(2, 1))),
                  );
                  a.message(
                    5,
                    half((t) => t.floats(4, [1, 2])),
                  );
                  a.int(20, 4);
                }),
              ),
            ),
          );
        },
      }),
    );
    assert.equal(checkpoint.producer.name, 'second');
    assert.equal(checkpoint.graph.name, 'merged');
    assert.deepEqual(
      checkpoint.graph.nodes.map((n) => n.op),
      ['Relu', 'Foo', 'Abs'],
    );
    const value = checkpoint.graph.nodes[1]!.attributes[0]!;
    assert.ok(value.type === 'tensor' && value.value.at.kind === 'memory', value.type);
    assert.deepEqual([...(value.value.at.tensor.data as Float32Array)], [1, 2]);
  });

  it('reads attributes of every kind, with INT64_MAX and types that old files leave out', async () => {
    const a = (name: string, build: (m: Message) => void): Message => message((m) => (m.text(1, name), build(m)));
    const checkpoint = await open(
      model({
        graph: (g) =>
          g.message(
            1,
            node('Foo', ['x'], ['z'], (n) => {
              n.message(
                5,
                a('f', (m) => (m.float(2, 0.5), m.int(20, 1))),
              );
              n.message(
                5,
                a('i', (m) => (m.int(3, 2n ** 63n - 1n), m.int(20, 2))),
              );
              n.message(
                5,
                a('n', (m) => (m.int(3, -(2n ** 63n)), m.int(20, 2))),
              );
              n.message(
                5,
                a('s', (m) => (m.text(4, 'é'), m.int(20, 3))),
              );
              n.message(
                5,
                a('fs', (m) => (m.float(7, 1), m.float(7, 2), m.int(20, 6))),
              );
              n.message(
                5,
                a('is', (m) => (m.ints(8, [1, -2]), m.int(20, 7))),
              );
              n.message(
                5,
                a('ss', (m) => (m.text(9, 'a'), m.text(9, 'b'), m.int(20, 8))),
              );
              n.message(
                5,
                a('empty', (m) => m.int(20, 7)),
              );
              n.message(
                5,
                a('old', (m) => m.ints(8, [3])),
              );
              n.message(
                5,
                a(
                  'type',
                  (m) => (
                    m.message(
                      14,
                      message(() => {}),
                    ),
                    m.int(20, 13)
                  ),
                ),
              );
            }),
          ),
      }),
    );
    const found = checkpoint.graph.nodes[1]!.attributes.map((x) => [x.name, x.type, x.value]);
    assert.deepEqual(found, [
      ['f', 'float', 0.5],
      ['i', 'int', 2n ** 63n - 1n],
      ['n', 'int', -(2n ** 63n)],
      ['s', 'string', 'é'],
      ['fs', 'floats', [1, 2]],
      ['is', 'ints', [1n, -2n]],
      ['ss', 'strings', ['a', 'b']],
      ['empty', 'ints', []],
      ['old', 'ints', [3n]],
      ['type', 'other', 'type'],
    ]);
  });

  it('keeps bytes that are not UTF-8', () => {
    for (const bytes of [[0xff, 0xfe, 0x41], [0xc3, 0xa9], [], [0xed, 0xb2, 0x80], [0xf0, 0x9f, 0x98, 0x80]]) {
      assert.deepEqual([...encodeText(decodeText(Uint8Array.from(bytes)))], bytes);
    }
  });
});

describe('hashing', () => {
  it('is that of the file, and takes external data in', async () => {
    const folder = temporaryFolder();
    const alone = save(model(), folder);
    const sha = (b: Uint8Array): string => createHash('sha256').update(b).digest('hex');
    assert.equal(await hashModel(alone), sha(readFileSync(alone)));
    writeFileSync(path.join(folder, 'w.bin'), new Uint8Array(4000));
    const split = save(model({ initializers: [external('w', [1000], { location: 'w.bin' })] }), folder, 'split.onnx');
    const first = await hashModel(split);
    assert.notEqual(first, sha(readFileSync(split)));
    writeFileSync(path.join(folder, 'w.bin'), new Uint8Array(4000).fill(1));
    assert.notEqual(await hashModel(split), first);
  });
});

/** A source that counts what is read. */
class Counting implements ByteSource {
  bytes = 0;
  constructor(private readonly inner: FileSource) {}
  get size(): number {
    return this.inner.size;
  }
  read(target: Uint8Array, offset: number): number {
    this.bytes += target.length;
    return this.inner.read(target, offset);
  }
}

describe('large files', () => {
  /** A model whose weights are holes in a sparse file: `count` tensors of `mebibytes` each. */
  function sparse(count: number, mebibytes: number): string {
    const length = mebibytes * 2 ** 20;
    const head = (i: number): Uint8Array => {
      const front = bytesOf((m) => (m.ints(1, [length / 4]), m.int(2, 1), m.text(8, `w${i}`)));
      const rest = Uint8Array.of(0x4a, ...varint(length));
      const whole = front.length + rest.length + length;
      return Uint8Array.from([0x2a, ...varint(whole), ...front, ...rest]);
    };
    const tail = bytesOf(
      (g) => (
        g.message(1, node('Relu', ['x'], ['y'])),
        g.text(2, 'big'),
        g.message(11, valueInfo('x')),
        g.message(12, valueInfo('y'))
      ),
    );
    const heads = Array.from({ length: count }, (_, i) => head(i));
    const graph = heads.reduce((sum, h) => sum + h.length + length, tail.length);
    const file = path.join(temporaryFolder(), 'big.onnx');
    const fd = openSync(file, 'w');
    let at = 0;
    const put = (b: Uint8Array): void => void (at += writeSync(fd, b, 0, b.length, at));
    put(
      bytesOf(
        (m) => (
          m.int(1, 8),
          m.message(
            8,
            message((o) => o.int(2, 17)),
          )
        ),
      ),
    );
    put(Uint8Array.from([0x3a, ...varint(graph)]));
    for (const h of heads) {
      put(h);
      at += length;
    }
    put(tail);
    ftruncateSync(fd, at);
    closeSync(fd);
    return file;
  }

  function varint(value: number): number[] {
    const out: number[] = [];
    for (; value >= 128; value = Math.floor(value / 128)) out.push((value % 128) | 128);
    return [...out, value];
  }

  for (const [title, count, size] of [
    ['400 MB', 100, 4],
    ['over 2 GB', 3, 1024],
  ] as const) {
    it(`${title} are opened by reading a few kilobytes`, async () => {
      const file = sparse(count, size);
      const source = new Counting(new FileSource(file));
      const checkpoint = await openCheckpoint(file, { source });
      assert.equal(checkpoint.size, source.size);
      assert.equal(checkpoint.graph.initializers.length, count);
      const last = checkpoint.graph.initializers.at(-1)!;
      assert.ok(
        last.at.kind === 'file' &&
          last.at.length === size * 2 ** 20 &&
          last.at.offset + last.at.length < checkpoint.size,
        JSON.stringify(last.at),
      );
      assert.ok(source.bytes < 8192 * (count + 4), `${source.bytes} bytes were read`);
    });
  }

  it('a file of empty messages is refused before it fills the memory', async () => {
    const inputs = Buffer.alloc(9_000_000);
    for (let i = 0; i < inputs.length; i += 2) inputs[i] = 0x5a;
    const file = save(bytesOf((m) => (m.int(1, 8), m.bytes(7, inputs))));
    await assert.rejects(openCheckpoint(file), { code: 'checkpoint/too-large' });
  });
});
