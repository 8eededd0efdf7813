import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { sizeOf } from '../../src/base/tensor.js';
import type { StoredTensor } from '../../src/checkpoint/model.js';
import { openCheckpoint } from '../../src/checkpoint/reader.js';
import { writeModelFile } from '../../src/checkpoint/writer.js';
import { buildGraph } from '../../src/graph/build/build.js';
import { zooModel } from './measure.js';

/** VGG-11 with twice as many units in its first hidden layer: it runs, and holds its 1.08 GB of weights itself. */
const LARGER: Readonly<Record<string, readonly number[]>> = {
  'classifier.0.weight': [8192, 25088],
  'classifier.0.bias': [8192],
  'classifier.3.weight': [4096, 8192],
};

/** Path of a model of 1 GB with drawn weights inside, or undefined where the test data is absent. */
export async function largeModel(): Promise<string | undefined> {
  const source = zooModel('vgg11');
  if (source === undefined) return undefined;
  const file = path.join(path.dirname(source), 'vgg11_wide.onnx');
  if (existsSync(file)) return file;
  const checkpoint = await openCheckpoint(source);
  const graph = buildGraph(checkpoint);
  const drawn = checkpoint.externalFiles[0]!;
  // Normal numbers are normal numbers: the enlarged weights are read from the draws, twice over.
  const twice = path.join(path.dirname(source), 'vgg11.twice.bin');
  const unfinished = `${twice}.${process.pid}`;
  for (const flags of ['w', 'a']) await pipeline(createReadStream(drawn), createWriteStream(unfinished, { flags }));
  await rename(unfinished, twice);
  const enlarge = (w: StoredTensor): StoredTensor => {
    const dims = LARGER[w.name];
    if (dims === undefined) return w;
    return { ...w, dims, at: { kind: 'file', path: twice, offset: 0, length: 4 * sizeOf(dims), encoding: 'raw' } };
  };
  const weights = new Map([...graph.weights].map(([name, w]) => [name, enlarge(w)]));
  await writeModelFile({ ...graph, weights }, file, { embed: true });
  return file;
}
