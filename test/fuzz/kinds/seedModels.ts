import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Random } from '../../../src/base/random.js';
import { floatTensor, int64Tensor, sizeOf, type Tensor } from '../../../src/base/tensor.js';
import { inMemory } from '../../../src/checkpoint/model.js';
import { writeModel } from '../../../src/checkpoint/writer.js';
import { makeNode } from '../../../src/graph/edits.js';
import type { Graph, GraphNode } from '../../../src/graph/graph.js';
import { DATA } from '../../data.mjs';
import { encodedModel } from '../../unit/support/encodedModels.js';
import {
  attribute,
  branch,
  message,
  model,
  modelFunction,
  node,
  tensor,
  valueInfo,
  type Build,
} from '../../unit/checkpoint/craft.js';
import { RandomNet } from '../../unit/gradient/randomNet.js';
import { tinyNet } from '../../unit/method/tinyNet.js';
import type { Message } from '../../../src/checkpoint/message.js';

/** Small models that mutants are made of: one of each kind that the product knows. */

/** Larger files of the test data are left out: each mutant is written anew. */
const LARGEST = 200_000;

type Value = Graph['inputs'][number];
const float = (name: string, dims: readonly (number | string)[]): Value => ({ name, type: 'float32', dims });

/** A graph with what no seed cares about filled in. */
export function graphOf(
  parts: Pick<Graph, 'inputs' | 'outputs' | 'nodes'> & Partial<Graph> & { readonly tensors?: Record<string, Tensor> },
): Graph {
  const { tensors = {}, ...rest } = parts;
  return {
    name: 'seed',
    irVersion: 9,
    opset: 18,
    opsets: new Map(),
    metadata: new Map(),
    weights: new Map(Object.entries(tensors).map(([name, t]) => [name, inMemory(name, t)])),
    ...rest,
  };
}

export function drawn(seed: number, dims: readonly number[], scale = 0.5): Tensor {
  const random = new Random(seed);
  return floatTensor(
    dims,
    Float32Array.from({ length: sizeOf(dims) }, () => scale * random.normal()),
  );
}

export async function bytesOf(graph: Graph): Promise<Uint8Array> {
  return (await writeModel(graph, { embed: true, keepMetadata: true })).bytes;
}

/** A picture of 3×8×8 to four classes: the smallest model that everything can be asked of. */
export function smallNet(dims: readonly (number | string)[] = ['N', 3, 8, 8], more: Partial<Graph> = {}): Graph {
  const nodes = [
    makeNode('Conv', '/features/conv', ['x', 'features.weight', 'features.bias'], {
      kernel_shape: [3, 3],
      pads: [1, 1, 1, 1],
    }),
    makeNode('Relu', '/features/act', ['/features/conv']),
    makeNode('GlobalAveragePool', '/pool', ['/features/act']),
    makeNode('Flatten', '/flat', ['/pool']),
    makeNode('Gemm', '/fc', ['/flat', 'fc.weight', 'fc.bias'], { transB: 1 }),
    makeNode('Softmax', 'y', ['/fc'], { axis: 1 }),
  ];
  const tensors = {
    'features.weight': drawn(1, [4, 3, 3, 3]),
    'features.bias': drawn(2, [4]),
    'fc.weight': drawn(3, [4, 4]),
    'fc.bias': drawn(4, [4]),
  };
  return graphOf({ inputs: [float('x', dims)], outputs: [float('y', ['N', 4])], nodes, tensors, ...more });
}

/** The layout of a detector: boxes and the scores of two classes for each of 21 places. */
function detector(): Graph {
  const nodes = [
    makeNode('Conv', 'conv', ['images', 'w'], { kernel_shape: [8, 8], strides: [8, 8] }),
    makeNode('Reshape', 'flat', ['conv', 'shape']),
    makeNode('Split', 'split', ['flat', 'parts'], { axis: 1 }, ['boxes', 'scores']),
    makeNode('Sigmoid', 'sure', ['scores']),
    makeNode('Concat', 'output0', ['boxes', 'sure'], { axis: 1 }),
  ];
  return graphOf({
    inputs: [float('images', [1, 3, 32, 32])],
    outputs: [float('output0', [1, 6, 16])],
    nodes,
    tensors: { w: drawn(5, [6, 3, 8, 8]), shape: int64Tensor([3], [1, 6, 16]), parts: int64Tensor([2], [4, 2]) },
    metadata: new Map([
      ['names', "{0: 'cat', 1: 'dog'}"],
      ['task', 'detect'],
      ['stride', '8'],
      ['imgsz', '[32, 32]'],
    ]),
  });
}

