import { CancelledError, isCancelled, LensError, type ErrorData } from '../../base/errors.js';
import type { CallOptions } from '../../protocol/channel.js';
import type { PictureOutcome, RunAnswer, RunProgress, RunRequest } from '../../protocol/explainPanel.js';
import type { ExplainAnswer } from '../../protocol/attribution.js';
import type { WorkProgress } from '../../protocol/request.js';
import type { Explanation } from '../../result/explanation.js';

/** Asks the runner about one picture. */
export type ExplainOne = (
  request: RunRequest,
  picture: string,
  options: Required<Pick<CallOptions<WorkProgress>, 'signal' | 'onProgress'>>,
) => Promise<ExplainAnswer>;

/** Runs whose results are kept, for the history and for tabs that come back. */
const KEPT_RUNS = 12;
/** A running picture takes the way to the panel at most so often. */
const PARTIAL_EVERY = 400;
/** Words about how far it is do so a little more often: each makes the panel draw anew. */
const REPORT_EVERY = 100;

interface Run {
  readonly request: RunRequest;
  readonly abort: AbortController;
  readonly outcomes: Map<string, PictureOutcome>;
  readonly explanations: Map<string, Explanation>;
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
 * and one that fails stops no other.
 */
export class Runs {
  private readonly runs = new Map<string, Run>();

  constructor(
    private readonly explain: ExplainOne,
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

  explanation(id: string, picture: string): Explanation {
    const found = this.runs.get(id)?.explanations.get(picture);
    if (found === undefined) throw forgotten();
    return found;
  }

  /** A file has changed: what was computed, or has been begun, is of before. */
  outdate(): void {
    for (const run of this.runs.values()) run.outdated = true;
  }

  /** Ids of the runs of before a change. */
  get outdated(): readonly string[] {
    return [...this.runs].flatMap(([id, run]) => (run.outdated ? [id] : []));
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
      explanations: new Map(),
      listeners: new Set(),
      underWay: false,
      outdated: false,
      ended: false,
      answer: Promise.reject(new CancelledError()),
    };
    run.answer.catch(() => undefined);
    run.answer = this.work(run).finally(() => (run.ended = true));
    run.answer.catch(() => this.runs.delete(request.id)); // a run that failed as a whole is tried anew
    this.runs.set(request.id, run);
    for (const id of this.runs.keys()) if (this.runs.size > KEPT_RUNS && id !== request.id) this.runs.delete(id);
    return run;
  }

  private async work(run: Run): Promise<RunAnswer> {
    const { pictures } = run.request;
    const started = this.now();
    let answer: ExplainAnswer | undefined;
    let cancelled = false;
    for (const [i, picture] of pictures.entries()) {
      if (cancelled) {
        run.outcomes.set(picture, { picture, state: 'skipped' });
        continue;
      }
      try {
        answer = await this.explain(run.request, picture, {
          signal: run.abort.signal,
          onProgress: this.reporter(run, picture, i),
        });
        this.settle(run, picture, answer);
      } catch (error) {
        if (!isCancelled(error)) throw error;
        cancelled = true;
        run.outcomes.set(picture, { picture, state: run.explanations.has(picture) ? 'partial' : 'skipped' });
      }
      const outcome = run.outcomes.get(picture)!;
      this.report(run, { picture, outcome, fraction: (i + 1) / pictures.length, message: '' });
    }
    return {
      outcomes: [...run.outcomes.values()],
      cancelled,
      provider: answer?.provider ?? [...run.explanations.values()][0]?.recipe.provider ?? '',
      refusedProviders: answer?.refusedProviders ?? [],
      preprocessing: answer?.preprocessing ?? {},
      warnings: answer?.warnings ?? [],
      milliseconds: this.now() - started,
    };
  }

  private settle(run: Run, picture: string, { results }: ExplainAnswer): void {
    const first = results[0];
    const error: ErrorData | undefined =
      first === undefined
        ? { kind: 'input', code: 'explain/empty', message: 'There is nothing in it to explain.' }
        : 'error' in first
          ? first.error
          : undefined;
    if (error !== undefined || first === undefined || !('result' in first)) {
      run.explanations.delete(picture);
      run.outcomes.set(picture, { picture, state: 'failed', error: error! });
      return;
    }
    const more = results.length - 1;
    const note = `The file holds ${results.length} inputs; the first is shown.`;
    const { result } = first;
    run.explanations.set(picture, more === 0 ? result : { ...result, warnings: [...result.warnings, note] });
    run.outcomes.set(picture, { picture, state: 'done' });
  }

  private reporter(run: Run, picture: string, index: number): (progress: WorkProgress) => void {
    const { length } = run.request.pictures;
    let [sent, told] = [0, -REPORT_EVERY];
    return ({ fraction, message, partial }) => {
      if (partial !== undefined) run.explanations.set(picture, partial);
      const show = partial !== undefined && !run.underWay && this.now() - sent >= PARTIAL_EVERY;
      if (show) [sent, run.underWay] = [this.now(), true];
      const progress = {
        picture,
        message: length > 1 ? `${index + 1} of ${length}: ${message}` : message,
        ...(fraction === undefined ? {} : { fraction: (index + fraction) / length }),
        ...(show ? { partial } : {}),
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

function forgotten(): LensError {
  return new LensError('runtime', 'explain/forgotten', 'This result is no longer kept.', { hint: 'Run it again.' });
}
