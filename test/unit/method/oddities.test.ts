import assert from 'node:assert/strict';
import { floatTensor } from '../../../src/base/tensor.js';
import { inMemory } from '../../../src/checkpoint/model.js';
import { makeNode } from '../../../src/graph/edits.js';
import type { Graph } from '../../../src/graph/graph.js';
import { graphOddities } from '../../../src/method/weights/oddities.js';

/** Fourteen convolutions with biases and no normalisation, whose weights are called as `name` says. */
function deep(name: (k: number) => string): Graph {
  const names = Array.from({ length: 28 }, (_, k) => name(k));
  return {
    name: 'deep',
    irVersion: 9,
    opset: 18,
    opsets: new Map(),
    inputs: [{ name: 'v0', type: 'float32', dims: [1, 3, 8, 8] }],
    outputs: [{ name: 'v14' }],
    nodes: Array.from({ length: 14 }, (_, k) =>
      makeNode('Conv', `conv${k}`, [`v${k}`, names[2 * k]!, names[2 * k + 1]!], {}, [`v${k + 1}`]),
    ),
    weights: new Map(names.map((n, k) => [n, inMemory(n, floatTensor(k % 2 === 0 ? [3, 3, 1, 1] : [3]))])),
    metadata: new Map(),
  };
}

describe('method/weights/oddities', () => {
  const said = (graph: Graph): string =>
    graphOddities(graph, []).find((o) => o.kind === 'no-normalisation-layers')!.sentence;

  it('says that normalisation was folded only where the exporter has named the weights itself', () => {
    assert.doesNotMatch(said(deep((k) => `features.${k}`)), /folded|probably/);
    assert.match(said(deep((k) => `onnx::Conv_${k}`)), /has folded normalisation into 14 of them/);
  });
});
