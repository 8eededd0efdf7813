import assert from 'node:assert/strict';
import { LensError } from '../../../../src/base/errors.js';
import { floatTensor, int64Tensor, toNumbers, type Tensor } from '../../../../src/base/tensor.js';
import { makeNode } from '../../../../src/graph/edits.js';
import type { Graph } from '../../../../src/graph/graph.js';
import { numbers } from '../../../../src/gradient/emit/tape.js';
import { OrtSessions } from '../../../../src/session/ort/ortSession.js';
import { trainingStep } from '../../../../src/training/step/build.js';
import { trainableWeights } from '../../../../src/training/step/parameters.js';
import { trainingModel, type TrainingModel, type TrainingModelOptions } from '../../../../src/training/step/prepare.js';
import type { StepRequest } from '../../../../src/training/step/step.js';
import { assertClose } from '../../support/close.js';
import { net, noise, oneHot, runSteps, smallNet, stepFeeds } from './net.js';
import { weightSlopes } from './slopes.js';

/** A net of one matrix behind a flattening, with more nodes behind that. */
function linear(classes: number, more: Parameters<typeof net>[0] = [], weights: Record<string, Tensor> = {}): Graph {
  const nodes = [
    makeNode('Flatten', 'flat', ['picture']),
    makeNode('Gemm', 'scores', ['flat', 'fc.weight', 'fc.bias'], { transB: 1 }),
    ...more,
  ];
  return net(nodes, { 'fc.weight': noise([classes, 12], 1), 'fc.bias': noise([classes], 2), ...weights }, [
    'batch',
    3,
    2,
    2,
  ]);
}

/** Plain descent of a model, of which the weights are still to be said. */
function plainStep({ graph, facts, input, logits }: TrainingModel, batch: number): StepRequest {
  return {
    graph,
    facts,
    input,
    logits,
    batch,
    loss: { kind: 'cross-entropy' },
    optimiser: { kind: 'sgd' },
    dropout: false,
    trainable: [],
    form: 'plain',
  };
}

