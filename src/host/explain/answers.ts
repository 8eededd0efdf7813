import { setMaxListeners } from 'node:events';
import { canonical } from '../../base/canonical.js';
import { CancelledError, fromErrorData, throwIfCancelled } from '../../base/errors.js';
import { Newest } from '../../base/newest.js';
import type { FilePath } from '../../base/place.js';
import type { CallOptions } from '../../protocol/channel.js';
import type { ExplainAnswer, ExplainRequest } from '../../protocol/attribution.js';
import type { ModelAnswer, WorkProgress } from '../../protocol/request.js';
import type { Explanation, Outcome } from '../../result/explanation.js';
import { filesStamps } from '../disk/settle.js';

/** One question about one picture, as the runner takes it: all that an answer depends on but the files' contents. */
export interface Inquiry extends Omit<ExplainRequest, 'inputs' | 'edit'> {
  /** Path of the picture. */
  readonly input: FilePath;
  /** What was painted over it, by the name of its contents. */
  readonly edited?: string;
}

/** What the runner said to an inquiry: an explanation, or what is wrong with the picture. */
export interface Answer extends ModelAnswer {
  /** Names it in the store. */
  readonly key: string;
  readonly outcome: Outcome<Explanation>;
}

type Asking = Required<Pick<CallOptions<WorkProgress>, 'signal' | 'onProgress'>>;

/** Asks the runner. Rejects where there is no answer at all: the model cannot be read, say. */
export type Compute = (inquiry: Inquiry, options: Asking) => Promise<ExplainAnswer>;

/** Asks the runner several inquiries about one model; tells of each as it ends. Rejects where there is no answer at all. */
export type ComputeMany = (
  inquiries: readonly Inquiry[],
  options: Pick<Asking, 'signal'> & {
    onProgress(at: number, progress: WorkProgress): void;
    onAnswer(at: number, answer: ExplainAnswer): void;
  },
) => Promise<unknown>;

export interface AskManyOptions {
  readonly signal: AbortSignal;
  readonly anew?: boolean;
  onProgress(at: number, progress: WorkProgress): void;
  /** In the order in which they end; an inquiry that cannot be answered has an error in its place. */
  onAnswer(at: number, answer: Answer | { readonly error: unknown }): void;
}

export interface AskOptions extends Asking {
  /** Computed again, whatever is known. */
  readonly anew?: boolean;
}

/** An inquiry, its key in the store, and the files beside the model that went into it. */
interface Asked {
  readonly key: string;
  readonly inquiry: Inquiry;
  readonly beside: readonly FilePath[];
}

/** Work that is under way, and who waits for it. */
interface Work {
  readonly abort: AbortController;
  readonly waiting: Set<(progress: WorkProgress) => void>;
  last?: WorkProgress;
  answer: Promise<Answer>;
}

const NONE: readonly FilePath[] = [];

/** Questions of which it is kept what their answers depend on. */
const QUESTIONS = 1000;

/** Bytes of arrays that are kept, in the whole window. */
const MOST = 256_000_000;

/**
 * The explanations of the window, for all its panels: each is computed once for the files as they are. An answer is known
 * by its inquiry and by the versions (time and size) of the model, the picture, and the files that the runner has named
 * with an answer before (weights, settings, labels, what the question names); so one of before a change stays readable to whom it was given, and
 * answers nobody else. The newest are kept, up to a size.
 */
export class Answers {
  private readonly kept: Newest<string, Answer>;
  /** What the runner has said that answers depend on: to a question, and to the last one about a model and its settings. */
  private readonly beside = new Newest<string, readonly FilePath[]>(QUESTIONS);
  private readonly working = new Map<string, Work>();

  /**
   * @param bytes of arrays to keep
   * @param stampsOf what tells one state of each file from another, as plain data
   */
  constructor(
    bytes = MOST,
    private readonly stampsOf: (files: readonly string[]) => Promise<readonly unknown[]> = filesStamps,
  ) {
    this.kept = new Newest(bytes, sizeOf);
  }

  /**
   * Answers from the store, joins the same inquiry where it is under way, or computes. Work ends when nobody waits for it
   * any more.
   *
   * @throws CancelledError when `signal` is aborted; what `compute` throws. Neither is kept.
   */
  async ask(inquiry: Inquiry, compute: Compute, options: AskOptions): Promise<Answer> {
    const beside = this.besideOf(inquiry);
    const key = await this.keyOf(inquiry, beside);
    throwIfCancelled(options.signal);
    const known = options.anew === true ? undefined : this.kept.get(key);
    if (known !== undefined) return known;
    return this.join(key, this.working.get(key) ?? this.begin({ key, inquiry, beside }, compute), options);
  }

