import assert from 'node:assert/strict';
import { castFloating, floatTensor, int64Tensor, type FloatTensor, type Tensor } from '../../../../src/base/tensor.js';
import { inMemory } from '../../../../src/checkpoint/model.js';
import { mapBehind, placeGraph, placeNumbers, type Carriers } from '../../../../src/graph/attention/places.js';
import { makeNode } from '../../../../src/graph/edits.js';
import type { Graph, GraphNode } from '../../../../src/graph/graph.js';
import { OrtSessions } from '../../../../src/session/ort/ortSession.js';
import { probeFacts } from '../../../../src/session/probe.js';

describe('where tokens stand', () => {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  after(() => sessions.dispose());

  /** Patches of 2 × 2 of a picture of 4 × 6, and what is done with them. */
  const net = (
    nodes: readonly GraphNode[],
    weights: Readonly<Record<string, Tensor>>,
    type: 'float32' | 'float16',
  ): Graph => {
    const kernel = castFloating(floatTensor([5, 3, 2, 2], new Float32Array(60).fill(0.1)), type);
    return {
      name: 'net',
      irVersion: 9,
      opset: 18,
      opsets: new Map(),
      metadata: new Map(),
      inputs: [{ name: 'x', type, dims: [1, 3, 4, 6] }],
      outputs: [{ name: nodes.at(-1)!.outputs[0]!, type }],
      nodes: [makeNode('Conv', 'patches', ['x', 'kernel'], { strides: [2, 2] }), ...nodes],
      weights: new Map(Object.entries({ ...weights, kernel }).map(([name, tensor]) => [name, inMemory(name, tensor)])),
    };
  };
  const places = async (graph: Graph, value: string, carriers?: Carriers): Promise<number[]> => {
    const facts = await probeFacts(graph, sessions);
    const map = mapBehind(graph, facts, value, carriers)!;
    assert.equal(map.value, 'patches');
    const moved = placeGraph(graph, facts, map, [value], carriers);
    const session = await sessions.open(moved.graph);
    const output = moved.outputs.get(value)!;
    const feeds: Record<string, Tensor> = { [moved.input]: floatTensor(map.dims, placeNumbers(map)) };
    if (moved.graph.inputs.some((i) => i.name === 'x')) feeds.x = floatTensor([1, 3, 4, 6]);
    const answer = await session.run(feeds, [output], new AbortController().signal);
    await session.dispose();
    const { dims, data } = answer[output] as FloatTensor;
    return Array.from({ length: dims[1]! }, (_, t) => data[t * dims[2]!]!);
  };
  const tokens = (from: string, count: number): { nodes: GraphNode[]; weights: Record<string, Tensor> } => ({
    nodes: [
      makeNode('Reshape', 'flat', [from, 'shape']),
      makeNode('Transpose', 'tokens', ['flat'], { perm: [0, 2, 1] }),
    ],
    weights: { shape: int64Tensor([3], [1, 5, count]) },
  });

  it('follows patches row by row', async () => {
    const { nodes, weights } = tokens('patches', 6);
    assert.deepEqual(await places(net(nodes, weights, 'float32'), 'tokens'), [1, 2, 3, 4, 5, 6]);
  });

  for (const type of ['float32', 'float16'] as const) {
    it(`knows what was padded as no place, in ${type}`, async () => {
      const { nodes, weights } = tokens('wide', 8);
      const pad = makeNode('Pad', 'wide', ['patches', 'pads', 'zero']);
      const zero = castFloating(floatTensor([], new Float32Array(1)), type);
      const graph = net([pad, ...nodes], { ...weights, pads: int64Tensor([8], [0, 0, 0, 0, 0, 0, 0, 1]), zero }, type);
      assert.deepEqual(await places(graph, 'tokens'), [1, 2, 3, 0, 4, 5, 6, 0]);
    });
  }

  it('follows a shift around the edges, as exporters write it', async () => {
    const { nodes, weights } = tokens('shifted', 6);
    const [one, end, axis, start] = [1n, 1000n, 3n, 0n].map((v): Tensor => ({
      type: 'int64',
      dims: [1],
      data: BigInt64Array.of(v),
    }));
    const cut = [
      makeNode('Slice', 'rest', ['patches', 'one', 'end', 'axis']),
      makeNode('Slice', 'first', ['patches', 'start', 'one', 'axis']),
      makeNode('Concat', 'shifted', ['rest', 'first'], { axis: 3 }),
    ];
    const graph = net([...cut, ...nodes], { ...weights, one: one!, end: end!, axis: axis!, start: start! }, 'float32');
    assert.deepEqual(await places(graph, 'tokens'), [2, 3, 1, 5, 6, 4]);
  });

  const whole = (...values: number[]): Tensor => int64Tensor([values.length], values);
  const drawn = (...dims: number[]): Tensor =>
    floatTensor(dims, new Float32Array(dims.reduce((a, b) => a * b, 1)).fill(0.3));

  it('tells a class token that went through layers of its own from the places beside it', async () => {
    const { nodes, weights } = tokens('patches', 6);
    const all = [
      ...nodes,
      makeNode('Conv', 'global', ['x', 'large']),
      makeNode('Reshape', 'class', ['global', 'one']),
      makeNode('MatMul', 'own', ['class', 'square']),
      makeNode('Concat', 'beside', ['own', 'tokens'], { axis: 1 }),
    ];
    const more = { large: drawn(5, 3, 4, 6), one: whole(1, 1, 5), square: drawn(5, 5) };
    assert.deepEqual(await places(net(all, { ...weights, ...more }, 'float32'), 'beside'), [0, 1, 2, 3, 4, 5, 6]);
  });

  it('follows rotary embeddings, which leave the class token out', async () => {
    const { nodes, weights } = tokens('patches', 6);
    const all = [
      ...nodes,
      makeNode('Concat', 'both', ['class', 'tokens'], { axis: 1 }),
      makeNode('Slice', 'first', ['both', 'zero', 'one', 'one']),
      makeNode('Slice', 'rest', ['both', 'one', 'end', 'one']),
      makeNode('Slice', 'left', ['rest', 'zero', 'half', 'two']),
      makeNode('Slice', 'right', ['rest', 'half', 'end', 'two']),
      makeNode('Neg', 'turned', ['right']),
      makeNode('Concat', 'rotated', ['turned', 'left'], { axis: 2 }),
      makeNode('Mul', 'sine', ['rotated', 'sin']),
      makeNode('Mul', 'cosine', ['rest', 'sin']),
      makeNode('Add', 'moved', ['sine', 'cosine']),
      makeNode('Concat', 'again', ['first', 'moved'], { axis: 1 }),
    ];
    const numbers = { zero: whole(0), one: whole(1), two: whole(2), half: whole(2), end: whole(99) };
    const graph = net(all, { ...weights, ...numbers, class: drawn(1, 1, 5), sin: drawn(6, 5) }, 'float32');
    assert.deepEqual(await places(graph, 'again'), [0, 1, 2, 3, 4, 5, 6]);
  });

  it('puts what was pooled where its first place is', async () => {
    const { nodes, weights } = tokens('patches', 6);
    const all = [
      ...nodes,
      makeNode('Reshape', 'rows', ['tokens', 'apart']),
      makeNode('ReduceMax', 'pooled', ['rows', 'axis'], { keepdims: 0 }),
    ];
    const graph = net(all, { ...weights, apart: whole(1, 2, 3, 5), axis: whole(1) }, 'float32');
    assert.deepEqual(await places(graph, 'pooled'), [1, 2, 3]);
  });

  it('follows queries through attention, whatever sizes agree by chance', async () => {
    const { nodes, weights } = tokens('patches', 6);
    const all = [
      ...nodes,
      makeNode('Slice', 'queries', ['tokens', 'zero', 'five', 'one']),
      makeNode('Transpose', 'keys', ['tokens'], { perm: [0, 2, 1] }),
      makeNode('MatMul', 'scores', ['queries', 'keys']),
      makeNode('Softmax', 'shares', ['scores'], { axis: -1 }),
      makeNode('MatMul', 'gathered', ['shares', 'tokens']),
    ];
    const graph = net(all, { ...weights, zero: whole(1), five: whole(6), one: whole(1) }, 'float32');
    const carriers = new Map([
      ['scores', 'queries'],
      ['gathered', 'shares'],
    ]);
    assert.deepEqual(await places(graph, 'gathered', carriers), [2, 3, 4, 5, 6]);
  });

  it('takes nothing for a map of places that none has made', async () => {
    const all = [
      makeNode('Reshape', 'flat', ['patches', 'shape']),
      makeNode('Einsum', 'mixed', ['flat', 'flat'], { equation: 'bci,bdi->dcb' }),
      makeNode('Relu', 'end', ['mixed']),
    ];
    const graph = net(all, { shape: whole(1, 5, 6) }, 'float32');
    const facts = await probeFacts(graph, sessions);
    assert.equal(mapBehind(graph, facts, 'end'), undefined);
  });
});
