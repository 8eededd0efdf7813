import assert from 'node:assert/strict';
import type { Facts } from '../../../src/graph/facts.js';
import type { Graph } from '../../../src/graph/graph.js';
import { probeFacts } from '../../../src/session/probe.js';
import { relativeError } from '../support/data.js';
import { gradientOf, gradientsIn, noiseFor, onCpu, runOnCpu, title, type Shape } from './shapes.js';

/**
 * The convolutions that ONNX Runtime 1.30 computes wrongly on WebGPU: kernel as large as the input, no padding at the
 * beginning, some at the end. They are taken for a matrix product of the unpadded input.
 */
function forgotten(graph: Graph, facts: Facts): string[] {
  return (
    graph.nodes
      // A model's own convolution of that form is left to the self-check.
      .filter((n) => n.op === 'Conv' && n.outputs[0] !== 'y')
      .filter((n) => {
        const x = facts.get(n.inputs[0]!)!.base.slice(2);
        const w = facts.get(n.inputs[1]!)!.base.slice(2);
        const pads = n.attributes.ints('pads', Array<number>(2 * x.length).fill(0));
        const begin = pads.slice(0, x.length);
        const end = pads.slice(x.length);
        return x.every((d, i) => d === w[i]) && begin.every((p) => p === 0) && end.some((p) => p > 0);
      })
      .map((n) => `${n.name} pads ${n.attributes.ints('pads')?.join()}`)
  );
}

/** Windows whose way back could be the wrong form, and ordinary ones. */
function shapes(): Shape[] {
  const found: Shape[] = [];
  for (const op of ['Conv', 'ConvTranspose'] as const)
    for (const group of [1, 2])
      for (const kernel of [1, 2, 3])
        for (const stride of [1, 2])
          for (const dilation of [1, 2])
            for (const [begin, end] of [
              [0, 0],
              [0, 1],
              [1, 0],
              [1, 1],
              [2, 0],
              [0, 2],
            ] as const)
              for (const size of [2, 3, 4]) {
                const reach = dilation * (kernel - 1);
                const out =
                  op === 'Conv'
                    ? Math.floor((size + begin + end - reach - 1) / stride) + 1
                    : (size - 1) * stride + reach + 1 - begin - end;
                if (out < 1 || size + begin + end < reach + 1 || Math.max(begin, end) > reach) continue;
                found.push({
                  op,
                  x: [1, 4, size, size],
                  w: op === 'Conv' ? [2, 4 / group, kernel, kernel] : [4, 2 / group, kernel, kernel],
                  attributes: {
                    group,
                    strides: [stride, stride],
                    dilations: [dilation, dilation],
                    pads: [begin, begin, end, end],
                  },
                });
              }
  const plain = { op: 'Conv', x: [2, 4, 4, 4] } as const;
  found.push({ ...plain, w: [2, 4, 2, 2], attributes: { auto_pad: 'SAME_UPPER' } });
  found.push({ ...plain, w: [2, 4, 2, 2], attributes: { auto_pad: 'SAME_LOWER' } });
  found.push({ op: 'Conv', x: [2, 4, 5], w: [2, 4, 2], attributes: { pads: [0, 1] } });
  found.push({ op: 'Conv', x: [1, 4, 3, 5], w: [2, 4, 3, 1], attributes: { pads: [2, 0, 0, 0] } });
  return found;
}

describe('webgpu/forms', () => {
  it('no gradient meant for WebGPU holds the convolution that it computes wrongly', async function () {
    this.timeout(60_000);
    const wrong: string[] = [];
    let usually = 0;
    for (const s of shapes()) {
      const [onGpu, usual] = [await gradientOf(s, 'webgpu'), await gradientOf(s, 'cpu')];
      usually += forgotten(usual.graph, await probeFacts(usual.graph, onCpu)).length;
      const found = forgotten(onGpu.graph, await probeFacts(onGpu.graph, onCpu));
      if (found.length > 0) wrong.push(`${title(s)}: ${found.join('; ')}`);
      // The same numbers in either form, both on the CPU.
      const a = gradientsIn(onGpu, await runOnCpu(onGpu.graph, noiseFor(onGpu.graph)));
      const b = gradientsIn(usual, await runOnCpu(usual.graph, noiseFor(usual.graph)));
      const error = Math.max(...b.map((t, i) => relativeError(a[i]!, t)));
      if (!(error < 1e-5)) wrong.push(`${title(s)}: off by ${error}`);
    }
    // The CPU's forms do hold it: the shapes are the ones that matter, and the check can see it.
    assert.ok(usually > 10, `only ${usually} on the CPU`);
    assert.deepEqual(wrong, []);
  });

  it('a max pool is never asked for its indices', async () => {
    const pool = { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] };
    const indices = async (provider: string): Promise<number> =>
      (await gradientOf({ op: 'MaxPool', x: [1, 2, 7, 7], attributes: pool }, provider)).graph.nodes.filter(
        (n) => n.op === 'MaxPool' && n.outputs.length > 1,
      ).length;
    assert.equal(await indices('webgpu'), 0);
    assert.equal(await indices('cpu'), 1);
  });
});
