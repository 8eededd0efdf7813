import { sizeOf, type Tensor } from '../../base/tensor.js';
import type { ValueInfo } from '../../checkpoint/model.js';
import type { Graph } from '../graph.js';

/** Smaller weights stay where they are: shapes, scales and whatever an operator wants to know before it runs. */
const FEWEST = 4096;

/**
 * The graph with the large float32 weights that lie in memory as inputs, and what to feed them. In a model's bytes each
 * of them would be copied three times before the first run; what is fed is not copied at all.
 */
export function feedWeights(graph: Graph): { readonly graph: Graph; readonly feeds: Readonly<Record<string, Tensor>> } {
  const feeds: Record<string, Tensor> = {};
  const inputs: ValueInfo[] = [];
  for (const [name, { at, type, dims }] of graph.weights) {
    if (at.kind !== 'memory' || type !== 'float32' || sizeOf(dims) < FEWEST) continue;
    feeds[name] = at.tensor;
    inputs.push({ name, type, dims });
  }
  if (inputs.length === 0) return { graph, feeds };
  const weights = new Map([...graph.weights].filter(([name]) => feeds[name] === undefined));
  return { graph: { ...graph, weights, inputs: [...graph.inputs, ...inputs] }, feeds };
}
