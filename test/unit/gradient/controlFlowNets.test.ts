import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { int64Tensor, toNumbers } from '../../../src/base/tensor.js';
import { inMemory } from '../../../src/checkpoint/model.js';
import { writeModel } from '../../../src/checkpoint/writer.js';
import { LensError } from '../../../src/base/errors.js';
import { makeNode } from '../../../src/graph/edits.js';
import { makeAttributes } from '../../../src/graph/attributes.js';
import type { Graph, GraphNode } from '../../../src/graph/graph.js';
import { buildGradient } from '../../../src/gradient/sweep/engine.js';
import { OrtSessions } from '../../../src/session/ort/ortSession.js';
import { prepareGraph, type Prepared } from '../../../src/session/prepare.js';
import { body, graphs, proto, truth } from '../graph/nestedSupport.js';
import { load, weight } from '../graph/support.js';
import { relativeError } from '../support/data.js';
import { temporaryFolder } from '../support/temporary.js';
import { random } from './bothForms.js';
import { asProto, chosen, replaced } from './placed.js';
import { RandomNet } from './randomNet.js';

/** Sum of the picture, compared with a number that is far off: a condition that only a run can know. */
const condition = (yes: boolean): { nodes: GraphNode[]; weights: Graph['weights'] } => ({
  nodes: [
    makeNode('ReduceSum', 'whole', ['x'], { keepdims: 0 }),
    makeNode(yes ? 'Less' : 'Greater', 'decided', ['whole', 'far']),
  ],
  weights: new Map([['far', weight('far', [], [1e9])]]),
});

/** The network in which an If does what `node` did or, where it is not taken, something that would fail on other numbers. */
function branched(graph: Graph, at: number, taken: 'then' | 'else', decidedBy: 'picture' | 'shape'): Graph {
  const node = graph.nodes[at]!;
  const [output] = node.outputs as [string];
  const asked = [{ ...asProto(node), outputs: ['r'] }];
  // The square root of a number below zero is none, and neither is its gradient.
  const other = [
    { ...asProto(node), outputs: ['t'] },
    proto('Sub', ['t', 'hundred'], ['low']),
    proto('Sqrt', ['low'], ['r']),
  ];
  const [then, otherwise] = taken === 'then' ? [asked, other] : [other, asked];
  const nested = graphs({ then_branch: body(then, [], ['r']), else_branch: body(otherwise, [], ['r']) });
  const asks =
    decidedBy === 'picture'
      ? condition(taken === 'then')
      : {
          nodes: [
            makeNode('Shape', 'shape', ['x']),
            makeNode('Gather', 'rank', ['shape', 'three']),
            makeNode(taken === 'then' ? 'Greater' : 'Less', 'decided', ['rank', 'three']),
          ],
          weights: new Map([['three', inMemory('three', int64Tensor([], [3]))]]),
        };
  const weights = new Map([...asks.weights, ['hundred', weight('hundred', [], [100])]] as const);
  return replaced(graph, at, [...asks.nodes, makeNode('If', output, ['decided'], nested)], weights);
}

/** Three rounds of tanh(state + value), as a loop, and written out. */
function looped(graph: Graph, at: number): { loop: Graph; flat: Graph } {
  const node = graph.nodes[at]!;
  const [output] = node.outputs as [string];
  const first = { ...node, outputs: ['before'] };
  const inner = {
    ...body(
      [proto('Identity', ['go'], ['on']), proto('Add', ['state', 'before'], ['sum']), proto('Tanh', ['sum'], ['next'])],
      [],
      [],
    ),
    inputs: [
      { name: 'i', type: 'int64' as const, dims: [] },
      { name: 'go', type: 'bool' as const, dims: [] },
      { name: 'state' },
    ],
    outputs: [{ name: 'on', type: 'bool' as const, dims: [] }, { name: 'next' }],
  };
  const weights = new Map([
    ['rounds', inMemory('rounds', int64Tensor([], [3]))],
    ['yes', truth('yes', true)],
  ]);
  const loop = makeNode('Loop', output, ['rounds', 'yes', 'before'], graphs({ body: inner }));
  const flat = [0, 1, 2].flatMap((i) => [
    makeNode('Add', `sum_${i}`, [i === 0 ? 'before' : `state_${i - 1}`, 'before']),
    makeNode('Tanh', `round_${i}`, [`sum_${i}`], {}, [i === 2 ? output : `state_${i}`]),
  ]);
  return { loop: replaced(graph, at, [first, loop], weights), flat: replaced(graph, at, [first, ...flat]) };
}

