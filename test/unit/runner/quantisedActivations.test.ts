import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { filePath } from '../../../src/base/place.js';
import { writeNpy } from '../../../src/base/npy.js';
import { Random } from '../../../src/base/random.js';
import { floatTensor, type Tensor } from '../../../src/base/tensor.js';
import { inMemory } from '../../../src/checkpoint/model.js';
import { writeModelFile } from '../../../src/checkpoint/writer.js';
import { makeNode } from '../../../src/graph/edits.js';
import { scalingOf } from '../../../src/graph/layers/quantised.js';
import type { Call } from '../../../src/protocol/channel.js';
import { RunnerService } from '../../../src/runner/service.js';
import { input, sketch } from '../graph/support.js';
import { assertClose } from '../support/close.js';

const call = <P>(): Call<P> => ({ signal: new AbortController().signal, progress: () => undefined });
const int8 = (dims: number[], values: number[]): Tensor => ({ type: 'int8', dims, data: Int8Array.from(values) });
const uint8 = (value: number): Tensor => ({ type: 'uint8', dims: [], data: Uint8Array.of(value) });

/** A picture, quantised, through a convolution and a pooling of integers, and back to numbers. */
function quantised(): ReturnType<typeof sketch> {
  const random = new Random(3);
  const scale = (name: string, value: number) => inMemory(name, floatTensor([], Float32Array.of(value)));
  return sketch({
    opset: 18,
    inputs: [input('x', 1, 3, 8, 8)],
    outputs: ['y'],
    weights: [
      scale('x_scale', 0.02),
      inMemory('x_zero', uint8(120)),
      scale('w_scale', 0.01),
      inMemory('w_zero', int8([], [0])),
      scale('v_scale', 0.03),
      inMemory('v_zero', uint8(77)),
      inMemory(
        'w',
        int8(
          [4, 3, 3, 3],
          Array.from({ length: 108 }, () => random.below(255) - 127),
        ),
      ),
    ],
    nodes: [
      makeNode('QuantizeLinear', 'q', ['x', 'x_scale', 'x_zero']),
      makeNode('QLinearConv', 'conv', ['q', 'x_scale', 'x_zero', 'w', 'w_scale', 'w_zero', 'v_scale', 'v_zero'], {
        kernel_shape: [3, 3],
        pads: [1, 1, 1, 1],
      }),
      makeNode('MaxPool', 'pool', ['conv'], { kernel_shape: [2, 2], strides: [2, 2] }),
      makeNode('DequantizeLinear', 'y', ['pool', 'v_scale', 'v_zero']),
    ],
  });
}

describe('runner, activations of quantised models', () => {
  const runner = new RunnerService();
  const service = runner.operations;
  const folder = mkdtempSync(path.join(tmpdir(), 'lens-quantised-'));
  const model = filePath(path.join(folder, 'quantised.onnx'));
  const picture = filePath(path.join(folder, 'x.npy'));
  before(async () => {
    await writeModelFile(quantised(), model, { embed: true });
    const random = new Random(5);
    const x = floatTensor(
      [1, 3, 8, 8],
      Float32Array.from({ length: 192 }, () => random.normal()),
    );
    writeFileSync(picture, writeNpy(x));
  });
  after(async () => {
    await runner.dispose();
    rmSync(folder, { recursive: true });
  });

  it('finds the scale of integers that were handed on, and none where there is none', () => {
    const graph = quantised();
    assert.deepEqual(scalingOf(graph, 'pool'), { scale: Math.fround(0.03), zero: 77 });
    assert.deepEqual(scalingOf(graph, 'q'), { scale: Math.fround(0.02), zero: 120 });
    assert.equal(scalingOf(graph, 'y'), undefined);
    assert.equal(scalingOf(graph, 'x'), undefined);
  });

  it('shows the numbers that the integers stand for, and says so', async () => {
    const pool = await service.activations({ model, input: picture, layer: 'pool' }, call());
    const back = await service.activations({ model, input: picture, layer: 'y' }, call());
    assert.deepEqual([...pool.maps.data], [...back.maps.data]);
    assert.ok(pool.min < 0 && pool.max > 0, `${pool.min} to ${pool.max}`);
    assert.ok(pool.notes.includes('Dequantised from uint8: scale 0.03000, zero point 77.'), pool.notes.join(' '));
    assert.ok(!back.notes.some((note) => note.startsWith('Dequantised')));
  });

  it('finds the greatest of them, and colours the graph by them', async () => {
    const pool = await service.activations({ model, input: picture, layer: 'pool' }, call());
    const top = await service.topPictures({ model, inputs: [picture], layer: 'pool', channel: 0 }, call());
    assertClose(top.max, Math.max(...pool.maps.data.subarray(0, 16)), { absolute: 1e-6 }, 'largest');
    const graph = await service.graphActivations({ model, input: picture }, call());
    // Inputs, nodes, outputs: pool is the third node, y the fourth.
    assertClose(graph.largest[3]!, graph.largest[4]!, { absolute: 1e-6 }, 'largest of two nodes');
    assert.ok(Number.isFinite(graph.meanMagnitude[2]!));
  });
});
