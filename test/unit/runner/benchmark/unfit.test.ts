import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import path from 'node:path';
import { filePath } from '../../../../src/base/place.js';
import { floatTensor, type Tensor } from '../../../../src/base/tensor.js';
import { inMemory } from '../../../../src/checkpoint/model.js';
import { makeNode } from '../../../../src/graph/edits.js';
import type { Graph } from '../../../../src/graph/graph.js';
import { RunnerService } from '../../../../src/runner/service.js';
import { call } from '../../support/call.js';
import { runCli } from '../../support/cli.js';
import { temporaryFolder } from '../../support/temporary.js';
import { colourFolders, colourNet, written } from '../../training/colours.js';
import { noise } from '../../training/step/net.js';

/** A second list of classes from the same features. */
function twoOutputs(): Graph {
  const graph = colourNet();
  const nodes = [
    makeNode('Gemm', 'other_logits', ['dropout', 'other.weight'], { transB: 1 }),
    makeNode('Softmax', 'other', ['other_logits']),
  ];
  return {
    ...graph,
    nodes: [...graph.nodes, ...nodes],
    outputs: [...graph.outputs, { name: 'other', type: 'float32' }],
    weights: new Map([...graph.weights, ['other.weight', inMemory('other.weight', noise([4, 6], 5))]]),
  };
}

/** One number, which is no probability. */
function regression(): Graph {
  const graph = colourNet(1);
  return {
    ...graph,
    nodes: graph.nodes.filter(({ op }) => op !== 'Softmax'),
    outputs: [{ name: 'logits', type: 'float32' }],
  };
}

/** The last weights as whole numbers. */
function quantised(): Graph {
  const graph = colourNet();
  const weights: Record<string, Tensor> = {
    'fc.whole': { type: 'int8', dims: [3, 6], data: Int8Array.from({ length: 18 }, (_, i) => 7 * i - 60) },
    'fc.scale': floatTensor([], Float32Array.of(0.01)),
  };
  return {
    ...graph,
    nodes: [makeNode('DequantizeLinear', 'fc.weight', ['fc.whole', 'fc.scale']), ...graph.nodes],
    weights: new Map([
      ...[...graph.weights].filter(([name]) => name !== 'fc.weight'),
      ...Object.entries(weights).map(([name, t]) => [name, inMemory(name, t)] as const),
    ]),
  };
}

describe('runner: what methods cannot be measured on', function () {
  this.timeout(60_000);
  const folder = temporaryFolder();
  const at = (name: string): string => path.join(folder, name);
  const file = (name: string) => filePath(at(name));
  const runner = new RunnerService();
  after(() => runner.dispose());
  before(async () => {
    await colourFolders(at('pictures'), 4);
    cpSync(path.join(at('pictures'), 'red'), path.join(at('one'), 'red'), { recursive: true });
    for (const [name, graph] of Object.entries({
      fine: colourNet(),
      two: twoOutputs(),
      number: regression(),
      whole: quantised(),
    }))
      await written(graph, at(`${name}.onnx`));
  });

  for (const [model, place, code, says, hint] of [
    ['two', 'pictures', 'training/outputs', /2 outputs, "probabilities" .* "other"/, /--output probabilities/],
    ['number', 'pictures', 'training/output', /"logits" is .*labels teach classes only/, /"kind": "classes"/],
    ['whole', 'pictures', 'training/quantised', /quantised \(DequantizeLinear/, /model that it was made of/],
    ['fine', 'one', 'training/one-class', /All 4 pictures are of one class, "red"/, /something else/],
  ] as const)
    it(`retraining says why not in a sentence, and what to do: ${code}`, async () => {
      const asked = { model: file(`${model}.onnx`), place: file(place), methods: [{ method: 'gradient' }] };
      await assert.rejects(
        runner.operations.roar(asked, call()),
        (error: { code: string; message: string; hint: string }) => {
          assert.equal(error.code, code);
          assert.match(error.message, says);
          assert.match(error.hint, hint);
          return true;
        },
      );
      const { code: exit, err } = await runCli('roar', at(`${model}.onnx`), at(place), '--method', 'gradient');
      // What no such model can do is another exit than what was asked wrongly.
      assert.equal(exit, code === 'training/output' || code === 'training/quantised' ? 3 : 2, err);
      assert.match(err, says);
      assert.match(err, hint);
    });

  const evaluate = (model: string, place: string, ...more: string[]): ReturnType<typeof runCli> =>
    runCli('evaluate', at(`${model}.onnx`), at(place), '--method', 'gradient', ...more);

  it('a regression has no probability to follow, and is told the measure that needs none', async () => {
    const asked = { model: file('number.onnx'), place: file('pictures'), methods: [{ method: 'gradient' }] };
    await assert.rejects(runner.operations.evaluate(asked, call()), { code: 'benchmark/no-probability' });
    const { code, err } = await evaluate('number', 'pictures');
    assert.equal(code, 2, err);
    assert.match(err, /nothing in the model makes one of "logits"[\s\S]*--metric sensitivity_n/);
    assert.equal((await evaluate('number', 'pictures', '--metric', 'sensitivity_n')).code, 0);
  });

  it('of two outputs one is measured, and it is said which', async () => {
    const { code, out, err } = await evaluate('two', 'pictures');
    assert.equal(code, 0, err);
    assert.match(out + err, /"probabilities" \(classes\) is taken of 2 outputs; there is also "other"/);
  });

  it('a quantised model and pictures of one class are measured as they are', async () => {
    for (const [model, place] of [
      ['whole', 'pictures'],
      ['fine', 'one'],
    ] as const) {
      const { code, out, err } = await evaluate(model, place);
      assert.equal(code, 0, err);
      assert.match(out, /gradient/);
    }
  });
});
