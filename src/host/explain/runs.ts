import { CancelledError, isCancelled, LensError } from '../../base/errors.js';
import { given } from '../../base/given.js';
import { Newest } from '../../base/newest.js';
import type { Address } from '../../base/place.js';
import type { OneRequest, PictureOutcome, RunAnswer, RunProgress, RunRequest } from '../../protocol/explainPanel.js';
import type { WorkProgress } from '../../protocol/request.js';
import type { Explanation } from '../../result/explanation.js';
import type { Answer, AskManyOptions, AskOptions } from './answers.js';

/** The store of answers, as one panel sees it: about its model. */
export interface ModelAnswers {
  ask(request: OneRequest, options: AskOptions): Promise<Answer>;
  /** Tells of each as it ends; what is known first. */
  askMany(requests: readonly OneRequest[], options: AskManyOptions): Promise<void>;
  /** The explanation of an answer that was given, as long as it is kept. */
  at(key: string): Explanation | undefined;
  /** Which would be answered at once. */
  holds(requests: readonly OneRequest[]): Promise<readonly boolean[]>;
}

/** Runs that are known, for the history and for tabs that come back. */
const KEPT_RUNS = 12;
/** A running picture takes the way to the panel at most so often. */
const PARTIAL_EVERY = 400;
/** Words about how far it is do so a little more often: each makes the panel draw anew. */
const REPORT_EVERY = 100;

interface Run {
  readonly request: RunRequest;
  readonly abort: AbortController;
  readonly outcomes: Map<Address, PictureOutcome>;
  /** Where the answers of its pictures are in the store. */
  readonly keys: Map<Address, string>;
  /** Running pictures, of those that have not ended. */
  readonly partials: Map<Address, Explanation>;
  readonly listeners: Set<(progress: RunProgress) => void>;
  last?: RunProgress;
  /** A file that it depends on has changed since it began. */
  outdated: boolean;
  /** A running picture is on its way to the page. */
  underWay: boolean;
  ended: boolean;
  answer: Promise<RunAnswer>;
}

/**
 * The runs of one panel, independent of its page: a page that was thrown away with its hidden tab joins its run again.
 * One run at a time; a new one ends the one before. One picture after the other, so that each is shown when it is there
 * and one that fails stops no other. A run holds no answers: it knows where they are in the store.
 */
export class Runs {
  private readonly runs = new Newest<string, Run>(KEPT_RUNS);

  constructor(
    private readonly answers: Omit<ModelAnswers, 'askMany'>,
    private readonly now: () => number = () => Date.now(),
  ) {}

  /** Starts, joins or repeats a run. */
  async run(request: RunRequest, signal: AbortSignal, progress: (report: RunProgress) => void): Promise<RunAnswer> {
    const run = this.runs.get(request.id) ?? this.start(request);
    // Another page: what was under way to the one before does not come any more.
    run.underWay = false;
    if (run.last !== undefined && !run.ended) progress(run.last);
    run.listeners.add(progress);
    const leave = (): void => void run.listeners.delete(progress);
    signal.addEventListener('abort', leave, { once: true });
    try {
      return await run.answer;
    } finally {
      leave();
    }
  }

  /** The page has taken up the running picture that was sent to it. */
  seen(id: string): void {
    const run = this.runs.get(id);
    if (run !== undefined) run.underWay = false;
  }

  stop(id: string): void {
    this.runs.get(id)?.abort.abort();
  }

  /**
   * The explanation of a picture that has ended.
   *
   * @throws LensError `explain/forgotten` where the store no longer holds it; the run is then begun anew when it is asked
   * for again, and what the store still holds of it is answered at once
   */
  explanation(id: string, picture: Address): Explanation {
    const run = this.runs.get(id);
    const key = run?.keys.get(picture);
    const found = run?.partials.get(picture) ?? (key === undefined ? undefined : this.answers.at(key));
    if (found !== undefined) return found;
    if (run?.ended === true && key !== undefined) this.runs.delete(id);
    throw forgotten();
  }

  /** A file has changed: what was computed, or has been begun, is of before. */
  outdate(): void {
    for (const run of this.runs.values()) run.outdated = true;
  }

