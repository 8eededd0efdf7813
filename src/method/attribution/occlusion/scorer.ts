import type { Subject } from '../../subject/subject.js';
import { isBehind, isInside } from '../../target/target.js';
import { IncrementalOcclusion } from './incremental/run.js';
import { WholeInputs } from './wholeInputs.js';
import type { Occlusion, WindowScorer } from './windows.js';

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
  if (isInside(occlusion.target) && !isBehind(occlusion.target))
    return new WholeInputs(subject, occlusion, 'the target lies inside the model');
  const incremental = await IncrementalOcclusion.open(subject, occlusion, WORTH, signal);
  if (!('reason' in incremental)) return incremental;
  return new WholeInputs(subject, occlusion, incremental.reason);
}
