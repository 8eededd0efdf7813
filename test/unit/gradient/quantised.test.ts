import assert from 'node:assert/strict';
import { Random } from '../../../src/base/random.js';
import { sizeOf, toNumbers, type Tensor } from '../../../src/base/tensor.js';
import { inMemory } from '../../../src/checkpoint/model.js';
import { makeAttributes, type AttributeInput } from '../../../src/graph/attributes.js';
import type { Graph, GraphNode } from '../../../src/graph/graph.js';
import { buildGradient } from '../../../src/gradient/sweep/engine.js';
import { operatorName } from '../../../src/gradient/rules/registry.js';
import { numbers } from '../../../src/gradient/emit/tape.js';
import { OrtSessions } from '../../../src/session/ort/ortSession.js';
import { probeFacts } from '../../../src/session/probe.js';
import { between, floats, ints } from './check.js';
import { quantisedOperators } from './cases/quantised.js';

interface Network {
  readonly title: string;
  readonly dims: readonly number[];
  readonly nodes: readonly GraphNode[];
  readonly weights: Readonly<Record<string, Tensor>>;
}

let serial = 0;
function node(
  op: string,
  inputs: readonly string[],
  output: string | readonly string[],
  attributes: Readonly<Record<string, AttributeInput | undefined>> = {},
  domain = '',
): GraphNode {
  return {
    name: `n${serial++}`,
    op,
    domain,
    inputs,
    outputs: typeof output === 'string' ? [output] : output,
    attributes: makeAttributes(attributes),
    doc: '',
    metadata: new Map(),
  };
}

const MS = 'com.microsoft';
const scale = floats([0.01], []);
const zero = ints([0], [], 'int8');
const common = { s: scale, z: zero, ys: floats([0.02], []), yz: zero };
const q = node('QuantizeLinear', ['x', 's', 'z'], 'q');
const dq = node('DequantizeLinear', ['r', 'ys', 'yz'], 'y');
const int8 = (dims: readonly number[], seed = 5): Tensor => {
  const random = new Random(seed);
  return ints(
    Array.from({ length: sizeOf(dims) }, () => random.below(120) - 60),
    dims,
    'int8',
  );
};

