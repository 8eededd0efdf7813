import { sizeOf } from '../../../src/base/tensor.js';
import { readTensor } from '../../../src/checkpoint/readTensor.js';
import { openCheckpoint } from '../../../src/checkpoint/reader.js';
import { writeModelFile } from '../../../src/checkpoint/writer.js';
import { withWeights } from '../../../src/graph/edits.js';
import type { Graph } from '../../../src/graph/graph.js';
import { residualNet, type ResidualSize } from './residual.js';
import { visionTransformer, type TransformerSize } from './transformer.js';

export type Net = ({ readonly kind: 'residual' } & ResidualSize) | ({ readonly kind: 'transformer' } & TransformerSize);

const graphOf = (net: Net): Graph => (net.kind === 'residual' ? residualNet(net) : visionTransformer(net));

/** Writes a network that knows nothing. @returns how many numbers it has to learn */
export async function writeStart(net: Net, file: string): Promise<number> {
  const graph = graphOf(net);
  await writeModelFile(graph, file, { embed: true, keepMetadata: true });
  return [...graph.weights].reduce(
    (sum, [name, { type, dims }]) => sum + (learned(name, type, dims) ? sizeOf(dims) : 0),
    0,
  );
}

const learned = (name: string, type: string, dims: readonly number[]): boolean =>
  type === 'float32' && dims.length > 0 && !name.includes('.running_');

/**
 * Writes a network with the weights of a trained file: what is shipped is the network as it was written down, and says
 * nothing of the machine or the hour it was trained in.
 */
export async function writeTrained(net: Net, trained: string, file: string): Promise<void> {
  const { initializers } = (await openCheckpoint(trained)).graph;
  const found = new Map(initializers.map((stored) => [stored.name, stored]));
  const graph = graphOf(net);
  const weights = new Map<string, Awaited<ReturnType<typeof readTensor>>>();
  for (const [name, { type, dims }] of graph.weights) {
    if (type !== 'float32' || dims.length === 0) continue;
    const stored = found.get(name);
    if (stored === undefined) throw new Error(`${trained} has no weight "${name}".`);
    weights.set(name, await readTensor(stored));
  }
  await writeModelFile(withWeights(graph, weights), file, { embed: true, keepMetadata: true });
}
