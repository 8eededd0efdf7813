import assert from 'node:assert/strict';
import path from 'node:path';
import { floatTensor } from '../../../src/base/tensor.js';
import { writeModelFile } from '../../../src/checkpoint/writer.js';
import { float } from '../../../src/graph/attributes.js';
import {
  addNodes,
  cutFinalActivation,
  makeNode,
  prune,
  rename,
  withOutputs,
  withWeights,
} from '../../../src/graph/edits.js';
import { unusedWeights } from '../../../src/graph/layers/parameters.js';
import { indexOf, type Graph } from '../../../src/graph/graph.js';
import { difference, input, load, randomFeed, run, runGraph, sketch, weight } from './support.js';
import { assertClose } from '../support/close.js';
import { DATA, requireData } from '../support/data.js';
import { temporaryFolder } from '../support/temporary.js';

const graph = (): Graph =>
  sketch({
    opset: 18,
    inputs: [input('x', 2, 3), input('other', 2)],
    outputs: ['p', 'side'],
    weights: [
      weight(
        'w',
        [3, 4],
        Array.from({ length: 12 }, (_, i) => i / 7),
      ),
      weight('b', [4], [1, 2, 3, 4]),
      weight('unused', [2], [1, 2]),
    ],
    nodes: [
      makeNode('Gemm', 'fc', ['x', 'w', 'b']),
      makeNode('Relu', 'a', ['fc']),
      makeNode('Softmax', 's', ['a'], { axis: -1 }),
      makeNode('Identity', 'p', ['s']),
      makeNode('Neg', 'side', ['other']),
    ],
  });
const x = randomFeed(input('x', 2, 3));
const other = randomFeed(input('other', 2));

describe('edits', () => {
  it('tap values', async () => {
    const g = graph();
    const tapped = withOutputs(g, ['a', 'fc', 'x', 'w']);
    const out = await runGraph(tapped, { x, other });
    assert.deepEqual(Object.keys(out), ['a', 'fc', 'x', 'w']);
    assert.deepEqual(out['w']!.dims, [3, 4]);
    const [fc, a] = [out['fc']!.data as Float32Array, out['a']!.data as Float32Array];
    assert.deepEqual(
      [...a],
      [...fc].map((v) => Math.max(v, 0)),
    );
    assert.deepEqual(
      g.outputs.map((o) => o.name),
      ['p', 'side'],
    );
    assert.throws(() => withOutputs(g, ['nothing']), /no value "nothing"/);
  });

  it('replace weights', async () => {
    const g = graph();
    const changed = withWeights(g, new Map([['b', floatTensor([4], Float32Array.of(0, 0, 0, 0))]]));
    const out = await runGraph(withOutputs(changed, ['fc']), { x, other });
    const before = await runGraph(withOutputs(g, ['fc']), { x, other });
    (out['fc']!.data as Float32Array).forEach((v, i) =>
      assertClose(v + (i % 4) + 1, (before['fc']!.data as Float32Array)[i]!, { absolute: 1e-6 }, `element ${i}`),
    );
    assert.throws(() => withWeights(g, new Map([['b', floatTensor([2])]])), /"b" is 4, not 2/);
    assert.throws(() => withWeights(g, new Map([['c', floatTensor([2])]])), /no weight "c"/);
  });

  it('prune what outputs do not need', async () => {
    const pruned = prune(graph(), ['a']);
    assert.deepEqual(
      pruned.nodes.map((n) => n.op),
      ['Gemm', 'Relu'],
    );
    assert.deepEqual(
      pruned.inputs.map((i) => i.name),
      ['x'],
    );
    assert.deepEqual([...pruned.weights.keys()], ['w', 'b']);
    assert.deepEqual(unusedWeights(graph()), ['unused']);
    assert.equal((await runGraph(pruned, { x }))['a']!.dims.join(), '2,4');
  });

  it('add and rename', async () => {
    const g = rename(
      addNodes(graph(), [makeNode('Add', 'more', ['a', 'k'])], {
        weights: [weight('k', [1], [10])],
        outputs: [{ name: 'more' }],
      }),
      new Map([
        ['a', 'hidden'],
        ['x', 'image'],
      ]),
    );
    const out = await runGraph(withOutputs(g, ['hidden', 'more']), { image: x, other });
    (out['more']!.data as Float32Array).forEach((v, i) =>
      assertClose(v - 10, (out['hidden']!.data as Float32Array)[i]!, { absolute: 1e-5 }, `element ${i}`),
    );
    assert.equal(indexOf(g).producer('hidden')!.name, 'a');
  });

  it('find the logits behind the last activation, and say which it was', () => {
    const g = graph();
    assert.deepEqual(cutFinalActivation(g, 'p'), { value: 'a', cut: 'Softmax', node: 's' });
    assert.deepEqual(cutFinalActivation(g, 'a'), { value: 'a' });
    assert.deepEqual(cutFinalActivation(g, 'side'), { value: 'side' });
    const shaped = sketch({
      opset: 18,
      inputs: [input('x', 1, 3, 1, 1)],
      outputs: ['y'],
      nodes: [
        makeNode('Conv', 'c', ['x', 'w']),
        makeNode('Sigmoid', 'g', ['c']),
        makeNode('Flatten', 'f', ['g']),
        makeNode('Squeeze', 'y', ['f']),
      ],
    });
    assert.deepEqual(cutFinalActivation(shaped, 'y'), { value: 'c', cut: 'Sigmoid', node: 'g' });
    const moved = sketch({
      opset: 18,
      inputs: [input('x', 1, 3, 2)],
      outputs: ['y'],
      nodes: [makeNode('Softmax', 's', ['x']), makeNode('Transpose', 'y', ['s'], { perm: [0, 2, 1] })],
    });
    assert.deepEqual(cutFinalActivation(moved, 'y'), { value: 'y' });
    const scaled = sketch({
      opset: 18,
      inputs: [input('x', 1, 3)],
      outputs: ['y'],
      nodes: [makeNode('LogSoftmax', 's', ['x']), makeNode('LeakyRelu', 'y', ['s'], { alpha: float(0.1) })],
    });
    assert.deepEqual(cutFinalActivation(scaled, 'y'), { value: 'y' });
  });
});

describe('writing a model file', () => {
  before(requireData);

  for (const [title, embed] of [
    ['with its weights inside', true],
    ['with its weights beside it', false],
  ] as const) {
    it(`${title} stands alone`, async () => {
      const source = path.join(DATA, 'models/cifar_resnet20_dynamo.onnx');
      const { graph: g } = await load(source);
      const file = path.join(temporaryFolder(), 'copy.onnx');
      await writeModelFile(g, file, { embed });
      const feeds = { [g.inputs[0]!.name]: randomFeed(g.inputs[0]!) };
      assert.equal(difference((await run(source, feeds))['logits'], (await run(file, feeds))['logits']), 0);
      const again = await load(file);
      assert.deepEqual(
        again.graph.nodes.map((n) => [n.op, n.name, n.metadata.get('namespace')]),
        g.nodes.map((n) => [n.op, n.name, n.metadata.get('namespace')]),
      );
      assert.equal(again.checkpoint.externalFiles.length, embed ? 0 : 1);
    });
  }
});
