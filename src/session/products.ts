import { floatTensor, type FloatTensor, type Tensor } from '../base/tensor.js';
import { makeAttributes } from '../graph/attributes.js';
import type { Graph, GraphNode } from '../graph/graph.js';
import type { Session, Sessions } from './session.js';

type Wanted = 'multiply' | 'nearest';

/** Products of matrices by ONNX Runtime, in single precision, in sessions that are kept until they are disposed. */
export class SessionProducts {
  private readonly open = new Map<string, Promise<Session>>();

  constructor(private readonly sessions: Sessions) {}

  /** A B, with the first or the second transposed: `[n, m]` and `[m, p]` in, `[n, p]` out. */
  async multiply(
    a: FloatTensor,
    b: FloatTensor,
    transposed: { readonly a?: boolean; readonly b?: boolean } = {},
  ): Promise<FloatTensor> {
    const key = `${transposed.a ?? false},${transposed.b ?? false}`;
    const out = await this.run('multiply', key, { a, b }, ['out'], () =>
      node('Gemm', ['a', 'b'], ['out'], {
        transA: Number(transposed.a ?? false),
        transB: Number(transposed.b ?? false),
      }),
    );
    return out['out'] as FloatTensor;
  }

  /** The `k` nearest points of each query, nearest first, with squared Euclidean distances: |p|² - 2 q·p sorts them. */
  async nearest(
    queries: FloatTensor,
    points: FloatTensor,
    k: number,
  ): Promise<{ readonly indices: Int32Array; readonly squared: Float32Array }> {
    const norms = squares(points);
    const feeds = {
      a: queries,
      b: points,
      norms: { ...floatTensor([1, norms.length]), data: norms },
      k: { type: 'int64', dims: [1], data: BigInt64Array.of(BigInt(k)) } satisfies Tensor,
    };
    const { values, indices } = await this.run('nearest', '', feeds, ['values', 'indices'], () => [
      ...node('Gemm', ['a', 'b', 'norms'], ['order'], { transB: 1, alpha: { float: -2 } }),
      ...node('TopK', ['order', 'k'], ['values', 'indices'], { axis: 1, largest: 0, sorted: 1 }),
    ]);
    const own = squares(queries);
    const found = (indices as Tensor).data as BigInt64Array;
    return {
      indices: Int32Array.from(found, Number),
      squared: Float32Array.from((values as FloatTensor).data, (v, i) => Math.max(0, v + own[Math.floor(i / k)]!)),
    };
  }

  async dispose(): Promise<void> {
    const all = [...this.open.values()];
    this.open.clear();
    for (const session of all) await (await session).dispose();
  }

  private async run(
    what: Wanted,
    key: string,
    feeds: Readonly<Record<string, Tensor>>,
    fetches: readonly string[],
    nodes: () => readonly GraphNode[],
  ): Promise<Record<string, Tensor>> {
    const name = `${what} ${key}`;
    let session = this.open.get(name);
    if (session === undefined) {
      // On the processor: what it costs to bring matrices to another device is more than what is won.
      session = this.sessions.open(graph(name, feeds, fetches, nodes()), { provider: 'cpu' });
      this.open.set(name, session);
      session.catch(() => this.open.delete(name));
    }
    return (await session).run(feeds, fetches);
  }
}

function node(
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Parameters<typeof makeAttributes>[0],
): [GraphNode] {
  return [
    { name: op, op, domain: '', inputs, outputs, attributes: makeAttributes(attributes), doc: '', metadata: new Map() },
  ];
}

function graph(
  name: string,
  feeds: Readonly<Record<string, Tensor>>,
  fetches: readonly string[],
  nodes: readonly GraphNode[],
): Graph {
  return {
    name,
    irVersion: 10,
    opset: 18,
    opsets: new Map(),
    inputs: Object.entries(feeds).map(([input, { type, dims }]) => ({
      name: input,
      type,
      // One that happens to be 1 now is free all the same: the session is kept.
      dims: dims.map((d, axis) => (input === 'k' ? d : `${input}${axis}`)),
    })),
    outputs: fetches.map((output) => ({ name: output, type: output === 'indices' ? 'int64' : 'float32' })),
    nodes,
    weights: new Map(),
    metadata: new Map(),
  };
}

/** Σ x² of each row. */
function squares({ dims: [n = 0, d = 0], data }: FloatTensor): Float32Array {
  return Float32Array.from({ length: n }, (_, i) => {
    let sum = 0;
    for (let j = 0; j < d; j++) sum += data[i * d + j]! ** 2;
    return sum;
  });
}
