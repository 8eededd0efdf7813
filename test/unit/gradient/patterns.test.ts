import assert from 'node:assert/strict';
import { inMemory } from '../../../src/checkpoint/model.js';
import { makeNode } from '../../../src/graph/edits.js';
import type { Graph, GraphNode } from '../../../src/graph/graph.js';
import { buildGradient, differentiability } from '../../../src/gradient/sweep/engine.js';
import { exportGradient } from '../../../src/gradient/sweep/export.js';
import type { LensError } from '../../../src/base/errors.js';
import { toNumbers } from '../../../src/base/tensor.js';
import { OrtSessions } from '../../../src/session/ort/ortSession.js';
import { probeFacts } from '../../../src/session/probe.js';
import { check, floats, ints, type Case } from './check.js';
import { assertClose } from '../support/close.js';

function graphOf(
  dims: readonly (number | string)[],
  nodes: readonly GraphNode[],
  weights: Readonly<Record<string, ReturnType<typeof floats>>> = {},
  opset = 18,
): Graph {
  return {
    name: 'pattern',
    irVersion: 10,
    opset,
    opsets: new Map(),
    nodes,
    metadata: new Map(),
    inputs: [{ name: 'x', type: 'float32', dims }],
    outputs: [{ name: nodes.at(-1)!.outputs[0]! }],
    weights: new Map(Object.entries(weights).map(([k, t]) => [k, inMemory(k, t)])),
  };
}

function all(graph: Graph): Graph {
  return { ...graph, outputs: graph.nodes.flatMap((n) => n.outputs).map((name) => ({ name })) };
}

const noise = floats([0.4, -1.2, 0.7, 2.1, -0.3, 1.6], [2, 3]);

describe('gradient/patterns: several operators differentiated as one', () => {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  after(() => sessions.dispose());

  const patterns: Readonly<Record<string, Graph>> = {
    'x·σ(x)': graphOf([2, 3], [makeNode('Sigmoid', 's', ['x']), makeNode('Mul', 'y', ['s', 'x'])]),
    'GELU with Div': graphOf(
      [2, 3],
      [
        makeNode('Div', 'v', ['x', 'root']),
        makeNode('Erf', 'e', ['v']),
        makeNode('Add', 'f', ['e', 'one']),
        makeNode('Mul', 'm', ['x', 'f']),
        makeNode('Mul', 'y', ['m', 'half']),
      ],
      { root: floats([Math.SQRT2], []), one: floats([1], []), half: floats([0.5], []) },
    ),
    'GELU with Mul': graphOf(
      [2, 3],
      [
        makeNode('Mul', 'v', ['x', 'root']),
        makeNode('Erf', 'e', ['v']),
        makeNode('Add', 'f', ['one', 'e']),
        makeNode('Mul', 'y', ['f', 'x']),
      ],
      { root: floats([Math.SQRT1_2], []), one: floats([1], []) },
    ),
    'x·σ(x), σ also used elsewhere': graphOf(
      [2, 3],
      [makeNode('Sigmoid', 's', ['x']), makeNode('Mul', 'm', ['x', 's']), makeNode('Add', 'y', ['m', 's'])],
    ),
    'slices that overlap, neighbour and leave gaps': graphOf(
      [2, 3],
      [
        makeNode('Slice', 'a', ['x', 'i0', 'i2', 'axes']),
        makeNode('Slice', 'b', ['x', 'i1', 'i3', 'axes']),
        makeNode('Slice', 'c', ['x', 'i0', 'i2', 'axes']),
        makeNode('Mul', 'p', ['a', 'b']),
        makeNode('Mul', 'y', ['p', 'c']),
      ],
      { i0: ints([0]), i1: ints([1]), i2: ints([2]), i3: ints([3]), axes: ints([1]) },
    ),
    'q, k and v gathered from one value': graphOf(
      [2, 3],
      [
        makeNode('Transpose', 't', ['x'], { perm: [1, 0] }),
        makeNode('Gather', 'q', ['t', 'g0']),
        makeNode('Gather', 'k', ['t', 'g1']),
        makeNode('Gather', 'v', ['t', 'g2']),
        makeNode('Mul', 'p', ['q', 'k']),
        makeNode('Mul', 'y', ['p', 'v']),
      ],
      { g0: ints([0], []), g1: ints([1], []), g2: ints([2], []) },
    ),
  };
  for (const [title, graph] of Object.entries(patterns)) {
    it(title, async () => {
      const c: Case = { title, graph: all(graph), feeds: { x: noise }, wrt: ['x'], output: graph.outputs[0]!.name };
      const { precision, error } = await check(sessions, c);
      assert.ok(error < (precision === 'float64' ? 1e-6 : 1e-3), `${precision} ${error}`);
    });
  }

  it('a value inside a pattern that is asked about gets its own gradient', async () => {
    const graph = patterns['x·σ(x)']!;
    const built = buildGradient(graph, await probeFacts(graph, sessions), {
      score: { value: 'y', seed: 'sum' },
      wrt: ['x', 's'],
    });
    const session = await sessions.open(built.graph);
    const out = await session.run({ x: noise }, [...built.gradients.values()]);
    // d(x·s)/ds = x
    assert.deepEqual([...toNumbers(out[built.gradients.get('s')!]!)], [...toNumbers(noise)]);
    await session.dispose();
  });
});