  /**
   * The same for many inquiries, all about one model: what is known comes first, what is under way is joined, and the rest is
   * computed together. Rejects only when `signal` is aborted.
   */
  async askMany(inquiries: readonly Inquiry[], compute: ComputeMany, options: AskManyOptions): Promise<void> {
    const { signal, anew = false, onAnswer, onProgress } = options;
    // Each of hundreds listens to it.
    setMaxListeners(0, signal);
    const keys = await this.keysOf(inquiries);
    throwIfCancelled(signal);
    const missing: number[] = [];
    const waiting: Promise<void>[] = [];
    const wait = (at: number, work: Work): void => {
      const joined = this.join(keys[at]!, work, { signal, onProgress: (progress) => onProgress(at, progress) });
      const told = joined.then(
        (answer) => onAnswer(at, answer),
        (error: unknown) => onAnswer(at, { error }),
      );
      waiting.push(told);
    };
    for (const [at, key] of keys.entries()) {
      const known = anew ? undefined : this.kept.get(key);
      const work = this.working.get(key);
      if (known !== undefined) onAnswer(at, known);
      else if (work !== undefined) wait(at, work);
      else missing.push(at);
    }
    if (missing.length > 0) {
      const asked = missing.map((at) => ({
        key: keys[at]!,
        inquiry: inquiries[at]!,
        beside: this.besideOf(inquiries[at]!),
      }));
      for (const [i, work] of this.beginMany(asked, compute).entries()) wait(missing[i]!, work);
    }
    await Promise.all(waiting);
    throwIfCancelled(signal);
  }

  /** The explanation of an answer that was given, as long as it is kept. */
  at(key: string): Explanation | undefined {
    const { outcome } = this.kept.get(key) ?? {};
    return outcome !== undefined && 'result' in outcome ? outcome.result : undefined;
  }

  /** Which inquiries would be answered at once. */
  async holds(inquiries: readonly Inquiry[]): Promise<readonly boolean[]> {
    const keys = await this.keysOf(inquiries);
    return keys.map((key) => this.kept.has(key));
  }

  /** Gives up what is kept: something that its keys do not say has changed. */
  clear(): void {
    this.kept.clear();
  }

  private begin(asked: Asked, compute: Compute): Work {
    const { key, inquiry } = asked;
    const abort = new AbortController();
    const waiting: Work['waiting'] = new Set();
    const onProgress = (progress: WorkProgress): void => {
      work.last = progress;
      for (const tell of waiting) tell(progress);
    };
    const computed = compute(inquiry, { signal: abort.signal, onProgress });
    const work: Work = { abort, waiting, answer: computed.then((answer) => this.keep(asked, answer)) };
    const ended = (): void => this.leave(key, work);
    work.answer.then(ended, ended);
    this.working.set(key, work);
    return work;
  }

  /** One work for each; the computation they share ends when nobody waits for any of them. */
  private beginMany(asked: readonly Asked[], compute: ComputeMany): readonly Work[] {
    const abort = new AbortController();
    const open = new Set<Work>();
    let givenUp = false;
    const works = asked.map(({ key }) => {
      const waiting: Work['waiting'] = new Set();
      let settle!: { resolve(answer: Answer | Promise<Answer>): void; reject(error: unknown): void };
      const answer = new Promise<Answer>((resolve, reject) => (settle = { resolve, reject }));
      const work: Work = { abort: new AbortController(), waiting, answer };
      open.add(work);
      const ended = (): void => {
        this.leave(key, work);
        open.delete(work);
        // Where each is answered there is nothing to stop: the computation is about to end by itself.
        if (open.size === 0 && givenUp) abort.abort();
      };
      const giveUp = (): void => {
        givenUp = true;
        ended();
      };
      work.abort.signal.addEventListener('abort', giveUp, { once: true });
      answer.then(ended, ended);
      this.working.set(key, work);
      return { work, settle };
    });
    const computed = compute(
      asked.map(({ inquiry }) => inquiry),
      {
        signal: abort.signal,
        onProgress: (at, progress) => {
          const { work } = works[at]!;
          work.last = progress;
          for (const tell of work.waiting) tell(progress);
        },
        onAnswer: (at, answer) => works[at]!.settle.resolve(this.keep(asked[at]!, answer)),
      },
    );
    const unanswered = (error: unknown): void => works.forEach(({ settle }) => settle.reject(error));
    computed.then(() => unanswered(new CancelledError()), unanswered);
    return works.map(({ work }) => work);
  }

