import assert from 'node:assert/strict';
import { LensError } from '../../../../src/base/errors.js';
import { isFloating, sizeOf, type Tensor } from '../../../../src/base/tensor.js';
import { inMemory } from '../../../../src/checkpoint/model.js';
import { makeNode } from '../../../../src/graph/edits.js';
import type { Facts } from '../../../../src/graph/facts.js';
import type { Graph } from '../../../../src/graph/graph.js';
import { OPERATORS, operator } from '../../../../src/graph/operators/operators.js';
import type { Operator } from '../../../../src/graph/operators/traits.js';
import { answerFor, operatorName } from '../../../../src/gradient/rules/registry.js';
import { int64Tensor } from '../../../../src/base/tensor.js';
import { OrtSessions } from '../../../../src/session/ort/ortSession.js';
import { trainingStep } from '../../../../src/training/step/build.js';
import { elementwiseCases } from '../../gradient/cases/elementwise.js';
import { layerCases } from '../../gradient/cases/layers.js';
import { moveCases } from '../../gradient/cases/moves.js';
import { sequenceCases } from '../../gradient/cases/sequences.js';
import { factsOf, inDouble, type Case } from '../../gradient/check.js';
import { noise, stepFeeds } from './net.js';
import { weightSlopes } from './slopes.js';

/** Operators of these are read with weights: those that make a layer, and those through which a model adds, scales and looks up. */
const SIMPLE = new Set(['Add', 'Mul', 'Gather', 'Concat', 'Expand', 'Where']);

function holdsWeights(row: Operator): boolean {
  return (
    row.layer === 'parametric' ||
    row.layer === 'both' ||
    row.product !== undefined ||
    row.gates !== undefined ||
    row.roles !== undefined ||
    row.normalises === true ||
    (row.domain === '' && SIMPLE.has(row.op))
  );
}

const CASES = [...elementwiseCases, ...layerCases, ...moveCases, ...sequenceCases].filter(
  (c) => holdsWeights(operator(c.graph.nodes[0]!)) && c.wrt.length > 0,
);

/** Operators whose kernels compute in single precision whatever the type is. */
const SINGLE = new Set(['GroupNormalization']);

/** A classifier whose weights are all that the operator reads: its answer, as one row, added to the picture. */
function classifier(c: Case, width: number): Graph {
  const own = [...c.graph.weights];
  const type = c.feeds[c.wrt[0]!]!.type;
  return {
    ...c.graph,
    inputs: [{ name: 'picture', type, dims: [1, width] }],
    outputs: [{ name: 'logits' }],
    nodes: [
      ...c.graph.nodes,
      makeNode('Reshape', 'row', [c.output, 'row_shape']),
      makeNode('Add', 'logits', ['row', 'picture']),
    ],
    weights: new Map([
      ...own,
      ...Object.entries(c.feeds).map(([name, t]) => [name, inMemory(name, t)] as const),
      ['row_shape', inMemory('row_shape', int64Tensor([2], [1, -1]))],
    ]),
  };
}

describe('training/step: gradients by the weights of every operator', () => {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  after(() => sessions.dispose());

  async function errorsOf(c: Case): Promise<ReadonlyMap<string, number>> {
    const session = await sessions.open(c.graph);
    let y: Record<string, Tensor>;
    try {
      y = await session.run(
        c.feeds,
        c.graph.outputs.map((o) => o.name),
      );
    } finally {
      await session.dispose();
    }
    const width = sizeOf(y[c.output]!.dims);
    const graph = classifier(c, width);
    const known = factsOf(c, y);
    const row = { type: y[c.output]!.type, base: [1, width], slope: [0, 0] };
    const facts: Facts = {
      dynamicBatch: false,
      batch: 1,
      get: (value) => (['row', 'logits', 'picture'].includes(value) ? row : known.get(value)),
    };
    const step = trainingStep({
      graph,
      facts,
      input: 'picture',
      logits: 'logits',
      batch: 1,
      loss: { kind: 'binary-cross-entropy' },
      optimiser: { kind: 'sgd' },
      dropout: false,
      trainable: c.wrt,
      form: 'plain',
    });
    const target = noise([1, width], 21);
    const fed = stepFeeds(step, { picture: noise([1, width], 20), target, rate: 0 });
    return (await weightSlopes(sessions, step, fed, await step.start(), 1)).errors;
  }

  for (const c of CASES)
    it(c.title, async () => {
      const single = SINGLE.has(c.graph.nodes[0]!.op);
      let [errors, bound] = [new Map<string, number>() as ReadonlyMap<string, number>, 1e-6];
      try {
        if (single) throw new LensError('unsupported', 'single', 'Its kernel computes in single precision.');
        errors = await errorsOf(inDouble(c));
      } catch (error) {
        if (!(error instanceof LensError) || /^(gradient|training)\//.test(error.code)) throw error;
        [errors, bound] = [await errorsOf(c), 2e-3];
      }
      assert.deepEqual([...errors.keys()], c.wrt);
      for (const [name, error] of errors) assert.ok(error < bound, `${name} differs by ${error.toExponential(1)}`);
    });

  it('are held against differences for each operator that holds weights, and for each of them', () => {
    const rows = OPERATORS.filter(
      (row) =>
        holdsWeights(row) &&
        row.storage === undefined &&
        row.integerProduct !== true &&
        answerFor(row.domain, row.op, 26).kind !== 'refuse' &&
        answerFor(row.domain, row.op, 26).kind !== 'zero',
    );
    assert.ok(rows.length > 30, `only ${rows.length} operators hold weights`);
    const missing = rows.flatMap((row) => {
      const of = CASES.filter((c) => operator(c.graph.nodes[0]!) === row);
      const name = operatorName(row.domain, row.op);
      if (of.length === 0) return [name];
      return (row.roles ?? []).flatMap((role, i) =>
        role === undefined || of.some((c) => c.wrt.includes(c.graph.nodes[0]!.inputs[i] ?? ''))
          ? []
          : [`${name} ${role}`],
      );
    });
    assert.deepEqual(missing, []);
    assert.ok(
      CASES.every((c) => c.wrt.every((name) => isFloating(c.feeds[name]!.type))),
      'a weight is no number',
    );
  });
});
