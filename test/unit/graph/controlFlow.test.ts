import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { int64Tensor } from '../../../src/base/tensor.js';
import { inMemory, type GraphProto } from '../../../src/checkpoint/model.js';
import { writeModel } from '../../../src/checkpoint/writer.js';
import { makeAttributes } from '../../../src/graph/attributes.js';
import { resolveControlFlow } from '../../../src/graph/build/resolve.js';
import { makeNode } from '../../../src/graph/edits.js';
import {
  difference,
  input,
  load,
  probe,
  randomFeed,
  run,
  runGraph,
  saveSketch,
  sketch,
  weight,
  type Sketch,
} from './support.js';
import { X, basic, body, graphs, proto, same, truth } from './nestedSupport.js';
import { temporaryFolder } from '../support/temporary.js';

describe('control flow', () => {
  for (const yes of [true, false]) {
    it(`takes the ${yes ? 'then' : 'else'} branch of a constant condition`, async () => {
      const nested = graphs({
        then_branch: body(
          [proto('Abs', ['x'], ['t']), proto('Add', ['t', 'k'], ['r'])],
          [],
          ['r'],
          [weight('k', [3], [1, 2, 3])],
        ),
        else_branch: body([proto('Identity', ['x'], ['r'])], [], ['r']),
      });
      const file = await saveSketch(
        basic({ weights: [truth('c', yes)], nodes: [makeNode('If', 'z', ['c'], nested), makeNode('Neg', 'y', ['z'])] }),
      );
      assert.deepEqual((await same(file)).ops, yes ? ['Abs', 'Add', 'Neg'] : ['Identity', 'Neg']);
    });
  }

  it('takes a branch that hands an outer value straight out', async () => {
    const nested = graphs({
      then_branch: body([], [], ['x']),
      else_branch: body([proto('Neg', ['x'], ['r'])], [], ['r']),
    });
    const g = sketch(
      basic({ weights: [truth('c', true)], nodes: [makeNode('If', 'z', ['c'], nested), makeNode('Neg', 'y', ['z'])] }),
    );
    const file = path.join(temporaryFolder(), 'm.onnx');
    writeFileSync(file, (await writeModel(g)).bytes);
    assert.deepEqual(
      (await load(file)).graph.nodes.map((n) => n.op),
      ['Identity', 'Neg'],
    );
  });

  const loop = (trips: number | undefined, condition: 'pass' | 'compute' | 'constant'): Sketch => {
    const out =
      condition === 'pass'
        ? proto('Identity', ['cond'], ['cond2'])
        : condition === 'constant'
          ? proto('Constant', [], ['cond2'], makeAttributes({ value: truth('', true) }).list)
          : proto('Not', ['cond'], ['cond2']);
    const inner: GraphProto = {
      ...body(
        [
          out,
          proto('Mul', ['state', 'k'], ['grown']),
          proto('Add', ['grown', 'x'], ['next']),
          proto('ReduceSum', ['next'], ['row'], makeAttributes({ keepdims: 0 }).list),
        ],
        [],
        [],
      ),
      initializers: [weight('k', [], [0.5])],
      inputs: [{ name: 'i', type: 'int64', dims: [] }, { name: 'cond', type: 'bool', dims: [] }, input('state', 2, 3)],
      outputs: [{ name: 'cond2', type: 'bool', dims: [] }, input('next', 2, 3), input('row')],
    };
    return basic({
      weights: [truth('c', true), ...(trips === undefined ? [] : [inMemory('trips', int64Tensor([], [trips]))])],
      inputs: trips === undefined ? [X, { name: 'trips', type: 'int64', dims: [] }] : [X],
      outputs: ['y', 'rows'],
      nodes: [makeNode('Loop', 'l', ['trips', 'c', 'x'], graphs({ body: inner }), ['y', 'rows'])],
    });
  };
  for (const condition of ['pass', 'constant'] as const) {
    it(`unrolls a loop of three rounds whose condition stays (${condition})`, async () => {
      const { ops } = await same(await saveSketch(loop(3, condition)));
      assert.ok(!ops.includes('Loop'));
      assert.equal(ops.filter((o) => o === 'Mul').length, 3);
    });
  }
  it('leaves loops that end when they like, and those without a known number of rounds', async () => {
    assert.deepEqual((await same(await saveSketch(loop(3, 'compute')))).ops, ['Loop']);
    assert.deepEqual(
      (await load(await saveSketch(loop(undefined, 'pass')))).graph.nodes.map((n) => n.op),
      ['Loop'],
    );
    assert.deepEqual(
      (await load(await saveSketch(loop(1000, 'pass')))).graph.nodes.map((n) => n.op),
      ['Loop'],
    );
  });
});

describe('control flow that only shapes decide', () => {
  it('is resolved with the facts of a probe', async () => {
    const nested = graphs({
      then_branch: body([proto('Squeeze', ['x', 'one'], ['r'])], [], ['r']),
      else_branch: body([proto('Identity', ['x'], ['r'])], [], ['r']),
    });
    const file = await saveSketch({
      opset: 18,
      inputs: [input('x', 'N', 1, 4)],
      outputs: ['y'],
      weights: [inMemory('one', int64Tensor([1], [1]))],
      nodes: [
        makeNode('Shape', 'shape', ['x']),
        makeNode('Gather', 'width', ['shape', 'one']),
        makeNode('Equal', 'e', ['width', 'one']),
        makeNode('Squeeze', 'c', ['e']),
        makeNode('If', 'z', ['c'], nested),
        makeNode('Neg', 'y', ['z']),
      ],
    });
    const { graph } = await load(file);
    assert.ok(graph.nodes.some((n) => n.op === 'If'));
    const facts = await probe(graph, [1, 2]);
    const resolved = resolveControlFlow(graph, facts);
    assert.deepEqual(
      resolved.nodes.map((n) => n.op),
      ['Shape', 'Gather', 'Equal', 'Squeeze', 'Squeeze', 'Neg'],
    );
    const x = randomFeed(input('x', 3, 1, 4));
    assert.equal(difference((await run(file, { x }))['y'], (await runGraph(resolved, { x }))['y']), 0);
  });
});
