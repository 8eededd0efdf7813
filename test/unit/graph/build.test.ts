import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { int64Tensor, type Tensor } from '../../../src/base/tensor.js';
import { inMemory, type GraphProto } from '../../../src/checkpoint/model.js';
import { writeModel } from '../../../src/checkpoint/writer.js';
import { Attributes, float, makeAttributes } from '../../../src/graph/attributes.js';
import { makeNode } from '../../../src/graph/edits.js';
import { indexOf, type GraphNode } from '../../../src/graph/graph.js';
import { difference, input, load, randomFeed, run, runGraph, saveSketch, sketch, weight } from './support.js';
import { X, basic, body, graphs, proto, same } from './nestedSupport.js';
import { temporaryFolder } from '../support/temporary.js';

describe('building a graph', () => {
  it('turns constants of every kind into weights', async () => {
    const value = (attributes: Attributes, name: string): GraphNode => makeNode('Constant', name, [], attributes);
    const file = await saveSketch(
      basic({
        nodes: [
          value(makeAttributes({ value: weight('', [3], [1, 2, 3]) }), 'a'),
          value(makeAttributes({ value_float: float(2) }), 'b'),
          value(new Attributes([{ name: 'value_floats', type: 'floats', value: [1, 2, 3] }]), 'c'),
          value(makeAttributes({ value_int: 1 }), 'd'),
          value(makeAttributes({ value_ints: [3, 2] }), 'e'),
          makeNode('Add', 's', ['x', 'a']),
          makeNode('Mul', 't', ['s', 'b']),
          makeNode('Add', 'u', ['t', 'c']),
          makeNode('Concat', 'v', ['u', 'u'], { axis: 1 }),
          makeNode('Slice', 'w', ['v', 'starts', 'e', 'ax']),
          makeNode('Softmax', 'y', ['w'], { axis: 1 }),
          makeNode('Cast', 'dd', ['d'], { to: 1 }),
        ],
        weights: [inMemory('starts', int64Tensor([2], [0, 0])), inMemory('ax', int64Tensor([2], [1, 0]))],
        outputs: ['y', 'dd'],
      }),
    );
    const { ops } = await same(file);
    assert.ok(!ops.includes('Constant'));
  });

  it('keeps a constant that is an output, and inputs that old files repeat among the weights', async () => {
    const file = await saveSketch({
      opset: 8,
      inputs: [X, input('w', 3)],
      outputs: ['y', 'k'],
      weights: [weight('w', [3], [1, 2, 3])],
      nodes: [makeNode('Add', 'y', ['x', 'w']), makeNode('Constant', 'k', [], { value: weight('', [2], [5, 6]) })],
    });
    const { graph } = await load(file);
    assert.deepEqual(
      graph.inputs.map((i) => i.name),
      ['x'],
    );
    const out = await runGraph(graph, { x: randomFeed(X) });
    assert.deepEqual([...(out['k']!.data as Float32Array)], [5, 6]);
  });

  it('hands shared weights out under their own names', async () => {
    const file = await saveSketch(
      basic({
        weights: [weight('first.bias', [3], [1, 2, 3])],
        nodes: [
          makeNode('Identity', 'id', ['first.bias'], {}, ['second.bias']),
          makeNode('Add', 'a', ['x', 'first.bias']),
          makeNode('Add', 'y', ['a', 'second.bias']),
        ],
      }),
    );
    const { graph } = await load(file);
    assert.deepEqual([...graph.weights.keys()].sort(), ['first.bias', 'second.bias']);
    assert.deepEqual((await same(file)).ops, ['Add', 'Add']);
  });

  it('names nodes that have no name, or that of another', async () => {
    const file = await saveSketch(
      basic({
        nodes: [
          { ...makeNode('Relu', 'a', ['x']), name: '' },
          { ...makeNode('Abs', 'b', ['a']), name: 'twin' },
          { ...makeNode('Neg', 'y', ['b']), name: 'twin' },
        ],
      }),
    );
    const { graph } = await load(file);
    assert.deepEqual(
      graph.nodes.map((n) => n.name),
      ['Relu_a', 'twin', 'twin_1'],
    );
  });

  it('puts nodes in order, also behind what a nested graph captures', async () => {
    const nested = graphs({
      then_branch: body([proto('Abs', ['late'], ['r'])], [], ['r']),
      else_branch: body([proto('Neg', ['late'], ['r'])], [], ['r']),
    });
    const g = sketch(
      basic({
        inputs: [X, { name: 'c', type: 'bool', dims: [] }],
        nodes: [
          makeNode('If', 'y', ['c'], nested),
          makeNode('Exp', 'late', ['early']),
          makeNode('Relu', 'early', ['x']),
        ],
      }),
    );
    const file = path.join(temporaryFolder(), 'm.onnx');
    writeFileSync(file, (await writeModel(g)).bytes);
    const { graph } = await load(file);
    assert.deepEqual(
      graph.nodes.map((n) => n.op),
      ['Relu', 'Exp', 'If'],
    );
    assert.deepEqual(
      indexOf(graph)
        .consumers('late')
        .map((n) => n.op),
      ['If'],
    );
    const feeds = { x: randomFeed(X), c: { type: 'bool', dims: [], data: Uint8Array.of(1) } as Tensor };
    assert.equal(difference((await run(file, feeds))['y'], (await runGraph(graph, feeds))['y']), 0);
  });

  it('upgrades what stands in nested graphs', async () => {
    const reduce = (op: string): GraphProto =>
      body(
        [proto('ReduceMean', ['x'], ['m'], makeAttributes({ axes: [1], keepdims: 1 }).list), proto(op, ['m'], ['r'])],
        [],
        ['r'],
      );
    const file = await saveSketch(
      basic({
        opset: 13,
        inputs: [X, { name: 'c', type: 'bool', dims: [] }],
        nodes: [makeNode('If', 'y', ['c'], graphs({ then_branch: reduce('Abs'), else_branch: reduce('Neg') }))],
      }),
    );
    assert.deepEqual((await same(file)).ops, ['If']);
  });
});
