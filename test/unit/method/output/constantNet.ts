import { floatTensor, int64Tensor, sizeOf } from '../../../../src/base/tensor.js';
import { inMemory, type StoredTensor } from '../../../../src/checkpoint/model.js';
import { makeNode } from '../../../../src/graph/edits.js';
import type { Graph, GraphNode } from '../../../../src/graph/graph.js';

/** A value of a network that answers the same to every picture: its dimensions, and its numbers. */
export interface Given {
  readonly dims: readonly number[];
  readonly data: ArrayLike<number>;
}

type Add = (op: string, inputs: readonly string[], attributes?: Parameters<typeof makeNode>[3]) => string;

export const SIDE = 32;

/**
 * A network `[1, 3, 32, 32]` whose outputs are given numbers behind the steps of their heads: what the numbers are is for
 * the reader of outputs to tell.
 */
export function constantNet(
  outputs: Readonly<
    Record<string, { readonly parts: readonly Given[]; readonly head?: (parts: string[], add: Add) => string }>
  >,
  metadata: Readonly<Record<string, string>> = {},
  name = 'net',
): Graph {
  const nodes: GraphNode[] = [];
  const weights = new Map<string, StoredTensor>();
  let made = 0;
  const put = (tensor: Parameters<typeof inMemory>[1]): string => {
    const id = `w${made++}`;
    weights.set(id, inMemory(id, tensor));
    return id;
  };
  const add: Add = (op, inputs, attributes = {}) => {
    const id = `v${made++}`;
    nodes.push(makeNode(op, id, inputs, attributes));
    return id;
  };
  const mean = add('ReduceMean', ['x', put(int64Tensor([3], [1, 2, 3]))], { keepdims: 0 });
  const nothing = add('Mul', [mean, put(floatTensor([1], Float32Array.of(0)))]);
  const ends: Graph['outputs'][number][] = [];
  for (const [output, { parts, head = ([only]: string[]) => only! }] of Object.entries(outputs)) {
    const values = parts.map(({ dims, data }) =>
      add('Add', [
        put(
          floatTensor(
            dims,
            Float32Array.from({ length: sizeOf(dims) }, (_, i) => data[i] ?? 0),
          ),
        ),
        nothing,
      ]),
    );
    const value = head(values, add);
    nodes.push(makeNode('Identity', output, [value]));
    // Without a type: the runtime infers it.
    ends.push({ name: output });
  }
  return {
    name,
    irVersion: 9,
    opset: 18,
    opsets: new Map(),
    inputs: [{ name: 'x', type: 'float32', dims: [1, 3, SIDE, SIDE] }],
    outputs: ends,
    nodes,
    weights,
    metadata: new Map(Object.entries(metadata)),
  };
}

/** One value through operators, one after the other. */
export const through =
  (...steps: readonly (readonly [op: string, attributes?: Parameters<typeof makeNode>[3]])[]) =>
  ([first]: string[], add: Add): string =>
    steps.reduce((value, [op, attributes]) => add(op, [value], attributes), first!);
