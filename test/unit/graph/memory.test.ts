import assert from 'node:assert/strict';
import { makeNode } from '../../../src/graph/edits.js';
import type { Facts } from '../../../src/graph/facts.js';
import type { Graph } from '../../../src/graph/graph.js';
import { flopsOf, macsOf } from '../../../src/graph/measure/flops.js';
import { activationBytes } from '../../../src/graph/measure/memory.js';
import { body, graphs, proto, truth } from './nestedSupport.js';
import { input, sketch, weight } from './support.js';

/** Every value is 4 × 25 floats, the kernel aside. */
const facts: Facts = {
  dynamicBatch: true,
  batch: 1,
  get: (value) =>
    value === 'w'
      ? { type: 'float32', base: [4, 4, 1, 1], slope: [0, 0, 0, 0] }
      : { type: 'float32', base: [0, 4, 5, 5], slope: [1, 0, 0, 0] },
};
const ONE = 400;

describe('graph/measure: memory and products', () => {
  it('gives a value back behind its last reader, outputs never, and counts no weight', () => {
    const graph = sketch({
      opset: 18,
      inputs: [input('x', 'N', 4, 5, 5)],
      outputs: ['a', 'd'],
      weights: [weight('w', [4, 4, 1, 1], new Float32Array(16))],
      nodes: [
        makeNode('Conv', 'a', ['x', 'w']),
        makeNode('Relu', 'b', ['a']),
        makeNode('Relu', 'c', ['b']),
        makeNode('Relu', 'd', ['c']),
      ],
    });
    // At most a (an output) and two of the chain.
    assert.deepEqual(activationBytes(graph, facts), { total: 5 * ONE, peak: 3 * ONE });
  });

  it('keeps what a nested graph takes from outside', () => {
    const sketched = (captured: string): Graph => {
      const branch = body([proto('Relu', [captured], ['r'])], [], ['r']);
      return sketch({
        opset: 18,
        inputs: [input('x', 'N', 4, 5, 5)],
        outputs: ['d', 'e'],
        weights: [truth('yes', true)],
        nodes: [
          makeNode('Relu', 'a', ['x']),
          makeNode('Relu', 'b', ['a']),
          makeNode('Relu', 'c', ['b']),
          makeNode('Relu', 'd', ['c']),
          makeNode('If', 'e', ['yes'], graphs({ then_branch: branch, else_branch: branch })),
        ],
      });
    };
    assert.deepEqual(activationBytes(sketched('d'), facts), { total: 6 * ONE, peak: 2 * ONE });
    assert.deepEqual(activationBytes(sketched('a'), facts), { total: 6 * ONE, peak: 3 * ONE });
  });

  it('counts a product once: its operations are two for each, and its bias', () => {
    const conv = makeNode('Conv', 'y', ['x', 'w', 'b']);
    assert.equal(macsOf(conv, facts), 100 * 4);
    assert.equal(flopsOf(conv, facts), 2 * 400 + 100);
    assert.equal(macsOf(makeNode('ConvTranspose', 'y', ['x', 'w']), facts, 2), 2 * 400);
    assert.equal(macsOf(makeNode('MatMul', 'y', ['x', 'm']), facts), 100 * 5);
    assert.equal(macsOf(makeNode('Relu', 'y', ['x']), facts), 0);
  });
});
