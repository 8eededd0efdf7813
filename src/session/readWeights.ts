import type { Tensor } from '../base/tensor.js';
import { readTensor } from '../checkpoint/readTensor.js';
import type { Graph } from '../graph/graph.js';

/** Weights of a graph as they are stored, external data included: for the rooms that do not know files. */
export async function readWeights(
  graph: Pick<Graph, 'weights'>,
  names: Iterable<string>,
  signal?: AbortSignal,
): Promise<Map<string, Tensor>> {
  const out = new Map<string, Tensor>();
  for (const name of names) {
    const stored = graph.weights.get(name);
    if (stored === undefined) throw new Error(`The graph has no weight "${name}"`);
    out.set(name, await readTensor(stored, signal));
  }
  return out;
}