  /** Ids of the runs of before a change. */
  get outdated(): readonly string[] {
    return [...this.runs.values()].flatMap((run) => (run.outdated ? [run.request.id] : []));
  }

  dispose(): void {
    for (const run of this.runs.values()) run.abort.abort();
    this.runs.clear();
  }

  private start(request: RunRequest): Run {
    for (const run of this.runs.values()) if (!run.ended) run.abort.abort();
    const run: Run = {
      request,
      abort: new AbortController(),
      outcomes: new Map(),
      keys: new Map(),
      partials: new Map(),
      listeners: new Set(),
      underWay: false,
      outdated: false,
      ended: false,
      answer: Promise.reject(new CancelledError()),
    };
    run.answer.catch(() => undefined);
    run.answer = this.work(run).finally(() => (run.ended = true));
    run.answer.catch(() => this.runs.delete(request.id, run)); // a run that failed as a whole is tried anew
    this.runs.set(request.id, run);
    return run;
  }

  private async work(run: Run): Promise<RunAnswer> {
    const { question, anew = false } = run.request;
    const pictures = await this.inOrder(run.request);
    const started = this.now();
    let answer: Answer | undefined;
    let cancelled = false;
    for (const [i, picture] of pictures.entries()) {
      if (cancelled) {
        run.outcomes.set(picture, { picture, state: 'skipped' });
        continue;
      }
      try {
        answer = await this.answers.ask(
          { question, picture },
          {
            anew,
            signal: run.abort.signal,
            onProgress: this.reporter(run, picture, i),
          },
        );
        settle(run, picture, answer);
      } catch (error) {
        if (!isCancelled(error)) throw error;
        cancelled = true;
        run.outcomes.set(picture, { picture, state: run.partials.has(picture) ? 'partial' : 'skipped' });
      }
      const outcome = run.outcomes.get(picture)!;
      this.report(run, { picture, outcome, fraction: (i + 1) / pictures.length, message: '' });
    }
    return {
      outcomes: [...run.outcomes.values()],
      cancelled,
      provider: answer?.provider ?? [...run.partials.values()][0]?.recipe.provider ?? '',
      refusedProviders: answer?.refusedProviders ?? [],
      preprocessing: answer?.preprocessing ?? {},
      warnings: answer?.warnings ?? [],
      milliseconds: this.now() - started,
    };
  }

  /** What the store holds comes first: it is there at once, and would else have to make room for what is computed. */
  private async inOrder({ question, pictures, anew = false }: RunRequest): Promise<readonly Address[]> {
    if (anew || pictures.length === 1) return pictures;
    const held = await this.answers.holds(pictures.map((picture) => ({ question, picture })));
    return [...pictures.filter((_, i) => held[i]), ...pictures.filter((_, i) => held[i] !== true)];
  }

  private reporter(run: Run, picture: Address, index: number): (progress: WorkProgress) => void {
    const { length } = run.request.pictures;
    let [sent, told] = [0, -REPORT_EVERY];
    return ({ fraction, message, partial }) => {
      if (partial !== undefined) run.partials.set(picture, partial);
      const show = partial !== undefined && !run.underWay && this.now() - sent >= PARTIAL_EVERY;
      if (show) [sent, run.underWay] = [this.now(), true];
      const progress = {
        picture,
        message: length > 1 ? `${index + 1} of ${length}: ${message}` : message,
        ...given({
          fraction: fraction === undefined ? undefined : (index + fraction) / length,
          partial: show ? partial : undefined,
        }),
      };
      if (!show && this.now() - told < REPORT_EVERY) return;
      told = this.now();
      this.report(run, progress);
    };
  }

  private report(run: Run, progress: RunProgress): void {
    run.last = progress;
    for (const listener of run.listeners) listener(progress);
  }
}

/** A picture has ended: with an answer in the store, or with what is wrong with it. */
function settle(run: Run, picture: Address, { key, outcome }: Answer): void {
  run.partials.delete(picture);
  if ('error' in outcome) run.outcomes.set(picture, { picture, state: 'failed', error: outcome.error });
  else {
    run.keys.set(picture, key);
    run.outcomes.set(picture, { picture, state: 'done' });
  }
}

function forgotten(): LensError {
  return new LensError('runtime', 'explain/forgotten', 'This result is no longer kept.', { hint: 'Run it again.' });
}
