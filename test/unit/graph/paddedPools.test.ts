import assert from 'node:assert/strict';
import { int64Tensor, floatTensor, toFloat32 } from '../../../src/base/tensor.js';
import { inMemory } from '../../../src/checkpoint/model.js';
import { writeModel } from '../../../src/checkpoint/writer.js';
import type { AttributeInput } from '../../../src/graph/attributes.js';
import { makeNode } from '../../../src/graph/edits.js';
import type { Graph, GraphNode } from '../../../src/graph/graph.js';
import { zerosBeforeMaxima } from '../../../src/graph/rewrite/paddedPools.js';
import { OrtSessions } from '../../../src/session/ort/ortSession.js';

const PAD = makeNode('Pad', 'p', ['x', 'pads'], { mode: 'constant' });

function pool(from: string, more: Record<string, AttributeInput> = {}, op = 'MaxPool'): GraphNode {
  return makeNode(op, 'y', [from], { kernel_shape: [3, 3], strides: [2, 2], ...more });
}

interface Case {
  readonly nodes: readonly GraphNode[];
  readonly pads?: readonly number[];
  readonly outputs?: readonly string[];
}

const CASES: Readonly<Record<string, Case>> = {
  'a pad and a maximum': { nodes: [PAD, pool('p')] },
  'with nothing between them': { nodes: [PAD, makeNode('Identity', 'q', ['p']), pool('q')] },
  'rounded up': { nodes: [PAD, pool('p', { ceil_mode: 1 })] },
  'with gaps': { nodes: [PAD, pool('p', { dilations: [2, 1], strides: [1, 1] })] },
  'a pool that pads by itself': { nodes: [PAD, pool('p', { auto_pad: 'SAME_UPPER' })] },
  'a pool that is told not to': { nodes: [PAD, pool('p', { auto_pad: 'VALID' })] },
  'asked for': { nodes: [PAD, pool('p')], outputs: ['p', 'y'] },
  'read twice': { nodes: [PAD, pool('p'), makeNode('Relu', 'r', ['p'])], outputs: ['y', 'r'] },
  'a mean': { nodes: [PAD, pool('p', {}, 'AveragePool')] },
  'channels of zeros': { nodes: [PAD, pool('p')], pads: [0, 1, 1, 1, 0, 0, 0, 0] },
  'cut on one side': { nodes: [PAD, pool('p')], pads: [0, 0, -1, 1, 0, 0, 0, 0] },
  'copies of the edge': { nodes: [makeNode('Pad', 'p', ['x', 'pads'], { mode: 'edge' }), pool('p')] },
};

describe('graph/padded pools', () => {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  after(() => sessions.dispose());

  for (const [title, { nodes, pads = [0, 0, 1, 1, 0, 0, 0, 0], outputs = ['y'] }] of Object.entries(CASES)) {
    it(`${title}: zeros are lost where ONNX Runtime loses them, and nowhere else`, async () => {
      const graph: Graph = {
        name: 'padded',
        irVersion: 10,
        opset: 18,
        opsets: new Map(),
        nodes,
        metadata: new Map(),
        inputs: [{ name: 'x', type: 'float32', dims: [1, 1, 4, 4] }],
        outputs: outputs.map((name) => ({ name })),
        weights: new Map([['pads', inMemory('pads', int64Tensor([8], pads))]]),
      };
      const bytes = await writeModel(graph);
      const x = floatTensor([1, 1, 4, 4], new Float32Array(16).fill(-1));
      const answers: (readonly number[])[] = [];
      for (const optimised of [true, false]) {
        // As it comes: these bytes say nothing of its faults.
        const session = await sessions.openBytes(bytes, { optimised });
        answers.push([...toFloat32((await session.run({ x }, ['y']))['y']!)]);
      }
      const [optimised, plain] = answers;
      const lost = plain!.some((v, i) => Math.abs(v - optimised![i]!) > 1e-6);
      assert.equal(zerosBeforeMaxima(graph).length > 0, lost, `${optimised!.join()} and ${plain!.join()}`);
    });
  }
});
