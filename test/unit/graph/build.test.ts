import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { int64Tensor, type Tensor } from '../../../src/base/tensor.js';
import { inMemory, type AttributeProto, type GraphProto, type NodeProto } from '../../../src/checkpoint/model.js';
import { openCheckpoint } from '../../../src/checkpoint/reader.js';
import { writeModel } from '../../../src/checkpoint/writer.js';
import { Message } from '../../../src/checkpoint/message.js';
import { Attributes, float, makeAttributes } from '../../../src/graph/attributes.js';
import { buildGraph, resolveControlFlow } from '../../../src/graph/build.js';
import { makeNode } from '../../../src/graph/edits.js';
import { indexOf, type GraphNode } from '../../../src/graph/graph.js';
import { message, node as rawNode, valueInfo } from '../checkpoint/craft.js';
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
  temporaryFolder,
  weight,
  type Sketch,
} from './support.js';

const proto = (
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: readonly AttributeProto[] = [],
): NodeProto => ({
  name: '',
  op,
  domain: '',
  overload: '',
  inputs,
  outputs,
  attributes,
  doc: '',
  metadata: new Map(),
});
const body = (
  nodes: readonly NodeProto[],
  inputs: readonly string[],
  outputs: readonly string[],
  initializers: GraphProto['initializers'] = [],
): GraphProto => ({
  name: 'body',
  doc: '',
  nodes,
  initializers,
  inputs: inputs.map((name) => ({ name })),
  outputs: outputs.map((name) => ({ name })),
  valueInfo: [],
});
const graphs = (entries: Record<string, GraphProto>): Attributes =>
  new Attributes(Object.entries(entries).map(([name, value]) => ({ name, type: 'graph', value })));
const truth = (name: string, yes: boolean): ReturnType<typeof inMemory> =>
  inMemory(name, { type: 'bool', dims: [], data: Uint8Array.of(yes ? 1 : 0) });

/** The graph built from a file must compute what ONNX Runtime makes of the file. */
async function same(file: string, seed = 5): Promise<{ ops: string[]; nodes: readonly GraphNode[] }> {
  const { graph } = await load(file);
  const feeds = Object.fromEntries(graph.inputs.map((v) => [v.name, randomFeed(v, 2, seed)]));
  const [before, after] = [await run(file, feeds), await runGraph(graph, feeds)];
  for (const [name, tensor] of Object.entries(before))
    assert.ok(difference(tensor, after[name]) < 1e-6, `${name} differs`);
  return { ops: graph.nodes.map((n) => n.op), nodes: graph.nodes };
}

const X = input('x', 2, 3);
const basic = (rest: Partial<Sketch> & Pick<Sketch, 'nodes'>): Sketch => ({
  opset: 18,
  inputs: [X],
  outputs: ['y'],
  ...rest,
});

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