/** Two inputs, one of them tokens; attention; two outputs. */
function multimodal(): Graph {
  const nodes: GraphNode[] = [
    makeNode('Gather', 'embedded', ['table', 'tokens']),
    makeNode('MatMul', 'query', ['embedded', 'wq']),
    makeNode('Transpose', 'key', ['embedded'], { perm: [0, 2, 1] }),
    makeNode('MatMul', 'attention', ['query', 'key']),
    makeNode('Softmax', 'weights', ['attention'], { axis: -1 }),
    makeNode('MatMul', 'mixed', ['weights', 'embedded']),
    makeNode('ReduceMean', 'text', ['mixed', 'axis'], { keepdims: 0 }),
    makeNode('Conv', 'conv', ['pixels', 'wc'], { kernel_shape: [4, 4], strides: [4, 4] }),
    makeNode('GlobalAveragePool', 'pooled', ['conv']),
    makeNode('Flatten', 'image', ['pooled']),
    makeNode('Mul', 'both', ['text', 'image']),
    makeNode('LayerNormalization', 'normal', ['both', 'gamma', 'beta']),
  ];
  return graphOf({
    inputs: [{ name: 'tokens', type: 'int64', dims: ['N', 5] }, float('pixels', ['N', 3, 16, 16])],
    outputs: [float('normal', ['N', 6]), float('text', ['N', 6])],
    nodes,
    tensors: {
      table: drawn(6, [11, 6]),
      wq: drawn(7, [6, 6]),
      axis: int64Tensor([1], [1]),
      wc: drawn(8, [6, 3, 4, 4]),
      gamma: drawn(9, [6]),
      beta: drawn(10, [6]),
    },
  });
}

/** What is computed from shapes, and an enlargement. */
function resized(): Graph {
  const nodes = [
    makeNode('Shape', 'shape', ['x']),
    makeNode('Slice', 'spatial', ['shape', 'two', 'four']),
    makeNode('Mul', 'doubled', ['spatial', 'times']),
    makeNode('Slice', 'channels', ['shape', 'zero', 'two']),
    makeNode('Concat', 'sizes', ['channels', 'doubled'], { axis: 0 }),
    makeNode('Resize', 'larger', ['x', '', '', 'sizes'], { mode: 'linear' }),
    makeNode('Tile', 'tiled', ['larger', 'repeats']),
    makeNode('Conv', 'y', ['tiled', 'w'], { kernel_shape: [1, 1] }),
  ];
  return graphOf({
    inputs: [float('x', ['N', 3, 'H', 'W'])],
    outputs: [float('y', ['N', 2, 'h', 'w'])],
    nodes,
    tensors: {
      zero: int64Tensor([1], [0]),
      two: int64Tensor([1], [2]),
      four: int64Tensor([1], [4]),
      times: int64Tensor([1], [2]),
      repeats: int64Tensor([4], [1, 1, 1, 2]),
      w: drawn(11, [2, 3, 1, 1]),
    },
  });
}

/** A recurrent layer over the columns of a picture, with the letters that it reads. */
function sequence(): Graph {
  const nodes = [
    makeNode('Conv', 'conv', ['x', 'w'], { kernel_shape: [8, 1], strides: [8, 1] }),
    makeNode('Squeeze', 'flat', ['conv', 'axis2']),
    makeNode('Transpose', 'turned', ['flat'], { perm: [2, 0, 1] }),
    makeNode('LSTM', 'lstm', ['turned', 'W', 'R'], { hidden_size: 4 }, ['hidden', '', '']),
    makeNode('Squeeze', 'one', ['hidden', 'axis1']),
    makeNode('MatMul', 'scores', ['one', 'head']),
    makeNode('Softmax', 'y', ['scores'], { axis: 2 }),
  ];
  return graphOf({
    inputs: [float('x', ['N', 3, 8, 12])],
    outputs: [float('y', [12, 'N', 7])],
    nodes,
    tensors: {
      w: drawn(12, [5, 3, 8, 1]),
      W: drawn(13, [1, 16, 5]),
      R: drawn(14, [1, 16, 4]),
      axis1: int64Tensor([1], [1]),
      axis2: int64Tensor([1], [2]),
      head: drawn(15, [4, 7]),
    },
  });
}

