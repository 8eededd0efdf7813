import assert from 'node:assert/strict';
import { copyFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isCancelled } from '../../../src/base/errors.js';
import { filePath, type FilePath } from '../../../src/base/place.js';
import type { Asking, CellsProgress } from '../../../src/protocol/attribution.js';
import type { Explanation, Outcome } from '../../../src/result/explanation.js';
import { RunnerService } from '../../../src/runner/service.js';
import { call } from '../support/call.js';
import { temporaryFolder } from '../support/temporary.js';

const MODEL = filePath(path.resolve('models/birds/birds_cnn.onnx'));
const BIRDS = path.resolve('models/birds/pictures');
const PICTURES: readonly FilePath[] = readdirSync(BIRDS, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.png'))
  .sort()
  .slice(0, 7)
  .map((name) => filePath(path.join(BIRDS, name)));

/** Every picture by every question. */
const all = (inputs: readonly unknown[], questions: readonly unknown[]): { input: number; question: number }[] =>
  inputs.flatMap((_, input) => questions.map((_q, question) => ({ input, question })));

describe('runner/cells', () => {
  const runner = new RunnerService();
  const service = runner.operations;
  const folder = temporaryFolder();
  after(() => runner.dispose());

  async function grid(
    inputs: readonly FilePath[],
    questions: readonly Asking[],
    onProgress: (report: CellsProgress) => void = () => undefined,
    signal?: AbortSignal,
  ): Promise<readonly Outcome<Explanation>[]> {
    const out: Outcome<Explanation>[] = [];
    await service.explainCells(
      { model: MODEL, provider: 'cpu', threads: 1, inputs, questions, cells: all(inputs, questions) },
      call((report: CellsProgress) => {
        if (report.outcome !== undefined) out[report.cell!] = report.outcome;
        onProgress(report);
      }, signal),
    );
    return out;
  }

  // Cheap methods run together; the others batch by themselves. Targets by rank, name, difference, layer, as a probability.
  const QUESTIONS: readonly Asking[] = [
    { method: 'gradient' },
    { method: 'gradient', score: 'probability' },
    { method: 'input_x_gradient', target: 'top2' },
    { method: 'guided_backprop', target: '3' },
    { method: 'gradcam' },
    { method: 'guided_gradcam', target: '1 - 2' },
    { method: 'deeplift' },
    { method: 'lrp' },
    { method: 'integrated_gradients', params: { steps: 8 } },
    { method: 'smoothgrad', params: { samples: 3 }, seed: 5 },
    { method: 'occlusion', params: { patch: '16', stride: '16' } },
  ];

  it('answers as single pictures do, but for rounding', async () => {
    const inputs = PICTURES.slice(0, 3);
    // Once before, so that it is known what each question will ask for.
    await grid([inputs[0]!], QUESTIONS);
    const together = await grid(inputs, QUESTIONS);
    for (const [q, question] of QUESTIONS.entries()) {
      for (const [i, input] of inputs.entries()) {
        const asked = { model: MODEL, provider: 'cpu' as const, threads: 1, inputs: [input], ...question };
        const [alone] = (await service.explain(asked, call())).results;
        const cell = together[i * QUESTIONS.length + q]!;
        const name = `${question.method} of ${path.basename(input)}`;
        assert.ok(alone !== undefined && 'result' in alone && 'result' in cell, `${name}: there is no answer`);
        assert.deepEqual(cell.result.target, alone.result.target, name);
        assert.deepEqual(cell.result.recipe, alone.result.recipe, name);
        assert.deepEqual(cell.result.warnings, alone.result.warnings, name);
        assert.deepEqual(cell.result.picture, alone.result.picture, name);
        assert.equal(cell.result.predictions.length, alone.result.predictions.length);
        // Kernels of another batch size add up in another order: some units in the last place of a float32 sum.
        const most = Math.max(1e-12, ...(alone.result.attribution.values.data as Float32Array).map(Math.abs));
        const expected = alone.result.attribution.values.data as Float32Array;
        const found = cell.result.attribution.values.data as Float32Array;
        assert.equal(found.length, expected.length);
        assert.equal(found.byteLength, found.buffer.byteLength, `${name} holds the whole batch in memory`);
        const worst = expected.reduce((max, v, k) => Math.max(max, Math.abs(v - found[k]!)), 0);
        assert.ok(worst <= 2e-5 * most, `${name}: ${worst / most} of the largest value`);
      }
    }
  });

  it('tells of each cell once, in the order of the pictures, and of a picture that is broken where it stands', async () => {
    const broken = filePath(path.join(folder, 'broken.png'));
    writeFileSync(broken, 'no picture');
    const inputs = [PICTURES[0]!, broken, ...PICTURES.slice(1)];
    const questions: Asking[] = [{ method: 'gradient' }, { method: 'gradcam' }];
    const order: number[] = [];
    const outcomes = await grid(inputs, questions, ({ cell, outcome }) => outcome && order.push(cell!));
    assert.deepEqual(
      order.toSorted((a, b) => a - b),
      all(inputs, questions).map((_, cell) => cell),
    );
    assert.equal(order[0], 0);
    assert.deepEqual(
      outcomes.map((outcome) => 'error' in outcome),
      inputs.flatMap((input) => questions.map(() => input === broken)),
    );
  });

  it('refuses what cannot be asked at all, and says of one cell what is wrong with it alone', async () => {
    await assert.rejects(grid(PICTURES, [{ method: 'gradient', layer: 'nowhere' }]), /nowhere/);
    const [fine, wrong] = await grid([PICTURES[0]!], [{ method: 'gradient' }, { method: 'gradient', target: 'swan' }]);
    assert.ok(fine !== undefined && 'result' in fine, 'the other cell was taken along');
    assert.ok(wrong !== undefined && 'error' in wrong, 'a class that does not exist was explained');
  });

  it('says of pictures that run together how far they are, and what each of them took', async () => {
    const asked = { model: MODEL, provider: 'cpu' as const, threads: 1, inputs: PICTURES, method: 'gradient' };
    await service.explain(asked, call());
    const fractions: number[] = [];
    const started = performance.now();
    const { results } = await service.explain(
      asked,
      call(({ fraction }) => fraction !== undefined && fractions.push(fraction)),
    );
    const whole = performance.now() - started;
    assert.ok(fractions.length >= PICTURES.length, `${fractions.length} reports`);
    // All of them at once: nothing is done before they end.
    assert.ok(
      Math.max(...fractions) < 1 / PICTURES.length,
      `it claims ${Math.max(...fractions)} before the first ends`,
    );
    const sum = results.reduce((all, one) => all + ('result' in one ? one.result.milliseconds : NaN), 0);
    assert.ok(sum > 0 && sum <= whole, `${sum} of ${whole} ms`);
  });

  it('reads a picture that the target names once for all', async () => {
    const other = filePath(path.join(folder, 'other.png'));
    copyFileSync(PICTURES[6]!, other);
    const common = { model: MODEL, provider: 'cpu', threads: 1 } as const;
    const [output] = (await service.inspect(common, call())).outputs;
    const asked = { ...common, method: 'gradient', target: `similar:${other}` };
    const { results } = await service.explain(
      { ...asked, outputs: { [output!.name]: { kind: 'embedding' } }, inputs: PICTURES.slice(0, 3) },
      call(({ message }) => message.includes('(2 of 3)') && rmSync(other, { force: true })),
    );
    assert.deepEqual(
      results.map((one) => 'result' in one),
      [true, true, true],
    );
  });

  it('is cancelled before the first picture is read, and leaves nothing behind that nobody waits for', async () => {
    const left: unknown[] = [];
    const leave = (error: unknown): void => void left.push(error);
    const others = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection').on('unhandledRejection', leave);
    try {
      const stop = new AbortController();
      await assert.rejects(
        grid(PICTURES, [{ method: 'gradient' }], () => stop.abort(), stop.signal),
        isCancelled,
      );
      await new Promise((resolve) => setTimeout(resolve, 50));
      assert.deepEqual(left, []);
    } finally {
      process.off('unhandledRejection', leave);
      for (const other of others) process.on('unhandledRejection', other);
    }
  });

  it('stops between the pictures', async () => {
    const stop = new AbortController();
    let done = 0;
    const running = grid(
      PICTURES,
      [{ method: 'occlusion' }],
      ({ outcome }) => {
        if (outcome !== undefined && ++done === 2) stop.abort();
      },
      stop.signal,
    );
    await assert.rejects(running, isCancelled);
    assert.equal(done, 2);
  });
});
