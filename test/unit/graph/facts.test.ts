import assert from 'node:assert/strict';
import path from 'node:path';
import { int64Tensor, toIntegers } from '../../../src/base/tensor.js';
import { inMemory, type GraphProto } from '../../../src/checkpoint/model.js';
import { Attributes, makeAttributes } from '../../../src/graph/attributes.js';
import { makeNode } from '../../../src/graph/edits.js';
import { dimsAt, isStatic } from '../../../src/graph/facts.js';
import { flopsOf, flopsOfGraph } from '../../../src/graph/measure/flops.js';
import { lastConvolution, lastLinear } from '../../../src/graph/layers/heads.js';
import { probeGraph } from '../../../src/graph/measure/probe.js';
import { inferTypes } from '../../../src/graph/types.js';
import { input, load, probe, randomFeed, runGraph, sketch, weight } from './support.js';
import { assertClose } from '../support/close.js';
import { DATA, requireData } from '../support/data.js';

describe('facts from a probe', () => {
  it('know each dimension as a line over the batch, and small integers', async () => {
    const g = sketch({
      opset: 18,
      inputs: [input('x', 'N', 3, 4)],
      outputs: ['y'],
      weights: [
        inMemory('minus', int64Tensor([1], [-1])),
        inMemory('zero', int64Tensor([1], [0])),
        weight('w', [12, 5], new Float32Array(60)),
      ],
      nodes: [
        makeNode('Shape', 'shape', ['x']),
        makeNode('Gather', 'n', ['shape', 'zero']),
        makeNode('Concat', 'target', ['n', 'minus'], { axis: 0 }),
        makeNode('Reshape', 'flat', ['x', 'target']),
        makeNode('MatMul', 'm', ['flat', 'w']),
        makeNode('Reshape', 'row', ['m', 'minus']),
        makeNode('Shape', 'inner', ['x'], { start: 1 }),
        makeNode('ReduceMean', 'mean', ['x', 'zero'], { keepdims: 0 }),
        makeNode('Identity', 'y', ['row']),
      ],
    });
    const facts = await probe(g, [1, 2]);
    assert.equal(facts.dynamicBatch, true);
    assert.equal(facts.batch, 1);
    assert.deepEqual(facts.get('x'), { type: 'float32', base: [0, 3, 4], slope: [1, 0, 0] });
    assert.deepEqual(facts.get('flat'), { type: 'float32', base: [0, 12], slope: [1, 0] });
    assert.deepEqual(facts.get('row'), { type: 'float32', base: [0], slope: [5] });
    assert.deepEqual(dimsAt(facts.get('row')!, 8), [40]);
    assert.ok(isStatic(facts.get('mean')!) && !isStatic(facts.get('row')!));
    assert.deepEqual(toIntegers(facts.get('inner')!.constant!), [3, 4]);
    assert.equal(facts.get('target')!.constant, undefined, 'it changes with the batch');
    assert.deepEqual(toIntegers(facts.get('minus')!.constant!), [-1]);
    assert.equal(facts.get('w')!.constant, undefined);
    assert.equal(facts.get('nothing'), undefined);
  });

  it('take the batch as fixed after one run', async () => {
    const g = sketch({ opset: 18, inputs: [input('x', 4, 3)], outputs: ['y'], nodes: [makeNode('Relu', 'y', ['x'])] });
    const facts = await probe(g, [4]);
    assert.deepEqual(
      [facts.dynamicBatch, facts.batch, facts.get('y')],
      [false, 4, { type: 'float32', base: [4, 3], slope: [0, 0] }],
    );
  });

  it('leave out what is no tensor, and what stands inside nested graphs', async () => {
    const inner: GraphProto = {
      name: 'b',
      doc: '',
      initializers: [],
      valueInfo: [],
      inputs: [],
      outputs: [{ name: 'r' }],
      nodes: [
        {
          name: '',
          op: 'Abs',
          domain: '',
          overload: '',
          inputs: ['x'],
          outputs: ['r'],
          attributes: [],
          doc: '',
          metadata: new Map(),
        },
      ],
    };
    const branches = new Attributes([
      { name: 'then_branch', type: 'graph', value: inner },
      { name: 'else_branch', type: 'graph', value: inner },
    ]);
    const g = sketch({
      opset: 18,
      inputs: [input('x', 2, 3)],
      outputs: ['y', 'z'],
      weights: [inMemory('i', int64Tensor([], [0]))],
      nodes: [
        makeNode('SplitToSequence', 'seq', ['x'], { axis: 0 }),
        makeNode('SequenceAt', 'y', ['seq', 'i']),
        makeNode('ReduceSum', 's', ['x'], { keepdims: 0 }),
        makeNode('Cast', 'c', ['s'], { to: 9 }),
        makeNode('If', 'z', ['c'], branches),
      ],
    });
    const facts = await probe(g, [2]);
    assert.equal(facts.get('seq'), undefined);
    assert.equal(facts.get('r'), undefined);
    assert.deepEqual(facts.get('z')!.base, [2, 3]);
    assert.deepEqual(toIntegers(facts.get('c')!.constant!), [1]);
  });
});

