import { inMemory, type StoredTensor } from '../../../src/checkpoint/model.js';
import { Random } from '../../../src/base/random.js';
import { floatTensor, int64Tensor, sizeOf } from '../../../src/base/tensor.js';
import { makeNode } from '../../../src/graph/edits.js';
import type { Graph } from '../../../src/graph/graph.js';
import { SIDE } from './tinyNet.js';

/** A convolution to `channels` maps, as they are or as a list of boxes `[channels, boxes]`. */
export function mapNet(channels: number, boxes: boolean, softmax = false): Graph {
  const random = new Random(11);
  const weights = new Map<string, StoredTensor>();
  const draw = (name: string, dims: readonly number[]): void =>
    void weights.set(
      name,
      inMemory(
        name,
        floatTensor(
          dims,
          Float32Array.from({ length: sizeOf(dims) }, () => 0.3 * random.normal()),
        ),
      ),
    );
  draw('w', [channels, 3, 3, 3]);
  draw('b', [channels]);
  weights.set('shape', inMemory('shape', int64Tensor([3], [0, channels, -1])));
  const nodes = [makeNode('Conv', 'maps', ['x', 'w', 'b'], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] })];
  if (softmax) nodes.push(makeNode('Softmax', 'shares', ['maps'], { axis: 1 }));
  if (boxes) nodes.push(makeNode('Reshape', 'boxes', ['maps', 'shape']));
  const name = boxes ? 'boxes' : softmax ? 'shares' : 'maps';
  const dims = boxes ? ['batch', channels, SIDE * SIDE] : ['batch', channels, SIDE, SIDE];
  return {
    name: 'map',
    irVersion: 9,
    opset: 18,
    opsets: new Map(),
    inputs: [{ name: 'x', type: 'float32', dims: ['batch', 3, SIDE, SIDE] }],
    outputs: [{ name, type: 'float32', dims }],
    nodes,
    weights,
    metadata: new Map(),
  };
}
