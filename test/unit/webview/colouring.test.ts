import assert from 'node:assert/strict';
import { visibleGraph, type GraphActivations, type GraphStructure } from '../../../src/result/graphView.js';
import { colouringOf, graphColors, ticksOf } from '../../../webview/model/graph/colouring.js';
import { layoutRequest, sceneOf } from '../../../webview/model/graph/scene.js';

const node = (name: string, module: number, parameters = 0) => ({
  kind: 'node' as const,
  name,
  op: 'Conv',
  module,
  parameters,
  weights: [],
  outputs: [name],
});
const structure: GraphStructure = {
  nodes: [node('a', 0, 100), node('b', 1), node('c', 1), node('d', 1, 25)],
  modules: [
    { path: '', name: '', parent: -1, nodes: 4, parameters: 125 },
    { path: 'block', name: 'block', parent: 0, nodes: 3, parameters: 25 },
  ],
  edges: [{ from: 0, to: 1, value: 'a' }],
  measured: false,
};
const activations: GraphActivations = {
  input: 'x.png',
  meanMagnitude: Float32Array.of(8, 1, 2, NaN),
  largest: Float32Array.of(9, 9, 9, NaN),
  std: Float32Array.of(1, 1, 1, NaN),
  zero: Float32Array.of(0, 0.5, 0.25, NaN),
  notFinite: new Uint32Array(4),
  measured: 3,
  provider: 'cpu',
  milliseconds: 1,
  notes: [],
};

function scene(open: readonly string[]) {
  const visible = visibleGraph(structure, new Set(open));
  const { nodes, edges } = layoutRequest(visible, 'right');
  const placed = nodes.map(({ id, width, height }) => ({ id, x: 0, y: 0, width, height }));
  const answer = {
    id: 0,
    nodes: placed,
    frames: [],
    edges: edges.map(() => new Float32Array()),
    labels: edges.map(() => undefined),
    width: 0,
    height: 0,
  };
  return sceneOf(visible, answer, 'right');
}

describe('the colours of a graph', () => {
  it('of activations: a closed module has those of its last value, and what is not known has none', () => {
    const closed = colouringOf('meanMagnitude', scene([]), structure, activations)!;
    const shares = scene([]).nodes.map((each) => graphColors(closed).share!(each));
    assert.deepEqual(shares, [1, Math.sqrt(2 / 8)]);
    const open = colouringOf('meanMagnitude', scene(['block']), structure, activations)!;
    const each = scene(['block']).nodes.map((placed) => graphColors(open).share!(placed));
    assert.deepEqual(each.slice(0, 3), [1, Math.sqrt(1 / 8), Math.sqrt(2 / 8)]);
    assert.ok(Number.isNaN(each[3]));
  });

  it('stand on a scale with numbers: the middle of a root is a quarter', () => {
    assert.deepEqual(ticksOf(colouringOf('meanMagnitude', scene([]), structure, activations)!), ['0', '2.00', '8.00']);
    assert.deepEqual(ticksOf(colouringOf('zero', scene([]), structure, activations)!), ['0.0 %', '50.0 %', '100.0 %']);
    assert.deepEqual(ticksOf(colouringOf('parameters', scene([]), structure, undefined)!), ['0', '25', '100']);
  });

  it('are by kind while there is nothing to go by', () => {
    assert.equal(colouringOf('kind', scene([]), structure, activations), undefined);
    assert.equal(colouringOf('flops', scene([]), structure, undefined), undefined);
    assert.equal(colouringOf('meanMagnitude', scene([]), structure, undefined), undefined);
    assert.equal(graphColors(undefined).share, undefined);
  });
});
