import assert from 'node:assert/strict';
import { Random } from '../../../../src/base/random.js';
import { floatTensor, int64Tensor, type FloatTensor, type Tensor } from '../../../../src/base/tensor.js';
import { inMemory, type StoredTensor } from '../../../../src/checkpoint/model.js';
import { expandWhere } from '../../../../src/gradient/sweep/expansion.js';
import { findAttention, type FoundAttention } from '../../../../src/graph/attention/find.js';
import { makeNode } from '../../../../src/graph/edits.js';
import type { Graph, GraphNode } from '../../../../src/graph/graph.js';
import { operator } from '../../../../src/graph/operators/operators.js';
import { OrtSessions } from '../../../../src/session/ort/ortSession.js';
import { probeFacts } from '../../../../src/session/probe.js';
import { assertClose } from '../../support/close.js';

const [TOKENS, WIDTH, HEADS] = [6, 8, 2];
const SIZE = WIDTH / HEADS;

/** Writes a graph over tokens `[batch, 6, 8]`, as exporters write attention. */
class Net {
  readonly nodes: GraphNode[] = [];
  readonly weights = new Map<string, StoredTensor>();
  private readonly random = new Random(5);
  private count = 0;

  op(op: string, inputs: readonly string[], attributes: Parameters<typeof makeNode>[3] = {}, domain = ''): string {
    const name = `${op}_${this.count++}`;
    this.nodes.push({ ...makeNode(op, name, inputs, attributes), domain });
    return name;
  }

  weight(...dims: number[]): string {
    const tensor = floatTensor(dims);
    for (let i = 0; i < tensor.data.length; i++) tensor.data[i] = this.random.normal();
    return this.store(tensor);
  }

  ints(...values: number[]): string {
    return this.store(int64Tensor([values.length], values));
  }

  scalar(value: number): string {
    return this.store(floatTensor([], Float32Array.of(value)));
  }

  linear(x: string): string {
    return this.op('Add', [this.op('MatMul', [x, this.weight(WIDTH, WIDTH)]), this.weight(WIDTH)]);
  }

  /** `[batch, 2, 6, 4]` */
  heads(x: string): string {
    return this.op('Transpose', [this.op('Reshape', [x, this.ints(0, TOKENS, HEADS, SIZE)])], { perm: [0, 2, 1, 3] });
  }

  transposed(x: string, ...perm: number[]): string {
    return this.op('Transpose', [x], { perm });
  }

  /** The heads side by side again, and the projection behind. */
  out(x: string): string {
    return this.linear(this.op('Reshape', [this.transposed(x, 0, 2, 1, 3), this.ints(0, TOKENS, WIDTH)]));
  }

  graph(output: string): Graph {
    return {
      name: 'net',
      irVersion: 9,
      opset: 18,
      opsets: new Map([['com.microsoft', 1]]),
      metadata: new Map(),
      inputs: [{ name: 'x', type: 'float32', dims: ['batch', TOKENS, WIDTH] }],
      outputs: [{ name: output, type: 'float32' }],
      nodes: this.nodes,
      weights: this.weights,
    };
  }

  private store(tensor: Tensor): string {
    const name = `w${this.weights.size}`;
    this.weights.set(name, inMemory(name, tensor));
    return name;
  }
}

