import { CancelledError } from '../../base/errors.js';
import { Newest } from '../../base/newest.js';
import type { Call } from '../../protocol/channel.js';

/** Answers that are kept: a survey, and the maps between which a person goes to and fro. */
const KEPT = 12;

type Report = (progress: unknown) => void;

/** A question that is worked on, and who waits for it. */
interface Work {
  readonly abort: AbortController;
  readonly waiting: Set<Report>;
  readonly answer: Promise<unknown>;
  last?: unknown;
}

/**
 * The answers of one panel, over the lives of its page: a tab that was hidden asks again when it comes back, and neither
 * waits for what it had nor ends what is under way.
 */
export class KeptAnswers {
  private readonly answers: Newest<string, unknown>;
  private readonly working = new Map<string, Work>();

  /** @param most answers that are kept */
  constructor(most = KEPT) {
    this.answers = new Newest(most);
  }

  /** What was answered to a question, where it is still kept. */
  known(key: string): unknown {
    return this.answers.get(key);
  }

  /**
   * Answers what is known, joins the same question where it is worked on, or asks. Work ends when who waited for it has
   * cancelled; a page that is gone has not.
   *
   * @param key all that the answer depends on, but for files
   * @throws what `compute` throws, which is not kept; CancelledError when the call is cancelled
   */
  async ask<A, P>(key: string, call: Call<P>, compute: (call: Call<P>) => Promise<A>): Promise<A> {
    const known = this.answers.get(key);
    if (known !== undefined) return known as A;
    const work = this.working.get(key) ?? this.begin(key, compute);
    const report: Report = (progress) => call.progress(progress as P);
    work.waiting.add(report);
    if (work.last !== undefined) report(work.last);
    return new Promise<A>((resolve, reject) => {
      const onAbort = (): void => {
        work.waiting.delete(report);
        if (work.waiting.size === 0) work.abort.abort();
        reject(new CancelledError());
      };
      call.signal.addEventListener('abort', onAbort, { once: true });
      work.answer
        .then((answer) => resolve(answer as A), reject)
        .finally(() => call.signal.removeEventListener('abort', onAbort));
    });
  }

  /** Another page is there: who waited before is gone, and what is worked on goes on. */
  orphan(): void {
    for (const { waiting } of this.working.values()) waiting.clear();
  }

  /** Something that answers depend on has changed. */
  clear(): void {
    this.answers.clear();
    // What is worked on may have read what was there before: whoever asks from now on asks anew.
    this.working.clear();
  }

  private begin<A, P>(key: string, compute: (call: Call<P>) => Promise<A>): Work {
    const abort = new AbortController();
    const waiting = new Set<Report>();
    const progress = (report: P): void => {
      work.last = report;
      for (const tell of waiting) tell(report);
    };
    const answer = compute({ signal: abort.signal, progress });
    const work: Work = { abort, waiting, answer };
    const mine = (): boolean => this.working.get(key) === work;
    answer.then(
      (value) => {
        if (!mine()) return;
        this.working.delete(key);
        this.answers.set(key, value);
      },
      () => mine() && this.working.delete(key),
    );
    this.working.set(key, work);
    return work;
  }
}
