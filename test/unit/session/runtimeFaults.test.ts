import assert from 'node:assert/strict';
import { floatTensor, int64Tensor } from '../../../src/base/tensor.js';
import { inMemory } from '../../../src/checkpoint/model.js';
import { makeNode } from '../../../src/graph/edits.js';
import type { Graph, GraphNode } from '../../../src/graph/graph.js';
import { OrtSessions } from '../../../src/session/ort/ortSession.js';
import { runtimeFaults } from '../../../src/session/ort/runtimeFaults.js';

const PAD = makeNode('Pad', 'p', ['x', 'pads'], { mode: 'constant' });

function graphOf(...nodes: GraphNode[]): Graph {
  return {
    name: 'faults',
    irVersion: 10,
    opset: 18,
    opsets: new Map(),
    nodes,
    metadata: new Map(),
    inputs: [{ name: 'x', type: 'float32', dims: [1, 1, 4, 4] }],
    outputs: [{ name: 'y' }],
    weights: new Map([['pads', inMemory('pads', int64Tensor([8], [0, 0, 2, 2, 0, 0, 0, 0]))]]),
  };
}

describe('session/faults of the runtime', () => {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  after(() => sessions.dispose());
  const x = floatTensor([1, 1, 4, 4], new Float32Array(16).fill(-1));
  const corner = async (graph: Graph, optimised: boolean): Promise<number> => {
    const session = await sessions.open(graph, { optimised });
    return Number((await session.run({ x }, ['y']))['y']!.data[0]);
  };

  it('zeros in front of a maximum stay zeros, also with something in between that is taken out', async () => {
    const pool = (from: string): GraphNode =>
      makeNode('MaxPool', 'y', [from], { kernel_shape: [3, 3], strides: [1, 1], pads: [1, 1, 1, 1] });
    for (const graph of [graphOf(PAD, pool('p')), graphOf(PAD, makeNode('Identity', 'q', ['p']), pool('q'))])
      for (const optimised of [true, false]) assert.equal(await corner(graph, optimised), 0);
  });

  it('a pad as wide as the kernel of the mean behind it does not stop the model from loading', async () => {
    const pool = makeNode('AveragePool', 'y', ['p'], { kernel_shape: [2, 2], count_include_pad: 1 });
    assert.equal(await corner(graphOf(PAD, pool), true), 0);
  });

  it('leaves the joining of a pad with a convolution, which is exact and faster', () => {
    const conv = makeNode('Conv', 'y', ['p', 'w'], { kernel_shape: [3, 3] });
    assert.deepEqual(runtimeFaults(graphOf(PAD, conv)).optimisers, []);
  });
});
