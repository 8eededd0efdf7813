import assert from 'node:assert/strict';
import { floatTensor, int64Tensor, toNumbers } from '../../../src/base/tensor.js';
import { inMemory, type GraphProto, type NodeProto, type ValueInfo } from '../../../src/checkpoint/model.js';
import { LensError } from '../../../src/base/errors.js';
import { makeNode } from '../../../src/graph/edits.js';
import type { Graph } from '../../../src/graph/graph.js';
import { ended } from '../../../src/graph/rewrite/ended.js';
import { OrtSessions } from '../../../src/session/ort/ortSession.js';
import { graphs, proto } from '../graph/nestedSupport.js';
import { sketch, weight } from '../graph/support.js';

const bool = (name: string, ...dims: number[]): ValueInfo => ({ name, type: 'bool', dims });
const float = (name: string): ValueInfo => ({ name, type: 'float32', dims: [1] });
const count = (name: string, ...dims: number[]): ValueInfo => ({ name, type: 'int64', dims });

/** `while (v < bound) v += step`, as one Loop, whose greatest number of trips is `most` or none. */
function counting(
  bound: number,
  { most, list = false, inner }: { most?: bigint; list?: boolean; inner?: number } = {},
): Graph {
  const one = list ? [1] : [];
  const trip = (nodes: NodeProto[]): GraphProto => ({
    name: 'trip',
    doc: '',
    nodes,
    initializers: [],
    inputs: [count('i', ...one), bool('go', ...one), float('v')],
    outputs: [bool('on', ...(list ? [1] : [])), float('next')],
    valueInfo: [],
  });
  const shape = list ? 'listed' : 'scalar';
  const steps = (limit: string): NodeProto[] => [
    proto('Add', ['v', 'step'], ['next']),
    proto('Less', ['next', limit], ['less']),
    proto('Reshape', ['less', shape], ['on']),
  ];
  const within: NodeProto = {
    ...proto('Loop', ['', 'yes', 'v'], ['v2'], graphs({ body: trip(steps('second')) }).list),
    name: 'inside',
  };
  const nested = [
    within,
    proto('Add', ['v', 'step'], ['next']),
    proto('Less', ['next', 'first'], ['less']),
    proto('Reshape', ['less', shape], ['on']),
  ];
  return sketch({
    opset: 18,
    inputs: [float('x')],
    outputs: ['y'],
    nodes: [
      makeNode(
        'Loop',
        'outside',
        [most === undefined ? '' : 'most', 'yes', 'x'],
        graphs({ body: trip(inner === undefined ? steps('first') : nested) }),
        ['y'],
      ),
    ],
    weights: [
      inMemory('yes', { type: 'bool', dims: one, data: Uint8Array.of(1) }),
      weight('step', [1], [1]),
      weight('first', [1], [bound]),
      weight('second', [1], [inner ?? 0]),
      inMemory('scalar', int64Tensor([0], [])),
      inMemory('listed', int64Tensor([1], [1])),
      ...(most === undefined
        ? []
        : [inMemory('most', { type: 'int64' as const, dims: [], data: BigInt64Array.of(most) })]),
    ],
  });
}

describe('session/endless', () => {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  after(() => sessions.dispose());

  const answer = async (graph: Graph): Promise<number> => {
    const session = await sessions.open(graph);
    try {
      const { y } = await session.run({ x: floatTensor([1], Float32Array.of(0)) }, ['y']);
      return toNumbers(y!)[0]!;
    } finally {
      await session.dispose();
    }
  };

  for (const list of [false, true])
    it(`a while that ends answers what it did, its condition ${list ? 'a list of one' : 'one number'}`, async () => {
      assert.equal(await answer(counting(1200, { list })), 1200);
      assert.equal(await answer(counting(1200, { list, most: 2n ** 62n })), 1200);
      assert.equal(await answer(counting(40, { list, inner: 900 })), 40);
    });

  it('leaves alone what constants bound, and graphs without a Loop', () => {
    const few = counting(10, { most: 100n });
    assert.equal(ended(few), few);
    const plain = sketch({ opset: 18, inputs: [float('x')], outputs: ['y'], nodes: [makeNode('Relu', 'y', ['x'])] });
    assert.equal(ended(plain), plain);
  });

  for (const [what, graph, name] of [
    // Adding one to 2²⁴ gives 2²⁴ in float32.
    ['a while that never ends', counting(2 ** 25), 'outside'],
    ['one whose greatest number of trips is none', counting(2 ** 25, { most: 2n ** 63n - 1n }), 'outside'],
    ['one within another', counting(40, { inner: 2 ** 25 }), 'inside'],
    ['one around another', counting(2 ** 25, { inner: 3 }), 'outside'],
  ] as const)
    it(`${what} is refused by its name, in seconds`, async function () {
      this.timeout(60_000);
      await assert.rejects(answer(graph), (error) => {
        assert.ok(error instanceof LensError);
        assert.equal(error.code, 'session/endless');
        assert.match(
          error.message,
          new RegExp(`^The Loop "${name}" had run its body [\\d,]+ times and was not at its end\\.$`),
        );
        return true;
      });
    });
});
