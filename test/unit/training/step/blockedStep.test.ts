import assert from 'node:assert/strict';
import { floatTensor, toNumbers } from '../../../../src/base/tensor.js';
import type { Graph } from '../../../../src/graph/graph.js';
import { OrtSessions } from '../../../../src/session/ort/ortSession.js';
import { probeFacts } from '../../../../src/session/probe.js';
import { NCHWC } from '../../../../src/training/step/blocked/writer.js';
import { trainingStep } from '../../../../src/training/step/build.js';
import { blockSize } from '../../../../src/training/step/form.js';
import { trainableWeights } from '../../../../src/training/step/parameters.js';
import type { StepForm, StepRequest } from '../../../../src/training/step/step.js';
import { assertClose } from '../../support/close.js';
import { relativeError } from '../../support/data.js';
import { guideNet, Layers, residualNet } from './blockedNets.js';
import { noise, oneHot, runSteps } from './net.js';

const scalar = (l: Layers, v: number): string => l.weight('number', floatTensor([], Float32Array.of(v)));

/** Inverted residuals with squeeze and excitation, ReLU6 and SiLU. */
function mobileNet(batch: number, wide: number): Graph {
  const l = new Layers();
  const six = (x: string): string => l.op('Clip', [x, scalar(l, 0), scalar(l, 6)]);
  const silu = (x: string): string => l.op('Mul', [x, l.op('Sigmoid', [x])]);
  let x = six(l.norm(l.conv('picture', [3, wide], 3, { stride: 2 }), wide));
  x = six(l.norm(l.conv(x, [wide, wide], 3, { group: wide }), wide));
  const gate = silu(l.conv(l.mean(x, 1), [wide, 4], 1, { bias: true }));
  x = l.op('Mul', [x, l.op('Sigmoid', [l.conv(gate, [4, wide], 1, { bias: true })])]);
  x = l.norm(l.conv(x, [wide, 2 * wide], 1), 2 * wide);
  const y = silu(l.norm(l.conv(x, [2 * wide, 2 * wide], 5, { group: 2 * wide, stride: 2 }), 2 * wide));
  const z = l.op('AveragePool', [x], { kernel_shape: [2, 2], strides: [2, 2] });
  x = l.op('Concat', [y, z], { axis: 1 });
  x = l.op('Dropout', [x, scalar(l, 0.5)]);
  l.linear(l.op('Flatten', [l.op('GlobalAveragePool', [x])]), [4 * wide, 5]);
  return l.graph([batch, 3, 12, 12]);
}

/** What has a blocked form beside what has none. */
function mixedNet(batch: number): Graph {
  const l = new Layers();
  let x = l.op('Tanh', [l.conv('picture', [1, 20], 3, { bias: true })]);
  x = l.op('MaxPool', [x], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] });
  x = l.op('LeakyRelu', [l.conv(x, [20, 40], 3, { group: 4, bias: true })], {});
  const up = l.weight('up', noise([40, 16, 2, 2], 77, 0.2));
  x = l.op('ConvTranspose', [x, up], { kernel_shape: [2, 2], strides: [2, 2] });
  x = l.op('Gelu', [x]);
  x = l.op('AveragePool', [x], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], count_include_pad: 0 });
  x = l.op('Transpose', [l.conv(x, [16, 24], 3, { dilation: 2, bias: true })], { perm: [0, 1, 3, 2] });
  x = l.op('Relu', [l.conv(x, [24, 24], 3, { group: 24, bias: true })]);
  l.linear(l.op('Flatten', [l.op('GlobalMaxPool', [x])]), [24, 5]);
  return { ...l.graph([batch, 1, 10, 10]), opset: 20 };
}

describe('training/step: the blocked form of a step', () => {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  let block: number | undefined;
  before(async () => {
    block = await blockSize(sessions);
  });
  after(() => sessions.dispose());

  const cases: readonly (readonly [what: string, graph: Graph, more: Partial<StepRequest>])[] = [
    ['a residual net, SGD', residualNet(16, 8, 3), { optimiser: { kind: 'sgd', momentum: 0.9 } }],
    ['a residual net, odd sizes and an odd batch', residualNet(5, 9, 2), { weightDecay: 1e-2, clip: 1 }],
    ['channels that fill no blocks', guideNet(7, 16), {}],
    ['depthwise convolutions and gates', mobileNet(16, 16), { dropout: true }],
    ['the same where they fill no blocks', mobileNet(3, 12), { dropout: false }],
    ['what has no blocked form beside what has', mixedNet(4), {}],
    ['frozen layers', residualNet(4, 8, 1), { trainable: [] }],
  ];
  for (const [what, graph, more] of cases)
    it(`answers as the plain form: ${what}`, async function () {
      if (block === undefined) {
        console.log('      there are no blocked operators on this processor');
        return this.skip();
      }
      const logits = graph.outputs[0]!.name;
      const [batch, ...rest] = graph.inputs[0]!.dims as number[];
      const all = trainableWeights(graph, logits);
      const frozen = more.trainable?.length === 0;
      const base = {
        graph,
        facts: await probeFacts(graph, sessions),
        input: 'picture',
        logits,
        batch: batch!,
        loss: { kind: 'cross-entropy' as const },
        optimiser: { kind: 'sgd' as const },
        dropout: true,
        ...more,
        trainable: frozen ? all.slice(all.length >> 1) : all,
      };
      const classes = base.facts.get(logits)!.base[1]!;
      const run = async (form: StepForm) => {
        const step = trainingStep({ ...base, form });
        const masks = step.feeds.masks.map((m) => {
          const mask = noise(m.dims, 4);
          return [
            m.name,
            floatTensor(
              m.dims,
              mask.data.map((v) => (v > 0 ? 1 : 0)),
            ),
          ] as const;
        });
        const inputs = {
          picture: noise([batch!, ...rest], 5),
          target: oneHot(batch!, classes),
          rate: 0.01,
          more: Object.fromEntries(masks),
        };
        const fetches = [...step.gradients.values()];
        const answers = await runSteps(sessions, step, await step.start(), [inputs, inputs], fetches);
        return { step, answers };
      };
      const [plain, blocked] = [await run('plain'), await run({ block })];
      assert.ok(
        blocked.step.graph.nodes.some((n) => n.domain === NCHWC && n.op === 'Conv'),
        'nothing is blocked',
      );
      for (const [i, a] of plain.answers.entries()) {
        const b = blocked.answers[i]!;
        assertClose([b.loss], [a.loss], { relative: 1e-5 }, 'the loss');
        for (const [name, ref] of plain.step.gradients) {
          const other = blocked.step.gradients.get(name)!;
          const error = relativeError(toNumbers(b.fetched[other]!), toNumbers(a.fetched[ref]!));
          assert.ok(error < 1e-4, `run ${i}: the gradient of ${name} is off by ${error}`);
        }
        for (const [name, value] of a.state) {
          const error = relativeError(toNumbers(b.state.get(name)!), toNumbers(value));
          assert.ok(error < 1e-4, `run ${i}: ${name} is off by ${error}`);
        }
      }
    });
});
