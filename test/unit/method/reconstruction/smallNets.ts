import { Random } from '../../../../src/base/random.js';
import { floatTensor, int64Tensor, sizeOf, type ElementType, type Tensor } from '../../../../src/base/tensor.js';
import { inMemory, type StoredTensor } from '../../../../src/checkpoint/model.js';
import { makeNode } from '../../../../src/graph/edits.js';
import type { Graph, GraphNode } from '../../../../src/graph/graph.js';
import { layersOf } from '../../../../src/graph/layers/layers.js';
import { openSubject, type ModelSubject } from '../../../../src/method/subject/modelSubject.js';
import type { InputSpec } from '../../../../src/method/subject/subject.js';
import { probeFacts } from '../../../../src/session/probe.js';
import type { Sessions } from '../../../../src/session/session.js';

export const SIDE = 6;
export const CLASSES = 4;

export interface SmallNet {
  readonly channels?: 1 | 3;
  readonly layout?: 'NCHW' | 'NHWC';
  readonly batch?: number | 'batch';
  /** Of the input; of what is computed, float64 where the input is. */
  readonly type?: ElementType;
  /** Added to every logit before the rectifier. */
  readonly bias?: number;
  /** The scores come out of a rectifier, or of one and a number that is added. */
  readonly ends?: 'plain' | 'rectified' | 'raised';
}

const CODE: Partial<Record<ElementType, number>> = { float32: 1, float64: 11 };

/** A seeded network with kernels for double precision: pictures of 6×6 to a map "map" `[n, 4, 3, 3]` and four scores. */
export function smallNet(net: SmallNet = {}): Graph {
  const { channels = 3, layout = 'NCHW', batch = 'batch', type = 'float32', bias = 0, ends = 'plain' } = net;
  const real = type === 'float64' ? 'float64' : 'float32';
  const random = new Random(11);
  const weights = new Map<string, StoredTensor>();
  const put = (name: string, tensor: Tensor): string => {
    weights.set(name, inMemory(name, tensor));
    return name;
  };
  const drawn = (name: string, dims: readonly number[], scale: number, middle = 0): string => {
    const values = Array.from({ length: sizeOf(dims) }, () => middle + scale * random.normal());
    const data = real === 'float64' ? Float64Array.from(values) : Float32Array.from(values);
    return put(name, { type: real, dims, data });
  };
  const nodes: GraphNode[] = [];
  let v = 'x';
  const then = (op: string, name: string, more: readonly string[] = [], attributes: object = {}): void => {
    nodes.push(makeNode(op, name, [v, ...more], attributes as never));
    v = name;
  };
  if (type !== real) then('Cast', 'real', [], { to: CODE[real]! });
  if (layout === 'NHWC') then('Transpose', 'planar', [], { perm: [0, 3, 1, 2] });
  const size = channels * SIDE * SIDE;
  then('Reshape', 'flat', [put('flatShape', int64Tensor([2], [-1, size]))]);
  then('MatMul', 'hidden', [drawn('w1', [size, 36], 1 / Math.sqrt(size))]);
  then('Tanh', 'bent');
  then('Reshape', 'map', [put('mapShape', int64Tensor([4], [-1, 4, 3, 3]))]);
  then('Reshape', 'again', [put('againShape', int64Tensor([2], [-1, 36]))]);
  then('MatMul', 'mixed', [drawn('w2', [36, CLASSES], 1)]);
  then('Add', 'logits', [drawn('b2', [CLASSES], 0.1, bias)]);
  if (ends !== 'plain') then('Relu', 'rectified');
  if (ends === 'raised') then('Add', 'raised', [drawn('b3', [CLASSES], 0.1)]);
  const dims = layout === 'NCHW' ? [batch, channels, SIDE, SIDE] : [batch, SIDE, SIDE, channels];
  return {
    name: 'small',
    irVersion: 8,
    opset: 18,
    opsets: new Map(),
    inputs: [{ name: 'x', type, dims }],
    outputs: [{ name: v, type: real, dims: [batch, CLASSES] }],
    nodes,
    weights,
    metadata: new Map(),
  };
}

/** Values of its input: 0 to `most`, less `mean`, the same for every channel. */
export interface SmallRange {
  readonly most: number;
  readonly mean: number;
}

export async function openSmall(
  net: SmallNet,
  sessions: Sessions,
  range: SmallRange = { most: 1, mean: 0 },
): Promise<ModelSubject> {
  const graph = smallNet(net);
  const { channels = 3, layout = 'NCHW' } = net;
  const { most, mean } = range;
  const toTensor = (_c: number, pixel: number): number => (pixel / 255) * most - mean;
  const input: InputSpec = {
    name: 'x',
    layout,
    channels,
    height: SIDE,
    width: SIDE,
    fill: () => new Array<number>(channels).fill(0),
    toTensor,
    toPixel: (_c, value) => ((value + mean) / most) * 255,
  };
  return openSubject({ graph, facts: await probeFacts(graph, sessions), layers: layersOf(graph), input, sessions });
}

/** Numbers from 0 to 1. */
export function seeded(length: number, seed = 5): Float32Array {
  const random = new Random(seed);
  return floatTensor(
    [length],
    Float32Array.from({ length }, () => random.uniform()),
  ).data;
}
