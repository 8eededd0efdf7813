import { canonical } from '../../../src/base/canonical.js';
import { Newest } from '../../../src/base/newest.js';
import type { Address } from '../../../src/base/place.js';
import { isCancelled, toErrorData, type ErrorData } from '../../../src/base/errors.js';
import type { Client } from '../../../src/protocol/channel.js';
import type { ExplainHostApi, OneRequest, Question } from '../../../src/protocol/explainPanel.js';
import type { SanitySummary } from '../../../src/result/recipe.js';
import type { SanityCheck } from '../../../src/result/sanity.js';
import { asksForClass } from '../../../src/result/target.js';
import type { Run } from '../asked.js';

/** What is known about whether the method on show depends on the model. `waiting`: it is asked for by a click. */
export type BadgeState =
  | { readonly state: 'none' }
  | { readonly state: 'waiting' }
  | { readonly state: 'working'; readonly fraction?: number; readonly message: string }
  | { readonly state: 'done'; readonly sanity: SanityCheck }
  | { readonly state: 'failed'; readonly error: ErrorData };

/** Checks kept in the page; each holds some small maps. */
const KEPT = 24;

/**
 * The check of the method on show, without a DOM. One check at a time: another question ends it, the same question about
 * another picture does not, since the answer is about the method and the model.
 */
export class Badge {
  private readonly known = new Newest<string, SanityCheck>(KEPT);
  private readonly failures = new Map<string, ErrorData>();
  private shows = false;
  private key: string | undefined;
  private subject: OneRequest | undefined;
  private abort: AbortController | undefined;
  private progress: { readonly fraction?: number; readonly message: string } | undefined;

  constructor(
    private readonly host: Pick<Client<ExplainHostApi>, 'sanity'>,
    private readonly onChange: () => void,
  ) {}

  /** The strip of maps behind the badge is shown. */
  get open(): boolean {
    return this.shows;
  }

  show(open: boolean): void {
    if (open === this.shows) return;
    this.shows = open;
    this.onChange();
  }

  get state(): BadgeState {
    if (this.key === undefined) return { state: 'none' };
    const sanity = this.known.get(this.key);
    if (sanity !== undefined) return { state: 'done', sanity };
    if (this.abort !== undefined) return { state: 'working', ...(this.progress ?? { message: '' }) };
    const error = this.failures.get(this.key);
    return error === undefined ? { state: 'waiting' } : { state: 'failed', error };
  }

  /** For captions and recipes. */
  get summary(): SanitySummary | undefined {
    const { state } = this;
    if (state.state !== 'done') return undefined;
    const { verdict, similarity, sentence, input } = state.sanity;
    return { verdict, similarity, sentence, input };
  }

  /** A question has been answered: its method is checked, at once or when {@link check} is called. */
  watch(question: Question, picture: Address, unasked: boolean): void {
    const key = keyOf(question);
    this.subject = { question, picture };
    if (key === this.key) return;
    this.stop();
    this.key = key;
    if (unasked) this.check();
  }

  /** A run has ended: whether its method can be trusted is asked behind it. */
  watchRun(run: Run | undefined, selected: Address | undefined, unasked: boolean): void {
    if (run === undefined || selected === undefined) return;
    const picture = run.explanations.has(selected) ? selected : [...run.explanations.keys()][0];
    if (run.status === 'done' && picture !== undefined && !run.outdated) this.watch(run.question, picture, unasked);
    else if (run.status !== 'working') this.leave();
  }

  /** Another question is being asked: the check must not be in its way. */
  leave(): void {
    this.stop();
    this.key = undefined;
  }

  /** The model has changed: nothing that was known holds. */
  forget(): void {
    this.leave();
    this.known.clear();
    this.failures.clear();
  }

  /** Checks now, also where it failed before. */
  check(): void {
    const { key, subject } = this;
    if (key === undefined || subject === undefined || this.known.has(key) || this.abort !== undefined) return;
    void this.run(key, subject, (this.abort = new AbortController()));
    this.onChange();
  }

  private async run(key: string, subject: OneRequest, abort: AbortController): Promise<void> {
    this.failures.delete(key);
    try {
      const { sanity } = await this.host.sanity(subject, {
        signal: abort.signal,
        onProgress: ({ fraction, message }) => {
          if (this.abort !== abort) return;
          this.progress = { message, ...(fraction === undefined ? {} : { fraction }) };
          this.onChange();
        },
      });
      if (abort.signal.aborted) return;
      this.known.set(key, sanity);
    } catch (error) {
      if (isCancelled(error) && abort.signal.aborted) return;
      if (!isCancelled(error)) this.failures.set(key, toErrorData(error));
    }
    if (this.abort === abort) this.abort = undefined;
    this.progress = undefined;
    this.onChange();
  }

  private stop(): void {
    this.abort?.abort();
    this.abort = undefined;
    this.progress = undefined;
  }
}

/** Any class stands for all of them; a neuron or a difference of classes is a question of its own. */
function keyOf({ target, edit: _edit, ...asked }: Question): string {
  return canonical({ ...asked, target: asksForClass(target) ? '' : target });
}