const NETWORKS: readonly Network[] = [
  {
    title: 'QuantizeLinear and DequantizeLinear',
    dims: [2, 6],
    nodes: [q, node('DequantizeLinear', ['q', 's', 'z'], 'y')],
    weights: common,
  },
  {
    title: 'per channel, through a Transpose and a Reshape',
    dims: [2, 3, 4],
    weights: {
      ...common,
      ss: floats([0.01, 0.02, 0.015]),
      zz: ints([0, 3, -2], [3], 'int8'),
      shape: ints([6, 4]),
      back: ints([2, 3, 4]),
    },
    nodes: [
      node('QuantizeLinear', ['x', 'ss', 'zz'], 'q', { axis: 1 }),
      node('Reshape', ['q', 'shape'], 'a'),
      node('Reshape', ['a', 'back'], 'b'),
      node('DequantizeLinear', ['b', 'ss', 'zz'], 'y', { axis: 1 }),
    ],
  },
  {
    title: 'QLinearConv',
    dims: [1, 2, 5, 5],
    weights: {
      ...common,
      ys: floats([0.05], []),
      w: int8([3, 2, 3, 3]),
      ws: floats([0.01, 0.02, 0.01]),
      wz: ints([0, 0, 0], [3], 'int8'),
      b: ints([100, -50, 0], [3], 'int32'),
    },
    nodes: [q, node('QLinearConv', ['q', 's', 'z', 'w', 'ws', 'wz', 'ys', 'yz', 'b'], 'r', { pads: [1, 1, 1, 1] }), dq],
  },
  {
    title: 'QLinearMatMul',
    dims: [3, 4],
    weights: { ...common, w: int8([4, 5]) },
    nodes: [q, node('QLinearMatMul', ['q', 's', 'z', 'w', 's', 'z', 'ys', 'yz'], 'r'), dq],
  },
  {
    title: 'DynamicQuantizeLinear, MatMulInteger',
    dims: [3, 4],
    weights: { ...common, w: int8([4, 5]) },
    nodes: [
      node('DynamicQuantizeLinear', ['x'], ['q', 'ds', 'dz']),
      node('MatMulInteger', ['q', 'w', 'dz', 'z'], 'i'),
      node('Cast', ['i'], 'f', { to: 1 }),
      node('Mul', ['ds', 's'], 'k'),
      node('Mul', ['f', 'k'], 'y'),
    ],
  },
  {
    title: 'DynamicQuantizeLinear, ConvInteger',
    dims: [1, 2, 5, 5],
    weights: {
      ...common,
      w: ints(toNumbers(int8([3, 2, 3, 3])).map((v) => v + 128) as never, [3, 2, 3, 3], 'uint8'),
      wz: ints([128], [], 'uint8'),
    },
    nodes: [
      node('DynamicQuantizeLinear', ['x'], ['q', 'ds', 'dz']),
      node('ConvInteger', ['q', 'w', 'dz', 'wz'], 'i', { pads: [1, 1, 1, 1] }),
      node('Cast', ['i'], 'f', { to: 1 }),
      node('Mul', ['ds', 's'], 'k'),
      node('Mul', ['f', 'k'], 'y'),
    ],
  },
  {
    title: 'com.microsoft QuantizeLinear and DequantizeLinear',
    dims: [2, 6],
    weights: common,
    nodes: [
      node('QuantizeLinear', ['x', 's', 'z'], 'q', {}, MS),
      node('DequantizeLinear', ['q', 's', 'z'], 'y', {}, MS),
    ],
  },
  {
    title: 'com.microsoft QLinearConv',
    dims: [1, 2, 5, 5],
    weights: { ...common, w: int8([3, 2, 3, 3]) },
    nodes: [q, node('QLinearConv', ['q', 's', 'z', 'w', 's', 'z', 'ys', 'yz'], 'r', {}, MS), dq],
  },
  {
    title: 'QLinearAdd',
    dims: [2, 6],
    weights: { ...common, w: int8([6]) },
    nodes: [q, node('QLinearAdd', ['q', 's', 'z', 'w', 's', 'z', 'ys', 'yz'], 'r', {}, MS), dq],
  },
  {
    title: 'QLinearMul',
    dims: [2, 6],
    weights: { ...common, w: int8([6]), ys: floats([0.01], []) },
    nodes: [q, node('QLinearMul', ['q', 's', 'z', 'w', 's', 'z', 'ys', 'yz'], 'r', {}, MS), dq],
  },
  {
    title: 'QLinearSigmoid',
    dims: [2, 6],
    weights: { ...common, ys: floats([0.004], []), yz: ints([-128], [], 'int8') },
    nodes: [q, node('QLinearSigmoid', ['q', 's', 'z', 'ys', 'yz'], 'r', {}, MS), dq],
  },
  {
    title: 'QLinearLeakyRelu',
    dims: [2, 6],
    weights: { ...common, ys: scale },
    nodes: [q, node('QLinearLeakyRelu', ['q', 's', 'z', 'ys', 'yz'], 'r', { alpha: { float: 0.5 } }, MS), dq],
  },
  {
    title: 'QLinearSoftmax',
    dims: [2, 4],
    weights: { ...common, ys: floats([1 / 256], []), yz: ints([0], [], 'uint8'), uz: ints([100], [], 'uint8') },
    nodes: [
      node('QuantizeLinear', ['x', 's', 'uz'], 'q'),
      node('QLinearSoftmax', ['q', 's', 'uz', 'ys', 'yz'], 'r', { axis: -1, opset: 13 }, MS),
      dq,
    ],
  },
  {
    title: 'QLinearGlobalAveragePool',
    dims: [1, 3, 4, 4],
    weights: { ...common, ys: floats([0.01], []) },
    nodes: [q, node('QLinearGlobalAveragePool', ['q', 's', 'z', 'ys', 'yz'], 'r', { channels_last: 0 }, MS), dq],
  },
  {
    title: 'QLinearAveragePool',
    dims: [1, 2, 4, 4],
    weights: { ...common, ys: scale },
    nodes: [
      q,
      node('QLinearAveragePool', ['q', 's', 'z', 'ys', 'yz'], 'r', { kernel_shape: [2, 2], strides: [2, 2] }, MS),
      dq,
    ],
  },
  {
    title: 'com.microsoft QLinearConv, channels last',
    dims: [1, 5, 5, 2],
    weights: { ...common, w: int8([3, 2, 3, 3]), ys: floats([0.05], []) },
    nodes: [
      q,
      node('QLinearConv', ['q', 's', 'z', 'w', 's', 'z', 'ys', 'yz'], 'r', { channels_last: 1, strides: [2, 2] }, MS),
      dq,
    ],
  },
  {
    title: 'QLinearGlobalAveragePool, channels last',
    dims: [1, 4, 4, 3],
    weights: { ...common, ys: floats([0.01], []) },
    nodes: [q, node('QLinearGlobalAveragePool', ['q', 's', 'z', 'ys', 'yz'], 'r', { channels_last: 1 }, MS), dq],
  },
  {
    title: 'QLinearAveragePool, channels last',
    dims: [1, 4, 4, 2],
    weights: { ...common, ys: scale },
    nodes: [
      q,
      node(
        'QLinearAveragePool',
        ['q', 's', 'z', 'ys', 'yz'],
        'r',
        { kernel_shape: [2, 2], strides: [2, 2], channels_last: 1 },
        MS,
      ),
      dq,
    ],
  },
  {
    title: 'QGemm with a bias, its weight per column',
    dims: [3, 4],
    weights: {
      ...common,
      w: int8([5, 4]),
      ws: floats([0.01, 0.02, 0.01, 0.015, 0.01]),
      wz: ints([0, 0, 0, 0, 0], [5], 'int8'),
      b: ints([100, -50, 0, 30, 200], [5], 'int32'),
    },
    nodes: [
      q,
      node('QGemm', ['q', 's', 'z', 'w', 'ws', 'wz', 'b', 'ys', 'yz'], 'r', { transB: 1, alpha: { float: 0.5 } }, MS),
      dq,
    ],
  },
  {
    title: 'QGemm with a real result',
    dims: [3, 4],
    weights: { ...common, w: int8([4, 5]) },
    nodes: [q, node('QGemm', ['q', 's', 'z', 'w', 's', 'z'], 'y', {}, MS)],
  },
  {
    title: 'MatMulIntegerToFloat',
    dims: [3, 4],
    weights: { ...common, w: int8([4, 5]), b: floats([1, 2, 3, 4, 5]), uz: ints([100], [], 'uint8') },
    nodes: [
      node('QuantizeLinear', ['x', 's', 'uz'], 'q'),
      node('MatMulIntegerToFloat', ['q', 'w', 's', 's', 'uz', 'z', 'b'], 'y', {}, MS),
    ],
  },
  {
    title: 'DynamicQuantizeMatMul',
    dims: [3, 4],
    weights: { ...common, w: int8([4, 5]), b: floats([1, 2, 3, 4, 5]) },
    nodes: [node('DynamicQuantizeMatMul', ['x', 'w', 's', 'z', 'b'], 'y', {}, MS)],
  },
  {
    title: 'QAttention',
    dims: [1, 3, 4],
    weights: {
      ...common,
      w: int8([4, 12]),
      b: floats(Array.from({ length: 12 }, (_, i) => 0.1 * i)),
      u: ints([100], [], 'uint8'),
    },
    nodes: [
      node('QuantizeLinear', ['x', 's', 'u'], 'q'),
      node('QAttention', ['q', 'w', 'b', 's', 's', '', 'u', 'z'], 'y', { num_heads: 2 }, MS),
    ],
  },
  {
    title: 'QLinearWhere',
    dims: [2, 4],
    weights: {
      ...common,
      ys: scale,
      cond: { type: 'bool', dims: [2, 4], data: Uint8Array.of(1, 0, 1, 1, 0, 1, 0, 1) },
      w: int8([2, 4]),
    },
    nodes: [q, node('QLinearWhere', ['cond', 'q', 's', 'z', 'w', 's', 'z', 'ys', 'yz'], 'r', {}, MS), dq],
  },
  {
    title: 'whole numbers through Resize and Clip',
    dims: [1, 2, 4, 4],
    weights: {
      ...common,
      ys: scale,
      scales: floats([1, 1, 2, 2]),
      low: ints([-100], [], 'int8'),
      high: ints([120], [], 'int8'),
    },
    nodes: [
      q,
      node('Resize', ['q', '', 'scales'], 'a', { mode: 'linear' }),
      node('Clip', ['a', 'low', 'high'], 'r'),
      dq,
    ],
  },
  {
    title: 'QLinearConcat',
    dims: [2, 4],
    weights: { ...common, w: int8([2, 3]), ys: scale },
    nodes: [q, node('QLinearConcat', ['ys', 'yz', 'q', 's', 'z', 'w', 's', 'z'], 'r', { axis: 1 }, MS), dq],
  },
];

