import { inMemory } from '../../../src/checkpoint/model.js';
import { Random } from '../../../src/base/random.js';
import { floatTensor, int64Tensor, type FloatTensor } from '../../../src/base/tensor.js';
import { addNodes, makeNode, withOutputs } from '../../../src/graph/edits.js';
import type { Graph } from '../../../src/graph/graph.js';
import { layersOf } from '../../../src/graph/layers/layers.js';
import { openSubject, type ModelSubject, type SubjectOptions } from '../../../src/method/subject/modelSubject.js';
import type { Sessions } from '../../../src/session/session.js';
import { probeFacts } from '../../../src/session/probe.js';
import { testSpec } from '../support/subject.js';
import { tinyParts } from './tinyParts.js';

export const SIDE = 16;
export const CLASSES = 5;

export interface TinyNet {
  /** Columns of the picture, from the right, that the network multiplies by zero. */
  readonly blind?: number;
  /** The last channel is multiplied by zero. */
  readonly colourBlind?: boolean;
  /** Added to every logit. */
  readonly constant?: number;
  /** No bias anywhere. */
  readonly unbiased?: boolean;
  /** `relu`, or an activation that is smooth and has negative values. */
  readonly activation?: 'Relu' | 'Gelu';
  /** The batch dimension is fixed at one. */
  readonly fixed?: boolean;
}

/** A seeded convolutional network that ignores what it is told to: `[batch, 3, 16, 16]` to five logits. */
export function tinyNet(net: TinyNet = {}): Graph {
  const { nodes, weights, put, draw, add } = tinyParts(7);
  const bias = (name: string, n: number): string[] => {
    const made = draw(name, [n], 0.2);
    if (!net.unbiased) return [made];
    weights.delete(made);
    return [];
  };
  const mask = floatTensor([1, 3, SIDE, SIDE]);
  mask.data.fill(1);
  for (let c = 0; c < 3; c++)
    for (let y = 0; y < SIDE; y++)
      for (let x = 0; x < SIDE; x++)
        if (x >= SIDE - (net.blind ?? 0) || (net.colourBlind && c === 2)) mask.data[(c * SIDE + y) * SIDE + x] = 0;
  const activate = net.activation ?? 'Relu';
  const conv = { kernel_shape: [3, 3], pads: [1, 1, 1, 1] };
  let v = 'x';
  if (net.blind !== undefined || net.colourBlind) v = add('Mul', 'seen', [v, put('mask', mask)]);
  v = add('Conv', 'conv1', [v, draw('conv1.weight', [8, 3, 3, 3], 0.4), ...bias('conv1.bias', 8)], conv);
  v = add(activate, 'act1', [v]);
  v = add('MaxPool', 'pool1', [v], { kernel_shape: [2, 2], strides: [2, 2] });
  v = add('Conv', 'conv2', [v, draw('conv2.weight', [12, 8, 3, 3], 0.2), ...bias('conv2.bias', 12)], conv);
  v = add(activate, 'act2', [v]);
  v = add('ReduceMean', 'pooled', [v, put('axes', int64Tensor([2], [2, 3]))], { keepdims: 0 });
  v = add('Gemm', 'fc', [v, draw('fc.weight', [CLASSES, 12], 1), ...bias('fc.bias', CLASSES)], { transB: 1 });
  const batch = net.fixed ? 1 : 'batch';
  const graph: Graph = {
    name: 'tiny',
    irVersion: 9,
    opset: activate === 'Gelu' ? 20 : 18,
    opsets: new Map(),
    inputs: [{ name: 'x', type: 'float32', dims: [batch, 3, SIDE, SIDE] }],
    outputs: [{ name: v, type: 'float32', dims: [batch, CLASSES] }],
    nodes,
    weights,
    metadata: new Map(),
  };
  if (net.constant === undefined) return graph;
  const raised = makeNode('Add', 'raised', [v, 'constant']);
  const more = addNodes(graph, [raised], {
    weights: [inMemory('constant', floatTensor([1], Float32Array.of(net.constant)))],
  });
  return { ...withOutputs(more, ['raised']), outputs: [{ name: 'raised', type: 'float32', dims: [batch, CLASSES] }] };
}

/** A tiny network, open for questions. */
export async function openTiny(graph: Graph, sessions: Sessions, options: SubjectOptions = {}): Promise<ModelSubject> {
  return openSubject(
    {
      graph,
      facts: await probeFacts(graph, sessions),
      layers: layersOf(graph),
      input: testSpec('x', [3, SIDE, SIDE]),
      sessions,
    },
    options,
  );
}

/** A seeded picture for it, batch 1. */
export function tinyPicture(seed = 3): FloatTensor {
  const random = new Random(seed);
  return floatTensor(
    [1, 3, SIDE, SIDE],
    Float32Array.from({ length: 3 * SIDE * SIDE }, () => random.normal()),
  );
}
