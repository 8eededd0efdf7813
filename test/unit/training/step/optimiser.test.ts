import assert from 'node:assert/strict';
import { toNumbers, type Tensor } from '../../../../src/base/tensor.js';
import { OrtSessions } from '../../../../src/session/ort/ortSession.js';
import { trainingStep } from '../../../../src/training/step/build.js';
import type { Optimiser, StepRequest } from '../../../../src/training/step/step.js';
import { assertClose } from '../../support/close.js';
import { flatNet, inDouble, noise, oneHot, requestOf, runSteps, type StepAnswer, type StepInputs } from './net.js';

const BATCH = 4;
const RATE = 0.05;
const target = oneHot(BATCH, 3);

/** Weights that decay: matrices. */
const MATRICES = new Set(['hidden.weight', 'fc.weight']);

/** What an optimiser keeps of one number. */
interface Memory {
  w: number;
  m: number;
  v: number;
}

/** PyTorch's formulas, of one number at step t. */
function follow(o: Optimiser, decay: number, now: Memory, gradient: number, t: number): Memory {
  if (o.kind === 'sgd') {
    const g = gradient + decay * now.w;
    const m = (o.momentum ?? 0) * now.m + g;
    const way = o.nesterov === true ? g + o.momentum! * m : m;
    return { w: now.w - RATE * way, m, v: 0 };
  }
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = o;
  const g = o.kind === 'adam' ? gradient + decay * now.w : gradient;
  const w = o.kind === 'adamw' ? now.w * (1 - RATE * decay) : now.w;
  const m = beta1 * now.m + (1 - beta1) * g;
  const v = beta2 * now.v + (1 - beta2) * g * g;
  const length = Math.sqrt(v) / Math.sqrt(1 - beta2 ** t) + epsilon;
  return { w: w - ((RATE / (1 - beta1 ** t)) * m) / length, m, v };
}

