import { castFloating, floatTensor, toNumbers, type Tensor } from '../../../../src/base/tensor.js';
import { OrtSessions } from '../../../../src/session/ort/ortSession.js';
import { trainingStep } from '../../../../src/training/step/build.js';
import type { Loss } from '../../../../src/training/step/step.js';
import { assertClose } from '../../support/close.js';
import { flatNet, inDouble, noise, oneHot, requestOf, runStep, stepFeeds } from './net.js';
import { weightSlopes } from './slopes.js';
import assert from 'node:assert/strict';

const [BATCH, CLASSES] = [4, 3];

/** Rows that sum to 1. */
const soft = floatTensor([BATCH, CLASSES], Float32Array.of(0.5, 0.25, 0.25, 1, 0, 0, 0.125, 0.875, 0, 0, 0.5, 0.5));
/** A probability for each class. */
const several = floatTensor([BATCH, CLASSES], Float32Array.of(1, 0, 1, 0, 0, 0, 0.25, 1, 1, 0, 1, 0.5));

/** PyTorch's definitions, of rows of logits and targets. */
function expected(loss: Loss, weights: readonly number[], logits: Float64Array, target: Float64Array): number {
  let [sum, whole] = [0, 0];
  for (let n = 0; n < BATCH; n++) {
    const z = [...logits.subarray(n * CLASSES, (n + 1) * CLASSES)];
    const top = Math.max(...z);
    const log = top + Math.log(z.reduce((s, v) => s + Math.exp(v - top), 0));
    z.forEach((v, c) => {
      const t = target[n * CLASSES + c]!;
      if (loss.kind === 'cross-entropy') {
        const s = loss.smoothing ?? 0;
        sum -= weights[c]! * ((1 - s) * t + s / CLASSES) * (v - log);
        whole += weights[c]! * t;
      } else {
        const p = 1 / (1 + Math.exp(-v));
        sum -= weights[c]! * (t * Math.log(p) + (1 - t) * Math.log(1 - p));
        whole += 1;
      }
    });
  }
  return sum / whole;
}

const cases: readonly (readonly [string, Loss, Tensor, readonly number[] | undefined])[] = [
  ['cross-entropy', { kind: 'cross-entropy' }, oneHot(BATCH, CLASSES), undefined],
  ['cross-entropy with soft targets and smoothing', { kind: 'cross-entropy', smoothing: 0.2 }, soft, undefined],
  ['weighted classes', { kind: 'cross-entropy' }, oneHot(BATCH, CLASSES), [1, 3, 0.5]],
  ['weighted classes, soft and smoothed', { kind: 'cross-entropy', smoothing: 0.1 }, soft, [2, 1, 0.25]],
  ['binary cross-entropy', { kind: 'binary-cross-entropy' }, several, undefined],
  ['binary cross-entropy with weighted classes', { kind: 'binary-cross-entropy' }, several, [1, 2, 0.5]],
];

describe('training/step: losses', () => {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  after(() => sessions.dispose());

  for (const [title, loss, target, classWeights] of cases)
    it(`${title}: value and gradient`, async () => {
      const request = await requestOf(inDouble(flatNet()), sessions, BATCH);
      const step = trainingStep({ ...request, loss, ...(classWeights === undefined ? {} : { classWeights }) });
      const inputs = { picture: noise([BATCH, 2, 2, 3], 4, 3), target, rate: 0 };
      const state = await step.start();
      const answer = await runStep(sessions, step, state, inputs);
      const wanted = expected(loss, classWeights ?? [1, 1, 1], toNumbers(answer.logits), toNumbers(target));
      assertClose(answer.loss, wanted, { relative: 1e-12 }, 'loss');
      const { errors } = await weightSlopes(sessions, step, stepFeeds(step, inputs), state, 1);
      for (const [name, error] of errors) assert.ok(error < 1e-7, `${name} differs by ${error}`);
    });

  it('binary cross-entropy stays finite far out', async () => {
    const graph = flatNet();
    const request = await requestOf(graph, sessions, BATCH);
    const step = trainingStep({ ...request, loss: { kind: 'binary-cross-entropy' } });
    const state = await step.start(new Map([['fc.bias', floatTensor([3], Float32Array.of(300, -300, 0))]]));
    const { loss, norm } = await runStep(sessions, step, state, {
      picture: noise([BATCH, 2, 2, 3], 4),
      target: castFloating(several, 'float32'),
      rate: 0,
    });
    assert.ok(Number.isFinite(loss) && Number.isFinite(norm) && loss > 50, `a loss of ${loss}, a length of ${norm}`);
  });
});
