import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { readNpy } from '../../../src/base/npy.js';
import { toNumbers } from '../../../src/base/tensor.js';
import { readTensor } from '../../../src/checkpoint/readTensor.js';
import { openCheckpoint } from '../../../src/checkpoint/reader.js';
import { buildGraph } from '../../../src/graph/build/build.js';
import { RunnerService } from '../../../src/runner/service.js';
import { assertClose } from '../support/close.js';
import { dataPath, requireData } from '../support/data.js';
import { call } from '../support/call.js';

/** Situations of public reports, rebuilt small: `cases/` of the test data. */
describe('situations of public reports', () => {
  const runner = new RunnerService();
  const service = runner.operations;
  before(requireData);
  after(() => runner.dispose());

  const SIDE = 32;

  /**
   * d out₀ / dx of both `if_` models by hand, in double precision: a 3×3 convolution with padding 1, Relu, the mean of each
   * channel (times 1 + `factor`), and a linear layer.
   */
  async function byHand(model: string, factor: number): Promise<Float64Array> {
    const graph = buildGraph(await openCheckpoint(model));
    const read = async (name: string): Promise<Float64Array> =>
      Float64Array.from(toNumbers(await readTensor(graph.weights.get(name)!)));
    const [w, b, head] = [await read('w1'), await read('b1'), await read('w2')];
    const x = toNumbers(readNpy(readFileSync(dataPath('cases/if_input.npy'))));
    const gradient = new Float64Array(3 * SIDE * SIDE);
    const inside = (at: number): boolean => at >= 0 && at < SIDE;
    for (let c = 0; c < 8; c++) {
      for (let row = 0; row < SIDE; row++) {
        for (let column = 0; column < SIDE; column++) {
          let sum = b[c]!;
          const reads: [number, number][] = [];
          for (let i = 0; i < 3; i++) {
            for (let k = 0; k < 9; k++) {
              const [r, s] = [row + Math.floor(k / 3) - 1, column + (k % 3) - 1];
              if (!inside(r) || !inside(s)) continue;
              const at = (i * SIDE + r) * SIDE + s;
              const weight = w[(c * 3 + i) * 9 + k]!;
              reads.push([at, weight]);
              sum += weight * x[at]!;
            }
          }
          if (sum <= 0) continue;
          for (const [at, weight] of reads) gradient[at]! += (weight * head[c]! * (1 + factor)) / (SIDE * SIDE);
        }
      }
    }
    return gradient;
  }

  // `two` is the factor of the branch that this input takes, beside the way around the If.
  for (const [name, factor, rough] of [
    ['if_partial', 2, [-5.841e-4, -1.0014e-3, -2.2769e-3]],
    ['if_squeeze', 0, [-1.922e-4, -3.278e-4, -7.57e-4]],
  ] as const) {
    it(`${name}: the gradient goes through the If, too`, async () => {
      const model = dataPath(`cases/${name}.onnx`);
      const asked = { model, inputs: [dataPath('cases/if_input.npy')], method: 'gradient', target: '0' };
      const [outcome] = (await service.explain(asked, call())).results;
      assert.ok(outcome !== undefined && 'result' in outcome, JSON.stringify(outcome));
      const found = toNumbers(outcome.result.attribution.values);
      const right = await byHand(model, factor);
      assertClose(found, right, { relative: 1e-5 }, 'map');
      // What a step of 0.01 changes, kinks of the Relu included.
      rough.forEach((slope, i) => assertClose(found[64 * i]!, slope, { relative: 0.1 }, `slope ${i}`));
    });
  }

  it('imagenet_inside_255: a picture is not normalised twice', async () => {
    const model = dataPath('cases/imagenet_inside_255.onnx');
    const asked = { model, inputs: [dataPath('images/photos/goldfish.jpg')], provider: 'cpu' } as const;
    const { results, warnings } = await service.predict(asked, call());
    const [outcome] = results;
    assert.ok(outcome !== undefined && 'result' in outcome, JSON.stringify(outcome));
    const [best] = outcome.result.top!;
    assertClose(best!.logit, 0.406, { absolute: 5e-4 }, 'logit of the best class');
    assert.equal(best!.index, 911);
    assert.deepEqual(
      warnings.filter((w) => /Nothing says|normalis/.test(w)),
      [],
    );
  });
});