describe('gradient/engine', () => {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  after(() => sessions.dispose());

  it('stops at values that are to be constants, and gives zeros where nothing arrives', async () => {
    const graph = graphOf(
      ['batch', 3],
      [makeNode('Exp', 'e', ['x']), makeNode('Mul', 'y', ['x', 'e']), makeNode('Tanh', 'aside', ['x'])],
    );
    const facts = await probeFacts({ ...graph, outputs: [{ name: 'y' }, { name: 'aside' }] }, sessions);
    const built = buildGradient(graph, facts, { score: { value: 'y', seed: 'sum' }, wrt: ['x', 'aside'], stop: ['e'] });
    assert.ok(!built.graph.nodes.some((n) => n.op === 'Tanh'));
    const session = await sessions.open(built.graph);
    const out = await session.run({ x: noise }, [built.score, ...built.gradients.values()]);
    const g = toNumbers(out[built.gradients.get('x')!]!);
    toNumbers(noise).forEach((v, i) => assertClose(g[i]!, Math.exp(v), { absolute: 1e-5 }, `gradient at ${v}`));
    assert.deepEqual([...toNumbers(out[built.gradients.get('aside')!]!)], [0, 0, 0, 0, 0, 0]);
    assert.deepEqual(out[built.score]!.dims, [2]);
    await session.dispose();
  });

  it('names every operator that stops it, in one sentence', async () => {
    const graph = graphOf(
      [1, 6],
      [
        makeNode('Transpose', 't', ['x'], { perm: [1, 0] }),
        makeNode('Unique', 'u', ['t'], { sorted: 1 }),
        makeNode('Unique', 'w', ['x'], { sorted: 1 }),
        makeNode('Add', 'y', ['u', 'w']),
      ],
    );
    const facts = await probeFacts(graph, sessions);
    assert.throws(
      () => buildGradient(graph, facts, { score: { value: 'y', seed: 'sum' }, wrt: ['x'] }),
      (e: LensError) => {
        assert.equal(e.code, 'gradient/unsupported', e.stack);
        assert.equal(e.refused!.length, 2);
        assert.match(e.message, /Unique \(node "[uw]"\)/);
        return true;
      },
    );
    assert.deepEqual(
      differentiability(graph, ['x'], 'y')
        .refused.map((r) => r.node)
        .sort(),
      ['u', 'w'],
    );
    assert.equal(differentiability(graph, ['x'], 't').yes, true);
    const named = {
      ...graph,
      nodes: graph.nodes.map((n) => (n.name === 'u' ? { ...n, name: '/stem/sort/Unique' } : n)),
    };
    for (const known of [undefined, facts])
      assert.equal(differentiability(named, ['x'], 'y', known).refused.find((r) => r.node !== 'w')?.layer, 'stem.sort');
    assert.throws(
      () => buildGradient(named, facts, { score: { value: 'y', seed: 'sum' }, wrt: ['x'] }),
      /Unique \(node "\/stem\/sort\/Unique" of layer "stem.sort"\)/,
    );
    assert.equal(differentiability(graph, ['x'], 'y', facts).yes, false);
  });

  it('gives the first of equal maxima the gradient, on the CPU and in the form for the GPU', async () => {
    const graph: Graph = {
      ...graphOf([1, 1, 3, 3], [makeNode('MaxPool', 'y', ['x'], { kernel_shape: [2, 2], strides: [1, 1] })]),
    };
    const facts = await probeFacts(graph, sessions);
    for (const provider of ['cpu', 'webgpu']) {
      const built = buildGradient(graph, facts, { score: { value: 'y', seed: 'sum' }, wrt: ['x'], provider });
      const session = await sessions.open(built.graph);
      const x = floats([1, 1, 0, 1, 1, 0, 0, 0, 0], [1, 1, 3, 3]);
      const out = await session.run({ x }, [...built.gradients.values()]);
      assert.deepEqual([...toNumbers(out[built.gradients.get('x')!]!)], [1, 1, 0, 1, 1, 0, 0, 0, 0], provider);
      await session.dispose();
    }
  });

  it('masks a rectifier the same way in the blocked layout', async () => {
    for (const [op, high] of [
      ['Relu', Infinity],
      ['Clip', 6],
      ['Clip', 4],
      ['Clip', 0.1],
      ['Clip', 2 ** 20],
    ] as const) {
      const nodes = [makeNode(op, 'r', op === 'Relu' ? ['x'] : ['x', 'low', 'high']), makeNode('Mul', 'y', ['r', 'r'])];
      const graph = graphOf(['batch', 16, 1, 2], nodes, { low: floats([0], []), high: floats([high], []) });
      const facts = await probeFacts(graph, sessions);
      const built = buildGradient(graph, facts, { score: { value: 'y', seed: 'sum' }, wrt: ['x'] });
      assert.equal(
        built.graph.nodes.some((n) => n.op === 'Conv'),
        op === 'Clip' && high !== 2 ** 20,
      );
      const session = await sessions.open(built.graph);
      const below = Math.fround(high * (1 - 2 ** -24));
      const values = [0, -1, 1e-28, 1e-7, 0.5, 5.9999995, 6, 6.1, 100, high, below, -1e-28].map((v) =>
        v === Infinity ? 1 : v,
      );
      const x = floats(
        Array.from({ length: 32 }, (_, i) => values[i % values.length]!),
        [1, 16, 1, 2],
      );
      const g = toNumbers((await session.run({ x }, [...built.gradients.values()]))[built.gradients.get('x')!]!);
      toNumbers(x).forEach((v, i) =>
        assertClose(
          g[i]!,
          v > 0 && v < Math.fround(high) ? 2 * v : 0,
          { absolute: 1e-6 * Math.abs(v) },
          `${op} at ${v}`,
        ),
      );
      await session.dispose();
    }
  });

  it('exports a graph with the promised names, beside values that had them', async () => {
    const graph: Graph = {
      ...graphOf(['batch', 3], [makeNode('Exp', 'score', ['x']), makeNode('Mul', 'gradient', ['score', 'x'])]),
      metadata: new Map([['author', 'someone']]),
    };
    const { graph: out } = exportGradient(graph, await probeFacts(graph, sessions), {
      score: 'gradient',
      origin: { model: 'pattern.onnx' },
    });
    assert.deepEqual(
      out.inputs.map((i) => i.name),
      ['x', 'target'],
    );
    assert.deepEqual(out.outputs.map((o) => o.name).sort(), ['gradient', 'score']);
    assert.equal(out.metadata.get('author'), 'someone');
    assert.equal(out.metadata.get('onnx_lens.gradient.model'), 'pattern.onnx');
    const session = await sessions.open(out);
    const { score, gradient } = await session.run({ x: noise, target: ints([0, 2]) }, ['score', 'gradient']);
    const v = toNumbers(noise);
    assertClose(toNumbers(score!)[1]!, v[5]! * Math.exp(v[5]!), { absolute: 1e-5 }, 'score of the second');
    assert.deepEqual(
      [...toNumbers(gradient!)].map((g) => g !== 0),
      [true, false, false, false, false, true],
    );
    await session.dispose();
  });
});