describe('gradient: random networks with control flow', () => {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  after(() => sessions.dispose());

  /** As the product does it: from a file, with what a run teaches. */
  const prepare = async (graph: Graph): Promise<Prepared> => {
    const file = path.join(temporaryFolder(), 'net.onnx');
    writeFileSync(file, (await writeModel(graph)).bytes);
    return prepareGraph((await load(file)).graph, sessions);
  };

  const gradientOf = async ({ graph, facts }: Prepared, x: ReturnType<typeof random>): Promise<number[]> => {
    const built = buildGradient(graph, facts, { score: { value: graph.outputs[0]!.name, seed: 'index' }, wrt: ['x'] });
    const session = await sessions.open(built.graph);
    const name = built.gradients.get('x')!;
    const out = await session.run(
      {
        x,
        [built.seed!]: int64Tensor(
          [x.dims[0]!],
          x.dims.slice(0, 1).map(() => 2),
        ),
      },
      [name],
    );
    await session.dispose();
    return [...toNumbers(out[name]!)];
  };

  for (let seed = 0; seed < 12; seed++) {
    const net = new RandomNet(seed);
    const graph = net.graph();
    const at = chosen(graph, seed);
    const x = random([1, ...net.dims], (r) => r.normal(), seed);
    const { op } = graph.nodes[at]!;

    it(`network ${seed}: an If around its ${op} changes no gradient, whoever decides and whichever branch is taken`, async () => {
      const plain = await gradientOf(await prepare(graph), x);
      assert.ok(plain.some((v) => v !== 0));
      for (const taken of ['then', 'else'] as const) {
        for (const decidedBy of ['picture', 'shape'] as const) {
          const prepared = await prepare(branched(graph, at, taken, decidedBy));
          assert.equal(
            prepared.graph.nodes.some((n) => n.op === 'If'),
            false,
            `${taken}, ${decidedBy}`,
          );
          assert.equal(prepared.facts.dynamicBatch, decidedBy === 'shape', 'a picture that decides is alone');
          const error = relativeError(await gradientOf(prepared, x), plain);
          assert.ok(error < 1e-5, `${taken}, decided by the ${decidedBy}: ${error.toExponential(1)}`);
        }
      }
    });

    it(`network ${seed}: a loop behind its ${op} has the gradient of its rounds written out`, async () => {
      const { loop, flat } = looped(graph, at);
      const error = relativeError(await gradientOf(await prepare(loop), x), await gradientOf(await prepare(flat), x));
      assert.ok(error < 1e-5, error.toExponential(1));
    });
  }

  it('a way through control flow that cannot be followed is refused by its name, beside ways that can be', async () => {
    const graph = new RandomNet(3).graph();
    const at = chosen(graph, 3);
    const node = graph.nodes[at]!;
    const [output] = node.outputs as [string];
    // The number of rounds is known by a run alone.
    const rounds = [
      makeNode('ReduceMax', 'largest', ['x'], { keepdims: 0 }),
      makeNode('Cast', 'rounds', ['largest'], { to: 7 }),
    ];
    const inner = {
      ...body([proto('Identity', ['go'], ['on']), proto('Tanh', ['outside'], ['next'])], [], []),
      inputs: [
        { name: 'i', type: 'int64' as const, dims: [] },
        { name: 'go', type: 'bool' as const, dims: [] },
        { name: 'state' },
      ],
      outputs: [{ name: 'on', type: 'bool' as const, dims: [] }, { name: 'next' }],
    };
    const nodes = [
      { ...node, outputs: ['outside'] },
      ...rounds,
      makeNode('Loop', 'inside', ['rounds', 'yes', 'outside'], graphs({ body: inner })),
      makeNode('Add', output, ['outside', 'inside']),
    ];
    const weights = new Map([['yes', truth('yes', true)]]);
    const { graph: prepared, facts } = await prepare(replaced(graph, at, nodes, weights));
    assert.throws(
      () => buildGradient(prepared, facts, { score: { value: prepared.outputs[0]!.name, seed: 'index' }, wrt: ['x'] }),
      (error: unknown) => error instanceof LensError && error.refused?.[0]?.op === 'Loop',
    );
    assert.equal(facts.dynamicBatch, false);
  });

  it('an If whose branches give two shapes stays, and is refused by its name', async () => {
    const graph = new RandomNet(5).graph();
    const [last] = graph.outputs;
    const nested = graphs({
      then_branch: body([proto('Mul', [last!.name, 'half'], ['r'])], [], ['r']),
      else_branch: body([proto('ReduceSum', [last!.name], ['r'], makeAttributes({ keepdims: 0 }).list)], [], ['r']),
    });
    const asks = condition(true);
    const made: Graph = {
      ...graph,
      nodes: [...graph.nodes, ...asks.nodes, makeNode('If', 'y', ['decided'], nested)],
      weights: new Map([...graph.weights, ...asks.weights, ['half', weight('half', [], [0.5])]]),
      outputs: [{ name: 'y', type: 'float32' }],
    };
    const { graph: prepared, facts } = await prepare(made);
    assert.throws(() => buildGradient(prepared, facts, { score: { value: 'y', seed: 'sum' }, wrt: ['x'] }), /\bIf\b/);
  });
});