describe('functions', () => {
  const attribute = (name: string, type: number, build: (m: Message) => void): Message =>
    message((a) => (a.text(1, name), build(a), a.int(20, type)));
  const opset = (domain: string, version: number): Message => message((o) => (o.text(1, domain), o.int(2, version)));

  /** own.Scale(x; factor = 2, kind) = Neg(x * factor); own.Twice(x) = own.Scale(own.Scale(x; factor = 3)). */
  function withFunctions(calls: readonly Message[], more: (m: Message) => void = () => {}, opsets = 18): string {
    const scale = message((f) => {
      f.text(1, 'Scale');
      f.text(10, 'own');
      f.text(4, 'a');
      f.text(5, 'out');
      f.message(
        11,
        attribute('factor', 1, (a) => a.float(2, 2)),
      );
      f.message(
        7,
        rawNode('Constant', [], ['k'], (n) =>
          n.message(
            5,
            message((a) => (a.text(1, 'value_float'), a.text(21, 'factor'), a.int(20, 1))),
          ),
        ),
      );
      f.message(
        7,
        rawNode('Mul', ['a', 'k'], ['inner'], (n) => n.text(3, 'multiply')),
      );
      f.message(7, rawNode('Neg', ['inner'], ['out']));
      f.message(9, opset('', opsets));
    });
    const twice = message((f) => {
      f.text(1, 'Twice');
      f.text(10, 'own');
      f.text(4, 'a');
      f.text(5, 'inner');
      f.message(
        7,
        rawNode(
          'Scale',
          ['a'],
          ['middle'],
          (n) => (
            n.text(7, 'own'),
            n.message(
              5,
              attribute('factor', 1, (a) => a.float(2, 3)),
            )
          ),
        ),
      );
      f.message(
        7,
        rawNode('Scale', ['middle'], ['inner'], (n) => n.text(7, 'own')),
      );
      f.message(9, opset('own', 1));
      f.message(9, opset('', opsets));
    });
    const bytes = message((m) => {
      m.int(1, 9);
      m.message(
        7,
        message((g) => {
          for (const c of calls) g.message(1, c);
          g.text(2, 'g');
          g.message(11, valueInfo('x', [2, 3]));
          g.message(12, valueInfo('y', [2, 3]));
        }),
      );
      m.message(8, opset('', 18));
      m.message(8, opset('own', 1));
      m.message(25, scale);
      m.message(25, twice);
      more(m);
    }).toBytes();
    const file = path.join(temporaryFolder(), 'functions.onnx');
    writeFileSync(file, bytes);
    return file;
  }
  const call = (op: string, x: string, y: string, name = ''): Message =>
    rawNode(op, [x], [y], (n) => (n.text(7, 'own'), name === '' ? undefined : n.text(3, name)));

  it('are put in place of their calls, with attributes, defaults and inner names apart', async () => {
    const file = withFunctions([
      call('Twice', 'x', 't', 'block1'),
      call('Scale', 't', 'u', 'block2'),
      call('Scale', 'u', 'y'),
    ]);
    const { ops, nodes } = await same(file);
    assert.deepEqual(ops, ['Mul', 'Neg', 'Mul', 'Neg', 'Mul', 'Neg', 'Mul', 'Neg']);
    assert.equal(new Set(nodes.map((n) => n.name)).size, 8);
    assert.ok(
      nodes.some((n) => n.name === 'block2/multiply'),
      nodes.map((n) => n.name).join(),
    );
  });

  it('bring their own opset', async () => {
    const old = (m: Message): void =>
      m.message(
        25,
        message((f) => {
          f.text(1, 'Mean');
          f.text(10, 'own');
          f.text(4, 'a');
          f.text(5, 'b');
          f.text(6, 'axes');
          f.message(
            7,
            rawNode('ReduceMean', ['a'], ['b'], (n) =>
              n.message(
                5,
                message((a) => (a.text(1, 'axes'), a.text(21, 'axes'), a.int(20, 7))),
              ),
            ),
          );
          f.message(9, opset('', 13));
        }),
      );
    const file = withFunctions(
      [
        rawNode(
          'Mean',
          ['x'],
          ['m'],
          (n) => (
            n.text(7, 'own'),
            n.message(
              5,
              attribute('axes', 7, (a) => a.int(8, 1)),
            )
          ),
        ),
        rawNode('Sub', ['x', 'm'], ['y']),
      ],
      old,
    );
    const graph = buildGraph(await openCheckpoint(file));
    assert.deepEqual(
      graph.nodes.map((n) => n.op),
      ['ReduceMean', 'Sub'],
    );
    const x = randomFeed(X);
    const rows = x.data as Float32Array;
    const y = (await runGraph(graph, { x }))['y']!.data as Float32Array;
    for (let r = 0; r < 2; r++) {
      const mean = (rows[3 * r]! + rows[3 * r + 1]! + rows[3 * r + 2]!) / 3;
      for (let c = 0; c < 3; c++) assert.ok(Math.abs(y[3 * r + c]! - (rows[3 * r + c]! - mean)) < 1e-6);
    }
  });

  it('that call themselves are refused', async () => {
    const recursive = (m: Message): void =>
      m.message(
        25,
        message((f) => {
          f.text(1, 'Forever');
          f.text(10, 'own');
          f.text(4, 'a');
          f.text(5, 'b');
          f.message(7, call('Forever', 'a', 'b'));
          f.message(9, opset('', 18));
        }),
      );
    await assert.rejects(load(withFunctions([call('Forever', 'x', 'y')], recursive)), { code: 'graph/recursion' });
  });

  it('that double at every level are refused before they fill the memory', async () => {
    const doubling = (m: Message): void => {
      for (let i = 0; i < 40; i++) {
        m.message(
          25,
          message((f) => {
            f.text(1, `F${i}`);
            f.text(10, 'own');
            f.text(4, 'a');
            f.text(5, 'b');
            const inner = i === 39 ? 'Scale' : `F${i + 1}`;
            f.message(7, call(inner, 'a', 'm'));
            f.message(7, call(inner, 'm', 'b'));
            f.message(9, opset('', 18));
          }),
        );
      }
    };
    await assert.rejects(load(withFunctions([call('F0', 'x', 'y')], doubling)), { code: 'graph/too-large' });
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
