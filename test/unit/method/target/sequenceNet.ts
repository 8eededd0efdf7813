import { inMemory, type StoredTensor } from '../../../../src/checkpoint/model.js';
import { Random } from '../../../../src/base/random.js';
import { floatTensor, int64Tensor, sizeOf } from '../../../../src/base/tensor.js';
import { makeNode } from '../../../../src/graph/edits.js';
import type { Graph } from '../../../../src/graph/graph.js';
import { SIDE } from '../tinyNet.js';

/** Letters, and a blank in front of them. */
export const LETTERS = ['blank', 'a', 'b', 'c', 'd'];

/** A recogniser of text: the columns of a picture are steps. `[n, steps, classes]`, or `[steps, n, classes]`; perhaps with a Softmax. */
export function sequenceNet(stepsFirst: boolean, softmax: boolean): Graph {
  const random = new Random(31);
  const weights = new Map<string, StoredTensor>();
  const draw = (name: string, dims: readonly number[], scale: number): void =>
    void weights.set(
      name,
      inMemory(
        name,
        floatTensor(
          dims,
          Float32Array.from({ length: sizeOf(dims) }, () => scale * random.normal()),
        ),
      ),
    );
  draw('w1', [8, 3, 3, 3], 0.3);
  draw('w2', [LETTERS.length, 8, 1, 1], 1);
  draw('b2', [LETTERS.length], 0.2);
  weights.set('axis', inMemory('axis', int64Tensor([1], [2])));
  const logits = softmax ? 'logits' : 'text';
  const dims = stepsFirst ? [SIDE, 'batch', LETTERS.length] : ['batch', SIDE, LETTERS.length];
  return {
    name: 'recogniser',
    irVersion: 9,
    opset: 18,
    opsets: new Map(),
    inputs: [{ name: 'x', type: 'float32', dims: ['batch', 3, SIDE, SIDE] }],
    outputs: [{ name: 'text', type: 'float32', dims }],
    nodes: [
      makeNode('Conv', 'conv', ['x', 'w1'], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }),
      makeNode('Tanh', 'act', ['conv']),
      makeNode('Conv', 'letters', ['act', 'w2', 'b2']),
      makeNode('ReduceMean', 'columns', ['letters', 'axis'], { keepdims: 0 }),
      makeNode('Transpose', logits, ['columns'], { perm: stepsFirst ? [2, 0, 1] : [0, 2, 1] }),
      ...(softmax ? [makeNode('Softmax', 'text', ['logits'], { axis: 2 })] : []),
    ],
    weights,
    metadata: new Map(),
  };
}
