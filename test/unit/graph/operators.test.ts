import assert from 'node:assert/strict';
import { inMemory } from '../../../src/checkpoint/model.js';
import { floatTensor } from '../../../src/base/tensor.js';
import { allRules, answerFor, operatorName } from '../../../src/gradient/rules/registry.js';
import { makeNode } from '../../../src/graph/edits.js';
import { flopsOf } from '../../../src/graph/measure/flops.js';
import { receptiveFields } from '../../../src/graph/measure/receptiveField.js';
import { operator, OPERATORS, operatorsWith } from '../../../src/graph/operators/operators.js';
import type { Facts } from '../../../src/graph/facts.js';
import { localityOf } from '../../../src/method/attribution/occlusion/incremental/locality.js';
import { elementwiseCases } from '../gradient/cases/elementwise.js';
import { layerCases } from '../gradient/cases/layers.js';
import { moveCases } from '../gradient/cases/moves.js';
import { quantisedOperators } from '../gradient/cases/quantised.js';
import { sequenceCases } from '../gradient/cases/sequences.js';
import { input, sketch, weight } from './support.js';

const NEWEST = 26;

describe('graph/operators: one row per operator', () => {
  const rows = new Set(OPERATORS.map((row) => operatorName(row.domain, row.op)));
  const answered = new Set(allRules().map((r) => operatorName(r.domain ?? '', r.op)));

  it('has a row for every operator that the gradient knows, with a rule or without', () => {
    assert.ok(answered.size > 200, `only ${answered.size} answers`);
    assert.deepEqual(
      [...answered].filter((name) => !rows.has(name)),
      [],
    );
  });

  it('has a row for every operator of the cases', () => {
    const cases = [...elementwiseCases, ...layerCases, ...moveCases, ...sequenceCases];
    const used = cases.flatMap((c) => c.graph.nodes.map((n) => operatorName(n.domain, n.op)));
    assert.deepEqual(
      [...used, ...quantisedOperators].filter((name) => !rows.has(name)),
      [],
    );
  });

  it('has each row once, and none that says nothing of an operator that nobody answers for', () => {
    assert.equal(rows.size, OPERATORS.length);
    const idle = OPERATORS.filter((row) => !answered.has(operatorName(row.domain, row.op)))
      .filter((row) => Object.keys(row).every((key) => key === 'op' || key === 'domain'))
      .map((row) => row.op);
    assert.deepEqual(idle, []);
  });

  it('calls a step what passes no gradient, and a curve or linear what has a rule', () => {
    const answer = (op: string): string => answerFor('', op, NEWEST).kind;
    for (const op of operatorsWith((o) => o.elementwise === 'step')) assert.equal(answer(op), 'zero', op);
    for (const op of operatorsWith((o) => o.elementwise === 'curve' || o.elementwise === 'linear'))
      assert.equal(answer(op), 'rule', op);
  });

  it('takes an operator of an unknown domain for that of its name, and knows nothing of an unknown name', () => {
    assert.equal(operator({ op: 'Conv', domain: 'com.microsoft.nchwc' }), operator({ op: 'Conv', domain: '' }));
    assert.equal(operator({ op: 'FusedConv', domain: '' }).domain, 'com.microsoft');
    assert.notEqual(operator({ op: 'Attention', domain: '' }), operator({ op: 'Attention', domain: 'com.microsoft' }));
    assert.deepEqual(operator({ op: 'Frobnicate', domain: '' }), { op: '', domain: '' });
  });
});

describe('graph/operators: what the rooms take from the rows', () => {
  const facts: Facts = {
    dynamicBatch: true,
    batch: 1,
    get: (value) => {
      const map = { base: [0, 3, 8, 8], slope: [1, 0, 0, 0] };
      if (value === 'w') return { type: 'float32', base: [3, 3, 1, 1], slope: [0, 0, 0, 0] };
      if (value === 'on') return { type: 'bool', ...map };
      return value === '' ? undefined : { type: 'float32', ...map };
    },
  };

  it('counts the products of a deformable convolution as those of a plain one', () => {
    const conv = flopsOf(makeNode('Conv', 'y', ['x', 'w', 'b']), facts);
    assert.equal(flopsOf(makeNode('DeformConv', 'y', ['x', 'w', 'offset', 'b']), facts), conv);
    assert.equal(conv, 2 * 192 * 3 + 192);
  });

  it('follows the field of view through every elementwise operator', () => {
    for (const op of operatorsWith((o) => o.elementwise !== undefined)) {
      const graph = sketch({
        opset: 20,
        inputs: [input('x', 'N', 3, 8, 8)],
        outputs: ['y'],
        weights: [weight('w', [3, 3, 1, 1], new Float32Array(9)), inMemory('s', floatTensor([], Float32Array.of(1)))],
        nodes: [makeNode(op, 'a', ['x', 's']), makeNode('Conv', 'y', ['a', 'w'], { kernel_shape: [1, 1] })],
      });
      const field = receptiveFields(graph, facts, 'x', [2, 3]).get('y');
      assert.ok(typeof field === 'object' && field.vertical.high === 0, `${op}: ${JSON.stringify(field)}`);
    }
  });

  it('computes an elementwise operator where a square reaches, as long as its maps hold numbers', () => {
    for (const op of ['Relu', 'Round', 'Sign', 'Where', 'Mean', 'Sin', 'Mod'])
      assert.equal(localityOf(makeNode(op, 'y', ['x', 'x']), facts, 'x').kind, 'pointwise', op);
    assert.equal(localityOf(makeNode('Greater', 'on', ['x', 'x']), facts, 'x').kind, 'global');
    assert.equal(localityOf(makeNode('Where', 'y', ['on', 'x', 'x']), facts, 'on').kind, 'global');
    assert.equal(localityOf(makeNode('Softmax', 'y', ['x']), facts, 'x').kind, 'global');
  });
});