describe('training/step: optimisers', () => {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  after(() => sessions.dispose());

  async function run(more: Partial<StepRequest>, inputs: readonly Partial<StepInputs>[]) {
    const graph = inDouble(flatNet());
    const step = trainingStep({ ...(await requestOf(graph, sessions, BATCH)), ...more });
    const before = await step.start();
    const runs = inputs.map((each, i) => ({
      picture: noise([BATCH, 2, 2, 3], 9 + i),
      target,
      rate: RATE,
      step: i + 1,
      ...each,
    }));
    const answers = await runSteps(sessions, step, before, runs, [...step.gradients.values()]);
    return { step, before, answers };
  }

  const optimisers: readonly (readonly [string, Optimiser, number])[] = [
    ['SGD', { kind: 'sgd' }, 0],
    ['SGD with momentum and decay', { kind: 'sgd', momentum: 0.9 }, 0.1],
    ['SGD with Nesterov', { kind: 'sgd', momentum: 0.8, nesterov: true }, 0.01],
    ['Adam with decay', { kind: 'adam', epsilon: 1e-6 }, 0.1],
    ['AdamW', { kind: 'adamw', beta1: 0.8, beta2: 0.9 }, 0.1],
  ];
  for (const [title, optimiser, decay] of optimisers)
    it(`${title}: three steps are those of the formula`, async () => {
      const { step, before, answers } = await run({ optimiser, weightDecay: decay }, [{}, {}, {}]);
      for (const [name, gradient] of step.gradients) {
        let memory = numbersOf(before, name).map((w): Memory => ({ w, m: 0, v: 0 }));
        answers.forEach((answer, i) => {
          const g = toNumbers(answer.fetched[gradient]!);
          memory = memory.map((now, k) => follow(optimiser, MATRICES.has(name) ? decay : 0, now, g[k]!, i + 1));
        });
        const last = answers.at(-1)!.state;
        // β and η of the graph are exact doubles; the count is squared with Pow, whose last digits are its own.
        assertClose(
          numbersOf(last, name),
          memory.map((k) => k.w),
          { relative: 1e-10 },
          name,
        );
        for (const slot of step.state.filter((s) => s.of === name && (s.kind === 'momentum' || s.kind === 'second')))
          assertClose(
            numbersOf(last, slot.input),
            memory.map((k) => (slot.kind === 'momentum' ? k.m : k.v)),
            { relative: 1e-10 },
            `${slot.kind} of ${name}`,
          );
      }
    });

  it('cuts the gradients to a length of all together, and tells the length before', async () => {
    const clip = 0.05;
    const { step, before, answers } = await run({ clip }, [{}]);
    const [answer] = answers as [StepAnswer];
    let squares = 0;
    for (const name of step.gradients.values()) for (const v of toNumbers(answer.fetched[name]!)) squares += v * v;
    assertClose(answer.norm, Math.sqrt(squares), { relative: 1e-12 }, 'length');
    assert.ok(answer.norm > clip, `a length of ${answer.norm} is not cut`);
    for (const [name, gradient] of step.gradients) {
      const g = toNumbers(answer.fetched[gradient]!);
      const wanted = numbersOf(before, name).map((w, i) => w - (RATE * g[i]! * clip) / (answer.norm + 1e-6));
      assertClose(numbersOf(answer.state, name), wanted, { relative: 1e-10 }, name);
    }
  });

  it('leaves short gradients alone', async () => {
    const [cut, free] = [await run({ clip: 1e3 }, [{}]), await run({}, [{}])];
    for (const name of cut.step.gradients.keys())
      assert.deepEqual(cut.answers[0]!.state.get(name), free.answers[0]!.state.get(name));
  });

  it('averages the gradients of several runs before it moves', async () => {
    const inputs = [
      { apply: false, step: 1 },
      { apply: true, step: 1 },
    ];
    const optimiser: Optimiser = { kind: 'adamw' };
    const { step, before, answers } = await run({ accumulate: 2, optimiser, weightDecay: 0.1 }, inputs);
    const [first, second] = answers as [StepAnswer, StepAnswer];
    for (const [name, gradient] of step.gradients) {
      assert.deepEqual(first.state.get(name), before.get(name), `${name} moves too early`);
      const [a, b] = [first, second].map((k) => toNumbers(k.fetched[gradient]!)) as [Float64Array, Float64Array];
      const wanted = numbersOf(before, name).map(
        (w, i) => follow(optimiser, MATRICES.has(name) ? 0.1 : 0, { w, m: 0, v: 0 }, (a[i]! + b[i]!) / 2, 1).w,
      );
      assertClose(numbersOf(second.state, name), wanted, { relative: 1e-10 }, name);
      const sum = step.state.find((s) => s.kind === 'gradient-sum' && s.of === name)!;
      assert.ok(
        toNumbers(second.state.get(sum.input)!).every((v) => v === 0),
        'the sum does not begin anew',
      );
    }
  });

  it('keeps an average of weights and statistics', async () => {
    const ema = 0.7;
    const { step, before, answers } = await run({ ema }, [{}, {}]);
    const last = answers.at(-1)!.state;
    const averaged = step.weights(last, true);
    const values = [before, ...answers.map((a) => a.state)].map((s) => step.weights(s));
    assert.deepEqual([...averaged.keys()].sort(), [...values[0]!.keys()].sort());
    for (const [name, tensor] of averaged) {
      let wanted = toNumbers(values[0]!.get(name)!);
      for (const after of values.slice(1))
        wanted = wanted.map((v, i) => ema * v + (1 - ema) * toNumbers(after.get(name)!)[i]!);
      assertClose(toNumbers(tensor), wanted, { relative: 1e-12 }, name);
    }
  });
});

function numbersOf(state: ReadonlyMap<string, Tensor>, name: string): number[] {
  return [...toNumbers(state.get(name)!)];
}
