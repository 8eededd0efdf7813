import { Random } from '../../../src/base/random.js';
import { floatTensor, sizeOf, type Tensor } from '../../../src/base/tensor.js';
import { inMemory, type StoredTensor } from '../../../src/checkpoint/model.js';
import { makeNode } from '../../../src/graph/edits.js';
import type { GraphNode } from '../../../src/graph/graph.js';

export interface TinyParts {
  readonly nodes: GraphNode[];
  readonly weights: Map<string, StoredTensor>;
  /** Keeps a weight, and answers its name. */
  put(name: string, tensor: Tensor): string;
  /** Keeps a weight of normal numbers of some standard deviation. */
  draw(name: string, dims: readonly number[], scale: number): string;
  /** Adds a node of one output, of its own name. */
  add(op: string, name: string, inputs: string[], attributes?: Parameters<typeof makeNode>[3]): string;
}

/** What seeded networks of a few layers are put together from. */
export function tinyParts(seed: number): TinyParts {
  const random = new Random(seed);
  const weights = new Map<string, StoredTensor>();
  const nodes: GraphNode[] = [];
  const put = (name: string, tensor: Tensor): string => {
    weights.set(name, inMemory(name, tensor));
    return name;
  };
  return {
    nodes,
    weights,
    put,
    draw: (name, dims, scale) =>
      put(
        name,
        floatTensor(
          dims,
          Float32Array.from({ length: sizeOf(dims) }, () => scale * random.normal()),
        ),
      ),
    add: (op, name, inputs, attributes = {}) => {
      nodes.push(makeNode(op, name, inputs, attributes));
      return name;
    },
  };
}
