import assert from 'node:assert/strict';
import { castFloating, floatTensor, toNumbers, type Tensor } from '../../../../src/base/tensor.js';
import { inMemory } from '../../../../src/checkpoint/model.js';
import { openCheckpoint } from '../../../../src/checkpoint/reader.js';
import { buildGraph } from '../../../../src/graph/build/build.js';
import { makeNode, withWeights } from '../../../../src/graph/edits.js';
import { dimsAt } from '../../../../src/graph/facts.js';
import type { Graph } from '../../../../src/graph/graph.js';
import { numbers } from '../../../../src/gradient/emit/tape.js';
import { OrtSessions } from '../../../../src/session/ort/ortSession.js';
import { trainingStep } from '../../../../src/training/step/build.js';
import { initialised } from '../../../../src/training/step/initialise.js';
import { trainableWeights } from '../../../../src/training/step/parameters.js';
import { trainingModel } from '../../../../src/training/step/prepare.js';
import type { StepRequest, TrainingStep } from '../../../../src/training/step/step.js';
import { assertClose } from '../../support/close.js';
import { modelPath, requireData } from '../../support/data.js';
import { inDouble, net, noise, oneHot, requestOf, runStep, runSteps, smallNet, stepFeeds } from './net.js';
import { weightSlopes } from './slopes.js';

const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
after(() => sessions.dispose());

async function stepOf(graph: Graph, batch: number, more: Partial<StepRequest> = {}): Promise<TrainingStep> {
  return trainingStep({ ...(await requestOf(graph, sessions, batch)), ...more });
}

describe('training/step: one step by hand', () => {
  it('a matrix and a bias under a softmax move as on paper', async () => {
    const [batch, inputs, classes, rate] = [3, 2, 2, 0.5];
    const graph = net(
      [makeNode('Gemm', 'logits', ['picture', 'w', 'b'])],
      {
        w: floatTensor([2, 2], Float32Array.of(0.5, -0.25, 1, 0.75)),
        b: floatTensor([2], Float32Array.of(0.125, -0.5)),
      },
      ['batch', inputs],
    );
    const trainable = ['w', 'b'];
    const step = await stepOf(inDouble(graph), batch, { trainable });
    const picture = floatTensor([batch, inputs], Float32Array.of(1, 2, -1, 0.5, 0.25, -2));
    const labels = [0, 1, 0];
    const before = await step.start();
    const { state, loss } = await runStep(sessions, step, before, { picture, target: oneHot(batch, classes), rate });
    const [w, b] = trainable.map((name) => [...toNumbers(before.get(name)!)]) as [number[], number[]];
    const [dw, db] = [new Array<number>(4).fill(0), new Array<number>(2).fill(0)];
    let sum = 0;
    labels.forEach((label, n) => {
      const x = [...picture.data.subarray(2 * n, 2 * n + 2)];
      const z = [0, 1].map((c) => x[0]! * w[c]! + x[1]! * w[2 + c]! + b[c]!);
      const share = z.map((v) => Math.exp(v) / (Math.exp(z[0]!) + Math.exp(z[1]!)));
      sum -= Math.log(share[label]!);
      share.forEach((p, c) => {
        const g = (p - (c === label ? 1 : 0)) / batch;
        db[c]! += g;
        x.forEach((v, i) => (dw[2 * i + c]! += v * g));
      });
    });
    assertClose(loss, sum / batch, { relative: 1e-12 }, 'loss');
    assertClose(
      toNumbers(state.get('w')!),
      w.map((v, i) => v - rate * dw[i]!),
      { relative: 1e-12 },
      'matrix',
    );
    assertClose(
      toNumbers(state.get('b')!),
      b.map((v, i) => v - rate * db[i]!),
      { relative: 1e-12 },
      'bias',
    );
  });
});

describe('training/step: dropout', () => {
  const graph = net(
    [
      makeNode('Flatten', 'flat', ['picture']),
      makeNode('Dropout', 'drop', ['flat', 'ratio']),
      makeNode('MatMul', 'logits', ['drop', 'fc.weight']),
    ],
    { ratio: numbers('float32', [], [0.25]), 'fc.weight': noise([6, 3], 1) },
    ['batch', 2, 3],
  );

  it('multiplies with the mask that is fed, over the share that is kept', async () => {
    const step = await stepOf(graph, 2);
    assert.deepEqual(
      step.feeds.masks.map(({ dims, keep, batchAxis }) => ({ dims, keep, batchAxis })),
      [{ dims: [2, 6], keep: 0.75, batchAxis: 0 }],
    );
    const [{ name } = { name: '' }] = step.feeds.masks;
    const mask = floatTensor([2, 6], Float32Array.of(1, 0, 1, 1, 1, 0, 0, 1, 1, 1, 0, 1));
    const picture = noise([2, 2, 3], 4);
    const state = await step.start();
    const inputs = { picture, target: oneHot(2, 3), rate: 0, more: { [name]: mask } };
    const { logits } = await runStep(sessions, step, state, inputs);
    const w = toNumbers(state.get('fc.weight')!);
    const wanted = Array.from({ length: 6 }, (_, k) => {
      let sum = 0;
      for (let i = 0; i < 6; i++)
        sum +=
          ((picture.data[Math.floor(k / 3) * 6 + i]! * mask.data[Math.floor(k / 3) * 6 + i]!) / 0.75) *
          w[3 * i + (k % 3)]!;
      return sum;
    });
    assertClose(toNumbers(logits), wanted, { relative: 1e-6 }, 'logits');
    const { errors } = await weightSlopes(sessions, step, stepFeeds(step, inputs), state);
    for (const [weight, error] of errors) assert.ok(error < 1e-3, `${weight} differs by ${error}`);
  });

  it('drops nothing where that is not asked for, in a model that was exported in training mode too', async () => {
    const training = {
      ...graph,
      weights: new Map([...graph.weights, ['yes', inMemory('yes', numbers('bool', [], [1]))]]),
    };
    const nodes = graph.nodes.map((n) => (n.op === 'Dropout' ? { ...n, inputs: [...n.inputs, 'yes'] } : n));
    for (const of of [graph, { ...training, nodes } as Graph]) {
      const step = await stepOf(of, 2, { dropout: false });
      assert.deepEqual(step.feeds.masks, []);
      const inputs = { picture: noise([2, 2, 3], 4), target: oneHot(2, 3), rate: 0 };
      const { logits } = await runStep(sessions, step, await step.start(), inputs);
      assertClose(toNumbers(logits)[0]!, firstLogit(inputs.picture, of), { relative: 1e-5 }, 'first logit');
    }
  });
});

