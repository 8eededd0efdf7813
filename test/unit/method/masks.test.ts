import assert from 'node:assert/strict';
import { Random } from '../../../src/base/random.js';
import { toFloat32 } from '../../../src/base/tensor.js';
import { riseMask } from '../../../src/method/attribution/rise.js';
import { BoundedAdam, SoftMask, totalVariation } from '../../../src/method/attribution/shared/softMask.js';
import { assertClose } from '../support/close.js';
import { reference } from '../support/data.js';
import { suiteSubject } from '../support/subject.js';

describe('method/masks', () => {
  it('of RISE let as much through as they are told to, without edges, whatever the shape', () => {
    const root = new Random(1);
    let sum = 0;
    for (let k = 0; k < 400; k++) {
      const mask = riseMask(20, 33, 5, 0.3, root.fork(k));
      assert.equal(mask.length, 20 * 33);
      for (const v of mask) {
        assert.ok(v >= 0 && v <= 1, `v: ${v}`);
        sum += v;
      }
    }
    assertClose(sum / (400 * 20 * 33), 0.3, { absolute: 0.02 }, 'share that is seen');
  });

  it('enlarged have an exact adjoint and keep a constant', () => {
    const random = new Random(2);
    const soft = new SoftMask(5, 7, 19, 30, 1.7);
    const small = Float64Array.from({ length: 35 }, () => random.normal());
    const full = Float64Array.from({ length: 19 * 30 }, () => random.normal());
    const dot = (a: Float64Array, b: Float64Array): number => a.reduce((s, v, i) => s + v * b[i]!, 0);
    assertClose(
      dot(soft.enlarge(small), full),
      dot(small, soft.adjoint(full)),
      { absolute: 1e-9 },
      'product with the enlarged, or with the adjoint',
    );
    for (const v of soft.enlarge(new Float64Array(35).fill(0.4)))
      assertClose(v, 0.4, { absolute: 1e-12 }, 'an even mask enlarged');
  });

  it('have a total variation whose gradient is that of central differences', () => {
    const random = new Random(3);
    const mask = Float64Array.from({ length: 12 }, () => random.uniform());
    const { gradient } = totalVariation(mask, 3, 4, 3);
    for (const i of mask.keys()) {
      const at = (d: number): number =>
        totalVariation(
          mask.map((v, j) => (j === i ? v + d : v)),
          3,
          4,
          3,
        ).value;
      assertClose((at(1e-5) - at(-1e-5)) / 2e-5, gradient[i]!, { absolute: 1e-8 }, `slope ${i}`);
    }
  });

  it('are moved to the minimum by the optimiser, and not out of their bounds', () => {
    const adam = new BoundedAdam(Float64Array.of(0.5, 0.5), 0.05);
    for (let k = 0; k < 400; k++) adam.step(Float64Array.of(adam.values[0]! - 0.3, adam.values[1]! - 2));
    assertClose(adam.values[0]!, 0.3, { absolute: 1e-2 }, 'minimum');
    assert.equal(adam.values[1], 1);
  });

  describe('on cifar_resnet20', () => {
    const t = suiteSubject('cifar_resnet20');

    const words =
      /(the logit is|the probability is) (-?[\d.e+-]+) then, (-?[\d.e+-]+) for the whole picture and (-?[\d.e+-]+)/;

    it('deletion covers little and lowers the score; preservation keeps a part and upholds it', async () => {
      const [deletion, preservation] = await Promise.all(
        (['deletion', 'preservation'] as const).map((game) => t.run('perturbation', 0, { game, steps: 60 })),
      );
      const read = (notes: readonly string[]): number[] => words.exec(notes.join(' '))!.slice(2).map(Number);
      const [deleted, whole, covered] = read(deletion!.notes);
      assert.ok(whole! - deleted! > 0.6 * (whole! - covered!), `${deleted} ${whole} ${covered}`);
      const mean = (map: ArrayLike<number>): number => Array.from(map).reduce((a, b) => a + b, 0) / map.length;
      assert.ok(
        mean(toFloat32(deletion!.attribution.values)) < 0.7,
        `${mean(toFloat32(deletion!.attribution.values))}`,
      );
      const [kept] = read(preservation!.notes);
      assert.ok(
        kept! > covered! + 0.6 * (whole! - covered!),
        `kept: ${kept!}, covered + 0.6 * (whole - covered): ${covered! + 0.6 * (whole! - covered!)}`,
      );
    });

    it('RISE finds the pixels whose removal costs most, as occlusion does', async () => {
      const occlusion = reference('cifar_resnet20', 'occlusion');
      const size = occlusion.data.length / occlusion.dims[0]!;
      const map = toFloat32((await t.run('rise', 1, { samples: 600, grid: 4 })).attribution.values);
      const other = occlusion.data.subarray(size, 2 * size);
      const pixels = map.length;
      const mean = (v: ArrayLike<number>): number => Array.from(v).reduce((a, b) => a + b, 0) / pixels;
      const [m, o] = [mean(map), mean(other)];
      let [ab, aa, bb] = [0, 0, 0];
      for (let i = 0; i < pixels; i++) {
        ab += (map[i]! - m) * (other[i]! - o);
        aa += (map[i]! - m) ** 2;
        bb += (other[i]! - o) ** 2;
      }
      assert.ok(ab / Math.sqrt(aa * bb) > 0.5, `correlation ${ab / Math.sqrt(aa * bb)}`);
    });

    it('Expected Gradients of one baseline are Integrated Gradients', async () => {
      const eg = await t.run('expected_gradients', 0, { baseline: 'zero', samples: 200 });
      const ig = reference('cifar_resnet20', 'integrated_gradients_riemann_middle');
      const expected = ig.data.subarray(0, ig.data.length / ig.dims[0]!);
      assertClose(toFloat32(eg.attribution.values), expected, { relative: 0.2 }, 'map');
    });
  });
});