  private async keep({ key, inquiry, beside }: Asked, { results, ...about }: ExplainAnswer): Promise<Answer> {
    const now = await this.keyOf(inquiry, beside);
    for (const known of [questionOf(inquiry), settingsOf(inquiry)]) this.beside.set(known, about.files);
    // A file has changed meanwhile: of which state the answer is cannot be known. Only who asked finds it again.
    const answer: Answer = {
      ...about,
      key: now === key ? await this.keyOf(inquiry, about.files) : `${key} until ${now}`,
      outcome: firstOf(results, inquiry.input),
    };
    if ('result' in answer.outcome) this.kept.set(answer.key, answer);
    return answer;
  }

  private join(key: string, work: Work, { signal, onProgress }: Asking): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const tell = (progress: WorkProgress): void => onProgress(progress);
      const onAbort = (): void => {
        settled();
        if (work.waiting.size === 0) {
          this.leave(key, work);
          work.abort.abort();
        }
        reject(new CancelledError());
      };
      const settled = (): void => {
        work.waiting.delete(tell);
        signal.removeEventListener('abort', onAbort);
      };
      work.waiting.add(tell);
      signal.addEventListener('abort', onAbort, { once: true });
      work.answer.then(resolve, reject).finally(settled);
      if (work.last !== undefined) tell(work.last);
    });
  }

  private leave(key: string, work: Work): void {
    if (this.working.get(key) === work) this.working.delete(key);
  }

  /** Files that the answer depends on, as far as it is known: before a model's first answer nothing is kept of it. */
  private besideOf(inquiry: Inquiry): readonly FilePath[] {
    return this.beside.get(questionOf(inquiry)) ?? this.beside.get(settingsOf(inquiry)) ?? NONE;
  }

  private async keyOf(inquiry: Inquiry, beside: readonly FilePath[]): Promise<string> {
    return (await this.keysOf([inquiry], beside))[0]!;
  }

  /** Keys of many, each file looked at once. */
  private async keysOf(inquiries: readonly Inquiry[], beside?: readonly FilePath[]): Promise<readonly string[]> {
    const files = inquiries.map((inquiry) => [inquiry.model, inquiry.input, ...(beside ?? this.besideOf(inquiry))]);
    const each = [...new Set(files.flat())];
    const stamps = await this.stampsOf(each);
    const known = new Map(each.map((file, i) => [file, stamps[i]]));
    return inquiries.map((inquiry, i) => {
      const own = files[i]!.map((file) => known.get(file));
      return `${canonical({ ...DEFAULTS, ...inquiry })} ${JSON.stringify(own)}`;
    });
  }
}

/** Names what decides, beside the files' contents, which files an answer depends on: the question names some, too. */
function questionOf({ input: _input, edited: _edited, ...question }: Inquiry): string {
  return canonical({ ...DEFAULTS, ...question });
}

/** What most of them are known by before the first answer to a question. */
function settingsOf({ model, config }: Inquiry): string {
  return JSON.stringify([model, config]);
}

/** What the runner takes where nothing is said: the same question, however it was put. */
const DEFAULTS: Partial<Inquiry> = { params: {}, score: 'logit', seed: 0 };

/**
 * The explanation of an answer.
 *
 * @throws LensError that says what is wrong with the picture
 */
export function explanationOf({ outcome }: Answer): Explanation {
  if ('error' in outcome) throw fromErrorData(outcome.error);
  return outcome.result;
}

/** Of a file that holds several inputs the first one is shown, and it says so. */
function firstOf(results: ExplainAnswer['results'], input: string): Outcome<Explanation> {
  const [first] = results;
  if (first === undefined) {
    const message = 'There is nothing in it to explain.';
    return { input, error: { kind: 'input', code: 'explain/empty', message } };
  }
  if (results.length === 1 || 'error' in first) return first;
  const note = `The file holds ${results.length} inputs; the first is shown.`;
  return { ...first, result: { ...first.result, warnings: [...first.result.warnings, note] } };
}

function sizeOf({ outcome }: Answer): number {
  if ('error' in outcome) return 0;
  const { picture, attribution, classMap, valueMap } = outcome.result;
  const beside =
    (classMap?.winners.byteLength ?? 0) + (valueMap?.values.byteLength ?? 0) + (attribution.parts?.of.byteLength ?? 0);
  return picture.data.byteLength + 4 * attribution.values.data.length + beside;
}
