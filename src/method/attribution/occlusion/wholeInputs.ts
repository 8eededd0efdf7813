import { throwIfCancelled } from '../../../base/errors.js';
import { floatTensor } from '../../../base/tensor.js';
import type { Subject } from '../../subject/subject.js';
import { boundsOf, cover } from './grid.js';
import type { Occlusion, OnScores, WindowScorer } from './windows.js';

/** Every occluded input runs through the whole model. */
export class WholeInputs implements WindowScorer {
  readonly note?: string;

  constructor(
    private readonly subject: Subject,
    private readonly occlusion: Occlusion,
    reason?: string,
  ) {
    if (reason !== undefined) this.note = `Whole pictures were computed for every square: ${reason}.`;
  }

  async scores(windows: readonly number[], signal: AbortSignal, onScores: OnScores): Promise<void> {
    const { subject } = this;
    const { input, fill, target, score, grid } = this.occlusion;
    const { height, width } = subject.input;
    const size = input.data.length;
    const step = subject.batchSize('forward');
    for (let from = 0; from < windows.length; from += step) {
      throwIfCancelled(signal);
      const part = windows.slice(from, from + step);
      const batch = floatTensor([part.length, ...input.dims.slice(1)]);
      part.forEach((window, k) => {
        batch.data.set(input.data, k * size);
        const sample = batch.data.subarray(k * size, (k + 1) * size);
        cover(sample, fill.data, subject.input, boundsOf(grid, window, height, width));
      });
      onScores(part, await subject.scores(batch, target, score, signal));
    }
  }
}
