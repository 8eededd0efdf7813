import assert from 'node:assert/strict';
import { gatesOf } from '../../../src/gradient/brought/gates.js';
import { makeNode } from '../../../src/graph/edits.js';
import type { GraphNode } from '../../../src/graph/graph.js';
import { input, sketch, weight } from '../graph/support.js';

const NONE: ReadonlySet<string> = new Set();

const found = (nodes: readonly GraphNode[], except = NONE): readonly string[] => [
  ...gatesOf(
    sketch({
      opset: 18,
      inputs: [input('x', 1, 4, 8, 8)],
      outputs: [nodes.at(-1)!.outputs[0]!],
      nodes,
      weights: [weight('two', [], [2]), weight('w', [4, 4, 1, 1], new Float32Array(16))],
    }),
    except,
  ),
];
const sigmoid = makeNode('Sigmoid', 'share', ['x']);
const conv = makeNode('Conv', 'other', ['x', 'w']);

describe('gradient/gates', () => {
  it('are shares that weigh something else that is computed', () => {
    // Swish, an excitation, attention, and what stands between share and product.
    assert.deepEqual(found([sigmoid, makeNode('Mul', 'y', ['x', 'share'])]), ['share']);
    const excitation = [makeNode('Expand', 'wide', ['share', 'shape']), makeNode('Mul', 'y', ['wide', 'other'])];
    assert.deepEqual(found([sigmoid, conv, ...excitation]), ['share']);
    const attention = [makeNode('Softmax', 'share', ['x']), conv, makeNode('MatMul', 'y', ['share', 'other'])];
    assert.deepEqual(found(attention), ['share']);
    const highway = [makeNode('Sub', 'rest', ['two', 'share']), makeNode('Mul', 'y', ['rest', 'x'])];
    assert.deepEqual(found([sigmoid, ...highway]), ['share']);
  });

  it('are no scores: shares that are given out, scaled, multiplied with each other, or listed beside boxes', () => {
    assert.deepEqual(found([sigmoid]), []);
    assert.deepEqual(found([sigmoid, makeNode('Mul', 'y', ['share', 'two'])]), []);
    const objectness = [makeNode('Sigmoid', 'object', ['x']), makeNode('Mul', 'y', ['share', 'object'])];
    assert.deepEqual(found([sigmoid, ...objectness]), []);
    const listed = [
      conv,
      makeNode('Concat', 'rows', ['other', 'share'], { axis: 1 }),
      makeNode('Mul', 'y', ['rows', 'other']),
    ];
    assert.deepEqual(found([sigmoid, ...listed]), []);
    const weighed = makeNode('Mul', 'y', ['x', 'share']);
    assert.deepEqual(found([sigmoid, weighed], new Set(['y'])), []);
  });

  it('end at the next layer', () => {
    const layer = [makeNode('Conv', 'next', ['share', 'w']), makeNode('Mul', 'y', ['next', 'x'])];
    assert.deepEqual(found([sigmoid, ...layer]), []);
  });
});
