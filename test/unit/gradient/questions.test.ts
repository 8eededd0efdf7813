import assert from 'node:assert/strict';
import { Random } from '../../../src/base/random.js';
import { sizeOf, toNumbers, type Tensor } from '../../../src/base/tensor.js';
import { inMemory } from '../../../src/checkpoint/model.js';
import { buildGradient } from '../../../src/gradient/sweep/engine.js';
import type { GradientGraph } from '../../../src/gradient/request.js';
import { numbers } from '../../../src/gradient/emit/tape.js';
import { makeNode } from '../../../src/graph/edits.js';
import type { Facts } from '../../../src/graph/facts.js';
import type { Graph } from '../../../src/graph/graph.js';
import { OrtSessions } from '../../../src/session/ort/ortSession.js';
import { probeFacts } from '../../../src/session/probe.js';
import { ints } from './check.js';
import { assertClose } from '../support/close.js';

/** A smooth network: whatever is asked of it can be checked by central differences. */

const random = new Random(9);
const noise = (...dims: number[]): Tensor =>
  numbers(
    'float32',
    dims,
    Array.from({ length: sizeOf(dims) }, () => random.normal()),
  );

const WEIGHTS: Readonly<Record<string, Tensor>> = {
  'conv.weight': noise(4, 2, 3, 3),
  'conv.bias': noise(4),
  'head.weight': noise(4, 3),
};

function network(weights: Readonly<Record<string, Tensor>> = WEIGHTS): Graph {
  return {
    name: 'questions',
    irVersion: 8,
    opset: 18,
    opsets: new Map(),
    nodes: [
      makeNode('Conv', 'features', ['x', 'conv.weight', 'conv.bias'], { strides: [2, 2], pads: [1, 1, 1, 1] }),
      makeNode('Sigmoid', 'active', ['features']),
      makeNode('ReduceMean', 'pooled', ['active', 'axes'], { keepdims: 0 }),
      makeNode('MatMul', 'logits', ['pooled', 'head.weight']),
    ],
    metadata: new Map(),
    inputs: [{ name: 'x', type: 'float32', dims: ['N', 2, 6, 6] }],
    outputs: [{ name: 'logits' }],
    weights: new Map(
      Object.entries({ ...weights, axes: ints([2, 3]) }).map(([name, tensor]) => [name, inMemory(name, tensor)]),
    ),
  };
}

