import { nothing, type TemplateResult } from 'lit';
import type { WorkProgress } from '../../../src/protocol/request.js';
import { working } from '../messages.js';

/** A task, as far as its progress is concerned. */
interface Work {
  readonly working: boolean;
  readonly startedAt: number;
  readonly progress: Pick<WorkProgress, 'message' | 'fraction'> | undefined;
  cancel(): void;
}

/**
 * How far a question is, how long it takes, and a way out. `message` stands until the answering side says more.
 *
 * @param after milliseconds before which nothing is shown: what is quick does not flicker
 */
export function taskProgress(
  task: Work,
  message: string,
  { after = 300, onCancel = () => task.cancel() }: { readonly after?: number; readonly onCancel?: () => void } = {},
): TemplateResult | typeof nothing {
  const elapsed = Date.now() - task.startedAt;
  if (!task.working || elapsed < after) return nothing;
  const { progress } = task;
  return working({ message: progress?.message ?? message, fraction: progress?.fraction, elapsed, onCancel });
}
