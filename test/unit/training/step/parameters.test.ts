import assert from 'node:assert/strict';
import { LensError } from '../../../../src/base/errors.js';
import { floatTensor, int64Tensor, toNumbers, type Tensor } from '../../../../src/base/tensor.js';
import { makeNode } from '../../../../src/graph/edits.js';
import type { Graph } from '../../../../src/graph/graph.js';
import { initialised } from '../../../../src/training/step/initialise.js';
import { decays, trainableWeights, weightUse } from '../../../../src/training/step/parameters.js';
import { net, noise, smallNet } from './net.js';

/** A net with a weight of every part, and constants that are none. */
function manyParts(): Graph {
  const vector = (n: number): Tensor => floatTensor([n], new Float32Array(n).fill(2));
  const nodes = [
    makeNode('Sub', 'centred', ['picture', 'normalize.mean']),
    makeNode('Div', 'prepared', ['centred', 'normalize.std']),
    makeNode('Conv', 'conv', ['prepared', 'stem.conv.weight', 'stem.conv.bias'], { group: 2 }),
    makeNode('BatchNormalization', 'bn', ['conv', 'stem.bn.weight', 'stem.bn.bias', 'stem.bn.mean', 'stem.bn.var']),
    makeNode('PRelu', 'act', ['bn', 'stem.act.weight']),
    makeNode('ConvTranspose', 'up', ['act', 'up.weight']),
    makeNode('Flatten', 'rows', ['up'], { axis: 2 }),
    makeNode('Add', 'placed', ['rows', 'encoder.pos_embed']),
    makeNode('Transpose', 'turned.weight', ['mix.weight'], { perm: [1, 0] }),
    makeNode('MatMul', 'mixed', ['placed', 'turned.weight']),
    makeNode('Add', 'biased', ['mixed', 'mix.bias']),
    makeNode('Relu', 'relu', ['biased']),
    makeNode('Mul', 'scaled', ['relu', 'layer_scale.gamma']),
    makeNode('Mul', 'halved', ['scaled', '/Constant_output_0']),
    makeNode('Gather', 'embedded', ['words.embedding', 'which']),
    makeNode('Add', 'together', ['halved', 'embedded']),
    makeNode('ReduceMean', 'pooled', ['together', 'axes'], { keepdims: 0 }),
    makeNode('Gemm', 'logits', ['pooled', 'head.weight', 'head.bias'], { transB: 1 }),
  ];
  return net(
    nodes,
    {
      'normalize.mean': noise([1, 4, 1, 1], 1),
      'normalize.std': noise([1, 4, 1, 1], 2),
      'stem.conv.weight': noise([6, 2, 3, 3], 3),
      'stem.conv.bias': noise([6], 4),
      'stem.bn.weight': vector(6),
      'stem.bn.bias': vector(6),
      'stem.bn.mean': vector(6),
      'stem.bn.var': vector(6),
      'stem.act.weight': floatTensor([6, 1, 1]),
      'up.weight': noise([6, 3, 2, 2], 5),
      'encoder.pos_embed': noise([1, 3, 36], 6),
      'mix.weight': noise([200, 36], 7),
      'mix.bias': noise([200], 8),
      'layer_scale.gamma': vector(200),
      '/Constant_output_0': vector(200),
      'words.embedding': noise([5, 200], 9),
      which: int64Tensor([3], [0, 4, 2]),
      axes: int64Tensor([1], [1]),
      'head.weight': noise([7, 200], 10),
      'head.bias': noise([7], 11),
    },
    ['batch', 4, 7, 7],
  );
}

