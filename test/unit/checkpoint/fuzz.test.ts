import assert from 'node:assert/strict';
import fc from 'fast-check';
import { LensError } from '../../../src/base/errors.js';
import { MemorySource } from '../../../src/checkpoint/byteSource.js';
import { openCheckpoint } from '../../../src/checkpoint/reader.js';
import { writeModel } from '../../../src/checkpoint/writer.js';
import { buildGraph } from '../../../src/graph/build/build.js';
import { layersOf } from '../../../src/graph/layers/layers.js';
import { probeGraph } from '../../../src/graph/measure/probe.js';
import { attribute, branch, message, model, modelFunction, node, save, tensor, valueInfo } from './craft.js';

/** A small model with one of everything: every encoding, a function, a nested graph, sparse weights, old operators. */
function everything(): Uint8Array {
  return model({
    opset: 9,
    initializers: [
      tensor('f', 1, [2], (m) => m.floats(4, [1, 2])),
      tensor('i', 7, [2], (m) => m.ints(7, [0, 1])),
      tensor('c', 9, [], (m) => m.ints(5, [1])),
      tensor('q', 22, [3], (m) => m.bytes(9, Uint8Array.of(0x21, 0x03))),
      tensor('s', 8, [1], (m) => m.text(6, 'text')),
      tensor('big', 1, [512], (m) => m.bytes(9, new Uint8Array(2048))),
    ],
    graph: (g) => {
      g.message(
        15,
        message(
          (s) => (
            s.message(
              1,
              tensor('sp', 1, [1], (m) => m.floats(4, [5])),
            ),
            s.message(
              2,
              tensor('', 7, [1], (m) => m.ints(7, [1])),
            ),
            s.ints(3, [2, 3])
          ),
        ),
      );
      g.message(
        1,
        node('Softmax', ['y'], ['t'], (n) =>
          n.message(
            5,
            attribute('axis', 2, (a) => a.int(3, 1)),
          ),
        ),
      );
      g.message(
        1,
        node('ReduceMean', ['t'], ['u'], (n) =>
          n.message(
            5,
            attribute('axes', 7, (a) => a.ints(8, [0])),
          ),
        ),
      );
      g.message(
        1,
        node(
          'If',
          ['c'],
          ['v'],
          (n) => (
            n.message(
              5,
              attribute('then_branch', 5, (a) => a.message(6, branch('Abs'))),
            ),
            n.message(
              5,
              attribute('else_branch', 5, (a) => a.message(6, branch('Neg'))),
            )
          ),
        ),
      );
      g.message(
        1,
        node('Double', ['v'], ['w'], (n) => n.text(7, 'own')),
      );
      g.message(13, valueInfo('t', ['N', 3]));
    },
    model: (m) =>
      m.message(25, modelFunction('Double', { nodes: [node('Add', ['a', 'a'], ['b'])], opsets: { '': 17 } })),
  });
}

/** Opens, builds, probes and writes; anything but a LensError is a bug. Answers how far it came. */
async function survives(file: string, bytes: Uint8Array): Promise<'refused' | 'read'> {
  const start = performance.now();
  try {
    const graph = buildGraph(await openCheckpoint(file, { source: new MemorySource(bytes) }));
    layersOf(graph);
    probeGraph(graph);
    // Weights would be read from the unchanged file, so only the structure is written.
    await writeModel({ ...graph, weights: new Map() });
    return 'read';
  } catch (error) {
    if (!(error instanceof LensError)) throw error;
    return 'refused';
  } finally {
    assert.ok(performance.now() - start < 3000, 'it took seconds');
  }
}

describe('hostile bytes', () => {
  const whole = everything();
  let file: string;
  before(async () => {
    file = save(whole);
    assert.equal(await survives(file, whole), 'read');
  });

  const mutation = fc.record({
    at: fc.nat(whole.length - 1),
    value: fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff)),
  });

  it('changed bytes', async () => {
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 6 }), async (changes) => {
        const bytes = whole.slice();
        for (const { at, value } of changes) bytes[at] = value;
        seen.add(await survives(file, bytes));
      }),
      { numRuns: 1500, seed: 20 },
    );
    assert.deepEqual([...seen].sort(), ['read', 'refused']);
  });

  it('bytes cut out, repeated and put in', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(whole.length),
        fc.nat(64),
        fc.uint8Array({ maxLength: 16 }),
        fc.boolean(),
        async (at, length, extra, repeat) => {
          const bytes = Buffer.concat([
            whole.subarray(0, at),
            extra,
            whole.subarray(repeat ? Math.max(0, at - length) : Math.min(whole.length, at + length)),
          ]);
          await survives(file, bytes);
        },
      ),
      { numRuns: 1000, seed: 21 },
    );
  });

  it('random bytes after an honest beginning', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async (noise) => {
        await survives(file, Buffer.concat([Uint8Array.of(8, 8, 0x3a, noise.length), noise]));
      }),
      { numRuns: 500, seed: 22 },
    );
  });
});