function firstLogit(picture: Tensor, graph: Graph): number {
  const stored = graph.weights.get('fc.weight')!;
  const w = toNumbers(stored.at.kind === 'memory' ? stored.at.tensor : picture);
  return toNumbers(picture)
    .slice(0, 6)
    .reduce((sum, v, i) => sum + v * w[3 * i]!, 0);
}

describe('training/step: kinds of models', () => {
  it('half precision: trained in float32, given back as it was', async () => {
    const single = smallNet();
    const half = (t: Tensor): Tensor => castFloating(t, 'float16');
    const graph: Graph = {
      ...single,
      inputs: single.inputs.map((i) => ({ ...i, type: 'float16' as const })),
      outputs: single.outputs.map((o) => ({ ...o, type: 'float16' as const })),
      weights: new Map(
        [...single.weights].map(([name, w]) => [name, w.at.kind === 'memory' ? inMemory(name, half(w.at.tensor)) : w]),
      ),
    };
    const step = await stepOf(graph, 4);
    assert.equal(step.feeds.type, 'float32');
    const inputs = { picture: noise([4, 2, 5, 6], 3), target: oneHot(4, 3), rate: 0.1 };
    const runs = Array.from({ length: 12 }, () => inputs);
    const answers = await runSteps(sessions, step, await step.start(), runs);
    assert.ok(answers.at(-1)!.loss < answers[0]!.loss * 0.9, `${answers[0]!.loss} to ${answers.at(-1)!.loss}`);
    const weights = step.weights(answers.at(-1)!.state);
    assert.ok(
      [...weights.values()].every((t) => t.type === 'float16'),
      'a weight is no float16',
    );
    const trained = withWeights(graph, weights);
    assert.equal(trained.weights.get('conv.weight')!.type, 'float16');
  });

  it('a matrix that two layers share: its gradient is the sum of both', async () => {
    const nodes = [
      makeNode('MatMul', 'first', ['picture', 'shared.weight']),
      makeNode('Tanh', 'tanh', ['first']),
      makeNode('MatMul', 'logits', ['tanh', 'shared.weight']),
    ];
    const graph = inDouble(net(nodes, { 'shared.weight': noise([3, 3], 1) }, ['batch', 3]));
    const step = await stepOf(graph, 2);
    const fed = stepFeeds(step, { picture: noise([2, 3], 2), target: oneHot(2, 3), rate: 0 });
    const { errors } = await weightSlopes(sessions, step, fed, await step.start());
    assert.ok(errors.get('shared.weight')! < 1e-7, `it differs by ${errors.get('shared.weight')}`);
  });

  it('a frozen BatchNormalization keeps its statistics, and uses them', async () => {
    const graph = smallNet();
    const step = await stepOf(graph, 4, { trainable: trainableWeights(graph, 'logits', { kind: 'head' }) });
    assert.deepEqual(
      step.state.map((s) => s.of),
      ['fc.weight', 'fc.bias'],
    );
    const inputs = { picture: noise([4, 2, 5, 6], 3), target: oneHot(4, 3), rate: 0 };
    const { logits } = await runStep(sessions, step, await step.start(), inputs);
    const plain = await sessions.open(graph);
    const { logits: wanted } = await plain.run({ picture: inputs.picture }, ['logits']);
    await plain.dispose();
    assertClose(toNumbers(logits), toNumbers(wanted!), { relative: 1e-5 }, 'logits');
  });
});

describe('training/step: real networks', () => {
  before(requireData);

  // Batch statistics, a transformer, external data with folded normalisations, many kinds of operators.
  for (const [file, rate] of [
    ['cifar_resnet20.onnx', 0.02],
    ['small_vit.onnx', 0.02],
    ['cifar_resnet20_dynamo.onnx', 0.002],
    ['odd_cnn.onnx', 0.02],
  ] as const)
    it(`${file} learns four pictures, from its own weights and from random ones`, async () => {
      const m = await trainingModel(buildGraph(await openCheckpoint(modelPath(file))), sessions);
      const batch = 4;
      const { graph, facts, input, logits } = m;
      const step = trainingStep({
        graph,
        facts,
        input,
        logits,
        batch,
        loss: { kind: 'cross-entropy' },
        optimiser: { kind: 'sgd', momentum: 0.9 },
        clip: 5,
        dropout: true,
        trainable: trainableWeights(graph, logits),
        form: 'plain',
      });
      const picture = noise(dimsAt(facts.get(input)!, batch), 3);
      const runs = Array.from({ length: 4 }, () => ({ picture, target: oneHot(batch, m.classes), rate }));
      for (const weights of [undefined, initialised(m.model, { seed: 1, logits })]) {
        const answers = await runSteps(sessions, step, await step.start(weights), runs);
        const losses = answers.map((a) => a.loss);
        assert.ok(losses.at(-1)! < losses[0]!, `the loss goes ${losses.join(', ')}`);
      }
    });
});
