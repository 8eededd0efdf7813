import assert from 'node:assert/strict';
import path from 'node:path';
import { filePath } from '../../../src/base/place.js';
import type { VisualizeProgress } from '../../../src/protocol/reconstruction.js';
import { RunnerService } from '../../../src/runner/service.js';
import { call } from '../support/call.js';

describe('runner: visualize', () => {
  const runner = new RunnerService();
  after(() => runner.dispose());
  const model = filePath(path.resolve('models/birds/birds_cnn.onnx'));
  const asked = { model, target: 'Foxwren', params: { preset: 'smooth', steps: 60, every: 4 } } as const;

  it('shows the picture as it grows, and ends with what there is when it is stopped', async () => {
    const seen: NonNullable<VisualizeProgress['made']>[] = [];
    const { visualize, steer } = runner.operations;
    let paused = false;
    const answer = await visualize(
      { ...asked, run: 'one' },
      call<VisualizeProgress>(({ made }) => {
        if (made === undefined) return;
        seen.push(made);
        if (made.step === 8 && !paused) {
          paused = true;
          void steer({ run: 'one', state: 'pause' }, call());
          setTimeout(() => void steer({ run: 'one', state: 'run' }, call()), 50);
        }
        if (made.step === 16) void steer({ run: 'one', state: 'stop' }, call());
      }),
    );
    const { result } = answer;
    assert.deepEqual(
      seen.map((made) => made.step),
      [4, 8, 12, 16],
    );
    assert.deepEqual(
      seen.map((made) => made.trace.length),
      [5, 9, 13, 17],
    );
    assert.equal(result.ended, 'stopped');
    assert.ok(result.steps >= 16 && result.steps < 20, `${result.steps}`);
    assert.deepEqual([result.picture.width, result.values.dims], [64, [1, 3, 64, 64]]);
    assert.ok(paused, 'it was paused');
  });

  it('is cancelled between two steps', async () => {
    const abort = new AbortController();
    const work = runner.operations.visualize(
      asked,
      call<VisualizeProgress>(({ made }) => {
        if (made !== undefined) abort.abort();
      }, abort.signal),
    );
    await assert.rejects(work, (error: Error) => error.name === 'AbortError' || /cancel/i.test(error.message));
  });
});