describe('graph/attention', () => {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  after(() => sessions.dispose());

  const found = async (write: (net: Net) => string): Promise<FoundAttention> => {
    const net = new Net();
    const graph = net.graph(write(net));
    return findAttention(graph, await probeFacts(graph, sessions));
  };
  const scores = (net: Net, q: string, k: string): string =>
    net.op('Mul', [net.op('MatMul', [q, net.transposed(k, 0, 1, 3, 2)]), net.scalar(0.5)]);
  const parts = (net: Net): [string, string, string] => [
    net.heads(net.linear('x')),
    net.heads(net.linear('x')),
    net.heads(net.linear('x')),
  ];

  const forms: Record<string, (net: Net) => string> = {
    'heads on an axis of their own': (net) => {
      const [q, k, v] = parts(net);
      return net.out(net.op('MatMul', [net.op('Softmax', [scores(net, q, k)], { axis: -1 }), v]));
    },
    'a bias and a mask that are added, and rows that are looked at for NaN': (net) => {
      const [q, k, v] = parts(net);
      const masked = net.op('Add', [
        net.op('Add', [scores(net, q, k), net.weight(HEADS, TOKENS, TOKENS)]),
        net.weight(TOKENS, TOKENS),
      ]);
      const shares = net.op('Softmax', [masked], { axis: -1 });
      return net.out(net.op('MatMul', [net.op('Where', [net.op('IsNaN', [shares]), net.scalar(0), shares]), v]));
    },
    'the matrix on the other side, transposed': (net) => {
      const [q, k, v] = parts(net);
      const shares = net.op('Softmax', [scores(net, q, k)], { axis: -1 });
      const joined = net.op('MatMul', [net.transposed(v, 0, 1, 3, 2), net.transposed(shares, 0, 1, 3, 2)]);
      return net.out(net.transposed(joined, 0, 1, 3, 2));
    },
    'shares along the rows': (net) => {
      const [q, k, v] = parts(net);
      const shares = net.op('Softmax', [net.transposed(scores(net, q, k), 0, 1, 3, 2)], { axis: -2 });
      return net.out(net.op('MatMul', [net.transposed(shares, 0, 1, 3, 2), v]));
    },
    'a Softmax that is written out': (net) => {
      const [q, k, v] = parts(net);
      const e = net.op('Exp', [scores(net, q, k)]);
      const shares = net.op('Div', [e, net.op('ReduceSum', [e, net.ints(-1)], { keepdims: 1 })]);
      return net.out(net.op('MatMul', [shares, v]));
    },
    'Einsum, its labels parted by spaces': (net) => {
      const [q, k, v] = parts(net);
      const shares = net.op('Softmax', [net.op('Einsum', [q, k], { equation: 'B H I D, B H J D -> B H I J' })], {
        axis: -1,
      });
      return net.out(net.op('Einsum', [shares, v], { equation: '...ij, ...jd -> ...id' }));
    },
    'heads merged with the batch': (net) => {
      const [q, k, v] = parts(net).map((x) => net.op('Reshape', [x, net.ints(-1, TOKENS, SIZE)])) as [
        string,
        string,
        string,
      ];
      const shares = net.op('Softmax', [net.op('MatMul', [q, net.transposed(k, 0, 2, 1)])], { axis: -1 });
      return net.out(net.op('Reshape', [net.op('MatMul', [shares, v]), net.ints(-1, HEADS, TOKENS, SIZE)]));
    },
    'heads that are mixed on both sides': (net) => {
      const [q, k, v] = parts(net);
      const mixed = (x: string): string =>
        net.transposed(net.op('MatMul', [net.transposed(x, 0, 2, 3, 1), net.weight(HEADS, HEADS)]), 0, 3, 1, 2);
      return net.out(net.op('MatMul', [mixed(net.op('Softmax', [mixed(scores(net, q, k))], { axis: -1 })), v]));
    },
  };
  for (const [form, write] of Object.entries(forms)) {
    it(`is found with ${form}`, async () => {
      const { sites, unclaimed } = await found(write);
      assert.deepEqual(unclaimed, []);
      assert.equal(sites.length, 1);
      const { kind, heads, windows, queries, keys, headsGuessed } = sites[0]!;
      assert.deepEqual(
        { kind, heads, windows, queries, keys, headsGuessed },
        {
          kind: 'tokens',
          heads: HEADS,
          windows: 1,
          queries: TOKENS,
          keys: TOKENS,
          headsGuessed: false,
        },
      );
    });
  }

  it('is of channels where channels are mixed', async () => {
    const { sites } = await found((net) => {
      const [q, k, v] = parts(net).map((x) => net.transposed(x, 0, 1, 3, 2)) as [string, string, string];
      const shares = net.op('Softmax', [net.op('MatMul', [q, net.transposed(k, 0, 1, 3, 2)])], { axis: -1 });
      return net.out(net.transposed(net.op('MatMul', [shares, v]), 0, 1, 3, 2));
    });
    assert.deepEqual(
      sites.map((s) => [s.kind, s.queries, s.keys]),
      [['channels', SIZE, SIZE]],
    );
  });

  it('has heads where channels are split, and windows where tokens are, though both be as many', async () => {
    const { sites } = await found((net) => {
      // Tokens as [three in a window, two windows], windows of as many as heads behind the axis of the heads.
      const windows = (): string =>
        net.transposed(net.op('Reshape', [net.linear('x'), net.ints(0, 3, 2, HEADS, SIZE)]), 0, 3, 2, 1, 4);
      const [q, k, v] = [windows(), windows(), windows()];
      const shares = net.op('Softmax', [net.op('MatMul', [q, net.transposed(k, 0, 1, 2, 4, 3)])], { axis: -1 });
      const back = net.transposed(net.op('MatMul', [shares, v]), 0, 3, 2, 1, 4);
      return net.linear(net.op('Reshape', [back, net.ints(0, TOKENS, WIDTH)]));
    });
    const role = (axis: number): string | undefined => sites[0]?.lead.find((l) => l.axis === axis)?.factors[0]?.role;
    assert.deepEqual(
      [sites.map((s) => [s.kind, s.heads, s.windows, s.queries]), role(1), role(2)],
      [[['tokens', HEADS, 2, 3]], 'heads', 'windows'],
    );
  });

  it('is one where two shares are mixed into one matrix', async () => {
    const { sites } = await found((net) => {
      const [q, k, v] = parts(net);
      const content = net.op('Softmax', [scores(net, q, k)], { axis: -1 });
      const place = net.op('MatMul', [net.weight(1, HEADS, TOKENS, SIZE), net.transposed(k, 0, 1, 3, 2)]);
      const mixed = net.op('Add', [content, net.op('Softmax', [place], { axis: -1 })]);
      return net.out(net.op('MatMul', [mixed, v]));
    });
    assert.deepEqual(
      sites.map((s) => [s.kind, s.queries, s.keys]),
      [['tokens', TOKENS, TOKENS]],
    );
  });

  it('is none where shares weight a sum, and that is said', async () => {
    const { sites, unclaimed } = await found((net) => {
      const shares = net.op('Softmax', [net.op('MatMul', ['x', net.weight(WIDTH, 1)])], { axis: 1 });
      const context = net.op('ReduceSum', [net.op('Mul', [shares, net.linear('x')]), net.ints(1)], { keepdims: 1 });
      return net.op('Mul', [net.linear('x'), context]);
    });
    assert.deepEqual(sites, []);
    assert.match(unclaimed.map((u) => u.reading).join(), /^its shares weight a sum: it pools, or selects/);
  });

  it('is of a fixed query where that is a weight', async () => {
    const { sites } = await found((net) => {
      const [, k, v] = parts(net);
      const shares = net.op(
        'Softmax',
        [net.op('MatMul', [net.weight(1, HEADS, 1, SIZE), net.transposed(k, 0, 1, 3, 2)])],
        { axis: -1 },
      );
      return net.linear(net.op('Reshape', [net.op('MatMul', [shares, v]), net.ints(0, WIDTH)]));
    });
    assert.deepEqual(
      sites.map((s) => [s.kind, s.heads, s.queries, s.keys]),
      [['fixed', HEADS, 1, TOKENS]],
    );
  });

  it('is none, and says so of each product, where keys and values are joined first', async () => {
    const { sites, unclaimed } = await found((net) => {
      const [q, k, v] = parts(net);
      const context = net.op('MatMul', [net.transposed(net.op('Softmax', [k], { axis: -2 }), 0, 1, 3, 2), v]);
      return net.out(net.op('MatMul', [q, context]));
    });
    assert.deepEqual(sites, []);
    assert.deepEqual(
      unclaimed.map((u) => u.reading.split(':')[0]),
      ['linear attention', 'linear attention'],
    );
  });

  it('is none where a class is chosen', async () => {
    const { sites, unclaimed } = await found((net) => net.op('Softmax', [net.linear('x')], { axis: -1 }));
    assert.deepEqual([sites, unclaimed], [[], []]);
  });

  it('is read out of a fused operator, and equal to the same written out', async () => {
    const net = new Net();
    const [weight, bias] = [net.weight(WIDTH, 3 * WIDTH), net.weight(3 * WIDTH)];
    const fused = net.op('Attention', ['x', weight, bias], { num_heads: HEADS }, 'com.microsoft');
    const graph = net.graph(net.linear(fused));
    const facts = await probeFacts(graph, sessions);
    assert.deepEqual(findAttention(graph, facts).sites, []);
    const written = expandWhere(graph, facts, (node) => operator(node).attends === true);
    assert.deepEqual(written.refused, []);
    const [site] = findAttention(written.graph, written.facts).sites;
    assert.deepEqual([site?.kind, site?.heads, site?.queries, site?.keys], ['tokens', HEADS, TOKENS, TOKENS]);
    const x = floatTensor([1, TOKENS, WIDTH]);
    const random = new Random(9);
    for (let i = 0; i < x.data.length; i++) x.data[i] = random.normal();
    const shown: Graph = {
      ...written.graph,
      outputs: [...written.graph.outputs, { name: site!.matrix, type: 'float32' }],
    };
    const session = await sessions.open(shown);
    const got = await session.run({ x }, [site!.matrix], new AbortController().signal);
    await session.dispose();
    assertClose((got[site!.matrix] as FloatTensor).data, byHand(net, x, weight, bias), { absolute: 1e-6 }, 'matrix');
  });

  it('of a fused operator stands in the module that both exporters say', async () => {
    for (const [name, metadata, module] of [
      ['/vit/blocks.3/attn/Attention', {}, 'vit.blocks.3.attn'],
      [
        'node_sdpa_3',
        { 'pkg.torch.onnx.name_scopes': "['', 'vit', 'vit.blocks.3', 'vit.blocks.3.attn', 'sdpa']" },
        'vit.blocks.3.attn',
      ],
    ] as const) {
      const net = new Net();
      net.op(
        'Attention',
        ['x', net.weight(WIDTH, 3 * WIDTH), net.weight(3 * WIDTH)],
        { num_heads: HEADS },
        'com.microsoft',
      );
      const graph = net.graph(net.nodes[0]!.outputs[0]!);
      const nodes = graph.nodes.map((node) => ({ ...node, name, metadata: new Map(Object.entries(metadata)) }));
      const fused = { ...graph, nodes };
      const facts = await probeFacts(fused, sessions);
      const written = expandWhere(fused, facts, (node) => operator(node).attends === true);
      const { sites } = findAttention(written.graph, written.facts);
      assert.deepEqual(
        sites.map(({ scope }) => scope),
        [module],
      );
    }
  });
});

/** Softmax(q kᵀ / 2) in double precision, `[2, 6, 6]`. */
function byHand(net: Net, x: FloatTensor, weight: string, bias: string): number[] {
  const stored = (name: string): Float32Array => {
    const { at } = net.weights.get(name)!;
    if (at.kind !== 'memory') throw new Error(`${name} is not in memory`);
    return (at.tensor as FloatTensor).data;
  };
  const [w, b] = [stored(weight), stored(bias)];
  const projected = (t: number, column: number): number => {
    let sum = b[column]!;
    for (let c = 0; c < WIDTH; c++) sum += x.data[t * WIDTH + c]! * w[c * 3 * WIDTH + column]!;
    return sum;
  };
  const out: number[] = [];
  for (let h = 0; h < HEADS; h++)
    for (let q = 0; q < TOKENS; q++) {
      const row = Array.from({ length: TOKENS }, (_, k) => {
        let sum = 0;
        for (let d = 0; d < SIZE; d++) sum += projected(q, h * SIZE + d) * projected(k, WIDTH + h * SIZE + d);
        return Math.exp(sum / Math.sqrt(SIZE));
      });
      const total = row.reduce((a, v) => a + v, 0);
      out.push(...row.map((v) => v / total));
    }
  return out;
}