/** Steps that span many quantisation levels see the slope that lies under the staircase. */
const STEP = 0.25;

describe('gradient/quantised: straight through', () => {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  after(() => sessions.dispose());

  for (const n of NETWORKS) {
    it(n.title, async () => {
      const used = new Set(n.nodes.flatMap((k) => k.inputs));
      const graph: Graph = {
        name: 'quantised',
        irVersion: 10,
        opset: 21,
        opsets: new Map([[MS, 1]]),
        nodes: n.nodes,
        metadata: new Map(),
        inputs: [{ name: 'x', type: 'float32', dims: n.dims }],
        outputs: [{ name: 'y', type: 'float32' }],
        weights: new Map(
          Object.entries(n.weights)
            .filter(([k]) => used.has(k))
            .map(([k, t]) => [k, inMemory(k, t)]),
        ),
      };
      const facts = await probeFacts(graph, sessions);
      const built = buildGradient(graph, facts, { score: { value: 'y', seed: 'direction' }, wrt: ['x'] });
      assert.ok(built.notes.some((t) => t.includes('straight through')));
      const [forward, backward] = [await sessions.open(graph), await sessions.open(built.graph)];
      const x = between(0.3, 0.9, n.dims);
      const random = new Random(4);
      const y = (await forward.run({ x }, ['y']))['y']!;
      const v = Array.from({ length: sizeOf(y.dims) }, () => random.normal());
      const out = await backward.run({ x, [built.seed!]: floats(v, y.dims) }, [built.gradients.get('x')!, 'y']);
      const g = toNumbers(out[built.gradients.get('x')!]!);
      const loss = async (at: Tensor): Promise<number> =>
        toNumbers((await forward.run({ x: at }, ['y']))['y']!).reduce((s, p, i) => s + p * v[i]!, 0);
      const norm = Math.sqrt(g.reduce((s, p) => s + p * p, 0));
      assert.ok(norm > 0, `norm: ${norm}`);
      let worst = 0;
      for (let k = 0; k < 6; k++) {
        const d = Float64Array.from(g, () => (random.uniform() < 0.5 ? -1 : 1));
        const at = (t: number): Tensor =>
          numbers(
            'float32',
            n.dims,
            toNumbers(x).map((p, i) => p + t * d[i]!),
          );
        const slope = ((await loss(at(STEP))) - (await loss(at(-STEP)))) / (2 * STEP);
        worst = Math.max(worst, Math.abs(slope - g.reduce((s, p, i) => s + p * d[i]!, 0)) / norm);
      }
      assert.ok(worst < 0.1, worst.toFixed(3));
      // The graph that is differentiated still is the quantised one: at most one level apart.
      assert.ok(toNumbers(out['y']!).every((p, i) => Math.abs(p - toNumbers(y)[i]!) < 0.0501));
      await forward.dispose();
      await backward.dispose();
    });
  }

  it('covers every quantised operator', () => {
    const covered = new Set(NETWORKS.flatMap((n) => n.nodes.map((k) => operatorName(k.domain, k.op))));
    assert.deepEqual(
      quantisedOperators.filter((o) => !covered.has(o)),
      [],
    );
  });
});