describe('types', () => {
  it('are those that ONNX Runtime gives', async () => {
    const k = inMemory('k', int64Tensor([1], [2]));
    const g = sketch({
      opset: 21,
      inputs: [input('x', 2, 4)],
      outputs: [],
      weights: [
        k,
        inMemory('depth', int64Tensor([], [4])),
        weight('vals', [2], [0, 1]),
        weight('scale', [], [0.1]),
        inMemory('zp', { type: 'int8', dims: [], data: Int8Array.of(0) }),
        inMemory('half', { type: 'float16', dims: [], data: Uint16Array.of(0) }),
      ],
      nodes: [
        makeNode('Cast', 'cast', ['x'], { to: 11 }),
        makeNode('CastLike', 'like', ['x', 'half']),
        makeNode('Shape', 'shape', ['x']),
        makeNode('ArgMax', 'arg', ['x'], { axis: 1 }),
        makeNode('Equal', 'eq', ['x', 'x']),
        makeNode('Where', 'where', ['eq', 'cast', 'cast']),
        makeNode('TopK', 'top', ['x', 'k'], {}, ['tv', 'ti']),
        makeNode('ConstantOfShape', 'cos', ['shape']),
        makeNode('ConstantOfShape', 'cosi', ['shape'], {
          value: inMemory('', { type: 'int32', dims: [1], data: Int32Array.of(1) }),
        }),
        makeNode('OneHot', 'hot', ['arg', 'depth', 'vals']),
        makeNode('QuantizeLinear', 'q', ['x', 'scale', 'zp']),
        makeNode('QuantizeLinear', 'qu', ['x', 'scale']),
        makeNode('DequantizeLinear', 'dq', ['q', 'scale', 'zp']),
        makeNode('DynamicQuantizeLinear', 'dyn', ['x'], {}, ['dy', 'ds', 'dz']),
        makeNode('IsNaN', 'nan', ['x']),
        makeNode('NonZero', 'nz', ['x']),
        makeNode('Dropout', 'drop', ['x'], {}, ['d', 'dm']),
        makeNode('RandomUniformLike', 'rnd', ['x'], { dtype: 11 }),
        makeNode('Size', 'size', ['x']),
        makeNode('MatMulInteger', 'mmi', ['q', 'qt']),
        makeNode('Transpose', 'qt', ['q']),
      ].sort((a, b) => Number(a.op === 'MatMulInteger') - Number(b.op === 'MatMulInteger')),
    });
    const names = g.nodes.flatMap((n) => n.outputs);
    const types = inferTypes(g);
    const out = await runGraph({ ...g, outputs: names.map((name) => ({ name })) }, { x: randomFeed(input('x', 2, 4)) });
    for (const name of names) assert.equal(types.get(name), out[name]!.type, name);
  });
});

