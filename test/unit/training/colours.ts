import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { floatTensor } from '../../../src/base/tensor.js';
import { Random } from '../../../src/base/random.js';
import { writeModelFile } from '../../../src/checkpoint/writer.js';
import { makeNode } from '../../../src/graph/edits.js';
import type { Graph } from '../../../src/graph/graph.js';
import { encodePng } from '../../../src/input/encode.js';
import { net, noise } from './step/net.js';

const SIDE = 8;
const COLOURS = { blue: [60, 60, 200], green: [60, 200, 60], red: [200, 60, 60] } as const;

/** Writes noisy pictures in a folder for each of some colours. */
export async function colourFolders(
  folder: string,
  count: number,
  names: readonly (keyof typeof COLOURS)[] = ['blue', 'green', 'red'],
): Promise<void> {
  const random = new Random(4);
  for (const name of names) {
    mkdirSync(path.join(folder, name), { recursive: true });
    for (let k = 0; k < count; k++) {
      const pixels = Uint8Array.from({ length: SIDE * SIDE * 3 }, (_, i) => COLOURS[name][i % 3]! + random.below(50));
      writeFileSync(path.join(folder, name, `${k}.png`), await encodePng(pixels, SIDE, SIDE));
    }
  }
}

/** Convolution, batch normalisation, dropout and a matrix: all that training has to do with. */
export function colourNet(classes = 3): Graph {
  const nodes = [
    makeNode('Conv', 'conv', ['picture', 'conv.weight'], { pads: [1, 1, 1, 1], kernel_shape: [3, 3] }),
    makeNode('BatchNormalization', 'bn', ['conv', 'bn.weight', 'bn.bias', 'bn.running_mean', 'bn.running_var']),
    makeNode('Relu', 'relu', ['bn']),
    makeNode('GlobalAveragePool', 'pool', ['relu']),
    makeNode('Flatten', 'flat', ['pool']),
    makeNode('Dropout', 'dropout', ['flat']),
    makeNode('Gemm', 'logits', ['dropout', 'fc.weight', 'fc.bias'], { transB: 1 }),
    makeNode('Softmax', 'probabilities', ['logits']),
  ];
  const of = (value: number): ReturnType<typeof floatTensor> => floatTensor([6], new Float32Array(6).fill(value));
  return net(
    nodes,
    {
      'conv.weight': noise([6, 3, 3, 3], 1, 0.3),
      'bn.weight': of(1),
      'bn.bias': of(0),
      'bn.running_mean': of(0),
      'bn.running_var': of(1),
      'fc.weight': noise([classes, 6], 2, 0.3),
      'fc.bias': floatTensor([classes]),
    },
    ['batch', 3, SIDE, SIDE],
  );
}

export async function written(graph: Graph, file: string): Promise<string> {
  await writeModelFile(graph, file, { embed: true });
  return file;
}
