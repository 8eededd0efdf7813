import assert from 'node:assert/strict';
import { castFloating, int64Tensor, toFloat32, type ElementType, type Tensor } from '../../../src/base/tensor.js';
import { inMemory } from '../../../src/checkpoint/model.js';
import { readTensor } from '../../../src/checkpoint/readTensor.js';
import { buildGradient } from '../../../src/gradient/sweep/engine.js';
import type { Graph } from '../../../src/graph/graph.js';
import { probeFacts } from '../../../src/session/probe.js';
import { modelPath, reference, relativeError, requireData } from '../support/data.js';
import { openModel } from './run.js';

type Half = 'float16' | 'bfloat16';

/** The same network with weights rounded to `type`, and everything held as `as`: what a converter to half precision writes. */
async function rounded(graph: Graph, type: Half, as: Half | 'float32'): Promise<Graph> {
  const weights = new Map(graph.weights);
  for (const [name, weight] of graph.weights)
    if (weight.type === 'float32')
      weights.set(name, inMemory(name, castFloating(castFloating(await readTensor(weight), type), as)));
  const half = (t: ElementType | undefined): ElementType | undefined => (t === 'float32' ? as : t);
  return {
    ...graph,
    weights,
    inputs: graph.inputs.map((i) => ({ ...i, type: half(i.type)! })),
    outputs: graph.outputs.map((o) => ({ ...o, type: half(o.type)! })),
  };
}

/** The gradient of the targets' logits, with everything rounded to `type` and then held as `as`. */
async function gradientOf(model: string, type: Half, as: Half | 'float32'): Promise<{ tensor: Tensor; notes: string }> {
  const m = await openModel(modelPath(`${model}.onnx`));
  const graph = await rounded(m.graph, type, as);
  const facts = await probeFacts(graph, m.sessions);
  const built = buildGradient(graph, facts, { score: { value: m.logits, seed: 'index' }, wrt: [m.input] });
  const session = await m.sessions.open(built.graph);
  const target = [...reference(model, 'target').data];
  const gradient = built.gradients.get(m.input)!;
  const feeds: Record<string, Tensor> = {
    [m.input]: castFloating(castFloating(reference(model, 'input'), type), as),
    [built.seed!]: int64Tensor([target.length], target),
  };
  const out = await session.run(feeds, [gradient]);
  await m.sessions.dispose();
  return { tensor: out[gradient]!, notes: built.notes.join(' ') };
}

describe('gradient/halfPrecision', () => {
  before(requireData);

  // Against the same rounded weights in float32, so that only the arithmetic differs.
  it('small_vit in float16: the gradient is that of float32 to the precision of the numbers', async () => {
    const [half, single] = await both('small_vit', 'float16');
    assert.equal(half.tensor.type, 'float16');
    const error = relativeError(toFloat32(half.tensor), toFloat32(single.tensor));
    assert.ok(error < 5e-3, `relative error ${error.toExponential(1)}`);
  });

  it('small_cnn in float16: the same up to rectifiers and maxima that rounding turns, summed in float32', async () => {
    const [half, single] = await both('small_cnn', 'float16');
    assert.match(half.notes, /summed in float32/);
    const cosine = cosineOf(toFloat32(half.tensor), toFloat32(single.tensor));
    assert.ok(cosine > 0.995, `cosine ${cosine}`);
  });

  for (const model of ['small_cnn', 'odd_cnn', 'small_vit'])
    it(`${model} in bfloat16: computed as float32, and said so`, async () => {
      const [half, single] = await both(model, 'bfloat16');
      assert.match(half.notes, /bfloat16 is computed as float32/);
      assert.doesNotMatch(single.notes, /bfloat16/);
      const error = relativeError(toFloat32(half.tensor), toFloat32(single.tensor));
      assert.ok(error < 1e-6, `relative error ${error.toExponential(1)}`);
    });
});

type Answer = Awaited<ReturnType<typeof gradientOf>>;

async function both(model: string, type: Half): Promise<readonly [half: Answer, single: Answer]> {
  return [await gradientOf(model, type, type), await gradientOf(model, type, 'float32')];
}

function cosineOf(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array): number => x.reduce((s, v, i) => s + v * y[i]!, 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}
