import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { allRules, answerFor, operatorName } from '../../../src/gradient/rules/registry.js';
import { OrtSessions } from '../../../src/session/ort/ortSession.js';
import { elementwiseCases } from './cases/elementwise.js';
import { layerCases } from './cases/layers.js';
import { moveCases } from './cases/moves.js';
import { sequenceCases } from './cases/sequences.js';
import { quantisedOperators } from './cases/quantised.js';
import { check } from './check.js';

const CASES = [...elementwiseCases, ...layerCases, ...moveCases, ...sequenceCases];

describe('gradient/table: every rule against central differences', () => {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  after(() => sessions.dispose());

  for (const c of CASES) {
    it(c.title, async () => {
      const { precision, error, forward } = await check(sessions, c);
      assert.ok(forward < 1e-4, `the graph that is differentiated gives another result (${forward.toExponential(1)})`);
      assert.ok(error < (precision === 'float64' ? 1e-6 : 1e-3), `${precision}: ${error.toExponential(1)}`);
    });
  }

  it('has a case for every rule', () => {
    const covered = new Set([
      ...CASES.flatMap((c) => c.graph.nodes.map((n) => operatorName(n.domain, n.op))),
      ...quantisedOperators,
    ]);
    const without = allRules()
      .filter((r) => r.answer.kind === 'rule' || r.answer.kind === 'expand')
      .map((r) => operatorName(r.domain ?? '', r.op));
    assert.deepEqual(
      [...new Set(without)].filter((o) => !covered.has(o)),
      [],
    );
  });

  it('answers for every operator of ai.onnx up to opset 26', () => {
    const { operators } = JSON.parse(readFileSync('test/unit/gradient/operators.json', 'utf8')) as {
      operators: string[];
    };
    assert.ok(operators.length > 190, `operators.length: ${operators.length}`);
    const known = new Set(
      allRules()
        .filter((r) => (r.domain ?? '') === '')
        .map((r) => r.op),
    );
    assert.deepEqual(
      operators.filter((o) => !known.has(o)),
      [],
    );
    for (const o of operators) assert.notEqual(answerFor('', o, 26), undefined);
  });
});