const within =
  (name: string, graph: Message): Build =>
  (n) =>
    n.message(
      5,
      attribute(name, 5, (a) => a.message(6, graph)),
    );

/** Control flow, functions, sparse weights, text, and operators of old opsets, as no exporter would put them together. */
function everything(): Uint8Array {
  const body = message((g) => {
    g.message(1, node('Identity', ['go_in'], ['go_out']));
    g.message(1, node('Add', ['v_in', 'f'], ['v_out']));
    g.text(2, 'body');
    g.message(11, valueInfo('i', [], 7));
    g.message(11, valueInfo('go_in', [], 9));
    g.message(11, valueInfo('v_in'));
    g.message(12, valueInfo('go_out', [], 9));
    g.message(12, valueInfo('v_out'));
  });
  return model({
    opset: 11,
    initializers: [
      tensor('f', 1, [1], (m) => m.floats(4, [2])),
      tensor('trips', 7, [], (m) => m.ints(7, [3])),
      tensor('c', 9, [], (m) => m.ints(5, [1])),
      tensor('q', 22, [3], (m) => m.bytes(9, Uint8Array.of(0x21, 0x03))),
      tensor('s', 8, [1], (m) => m.text(6, 'text')),
      tensor('big', 1, [512], (m) => m.bytes(9, new Uint8Array(2048))),
    ],
    graph: (g) => {
      g.message(
        1,
        node('Softmax', ['y'], ['t'], (n) =>
          n.message(
            5,
            attribute('axis', 2, (a) => a.int(3, 0)),
          ),
        ),
      );
      g.message(
        1,
        node(
          'If',
          ['c'],
          ['v'],
          (n) => (within('then_branch', branch('Abs'))(n), within('else_branch', branch('Neg'))(n)),
        ),
      );
      g.message(1, node('Loop', ['trips', 'c', 'v'], ['l'], within('body', body)));
      g.message(
        1,
        node('Double', ['l'], ['w'], (n) => n.text(7, 'own')),
      );
      g.message(12, valueInfo('w'));
      g.message(13, valueInfo('t', ['N', 3]));
    },
    model: (m) =>
      m.message(25, modelFunction('Double', { nodes: [node('Add', ['a', 'a'], ['b'])], opsets: { '': 11 } })),
  });
}

/** The seeds by their names: those of the repository, and the small cases of the test data where it is there. */
export async function seedModels(): Promise<ReadonlyMap<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>();
  const graphs: Record<string, Graph> = {
    small: smallNet(),
    tiny: tinyNet(),
    detector: detector(),
    multimodal: multimodal(),
    resized: resized(),
    sequence: sequence(),
    float16: (await encodedModel(tinyNet(), 'float16')).graph,
    quantised: (await encodedModel(tinyNet(), 'qdq int8 per channel')).graph,
    integer: (await encodedModel(tinyNet(), 'operators of int8')).graph,
    random0: new RandomNet(0).graph(),
    random3: new RandomNet(3).graph(),
    random5: new RandomNet(5).graph(),
    random9: new RandomNet(9).graph(),
  };
  for (const [name, graph] of Object.entries(graphs)) found.set(name, await bytesOf(graph));
  found.set('everything', everything());
  const cases = path.join(DATA, 'cases');
  const files = existsSync(cases) ? readdirSync(cases).filter((name) => name.endsWith('.onnx')) : [];
  for (const name of files.sort()) {
    const bytes = readFileSync(path.join(cases, name));
    if (bytes.length <= LARGEST) found.set(name, bytes);
  }
  return found;
}
