import assert from 'node:assert/strict';
import { toNumbers, type FloatTensor, type Tensor } from '../../../../src/base/tensor.js';
import type { Graph } from '../../../../src/graph/graph.js';
import { OrtSessions } from '../../../../src/session/ort/ortSession.js';
import { trainingStep } from '../../../../src/training/step/build.js';
import type { StepRequest, TrainingStep } from '../../../../src/training/step/step.js';
import { assertClose } from '../../support/close.js';
import { flatNet, inDouble, noise, oneHot, requestOf, runStep, runSteps, smallNet, stepFeeds } from './net.js';
import { weightSlopes } from './slopes.js';

const BATCH = 6;
const target = oneHot(BATCH, 3);

describe('training/step: a step', () => {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  after(() => sessions.dispose());

  const stepOf = async (graph: Graph, more: Partial<StepRequest> = {}): Promise<TrainingStep> =>
    trainingStep({ ...(await requestOf(graph, sessions, BATCH)), ...more });

  it('lets the loss fall', async () => {
    const step = await stepOf(smallNet(), { optimiser: { kind: 'sgd', momentum: 0.9 } });
    const runs = Array.from({ length: 40 }, () => ({ picture: pictureOf(smallNet()), target, rate: 0.1 }));
    const losses = (await runSteps(sessions, step, await step.start(), runs)).map((a) => a.loss);
    assert.ok(losses.at(-1)! < losses[0]! / 3, `the loss goes from ${losses[0]} to ${losses.at(-1)}`);
  });

  for (const [title, graph, bound] of [
    ['in double precision', inDouble(flatNet()), 1e-7],
    ['with a convolution', smallNet('batch', 3, 'Tanh'), 1e-3],
  ] as const)
    it(`has the gradients of the loss by all weights, batch statistics included, ${title}`, async () => {
      const step = await stepOf(graph);
      const fed = stepFeeds(step, { picture: pictureOf(graph), target, rate: 0 });
      const { errors } = await weightSlopes(sessions, step, fed, await step.start());
      const weights = [...graph.weights.keys()].filter((name) => !name.includes('running'));
      assert.deepEqual([...errors.keys()].sort(), weights.sort());
      for (const [name, error] of errors) assert.ok(error < bound, `${name} differs by ${error}`);
    });

  it('keeps the running statistics of the batch', async () => {
    const graph = inDouble(flatNet());
    const step = await stepOf(graph);
    const before = await step.start();
    const inputs = { picture: pictureOf(graph), target, rate: 0 };
    const { state } = await runStep(sessions, step, before, inputs);
    const { mean, variance } = moments(inputs.picture);
    const [weights, old] = [step.weights(state), step.weights(before)];
    for (const [name, now] of [
      ['bn.running_mean', mean],
      ['bn.running_var', variance],
    ] as const)
      assertClose(
        toNumbers(weights.get(name)!),
        toNumbers(old.get(name)!).map((v, i) => 0.9 * v + 0.1 * now[i]!),
        { absolute: 1e-7 },
        name,
      );
  });
});

function pictureOf(graph: Graph): FloatTensor {
  return noise([BATCH, ...(graph.inputs[0]!.dims!.slice(1) as number[])], 5);
}

/** Mean and unbiased variance of each channel. */
function moments(y: Tensor): { mean: number[]; variance: number[] } {
  const [n, c, ...space] = y.dims as [number, number, ...number[]];
  const area = space.reduce((p, d) => p * d, 1);
  const data = toNumbers(y);
  const of = (k: number): number[] =>
    Array.from({ length: n * area }, (_, i) => data[(Math.floor(i / area) * c + k) * area + (i % area)]!);
  const average = (v: readonly number[], count = v.length): number => v.reduce((s, x) => s + x, 0) / count;
  const mean = Array.from({ length: c }, (_, k) => average(of(k)));
  const variance = mean.map((m, k) =>
    average(
      of(k).map((x) => (x - m) ** 2),
      n * area - 1,
    ),
  );
  return { mean, variance };
}
