import { throwIfCancelled } from '../../base/errors.js';
import { floatTensor, type FloatTensor } from '../../base/tensor.js';
import type { ScoreKind } from '../../result/recipe.js';
import type { Subject } from '../subject/subject.js';
import { isInside, type Target } from '../target/target.js';
import { IncrementalOcclusion } from './incremental/run.js';
import { boundsOf, cover, type WindowGrid } from './windowGrid.js';

/** What is occluded, by what, and which score is watched. */
export interface Occlusion {
  readonly input: FloatTensor;
  readonly fill: FloatTensor;
  readonly target: Target;
  readonly score: ScoreKind;
  readonly grid: WindowGrid;
}

/** Called after each batch with the windows that are done now and their scores. */
export type OnScores = (windows: ArrayLike<number>, scores: Float32Array) => void;

/** Computes scores of occluded inputs, for any subset of a grid's windows. */
export interface WindowScorer {
  scores(windows: readonly number[], signal: AbortSignal, onScores: OnScores): Promise<void>;
  /** How it was computed, where that is worth a sentence. */
  readonly note?: string;
}

/** Estimated gain under which whole pictures are as fast. */
const WORTH = 1.2;

/**
 * The fastest exact way: incremental inference where the graph allows it and it pays, else whole pictures in batches.
 *
 * @param allowed false computes whole pictures in any case
 */
export async function windowScorer(
  subject: Subject,
  occlusion: Occlusion,
  allowed: boolean,
  signal: AbortSignal,
): Promise<WindowScorer> {
  if (!allowed) return new WholeInputs(subject, occlusion);
  if (isInside(occlusion.target)) return new WholeInputs(subject, occlusion, 'the target lies inside the model');
  const incremental = await IncrementalOcclusion.open(subject, occlusion, WORTH, signal);
  if (!('reason' in incremental)) return incremental;
  return new WholeInputs(subject, occlusion, incremental.reason);
}

/** Every occluded input runs through the whole model. */
class WholeInputs implements WindowScorer {
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