describe('floating-point operations', () => {
  it('are counted as two for a multiplication and an addition', async () => {
    const g = sketch({
      opset: 18,
      inputs: [input('x', 1, 4, 8, 8)],
      outputs: ['y'],
      weights: [
        weight('w', [6, 2, 3, 3], new Float32Array(108)),
        weight('b', [6], new Float32Array(6)),
        weight('t', [6, 5, 2, 2], new Float32Array(120)),
        weight('fc', [5, 10], new Float32Array(50)),
      ],
      nodes: [
        makeNode('Conv', 'c', ['x', 'w', 'b'], { group: 2, kernel_shape: [3, 3] }),
        makeNode('Relu', 'r', ['c']),
        makeNode('ConvTranspose', 'd', ['r', 't'], { strides: [2, 2], kernel_shape: [2, 2] }),
        makeNode('GlobalAveragePool', 'g', ['d']),
        makeNode('Flatten', 'f', ['g']),
        makeNode('Gemm', 'y', ['f', 'fc']),
        makeNode('Einsum', 'e', ['f', 'fc'], makeAttributes({ equation: 'bi,ij->bj' })),
      ],
    });
    const facts = await probe(g, [1]);
    const count = (name: string): number | undefined =>
      flopsOf(
        g.nodes.find((n) => n.name === name)!,
        facts,
      );
    assert.equal(count('c'), 2 * (6 * 36) * (2 * 9) + 6 * 36);
    assert.equal(count('r'), 6 * 36);
    assert.equal(count('d'), 2 * (6 * 36) * (5 * 4));
    assert.equal(count('g'), 5 * 144);
    assert.equal(count('f'), 0);
    assert.equal(count('y'), 2 * 5 * 10);
    assert.equal(count('e'), 2 * 5 * 10);
    assert.equal(flopsOfGraph(g, facts).unknown, 0);
  });

  it('of ResNet-20 are the 41 million multiplications of its paper', async function () {
    requireData.call(this);
    const { graph } = await load(path.join(DATA, 'models/cifar_resnet20_fused.onnx'));
    const facts = await probe(graph, [1, 2]);
    const { flops, unknown } = flopsOfGraph(graph, facts);
    assert.equal(unknown, 0);
    assertClose(flops / 2, 40.8e6, { absolute: 1e6 }, 'multiplications');
    assertClose(
      flopsOfGraph(graph, facts, 4).flops / flops,
      4,
      { absolute: 1e-6 },
      'work of four pictures over that of one',
    );
    assert.equal(lastConvolution(graph, facts)!.name, '/layer3/layer3.2/conv2/Conv');
    const head = lastLinear(graph)!;
    assert.deepEqual([head.node, head.weight, head.output], ['/linear/Gemm', 'linear.weight', 'logits']);
    assert.deepEqual(facts.get(head.features)!.base, [0, 64]);
  });
});

describe('heads', () => {
  it('pass over convolutions at a single position, and find linear layers of two nodes', async () => {
    const w = (name: string, ...dims: number[]) =>
      weight(name, dims, new Float32Array(dims.reduce((a, b) => a * b, 1)));
    const g = sketch({
      opset: 18,
      inputs: [input('x', 1, 3, 8, 8)],
      outputs: ['p'],
      weights: [w('a', 4, 3, 3, 3), w('se', 4, 4, 1, 1), w('m', 4, 10), w('bias', 10)],
      nodes: [
        makeNode('Conv', 'main', ['x', 'a']),
        makeNode('GlobalAveragePool', 'g', ['main']),
        makeNode('Conv', 'excite', ['g', 'se']),
        makeNode('Flatten', 'f', ['excite']),
        makeNode('MatMul', 'fc', ['f', 'm']),
        makeNode('Add', 'logits', ['fc', 'bias']),
        makeNode('Softmax', 'p', ['logits']),
      ],
    });
    const facts = await probe(g, [1]);
    assert.equal(lastConvolution(g, facts)!.name, 'main');
    assert.equal(lastConvolution(g)!.name, 'excite');
    assert.deepEqual(lastLinear(g), { node: 'fc', features: 'f', weight: 'm', output: 'logits' });
    assert.equal(lastLinear(g, 'main'), undefined);
  });

  it('are asked in the order in which the runtime frees a value once it was asked', () => {
    const nodes = [makeNode('Relu', 'a', ['x']), makeNode('Relu', 'b', ['a']), makeNode('Relu', 'y', ['b'])];
    const made = probeGraph(sketch({ opset: 18, inputs: [input('x', 2)], outputs: ['y'], nodes }));
    assert.deepEqual(
      made.graph.nodes.slice(-3).map((n) => n.inputs[0]),
      ['y', 'b', 'a'],
    );
  });

  it('are probed without the outputs of the model', () => {
    const g = sketch({ opset: 18, inputs: [input('x', 2)], outputs: ['y'], nodes: [makeNode('Relu', 'y', ['x'])] });
    const made = probeGraph(g);
    assert.deepEqual(
      made.graph.outputs.map((o) => o.name),
      [made.shapes.get('y')],
    );
  });
});