describe('training/step: looking at a model', () => {
  const sessions = new OrtSessions({ provider: 'cpu', threads: 1 });
  after(() => sessions.dispose());

  async function refusal(graph: Graph, options: TrainingModelOptions = {}): Promise<LensError> {
    try {
      const m = await trainingModel(graph, sessions, options);
      trainableWeights(m.graph, m.logits);
    } catch (error) {
      if (error instanceof LensError) return error;
      throw error;
    }
    return assert.fail('it is not refused');
  }

  it('finds the logits in front of a Softmax, and the classes', async () => {
    const m = await trainingModel(linear(4, [makeNode('Softmax', 'shares', ['scores'])]), sessions);
    assert.deepEqual(
      [m.logits, m.classes, m.activation, m.input, m.fixedBatch],
      ['scores', 4, 'Softmax', 'picture', undefined],
    );
  });

  it('takes a Sigmoid for a yes or no', async () => {
    const m = await trainingModel(linear(1, [makeNode('Sigmoid', 'share', ['scores'])]), sessions);
    assert.deepEqual([m.logits, m.classes, m.activation], ['scores', 1, 'Sigmoid']);
  });

  it('asks which of two outputs is meant, and takes the one that is named', async () => {
    const graph = linear(4, [makeNode('Neg', 'other', ['scores'])]);
    const two = { ...graph, outputs: [{ name: 'scores' }, { name: 'other' }] };
    const error = await refusal(two);
    assert.match(error.message, /^The model has 2 outputs, "scores" and "other": which of them/);
    assert.match((await refusal(two, { output: 'third' })).message, /no output named "third"/);
    assert.equal((await trainingModel(two, sessions, { output: 'scores' })).logits, 'scores');
  });

  it('refuses a regression, unless it is said to be a yes or no', async () => {
    assert.match((await refusal(linear(1))).message, /"scores" is a single number, as a regression gives it/);
    assert.equal((await trainingModel(linear(1), sessions, { binary: true })).classes, 1);
  });

  it('refuses what gives out labels, and what answers a map', async () => {
    const labels = linear(4, [makeNode('ArgMax', 'label', ['scores'], { axis: 1 })]);
    assert.match((await refusal(labels)).message, /"label" holds int64 values/);
    const map = net([makeNode('Conv', 'map', ['picture', 'w'])], { w: noise([2, 3, 1, 1], 1) }, ['batch', 3, 2, 2]);
    assert.match((await refusal(map)).message, /"map" holds 2×2×2 numbers for a picture/);
  });

  it('refuses a quantised model, one without weights, and one of two pictures', async () => {
    const quantised = net(
      [
        makeNode('DequantizeLinear', 'weight', ['q', 'scale']),
        makeNode('Flatten', 'flat', ['picture']),
        makeNode('MatMul', 'scores', ['flat', 'weight']),
      ],
      {
        q: numbers(
          'int8',
          [12, 2],
          Array.from({ length: 24 }, (_, i) => i),
        ),
        scale: numbers('float32', [], [0.1]),
      },
      ['batch', 3, 2, 2],
    );
    assert.match((await refusal(quantised)).message, /^The model is quantised \(DequantizeLinear "weight"\)/);
    const bare = net([makeNode('Flatten', 'flat', ['picture'])], {}, ['batch', 3, 2, 2]);
    assert.match((await refusal(bare)).message, /^The model has no weights that training could change/);
    const graph = linear(4, [makeNode('Add', 'sum', ['scores', 'second'])]);
    const two = {
      ...graph,
      inputs: [...graph.inputs, { name: 'second', type: 'float32' as const, dims: ['batch', 4] }],
    };
    assert.match((await refusal(two)).message, /^The model has 2 inputs, "picture" and "second"/);
  });

  it('names the operator that stops a gradient on its way to a weight', async () => {
    const graph = linear(
      4,
      [makeNode('Round', 'rounded', ['scores']), makeNode('MatMul', 'last', ['rounded', 'last.weight'])],
      { 'last.weight': noise([4, 4], 3) },
    );
    const m = await trainingModel(graph, sessions);
    const request = plainStep(m, 2);
    const head = trainableWeights(m.graph, m.logits, { kind: 'head' });
    assert.deepEqual(head, ['last.weight']);
    assert.throws(
      () => trainingStep({ ...request, trainable: ['fc.weight'] }),
      (error: LensError) => /Round/.test(error.message) && /Freeze/.test(error.hint ?? ''),
    );
    // Behind it everything can be trained.
    assert.deepEqual([...trainingStep({ ...request, trainable: head }).gradients.keys()], head);
  });

  it('frees a batch that was written into the file', async () => {
    // A token joined to patches, a reshape that says 1, as exporters write them.
    const nodes = [
      makeNode('Conv', 'conv', ['picture', 'patch.weight'], { strides: [2, 2] }),
      makeNode('Reshape', 'rows', ['conv', 'rows_shape']),
      makeNode('Transpose', 'turned', ['rows'], { perm: [0, 2, 1] }),
      makeNode('Concat', 'joined', ['cls_token', 'turned'], { axis: 1 }),
      makeNode('Add', 'placed', ['joined', 'pos_embed']),
      makeNode('Slice', 'first', ['placed', 'zero', 'one', 'one']),
      makeNode('ReduceMean', 'mean', ['placed', 'one'], { keepdims: 1 }),
      makeNode('Mul', 'both', ['first', 'mean']),
      makeNode('Reshape', 'features', ['both', 'features_shape']),
      makeNode('MatMul', 'logits', ['features', 'fc.weight']),
    ];
    const weights = {
      'patch.weight': noise([5, 3, 2, 2], 1),
      rows_shape: int64Tensor([3], [1, 5, 4]),
      cls_token: noise([1, 1, 5], 2),
      pos_embed: noise([1, 5, 5], 3),
      zero: int64Tensor([1], [0]),
      one: int64Tensor([1], [1]),
      features_shape: int64Tensor([2], [1, 5]),
      'fc.weight': noise([5, 3], 4),
    };
    const graph = net(nodes, weights, [1, 3, 4, 4]);
    const m = await trainingModel(graph, sessions);
    assert.equal(m.fixedBatch, undefined);
    assert.deepEqual(m.model.inputs[0]!.dims, [1, 3, 4, 4], 'the model itself stays as it is');
    const trainable = trainableWeights(m.graph, m.logits);
    assert.deepEqual([...trainable].sort(), ['cls_token', 'fc.weight', 'patch.weight', 'pos_embed']);
    const step = trainingStep({ ...plainStep(m, 3), trainable });
    const fed = stepFeeds(step, { picture: noise([3, 3, 4, 4], 6), target: oneHot(3, 3), rate: 0 });
    const { errors } = await weightSlopes(sessions, step, fed, await step.start());
    for (const [name, error] of errors) assert.ok(error < 1e-3, `${name} differs by ${error}`);
  });

  it('says where the batch cannot be freed, and trains one picture at a time', async () => {
    const graph = net(
      [
        makeNode('ReduceMean', 'centre', ['picture', 'axes'], { keepdims: 1 }),
        makeNode('Sub', 'minus', ['picture', 'centre']),
        makeNode('Flatten', 'flat', ['minus']),
        makeNode('MatMul', 'logits', ['flat', 'fc.weight']),
      ],
      { axes: int64Tensor([1], [0]), 'fc.weight': noise([12, 2], 1) },
      [1, 3, 2, 2],
    );
    // The mean over the batch makes samples depend on each other: freed, it would be another model.
    const m = await trainingModel(graph, sessions);
    assert.equal(m.fixedBatch, 1);
    assert.match(m.notes.join(' '), /The model takes one picture at a time and nothing else/);
  });

  it('gives layers that share stored vectors vectors of their own', async () => {
    const zeros = floatTensor([4]);
    const ones = floatTensor([4], Float32Array.of(1, 1, 1, 1));
    const nodes = [
      makeNode('Conv', 'a', ['picture', 'a.weight']),
      makeNode('BatchNormalization', 'na', ['a', 'ones', 'zeros', 'zeros', 'ones']),
      makeNode('Conv', 'b', ['na', 'b.weight']),
      makeNode('BatchNormalization', 'nb', ['b', 'ones', 'zeros', 'zeros', 'ones']),
      makeNode('GlobalAveragePool', 'pool', ['nb']),
      makeNode('Flatten', 'logits', ['pool']),
    ];
    const weights = { 'a.weight': noise([4, 3, 1, 1], 1), 'b.weight': noise([4, 4, 1, 1], 2), zeros, ones };
    const m = await trainingModel(net(nodes, weights, ['batch', 3, 2, 2]), sessions);
    assert.match(m.notes.join(' '), /2 vectors are stored once and read by several layers/);
    const trainable = trainableWeights(m.graph, m.logits);
    assert.equal(trainable.length, 6, 'two kernels, two scales, two biases');
    const step = trainingStep({ ...plainStep(m, 2), trainable });
    const inputs = { picture: noise([2, 3, 2, 2], 3), target: oneHot(2, 4), rate: 0.1 };
    const [answer] = await runSteps(sessions, step, await step.start(), [inputs]);
    const after = step.weights(answer!.state);
    assert.equal(after.size, 10, 'and four statistics');
    const means = step.state.filter((s) => s.kind === 'running-mean').map((s) => toNumbers(after.get(s.of)!));
    assert.notDeepEqual(means[0], means[1]);
  });

  it('reads the batch of a small net that is free already', async () => {
    const m = await trainingModel(smallNet(), sessions);
    assert.deepEqual([m.graph === m.model, m.notes, m.facts.dynamicBatch], [true, [], true]);
    assertClose(m.classes, 3, { absolute: 1e-9 }, 'classes');
  });
});
