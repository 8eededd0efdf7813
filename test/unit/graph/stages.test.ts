import assert from 'node:assert/strict';
import { Random } from '../../../src/base/random.js';
import { floatTensor, isFloating, sizeOf, type FloatTensor, type Tensor } from '../../../src/base/tensor.js';
import { openCheckpoint } from '../../../src/checkpoint/reader.js';
import { buildGraph } from '../../../src/graph/build/build.js';
import { makeNode, prune } from '../../../src/graph/edits.js';
import { dimsAt, type Facts } from '../../../src/graph/facts.js';
import type { Graph } from '../../../src/graph/graph.js';
import { lastReaders, stagesOf, type Stage } from '../../../src/graph/rewrite/stages.js';
import { OrtSessions } from '../../../src/session/ort/ortSession.js';
import { probeFacts } from '../../../src/session/probe.js';
import { assertClose } from '../support/close.js';
import { modelPath, requireData } from '../support/data.js';

describe('a graph in stages', () => {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  after(() => sessions.dispose());

  const picture = (dims: readonly number[]): FloatTensor => {
    const r = new Random(5);
    return floatTensor(
      [...dims],
      Float32Array.from({ length: sizeOf(dims) }, () => r.normal()),
    );
  };
  const run = async (graph: Graph, feeds: Record<string, Tensor>): Promise<Record<string, Tensor>> => {
    const session = await sessions.open(graph);
    try {
      return await session.run(
        feeds,
        graph.outputs.map((o) => o.name),
      );
    } finally {
      await session.dispose();
    }
  };

  /** Every value in stages of `size` values, and all at once. */
  async function both(
    graph: Graph,
    facts: Facts,
    size: number,
  ): Promise<{ stages: readonly Stage[]; whole: Record<string, Tensor>; found: Record<string, Tensor> }> {
    const values = graph.nodes.flatMap((node) => node.outputs.slice(0, 1)).filter((v) => isFloatingFact(facts, v));
    const groups: string[][] = [];
    for (let i = 0; i < values.length; i += size) groups.push(values.slice(i, i + size));
    const stages = stagesOf(graph, groups, (name) => {
      const fact = facts.get(name);
      return fact && { name, type: fact.type, dims: dimsAt(fact, 1) };
    });
    const input = graph.inputs[0]!.name;
    const x = picture(dimsAt(facts.get(input)!, 1));
    const whole = await run(prune(graph, values), { [input]: x });
    const last = lastReaders(stages);
    const held = new Map<string, Tensor>();
    const found: Record<string, Tensor> = {};
    for (const [k, stage] of stages.entries()) {
      const feeds: Record<string, Tensor> = stage.graph.inputs.some((i) => i.name === input) ? { [input]: x } : {};
      for (const value of stage.fed) {
        assert.ok(held.has(value), `${value} is still held when stage ${k} reads it`);
        feeds[value] = held.get(value)!;
      }
      const got = await run(stage.graph, feeds);
      for (const value of held.keys()) if (last.get(value)! <= k) held.delete(value);
      for (const value of stage.wanted) if ((last.get(value) ?? k) > k) held.set(value, got[value]!);
      Object.assign(found, got);
    }
    assert.equal(held.size, 0, 'nothing is held to the end');
    return { stages, whole, found };
  }

  const isFloatingFact = (facts: Facts, value: string): boolean => {
    const fact = facts.get(value);
    return fact !== undefined && isFloating(fact.type);
  };

  function equal(found: Record<string, Tensor>, whole: Record<string, Tensor>): void {
    for (const [value, want] of Object.entries(whole)) {
      const got = found[value]!.data as Float32Array;
      (want.data as Float32Array).forEach((v, i) => {
        // Other fusions may add in another order.
        assertClose(got[i]!, v, { absolute: 1e-5 * Math.max(1, Math.abs(v)) }, `${value}[${i}]`);
      });
    }
  }

  it('computes what the whole does, each node once, through whole numbers, masks and nodes of several outputs', async () => {
    const graph: Graph = {
      name: 'stages',
      irVersion: 10,
      opset: 18,
      opsets: new Map(),
      metadata: new Map(),
      weights: new Map(),
      inputs: [{ name: 'x', type: 'float32', dims: [1, 4, 6] }],
      outputs: [{ name: 'y' }],
      nodes: [
        makeNode('Exp', 'e', ['x']),
        makeNode('Shape', 's', ['e']),
        makeNode('Greater', 'm', ['e', 'x']),
        { ...makeNode('Split', 'a', ['e'], { axis: 1, num_outputs: 2 }), outputs: ['a', 'b'] },
        makeNode('Neg', 'n', ['a']),
        makeNode('Where', 'w', ['m', 'e', 'x']),
        makeNode('Reshape', 'r', ['w', 's']),
        makeNode('Concat', 'c', ['n', 'b'], { axis: 1 }),
        makeNode('Mul', 'y', ['c', 'r']),
      ],
    };
    const facts = await probeFacts(graph, sessions);
    const { stages, whole, found } = await both(graph, facts, 1);
    equal(found, whole);
    assert.equal(stages.length, 7);
    assert.deepEqual(
      stages.map(({ graph: g }) => g.nodes.map((n) => n.outputs[0])),
      [
        ['e'],
        ['a'],
        ['a', 'n'],
        ['m', 'w'],
        ['s', 'r'],
        // The second output of Split was not kept: it is computed again from what was.
        ['a', 'c'],
        ['y'],
      ],
    );
    assert.deepEqual(stages[6]!.fed, ['r', 'c']);
  });

  for (const model of ['cifar_resnet20.onnx', 'small_vit.onnx']) {
    it(`${model}, five values at a time`, async function () {
      requireData.call(this);
      const graph = buildGraph(await openCheckpoint(modelPath(model)));
      const facts = await probeFacts(graph, sessions);
      const { stages, whole, found } = await both(graph, facts, 5);
      equal(found, whole);
      assert.ok(stages.length > 10, `stages.length: ${stages.length}`);
    });
  }
});