describe('training/step: parameters', () => {
  const graph = manyParts();

  it('tells what each weight is for, and which decay', () => {
    const parts = trainableWeights(graph, 'logits').map(
      (name) => `${name} ${weightUse(graph, name)?.part}${decays(graph, name) ? ' decays' : ''}`,
    );
    assert.deepEqual(parts, [
      'stem.conv.weight kernel decays',
      'stem.conv.bias shift',
      'stem.bn.weight scale',
      'stem.bn.bias shift',
      'stem.act.weight slope',
      'up.weight kernel decays',
      'encoder.pos_embed token',
      'mix.weight matrix decays',
      'mix.bias shift',
      'layer_scale.gamma scale',
      'words.embedding embedding',
      'head.weight matrix decays',
      'head.bias shift',
    ]);
  });

  it('counts what an output is summed of, whichever way a matrix is stored', () => {
    const fans = (name: string): readonly number[] => {
      const use = weightUse(graph, name)!;
      return [use.fanIn, use.fanOut];
    };
    assert.deepEqual(fans('stem.conv.weight'), [2 * 9, 3 * 9]);
    assert.deepEqual(fans('up.weight'), [6 * 4, 3 * 4]);
    assert.deepEqual(fans('mix.weight'), [36, 200]);
    assert.deepEqual(fans('head.weight'), [200, 7]);
  });

  it('trains the last layer alone', () => {
    assert.deepEqual(trainableWeights(graph, 'logits', { kind: 'head' }), ['head.weight', 'head.bias']);
  });

  it('leaves out layers and modules that are frozen, and knows no others', () => {
    const open = trainableWeights(smallNet(), 'logits', { kind: 'frozen', layers: ['conv', 'bn'] });
    assert.deepEqual(open, ['fc.weight', 'fc.bias']);
    const stem = trainableWeights(graph, 'logits', { kind: 'frozen', layers: ['stem'] });
    assert.ok(!stem.some((name) => name.startsWith('stem.')), stem.join());
    assert.equal(stem.length, 8);
    assert.throws(
      () => trainableWeights(graph, 'logits', { kind: 'frozen', layers: ['stern'] }),
      (error: LensError) => error.code === 'training/no-layer' && /"stern"/.test(error.message),
    );
    assert.throws(
      () => trainableWeights(smallNet(), 'logits', { kind: 'frozen', layers: ['conv', 'bn', 'fc'] }),
      (error: LensError) => error.code === 'training/all-frozen',
    );
  });
});

describe('training/step: first weights', () => {
  const graph = manyParts();
  const drawn = initialised(graph, { seed: 4 });
  const spread = (name: string): number => {
    const v = toNumbers(drawn.get(name)!);
    return Math.sqrt(v.reduce((s, x) => s + x * x, 0) / v.length);
  };

  it('follow the kind of layer', () => {
    // He in front of rectifiers, Xavier at the end, 0.02 for what is joined to the features.
    for (const [name, wanted] of [
      ['mix.weight', Math.sqrt(2 / 36)],
      ['head.weight', Math.sqrt(2 / 207)],
      // The variance of a normal that is cut at two deviations is 0.774 of the whole.
      ['words.embedding', 0.02 * Math.sqrt(0.774)],
    ] as const) {
      const ratio = spread(name) / wanted;
      assert.ok(ratio > 0.94 && ratio < 1.06, `${name} has ${ratio} of the deviation`);
    }
    const kernel = spread('stem.conv.weight') / Math.sqrt(2 / 18);
    assert.ok(kernel > 0.8 && kernel < 1.2, `the kernel has ${kernel} of the deviation`);
    const all = (name: string, value: number): void =>
      assert.ok(
        toNumbers(drawn.get(name)!).every((v) => v === value),
        `${name} is not ${value}`,
      );
    all('stem.bn.weight', 1);
    all('stem.bn.var', 1);
    all('stem.bn.mean', 0);
    all('stem.bn.bias', 0);
    all('stem.act.weight', 0.25);
    assert.ok(!drawn.has('normalize.mean') && !drawn.has('/Constant_output_0'), 'a constant is drawn');
  });

  it('are those of the seed, whatever is kept', () => {
    const again = initialised(graph, { seed: 4, keep: new Set(['mix.weight', 'stem.conv.weight']) });
    assert.ok(!again.has('mix.weight'), 'what is kept is drawn');
    assert.deepEqual(again.get('head.weight'), drawn.get('head.weight'));
    assert.notDeepEqual(initialised(graph, { seed: 5 }).get('head.weight'), drawn.get('head.weight'));
  });

  it('are a truncated normal in a transformer, and uniform in a recurrent cell', () => {
    const nodes = [
      makeNode('LayerNormalization', 'ln', ['picture', 'ln.weight', 'ln.bias']),
      makeNode('MatMul', 'hidden', ['ln', 'fc.weight']),
      makeNode('LSTM', 'lstm', ['hidden', 'lstm.W', 'lstm.R'], { hidden_size: 25 }, ['', 'lstm']),
      makeNode('Squeeze', 'logits', ['lstm']),
    ];
    const weights = {
      'ln.weight': noise([8], 1),
      'ln.bias': noise([8], 2),
      'fc.weight': noise([8, 16], 3),
      'lstm.W': noise([1, 100, 16], 4),
      'lstm.R': noise([1, 100, 25], 5),
    };
    const first = initialised(net(nodes, weights, ['time', 'batch', 8]), { seed: 1 });
    const matrix = toNumbers(first.get('fc.weight')!);
    assert.ok(Math.max(...matrix.map(Math.abs)) <= 0.04, 'a number lies further out than two deviations');
    const cell = toNumbers(first.get('lstm.R')!);
    assert.ok(
      Math.max(...cell.map(Math.abs)) <= 0.2 && Math.max(...cell) > 0.19,
      'the cell is not uniform within 1/√25',
    );
  });
});
