import { perObject } from '../../base/memo.js';
import type { Graph, GraphNode } from '../graph.js';
import { operator } from '../operators/operators.js';

/** What a value is made of: nothing but stored numbers, nothing but sizes, or something computed. */
type Made = 'weight' | 'size';

/**
 * Whether a value is a weight, or weights moved about: sliced, transposed, reshaped, by indices that shapes may have given.
 * What is computed of weights is none: a learned query that went through a projection is an activation like any other.
 */
export const weightsOf: (graph: Graph) => (value: string) => boolean = perObject((graph: Graph) => {
  const made = new Map<string, Made>();
  const known = (value: string): Made | undefined => (graph.weights.has(value) ? 'weight' : made.get(value));
  for (const node of graph.nodes) {
    const what = madeBy(node, known);
    if (what !== undefined) for (const output of node.outputs) made.set(output, what);
  }
  return (value: string) => known(value) === 'weight';
});

function madeBy(node: GraphNode, known: (value: string) => Made | undefined): Made | undefined {
  const row = operator(node);
  if (row.nested === true) return undefined;
  if (row.shapeOnly === true) return 'size';
  const inputs = node.inputs.filter((v) => v !== '').map(known);
  if (inputs.length === 0 || inputs.includes(undefined)) return undefined;
  // Arithmetic of sizes and constants gives a size: an index, a scale.
  if (inputs.includes('size') && inputs[0] !== 'weight') return 'size';
  if (row.flops === 0 || row.readThrough === true) return 'weight';
  return inputs.includes('size') ? 'size' : undefined;
}
