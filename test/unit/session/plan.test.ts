import assert from 'node:assert/strict';
import { inMemory } from '../../../src/checkpoint/model.js';
import { makeNode } from '../../../src/graph/edits.js';
import type { Graph } from '../../../src/graph/graph.js';
import { OrtSessions } from '../../../src/session/ort/ortSession.js';
import { planRun } from '../../../src/session/plan.js';

describe('session/plan', () => {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  after(() => sessions.dispose());

  const LARGE = BigInt64Array.of(1n, 3n, 60_000n, 60_000n);

  /** Rectifiers one behind the other, and what stands behind them. */
  function long(count: number, nodes: Graph['nodes'], weights: Readonly<Record<string, BigInt64Array>>): Graph {
    const chain = Array.from({ length: count }, (_, i) => makeNode('Relu', `r${i}`, [i === 0 ? 'x' : `r${i - 1}`]));
    return {
      name: 'g',
      irVersion: 8,
      opset: 18,
      opsets: new Map(),
      metadata: new Map(),
      inputs: [{ name: 'x', type: 'float32', dims: [1, 3, 1, 1] }],
      outputs: [{ name: 'y', type: 'float32', dims: [1, 3, 1, 1] }],
      nodes: [...chain, ...nodes],
      weights: new Map(
        Object.entries(weights).map(([name, data]) => [
          name,
          inMemory(name, { type: 'int64', dims: [data.length], data }),
        ]),
      ),
    };
  }

  const mean = makeNode('GlobalAveragePool', 'y', ['e']);

  it('foresees a huge value behind thousands of nodes', async () => {
    const graph = long(4000, [makeNode('Expand', 'e', ['r3999', 's']), mean], { s: LARGE });
    const { bytes, known, largest } = await planRun(graph, sessions, { x: [1, 3, 1, 1] });
    assert.ok(bytes > 43e9, `${bytes} bytes`);
    assert.equal(known, true);
    assert.match(largest ?? '', /^"e"/);
  });

  it('foresees one beside a list from far before it, and says that it knows not all', async () => {
    const list = makeNode('SplitToSequence', 'list', ['r10', 'three'], { axis: 1 });
    const behind = [
      makeNode('SequenceAt', 'at', ['list', 'zero']),
      makeNode('Add', 'sum', ['at', 'r2499']),
      makeNode('Expand', 'e', ['r2499', 's']),
    ];
    const weights = { s: LARGE, three: BigInt64Array.of(3n), zero: BigInt64Array.of(0n) };
    const graph = long(2500, [...behind, mean], weights);
    const nodes = [...graph.nodes.slice(0, 11), list, ...graph.nodes.slice(11)];
    const { bytes, known, largest } = await planRun({ ...graph, nodes }, sessions, { x: [1, 3, 1, 1] });
    assert.ok(bytes > 43e9, `${bytes} bytes`);
    assert.equal(known, false);
    assert.match(largest ?? '', /^"e"/);
  });

  it('looks no further than a node that the runtime refuses, and says so', async () => {
    const wrong = makeNode('Concat', 'e', ['r2499', 'r2499'], { axis: 9 });
    const graph = long(2500, [wrong, mean], {});
    const { bytes, known } = await planRun(graph, sessions, { x: [1, 3, 1, 1] });
    assert.equal(known, false);
    assert.ok(bytes >= 12, `${bytes} bytes`);
  });

  it('takes twice as long for twice as many nodes, not four times', async () => {
    const seconds = async (count: number): Promise<number> => {
      const started = performance.now();
      const graph = long(count, [makeNode('Expand', 'e', [`r${count - 1}`, 's']), mean], { s: LARGE });
      assert.ok((await planRun(graph, sessions, { x: [1, 3, 1, 1] })).known);
      return (performance.now() - started) / 1000;
    };
    const [few, many] = [await seconds(3000), await seconds(9000)];
    assert.ok(many < 6 * few + 0.5, `${few} s for 3,000 nodes, ${many} s for 9,000`);
  });

  it('works out sizes that follow from sizes', async () => {
    const sizes = [
      makeNode('Shape', 'shape', ['r0']),
      makeNode('Slice', 'places', ['shape', 'two', 'four']),
      makeNode('Mul', 'more', ['places', 'times']),
      makeNode('Slice', 'rest', ['shape', 'zero', 'two']),
      makeNode('Concat', 'sizes', ['rest', 'more'], { axis: 0 }),
      makeNode('Resize', 'e', ['r0', '', '', 'sizes']),
    ];
    const one = (value: bigint): BigInt64Array => BigInt64Array.of(value);
    const graph = long(1, [...sizes, mean], { zero: one(0n), two: one(2n), four: one(4n), times: one(300n) });
    const { bytes, known, largest } = await planRun(graph, sessions, { x: [1, 3, 20, 30] });
    assert.ok(bytes > 0.6e9, `${bytes} bytes`);
    assert.deepEqual([known, largest], [true, '"e" (1×3×6000×9000)']);
  });
});
