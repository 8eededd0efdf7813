import { indexOf, type Graph } from '../../graph/graph.js';
import { Names } from '../../graph/names.js';
import { operator } from '../../graph/operators/operators.js';
import type { StoredTensor } from '../../graph/values.js';

/**
 * The graph with vectors of its own for each layer. Exporters store equal tensors once (the biases and statistics of a
 * network that was never trained are all zeros and ones), and layers that only began alike would be trained as one. Shared
 * matrices and kernels stay shared: weights that were tied on purpose.
 */
export function untied(graph: Graph): { readonly graph: Graph; readonly notes: readonly string[] } {
  const names = new Names(indexOf(graph).names);
  const weights = new Map<string, StoredTensor>(graph.weights);
  const readers = new Map<string, string>();
  const copies = new Set<string>();
  const nodes = graph.nodes.map((node) => {
    const { normalises, roles, product } = operator(node);
    let changed = false;
    const inputs = node.inputs.map((value, i) => {
      const stored = graph.weights.get(value);
      const own = normalises === true || roles?.[i] === 'bias' || roles?.[i] === 'slope';
      if (stored === undefined || stored.dims.length !== 1 || !own || i === 0) return value;
      // The same operator may read one vector twice: as running mean and as bias.
      const reader = `${node.name}:${i}`;
      if (!readers.has(value)) readers.set(value, reader);
      if (readers.get(value) === reader) return value;
      if (product !== undefined && sharesKernel(graph, node.inputs[1])) return value;
      const name = names.make(`${node.name}.${roles?.[i] ?? i}`);
      weights.set(name, { ...stored, name });
      copies.add(value);
      changed = true;
      return name;
    });
    return changed ? { ...node, inputs } : node;
  });
  if (copies.size === 0) return { graph, notes: [] };
  const note = `${copies.size === 1 ? 'A vector is' : `${copies.size} vectors are`} stored once and read by several layers (such as "${[...copies][0]}"): each layer is trained with its own.`;
  return { graph: { ...graph, nodes, weights }, notes: [note] };
}

function sharesKernel(graph: Graph, kernel: string | undefined): boolean {
  return kernel !== undefined && indexOf(graph).consumers(kernel).length > 1;
}
