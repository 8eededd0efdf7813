import { isCancelled, toErrorData, type ErrorData } from '../../../src/base/errors.js';
import type { CallOptions } from '../../../src/protocol/channel.js';
import type { WorkProgress } from '../../../src/protocol/request.js';

/**
 * One question of a panel that takes time: its latest answer, how far the next one is, and how it went. A new question
 * ends the one before; the answer before stays until there is another.
 */
export class Task<T, P extends Pick<WorkProgress, 'message' | 'fraction'> = WorkProgress> {
  value: T | undefined;
  /** What was asked last, as the asker named it. */
  question: string | undefined;
  error: ErrorData | undefined;
  progress: P | undefined;
  startedAt = 0;
  /** The answer before was for something that has changed since. */
  outdated = false;
  /** Stopped by a person. */
  stopped = false;
  private abort: AbortController | undefined;

  constructor(private readonly changed: () => void) {}

  get working(): boolean {
    return this.abort !== undefined;
  }

  /**
   * Asks. Settles when the answer, the error or the next question is there; never rejects.
   *
   * @param question names what is asked; asking the same again while it is worked on or answered does nothing unless `anew`
   */
  async run(question: string, ask: (options: CallOptions<P>) => Promise<T>, anew = false): Promise<void> {
    if (!anew && this.question === question && !this.outdated && (this.working || this.value !== undefined)) return;
    this.abort?.abort();
    const abort = new AbortController();
    this.abort = abort;
    this.startedAt = Date.now();
    if (this.question !== undefined && this.question !== question) this.outdated = true;
    this.question = question;
    this.error = undefined;
    this.progress = undefined;
    this.stopped = false;
    this.changed();
    try {
      const value = await ask({
        signal: abort.signal,
        onProgress: (progress) => {
          if (this.abort !== abort) return;
          this.progress = progress;
          this.changed();
        },
      });
      if (this.abort !== abort) return;
      this.value = value;
      this.outdated = false;
    } catch (error) {
      if (this.abort !== abort) return;
      if (isCancelled(error)) this.stopped = true;
      else this.error = toErrorData(error);
    }
    this.abort = undefined;
    this.changed();
  }

  /** Stops the question under way; the answer before stays. */
  cancel(): void {
    this.abort?.abort();
  }

  /** What is known is of before: the next question is asked even if it is the same. */
  expire(): void {
    this.outdated = true;
    if (!this.working) this.error = undefined;
  }

  /** Forgets everything. */
  clear(): void {
    this.abort?.abort();
    this.abort = undefined;
    this.value = undefined;
    this.question = undefined;
    this.error = undefined;
    this.progress = undefined;
    this.outdated = false;
    this.stopped = false;
    this.changed();
  }
}