describe('gradient/questions: of anything, by anything', () => {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  const graph = network();
  let facts: Facts;
  before(async () => void (facts = await probeFacts(graph, sessions)));
  after(() => sessions.dispose());

  async function run(
    built: GradientGraph,
    x: Tensor,
    seed?: Tensor,
  ): Promise<{ readonly score: Float64Array; of(value: string): Tensor }> {
    const session = await sessions.open(built.graph);
    const feeds = { x, ...(seed === undefined ? {} : { [built.seed!]: seed }) };
    const out = await session.run(feeds, [built.score, ...built.gradients.values()]);
    await session.dispose();
    return { score: toNumbers(out[built.score]!), of: (value) => out[built.gradients.get(value)!]! };
  }

  /** Values of `value`, with other weights. */
  async function values(value: string, x: Tensor, weights = WEIGHTS): Promise<Float64Array> {
    const session = await sessions.open({ ...network(weights), outputs: [{ name: value }] });
    const out = (await session.run({ x }, [value]))[value]!;
    await session.dispose();
    return toNumbers(out);
  }

  /** Slope of a function of a tensor along a direction, by a five-point stencil. */
  async function slope(at: Tensor, d: Float64Array, f: (t: Tensor) => Promise<number>): Promise<number> {
    const h = 0.05;
    const moved = (t: number): Promise<number> =>
      f(
        numbers(
          'float32',
          at.dims,
          toNumbers(at).map((v, i) => v + t * d[i]!),
        ),
      );
    return (8 * ((await moved(h)) - (await moved(-h))) - ((await moved(2 * h)) - (await moved(-2 * h)))) / (12 * h);
  }

  async function agrees(gradient: Tensor, at: Tensor, f: (t: Tensor) => Promise<number>): Promise<void> {
    assert.deepEqual(gradient.dims, at.dims);
    const g = toNumbers(gradient);
    const norm = Math.sqrt(dot(g, g));
    assert.ok(norm > 0, `norm: ${norm}`);
    for (let k = 0; k < 3; k++) {
      const d = Float64Array.from(g, () => random.normal());
      assertClose(await slope(at, d, f), dot(g, d), { absolute: 2e-3 * norm }, `slope ${k}`);
    }
  }

  it('by every weight, the input and an inner value, in one run', async () => {
    const wrt = ['x', 'features', ...Object.keys(WEIGHTS)];
    const built = buildGradient(graph, facts, { score: { value: 'logits', seed: 'index' }, wrt });
    const x = noise(3, 2, 6, 6);
    const target = [2, 0, 1];
    const out = await run(built, x, ints(target));
    // The gradient by a weight is that of the sum of the scores of the batch.
    const total = (logits: Float64Array): number => target.reduce((s, t, k) => s + logits[3 * k + t]!, 0);
    for (const [name, weight] of Object.entries(WEIGHTS))
      await agrees(out.of(name), weight, async (w) => total(await values('logits', x, { ...WEIGHTS, [name]: w })));
    await agrees(out.of('x'), x, async (t) => total(await values('logits', t)));
    assert.deepEqual(out.of('features').dims, [3, 4, 3, 3]);
  });

  it('of several targets in one run, at any batch', async () => {
    const built = buildGradient(graph, facts, { score: { value: 'logits', seed: 'index' }, wrt: ['x'] });
    const one = noise(1, 2, 6, 6);
    const data = toNumbers(one);
    const x = numbers('float32', [3, 2, 6, 6], [...data, ...data, ...data]);
    const all = await run(built, x, ints([0, 1, 2]));
    const logits = await values('logits', one);
    for (const target of [0, 1, 2]) {
      const single = await run(built, one, ints([target]));
      assertClose(single.score[0]!, logits[target]!, { absolute: 1e-5 }, 'score of the one');
      assertClose(all.score[target]!, logits[target]!, { absolute: 1e-5 }, 'score among all');
      const row = toNumbers(all.of('x')).slice(target * data.length, (target + 1) * data.length);
      toNumbers(single.of('x')).forEach((v, i) => assertClose(v, row[i]!, { absolute: 1e-5 }, `gradient at ${i}`));
    }
  });

  it('of an inner neuron', async () => {
    const built = buildGradient(graph, facts, { score: { value: 'active', seed: 'index' }, wrt: ['x', 'conv.weight'] });
    const x = noise(1, 2, 6, 6);
    const neuron = 2 * 9 + 4; // channel 2, the middle of 3 × 3
    const out = await run(built, x, ints([neuron]));
    await agrees(out.of('x'), x, async (t) => (await values('active', t))[neuron]!);
    await agrees(
      out.of('conv.weight'),
      WEIGHTS['conv.weight']!,
      async (w) => (await values('active', x, { ...WEIGHTS, 'conv.weight': w }))[neuron]!,
    );
  });

  it('of a channel, and of any other direction', async () => {
    const built = buildGradient(graph, facts, { score: { value: 'features', seed: 'direction' }, wrt: ['x'] });
    const x = noise(2, 2, 6, 6);
    const channel = numbers(
      'float32',
      [2, 4, 3, 3],
      Array.from({ length: 72 }, (_, i) => (Math.floor(i / 9) % 4 === 1 ? 1 / 9 : 0)),
    );
    for (const direction of [channel, noise(2, 4, 3, 3)]) {
      const v = toNumbers(direction);
      const out = await run(built, x, direction);
      const scores = await values('features', x);
      assertClose(out.score[1]!, dot(scores.slice(36), v.slice(36)), { absolute: 1e-4 }, 'score of the second');
      await agrees(out.of('x'), x, async (t) => dot(await values('features', t), v));
    }
  });

  it('of a sum', async () => {
    const built = buildGradient(graph, facts, { score: { value: 'active', seed: 'sum' }, wrt: ['x'] });
    assert.equal(built.seed, undefined);
    const x = noise(2, 2, 6, 6);
    await agrees((await run(built, x)).of('x'), x, async (t) => (await values('active', t)).reduce((a, b) => a + b, 0));
  });

  it('not past a shape that nobody knows: the node is named', () => {
    const hidden: Facts = { ...facts, get: (value) => (value === 'active' ? undefined : facts.get(value)) };
    assert.throws(
      () => buildGradient(graph, hidden, { score: { value: 'logits', seed: 'index' }, wrt: ['x'] }),
      (error: Error) => {
        assert.match(
          error.message,
          /^No gradient passes through ReduceMean \(node "[^"]+"\), Sigmoid \(node "[^"]+"\): the shape of "active" is not known/,
        );
        return true;
      },
    );
  });
});

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
