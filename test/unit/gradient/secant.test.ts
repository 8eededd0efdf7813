import assert from 'node:assert/strict';
import { floatTensor, toNumbers } from '../../../src/base/tensor.js';
import { secantRules } from '../../../src/gradient/brought/secant.js';
import { twinned, type Twins } from '../../../src/gradient/brought/twoPasses.js';
import { buildGradient } from '../../../src/gradient/sweep/engine.js';
import { operatorsWith } from '../../../src/graph/operators/operators.js';
import { OrtSessions } from '../../../src/session/ort/ortSession.js';
import { elementwiseCases } from './cases/elementwise.js';
import { factsOf, type Case } from './check.js';

const CURVES = operatorsWith((o) => o.elementwise === 'curve');

describe('gradient/secant: multipliers of one operator', () => {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  after(() => sessions.dispose());

  const cases = elementwiseCases.filter((c) => c.graph.nodes[0]!.domain === '' && c.graph.inputs[0]?.name === 'x0');
  const of = (op: string): Case | undefined => cases.find((c) => c.graph.nodes[0]!.op === op);

  it('are tried for every curve', () => {
    assert.ok(CURVES.length > 30, `only ${CURVES.length} curves`);
    assert.deepEqual(
      CURVES.filter((op) => of(op) === undefined),
      [],
    );
  });

  for (const op of CURVES)
    it(`add up to the difference that ${op} makes`, async () => {
      const { graph, output, feeds, ...c } = of(op)!;
      const x = feeds['x0']!;
      // The same numbers in reverse, which stay in the function's domain.
      const other = floatTensor(x.dims, Float32Array.from(x.data as Float32Array).reverse());
      const open = await sessions.open(graph);
      const [y, y0] = [
        (await open.run(feeds, [output]))[output]!,
        (await open.run({ ...feeds, x0: other }, [output]))[output]!,
      ];
      await open.dispose();
      let twins: Twins | undefined;
      const overrides = secantRules((value) => twins!.twin(value));
      twins = twinned(graph, factsOf({ graph, output, feeds, ...c }, { [output]: y }), 'x0', output, overrides);
      const made = buildGradient(twins.graph, twins.facts, {
        score: { value: output, seed: 'sum' },
        wrt: ['x0'],
        overrides,
      });
      const session = await sessions.open(made.graph);
      const name = made.gradients.get('x0')!;
      const multipliers = toNumbers((await session.run({ ...feeds, [twins.input]: other }, [name]))[name]!);
      await session.dispose();
      const [a, b, one, two] = [y, y0, x, other].map(toNumbers) as [
        Float64Array,
        Float64Array,
        Float64Array,
        Float64Array,
      ];
      multipliers.forEach((m, i) => {
        const error = Math.abs(m * (one[i]! - two[i]!) - (a[i]! - b[i]!));
        assert.ok(error < 1e-5, `element ${i}: ${error}`);
      });
    });
});
