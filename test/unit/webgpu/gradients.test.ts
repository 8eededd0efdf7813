import assert from 'node:assert/strict';
import { int64Tensor, type FloatTensor, type Tensor } from '../../../src/base/tensor.js';
import { buildGradient } from '../../../src/gradient/sweep/engine.js';
import type { Graph } from '../../../src/graph/graph.js';
import { runtimeFaults } from '../../../src/session/ort/runtimeFaults.js';
import { noise, openModel } from '../gradient/run.js';
import { openTiny, tinyNet, tinyPicture } from '../method/tinyNet.js';
import { assertClose } from '../support/close.js';
import { modelPath, relativeError, requireData } from '../support/data.js';
import { Device, everything, releaseDevice, requireDevice, theDevice } from './device.js';
import { gradientOf, gradientsIn, graphOf, node, noiseFor, onCpu, runOnCpu, title, type Shape } from './shapes.js';

/** Float32 sums of a few hundred products in another order. A wrong form is off by tenths. */
const SUMS = 1e-5;

describe('webgpu', function () {
  // Each new shape compiles a shader, on a software device for up to seconds.
  this.timeout(120_000);
  before(requireDevice);
  after(releaseDevice);

  /** Kernel as large as the input and padded at the end only: what WebGPU gets wrong. */
  const planted = (): Graph =>
    graphOf(
      [node('Conv', ['x', 'w'], 'y', { kernel_shape: [3, 3], pads: [0, 0, 2, 2] })],
      { x: [1, 2, 3, 3], w: [3, 2, 3, 3] },
      ['y'],
    );

  describe('convolutions', () => {
    const shapes: Shape[] = [
      { op: 'Conv', x: [1, 2, 3, 3], w: [3, 2, 3, 3], attributes: { pads: [2, 2, 0, 0] } },
      { op: 'Conv', x: [1, 2, 4, 4], w: [3, 2, 2, 2], attributes: { pads: [0, 0, 1, 1] } },
      { op: 'Conv', x: [2, 4, 5, 5], w: [4, 2, 2, 2], attributes: { auto_pad: 'SAME_UPPER', group: 2 } },
      { op: 'Conv', x: [1, 2, 9, 9], w: [3, 2, 3, 3], attributes: { strides: [2, 2], pads: [1, 1, 1, 1] } },
      { op: 'ConvTranspose', x: [1, 2, 2, 2], w: [2, 3, 3, 3], attributes: { pads: [0, 0, 1, 1] } },
    ];
    if (everything) {
      shapes.push(
        { op: 'Conv', x: [1, 4, 7, 7], w: [4, 1, 3, 3], attributes: { pads: [1, 1, 1, 1], group: 4 } },
        { op: 'Conv', x: [2, 2, 6, 6], w: [3, 2, 2, 2], attributes: { dilations: [2, 2], pads: [0, 0, 2, 2] } },
        { op: 'Conv', x: [1, 2, 6], w: [3, 2, 2], attributes: { pads: [0, 1] } },
        { op: 'ConvTranspose', x: [1, 4, 3, 3], w: [4, 2, 3, 3], attributes: { strides: [2, 2], group: 2 } },
      );
    }
    for (const s of shapes) {
      it(`${title(s)}: input and kernel gradients equal the CPU's`, async () => {
        const [onGpu, usual] = [await gradientOf(s, 'webgpu'), await gradientOf(s, 'cpu')];
        const { outputs } = await (await theDevice()).run(onGpu.graph, noiseFor(onGpu.graph));
        const expected = gradientsIn(usual, await runOnCpu(usual.graph, noiseFor(usual.graph)));
        const errors = gradientsIn(onGpu, outputs).map((g, i) => relativeError(g, expected[i]!));
        assert.ok(
          errors.every((e) => e < SUMS),
          errors.join(),
        );
      });
    }

    it('the trap is still there: without our forms the gradient is wrong', async () => {
      const usual = await gradientOf(shapes[0]!, 'cpu');
      const feeds = noiseFor(usual.graph);
      const [wrong] = gradientsIn(usual, (await (await theDevice()).run(usual.graph, feeds)).outputs);
      const [right] = gradientsIn(usual, await runOnCpu(usual.graph, feeds));
      assert.ok(relativeError(wrong!, right!) > 0.1, 'ONNX Runtime computes it now: forgetsPadding can go');
    });
  });

  describe('max pools', () => {
    const pools: Shape['attributes'][] = [{ kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }];
    if (everything) pools.push({ kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 1 }, { kernel_shape: [3, 3] });
    for (const attributes of pools) {
      const s: Shape = { op: 'MaxPool', x: [2, 2, 7, 7], attributes };
      it(`${title(s)}: without indices the same, ties to the first maximum`, async () => {
        const [onGpu, usual] = [await gradientOf(s, 'webgpu'), await gradientOf(s, 'cpu')];
        // Three levels, so that most windows hold their maximum several times.
        const coarse = (graph: Graph): Record<string, Tensor> => {
          const feeds = noiseFor(graph);
          const x = feeds['x'] as FloatTensor;
          return { ...feeds, x: { ...x, data: x.data.map((v) => Math.max(-1, Math.min(1, Math.round(v)))) } };
        };
        const [g] = gradientsIn(onGpu, (await (await theDevice()).run(onGpu.graph, coarse(onGpu.graph))).outputs);
        const [e] = gradientsIn(usual, await runOnCpu(usual.graph, coarse(usual.graph)));
        assertClose(g!, e!, { relative: SUMS }, 'gradient');
        // Every gradient lands on the same element: a tie that went elsewhere would show as a zero.
        assert.deepEqual(
          g!.map((v) => Number(v !== 0)),
          e!.map((v) => Number(v !== 0)),
        );
      });
    }
  });

  describe('models', () => {
    before(requireData);
    const models: (readonly [string, number])[] = [
      ['small_cnn', SUMS],
      // A driver's exponential is coarser than the CPU's; measured 3e-6 in SwiftShader.
      ['small_vit', 2e-5],
    ];
    if (everything) models.push(['odd_cnn', SUMS], ['cifar_resnet20', SUMS]);
    for (const [model, tolerance] of models) {
      it(`${model}: the gradient equals the CPU's`, async () => {
        const m = await openModel(modelPath(`${model}.onnx`));
        const ask = (provider: string): ReturnType<typeof buildGradient> =>
          buildGradient(m.graph, m.facts, {
            score: { value: m.logits, seed: 'index' },
            wrt: [m.input],
            keep: [],
            provider,
          });
        const feeds = (seed: string): Record<string, Tensor> => ({
          [m.input]: noise(m, 1),
          [seed]: int64Tensor([1], [1]),
        });
        const [onGpu, usual] = [ask('webgpu'), ask('cpu')];
        const { outputs } = await (await theDevice()).run(onGpu.graph, feeds(onGpu.seed!));
        const [g] = gradientsIn(onGpu, outputs);
        const [e] = gradientsIn(usual, await runOnCpu(usual.graph, feeds(usual.seed!)));
        assertClose(g!, e!, { relative: tolerance }, 'gradient');
        await m.sessions.dispose();
      });
    }
  });

  it('a method that asks for a gradient gets it from the GPU', async () => {
    const device = await theDevice();
    const [there, here] = [await openTiny(tinyNet(), device.sessions()), await openTiny(tinyNet(), onCpu)];
    const ask = async (subject: typeof here): Promise<Float32Array> => {
      const of = { value: subject.scoreValue('logit').value, pick: { index: 2 } };
      const answer = await subject.gradients(tinyPicture(), { of }, new AbortController().signal);
      return answer.gradients.get('x')!.data;
    };
    assertClose(await ask(there), await ask(here), { relative: SUMS }, 'gradient');
    assert.equal(there.provider?.used, 'webgpu');
    await there.dispose();
    await here.dispose();
  });

  describe('self-check', () => {
    it('auto falls back to the CPU, with the reason, where the GPU answers wrongly', async () => {
      const graph = planted();
      const feeds = noiseFor(graph);
      const { outputs, report } = await (await theDevice()).run(graph, feeds, 'auto');
      assert.equal(report.used, 'cpu');
      const refusal = report.refused.find((r) => r.provider === 'webgpu');
      assert.match(refusal?.reason ?? '', /computes something else than the CPU .*difference \d\.\d+\)/);
      const right = await runOnCpu(graph, feeds);
      assertClose(outputs['y']!.data as Float32Array, right['y']!.data as Float32Array, { relative: 1e-6 }, 'y');
    });

    it('WebGPU asked for by name is refused for it', async () => {
      const graph = planted();
      const answer = await (await theDevice()).ask(graph, noiseFor(graph), 'webgpu');
      assert.equal(answer.code, 'session/provider-wrong');
      assert.match(answer.error!, /"webgpu" cannot be trusted/);
    });

    it('a pool with indices, for which WebGPU has no kernel, is handed to the CPU', async () => {
      const made = await gradientOf({ op: 'MaxPool', x: [1, 2, 4, 4], attributes: { kernel_shape: [2, 2] } }, 'cpu');
      const [device, feeds] = [await theDevice(), noiseFor(made.graph)];
      const { outputs, report, error } = await device.ask(made.graph, feeds, 'webgpu', runtimeFaults(made.graph).onCpu);
      assert.equal(report?.used, 'webgpu', error);
      const [g, e] = [gradientsIn(made, outputs!), gradientsIn(made, await runOnCpu(made.graph, feeds))];
      assert.deepEqual(g, e);
    });

    it('auto falls back with the reason where the GPU fails', async () => {
      const made = await gradientOf({ op: 'MaxPool', x: [1, 2, 4, 4], attributes: { kernel_shape: [2, 2] } }, 'cpu');
      const { report } = await (await theDevice()).run(made.graph, noiseFor(made.graph), 'auto');
      assert.equal(report.used, 'cpu');
      assert.match(report.refused.find((r) => r.provider === 'webgpu')?.reason ?? '', /not supported/i);
    });
  });

  describe('report', () => {
    /**
     * y tells who computed it: the wrong convolution enters with a thousandth, below the tolerance of the self-check and
     * far above rounding.
     */
    const fingerprint = (): Graph =>
      graphOf(
        [
          ...planted().nodes,
          node('ReduceSum', ['y'], 'sum', { keepdims: 0 }),
          node('Mul', ['sum', 'little'], 'part', {}),
          node('Add', ['x', 'part'], 'out', {}),
        ],
        { x: [1, 2, 3, 3], w: [3, 2, 3, 3], little: [1] },
        ['out'],
      );

    for (const provider of ['auto', 'webgpu'] as const) {
      it(`${provider} names the provider whose numbers it answers`, async () => {
        const device = await theDevice();
        const graph = fingerprint();
        const feeds = {
          ...noiseFor(graph),
          little: { type: 'float32', dims: [1], data: Float32Array.of(1e-4) } as Tensor,
        };
        const of = (out: Readonly<Record<string, Tensor>>): Float32Array => out['out']!.data as Float32Array;
        const [cpu, gpu] = [of(await runOnCpu(graph, feeds)), of((await device.run(graph, feeds)).outputs)];
        assert.ok(relativeError(gpu, cpu) > 1e-5, `the fingerprint shows: ${relativeError(gpu, cpu)}`);
        assertClose(gpu, cpu, { relative: 2e-3 }, 'the self-check bears it');
        const { outputs, report } = await device.run(graph, feeds, provider);
        assertClose(of(outputs), report.used === 'webgpu' ? gpu : cpu, { relative: 1e-6 }, report.used);
        if (provider === 'webgpu') assert.deepEqual(report, { used: 'webgpu', refused: [] });
        else {
          // A software device is honest but slow.
          const reason = report.refused.find((r) => r.provider === 'webgpu')?.reason;
          if (report.used === 'cpu') assert.match(reason ?? '', /slower than the CPU here \(\d+ ms against \d+ ms\)/);
          else assert.equal(reason, undefined);
        }
      });
    }

    it('without an adapter auto says so and runs on the CPU; by name it is an error', async () => {
      const bare = await Device.withoutAdapter(await theDevice());
      try {
        const graph = planted();
        const { report } = await bare.run(graph, noiseFor(graph), 'auto');
        assert.equal(report.used, 'cpu');
        assert.match(report.refused.find((r) => r.provider === 'webgpu')?.reason ?? '', /adapter/i);
        const named = await bare.ask(graph, noiseFor(graph), 'webgpu');
        assert.equal(named.code, 'session/provider');
        assert.match(named.error!, /adapter/i);
      } finally {
        await bare.stop();
      }
    });
  });
});
