import assert from 'node:assert/strict';
import { floatTensor, int64Tensor, type Tensor } from '../../../src/base/tensor.js';
import { inMemory } from '../../../src/checkpoint/model.js';
import { Attributes } from '../../../src/graph/attributes.js';
import type { Facts, ValueFact } from '../../../src/graph/facts.js';
import type { Graph, GraphNode } from '../../../src/graph/graph.js';
import { chooseBatch, concatBatches, limitsHere, sampleCost, sliceBatch, stack } from '../../../src/session/batches.js';
import { SessionCache } from '../../../src/session/cache.js';
import type { Session } from '../../../src/session/session.js';

const node = (op: string, inputs: string[], outputs: string[]): GraphNode => ({
  name: outputs[0]!,
  op,
  domain: '',
  inputs,
  outputs,
  attributes: new Attributes(),
  doc: '',
  metadata: new Map(),
});

/** x [n,3,8,8] → Conv 4×3×3×3 → a [n,4,8,8] → Relu b → GlobalAveragePool c [n,4,1,1]. */
function tinyGraph(): { graph: Graph; facts: Facts } {
  const graph: Graph = {
    name: 'tiny',
    irVersion: 8,
    opset: 18,
    opsets: new Map(),
    metadata: new Map(),
    inputs: [{ name: 'x', type: 'float32' }],
    outputs: [{ name: 'c', type: 'float32' }],
    nodes: [node('Conv', ['x', 'w'], ['a']), node('Relu', ['a'], ['b']), node('GlobalAveragePool', ['b'], ['c'])],
    weights: new Map([['w', inMemory('w', floatTensor([4, 3, 3, 3]))]]),
  };
  const sizes: Record<string, number[]> = { x: [3, 8, 8], a: [4, 8, 8], b: [4, 8, 8], c: [4, 1, 1] };
  const facts: Facts = {
    dynamicBatch: true,
    batch: 1,
    get: (value): ValueFact | undefined => {
      const weight = graph.weights.get(value);
      if (weight !== undefined) return { type: weight.type, base: weight.dims, slope: weight.dims.map(() => 0) };
      const dims = sizes[value];
      return dims && { type: 'float32', base: [0, ...dims], slope: [1, ...dims.map(() => 0)] };
    },
  };
  return { graph, facts };
}

describe('session/batches', () => {
  it('counts the live set of a forward run and everything of a gradient run', () => {
    const { graph, facts } = tinyGraph();
    const forward = sampleCost(graph, facts, 'forward');
    // Largest at Relu: a and b together, x is gone by then.
    assert.equal(forward.bytes, 1.5 * 4 * (4 * 64 + 4 * 64));
    assert.equal(forward.macs, 4 * 64 * 27);
    const gradient = sampleCost(graph, facts, 'gradient');
    assert.equal(gradient.bytes, 2 * 1.5 * 4 * (3 * 64 + 4 * 64 + 4 * 64 + 4));
  });

  it('takes the largest power of two that memory and work allow, at least one', () => {
    const limits = { budget: 1000, macs: 1e9, maximum: 32 };
    assert.equal(chooseBatch({ bytes: 100, macs: 1 }, limits), 8);
    assert.equal(chooseBatch({ bytes: 1, macs: 1 }, limits), 32);
    assert.equal(chooseBatch({ bytes: 1, macs: 3e8 }, limits), 2);
    assert.equal(chooseBatch({ bytes: 5000, macs: 1 }, limits), 1);
    assert.equal(chooseBatch({ bytes: 0, macs: 0 }, limits), 32);
    assert.ok(limitsHere('cpu').budget > 0, `limitsHere('cpu').budget: ${limitsHere('cpu').budget}`);
    assert.equal(limitsHere('cpu', 0.5, 1000).budget, 500);
  });

  it('splits and joins along the batch', () => {
    const batch = floatTensor([3, 2], Float32Array.of(0, 1, 2, 3, 4, 5));
    assert.deepEqual([...sliceBatch(batch, 1, 3).data], [2, 3, 4, 5]);
    assert.deepEqual(concatBatches([sliceBatch(batch, 0, 1), sliceBatch(batch, 1, 3)]), batch);
    const ints = int64Tensor([1, 1], [7]);
    assert.deepEqual(concatBatches<Tensor>([ints, ints]).data, BigInt64Array.of(7n, 7n));
    const texts: Tensor = { type: 'string', dims: [1], data: ['a'] };
    assert.deepEqual(concatBatches([texts, texts]), { type: 'string', dims: [2], data: ['a', 'a'] });
    assert.throws(() => concatBatches<Tensor>([batch, ints]), /does not continue/);
    assert.deepEqual(stack([floatTensor([2]), floatTensor([2])]).dims, [2, 2]);
  });
});

describe('session/cache', () => {
  const log: string[] = [];
  const open = (name: string) => (): Promise<Session> => {
    log.push(`open ${name}`);
    return Promise.resolve({
      provider: { used: 'cpu', refused: [] },
      run: () => Promise.resolve({}),
      dispose: () => (log.push(`close ${name}`), Promise.resolve()),
    });
  };
  beforeEach(() => void (log.length = 0));
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  it('opens once and drops the least recently used beyond its bytes', async () => {
    const cache = new SessionCache(25);
    const nothing = (): Promise<void> => Promise.resolve();
    await cache.use('a', 10, open('a'), nothing);
    await cache.use('b', 10, open('b'), nothing);
    await cache.use('a', 10, open('a'), nothing);
    await cache.use('c', 10, open('c'), nothing);
    await settle();
    assert.deepEqual(log, ['open a', 'open b', 'open c', 'close b']);
    assert.equal(cache.bytes, 20);
    await cache.dispose();
    assert.deepEqual(log.slice(4).sort(), ['close a', 'close c']);
    await assert.rejects(cache.use('a', 1, open('a'), nothing), /disposed/);
  });

  it('never disposes a session in use', async () => {
    const cache = new SessionCache(5);
    let finish = (): void => undefined;
    const busy = cache.use('a', 10, open('a'), () => new Promise<void>((resolve) => void (finish = resolve)));
    await settle();
    await cache.use('b', 10, open('b'), () => Promise.resolve());
    const disposed = cache.dispose();
    await settle();
    assert.ok(!log.includes('close a'));
    finish();
    await busy;
    await disposed;
    await settle();
    assert.ok(log.includes('close a'));
  });

  it('forgets a session that could not be opened', async () => {
    const cache = new SessionCache(5);
    await assert.rejects(
      cache.use(
        'a',
        1,
        () => Promise.reject(new Error('no')),
        () => Promise.resolve(),
      ),
      /no/,
    );
    assert.equal(cache.size, 0);
    await cache.use('a', 1, open('a'), () => Promise.resolve());
    assert.equal(cache.size, 1);
  });
});
