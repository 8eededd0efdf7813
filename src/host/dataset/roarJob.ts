import type { Call } from '../../protocol/channel.js';
import { KeptAnswers } from './keptAnswers.js';

/**
 * Remove-and-retrain of one model on one place: it goes on without its page and without its panel, and whoever asks the same
 * joins it. Only {@link stop} ends it, and the window.
 */
export class RoarJob {
  private readonly answers = new KeptAnswers(1);
  private running: { readonly key: string; readonly abort: AbortController } | undefined;

  /**
   * @param key all that the answer depends on, but for files
   * @throws what `compute` throws; CancelledError when it was stopped
   */
  async ask<A, P>(key: string, call: Pick<Call<P>, 'progress'>, compute: (call: Call<P>) => Promise<A>): Promise<A> {
    if (this.running?.key !== key) {
      this.stop();
      this.running = { key, abort: new AbortController() };
    }
    const { running } = this;
    const own: Call<P> = { progress: call.progress, signal: running.abort.signal };
    try {
      return await this.answers.ask(key, own, compute);
    } finally {
      if (this.running === running) this.running = undefined;
    }
  }

  stop(): void {
    this.running?.abort.abort();
    this.running = undefined;
  }

  /** The page that waited is gone; the work goes on. */
  orphan(): void {
    this.answers.orphan();
  }

  /** Something that the answer depends on has changed; what runs is about what it has read. */
  changed(): void {
    if (this.running === undefined) this.answers.clear();
  }
}

/** The jobs of a window, each over the lives of its panels. */
export class RoarJobs {
  private readonly jobs = new Map<string, RoarJob>();

  of(topic: string): RoarJob {
    const job = this.jobs.get(topic) ?? new RoarJob();
    this.jobs.set(topic, job);
    return job;
  }
}
