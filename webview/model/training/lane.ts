import { isCancelled } from '../../../src/base/errors.js';

/** One piece of work of a lane. */
export interface Job {
  /** What it is: work of the same key is not begun twice. */
  readonly key: string;
  /** Wanted for what is looked at now: work that is not makes room for it. */
  readonly urgent: boolean;
  /** Keeps its own result, its own errors included; rejects only when it was stopped. */
  run(signal: AbortSignal): Promise<void>;
}

/** Does one thing after the other: always what is wanted most at the moment. */
export class Lane {
  private running: { readonly job: Job; readonly abort: AbortController } | undefined;
  private closed = false;

  /**
   * @param next what is wanted most now; nothing: the lane rests
   * @param changed something has begun or ended
   */
  constructor(
    private readonly next: () => Job | undefined,
    private readonly changed: () => void,
  ) {}

  get working(): Job | undefined {
    return this.running?.job;
  }

  /** Something else may be wanted now. */
  look(): void {
    if (this.closed) return;
    const job = this.next();
    const { running } = this;
    if (running !== undefined) {
      if (job === undefined || job.key === running.job.key) return;
      // Work that nobody looks at makes room; what is looked at is finished first.
      if (!job.urgent || running.job.urgent) return;
      running.abort.abort();
      return;
    }
    if (job !== undefined) void this.begin(job);
  }

  /** Stops what is being done; `look` begins again. */
  stop(): void {
    this.running?.abort.abort();
  }

  close(): void {
    this.closed = true;
    this.stop();
  }

  private async begin(job: Job): Promise<void> {
    const abort = new AbortController();
    const running = { job, abort };
    this.running = running;
    this.changed();
    try {
      await job.run(abort.signal);
    } catch (error) {
      if (!isCancelled(error)) throw error;
    } finally {
      this.running = undefined;
      if (!this.closed) {
        this.changed();
        this.look();
      }
    }
  }
}
