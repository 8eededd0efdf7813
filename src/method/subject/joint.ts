import { isCancelled } from '../../base/errors.js';
import { canonical } from '../../base/canonical.js';
import { floatTensor, type FloatTensor } from '../../base/tensor.js';
import { concatBatches } from '../../session/batches.js';
import type { ScoresAt } from '../target/scoreAt.js';
import { seedOf, type SamplesOptions } from './gradients.js';
import type { ModelSubject, SampleRuns } from './modelSubject.js';
import type { GradientAnswer, GradientOptions } from './subject.js';

/** A gradient as a method asks for it, whatever the target. */
export type Pattern = Omit<GradientOptions, 'of'>;

interface Waiting<Options, Answer> {
  readonly batch: FloatTensor;
  readonly options: Options;
  readonly signal: AbortSignal;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

type Values = ReadonlyMap<string, FloatTensor>;

/** The gradient of a sample's best class, computed along with its scores. */
interface Foreseen {
  readonly key: string;
  readonly index: number;
  readonly answer: GradientAnswer;
}

/**
 * Runs the samples of several questions that are asked at the same time in one batch: methods that know nothing of it are
 * asked of {@link subject}, each about its own picture, and what they ask for alike is run together. Where the best class is
 * what is asked for, its gradient can come from the run that finds it.
 */
export class Joint {
  /** The same model. Shares the sessions of the given one and is not disposed. */
  readonly subject: ModelSubject;
  private readonly gradients = new Map<string, Waiting<SamplesOptions, GradientAnswer>[]>();
  private readonly forward = new Map<string, Waiting<readonly string[], Values>[]>();
  private readonly ahead = new WeakMap<
    object,
    { readonly samples: readonly FloatTensor[]; readonly pattern: Pattern }
  >();
  private readonly foreseen = new WeakMap<object, Foreseen>();
  /** How many samples were differentiated or run forward, those of before not counted. */
  private samples = 0;
  private last: Pattern | undefined;

  constructor(private readonly root: ModelSubject) {
    const runs: SampleRuns = {
      root,
      unseen: () => (this.samples = Infinity),
      values: (batch, names, signal) => this.values(batch, names, signal),
      differentiate: (batch, options, signal) => this.differentiate(batch, options, signal),
    };
    this.subject = root.answeredBy(runs);
  }

  /**
   * What a question costs: `samples` that were run while it was asked, and the gradient that was asked for last, unless the
   * method brings a graph of its own.
   */
  async watch<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly samples: number; pattern?: Pattern }> {
    [this.samples, this.last] = [0, undefined];
    const result = await work();
    const { samples, last } = this;
    return { result, samples, ...(last === undefined ? {} : { pattern: last }) };
  }

  /**
   * The next values of `batch` bring along the gradients of its samples' best classes: each sample finds its own when that
   * is asked for, as long as it lives.
   *
   * @param samples what `batch` was made of, `[1, …]` each
   */
  foresee(batch: FloatTensor, samples: readonly FloatTensor[], pattern: Pattern): void {
    this.ahead.set(batch.data, { samples, pattern });
  }

  private values(batch: FloatTensor, names: readonly string[], signal: AbortSignal): Promise<Values> {
    const coming = this.ahead.get(batch.data);
    if (coming !== undefined) return this.together(batch, names, coming, signal);
    this.samples += batch.dims[0]!;
    return new Promise((resolve, reject) => {
      const key = canonical(names);
      this.queue(this.forward, key, { batch, options: names, signal, resolve, reject }, (all) => this.runForward(all));
    });
  }

  /** Scores and gradients in one run; the scores alone where there is no gradient. */
  private async together(
    batch: FloatTensor,
    names: readonly string[],
    { samples, pattern }: { readonly samples: readonly FloatTensor[]; readonly pattern: Pattern },
    signal: AbortSignal,
  ): Promise<Values> {
    this.ahead.delete(batch.data);
    const { value } = this.root.scoreValue('logit');
    const scores = names.includes(value) ? names : [...names, value];
    const values = [...new Set([...(pattern.values ?? []), ...scores])];
    let answer: GradientAnswer;
    try {
      answer = await this.root.differentiate(batch, { ...pattern, values, of: { value, pick: 'top' } }, signal);
    } catch (error) {
      if (isCancelled(error)) throw error;
      // Whoever asks for the gradient learns why there is none.
      return this.root.values(batch, names, signal);
    }
    const key = keyOf({ ...pattern, of: { value, pick: { index: 0 } } });
    const rows = answer.values.get(value)!.data;
    const classes = rows.length / samples.length;
    for (const [k, part] of parted(
      answer,
      samples.map(() => 1),
    ).entries()) {
      const index = largest(rows.subarray(k * classes, (k + 1) * classes));
      if (index !== undefined) this.foreseen.set(samples[k]!.data, { key, index, answer: part });
    }
    return answer.values;
  }

  private differentiate(batch: FloatTensor, options: SamplesOptions, signal: AbortSignal): Promise<GradientAnswer> {
    const { of, rules, wrt, values } = options;
    const key = keyOf(options);
    this.samples += batch.dims[0]!;
    if (typeof rules !== 'object')
      this.last = { ...(rules && { rules }), ...(wrt && { wrt }), ...(values && { values }) };
    const known = this.foreseen.get(batch.data);
    if (known?.key === key && typeof of.pick === 'object' && 'index' in of.pick && of.pick.index === known.index)
      return Promise.resolve(known.answer);
    return new Promise((resolve, reject) =>
      this.queue(this.gradients, key, { batch, options, signal, resolve, reject }, (all) => this.runGradients(all)),
    );
  }

  /** What is asked for before the next turn of the event loop runs together. */
  private queue<O, A>(
    queues: Map<string, Waiting<O, A>[]>,
    key: string,
    one: Waiting<O, A>,
    run: (all: readonly Waiting<O, A>[]) => Promise<readonly A[]>,
  ): void {
    const queued = queues.get(key);
    if (queued !== undefined) return void queued.push(one);
    const all = [one];
    queues.set(key, all);
    setImmediate(() => {
      queues.delete(key);
      void answerAll(all, run);
    });
  }

  private async runForward(all: readonly Waiting<readonly string[], Values>[]): Promise<readonly Values[]> {
    const [{ options: names, signal }] = all as [Waiting<readonly string[], Values>];
    const values = await this.root.values(concatBatches(all.map(({ batch }) => batch)), names, signal);
    return partedValues(values, countsOf(all));
  }

  private async runGradients(
    all: readonly Waiting<SamplesOptions, GradientAnswer>[],
  ): Promise<readonly GradientAnswer[]> {
    const [{ options, signal }] = all as [Waiting<SamplesOptions, GradientAnswer>];
    const batch = concatBatches(all.map((one) => one.batch));
    if (all.length === 1) return [await this.root.differentiate(batch, options, signal)];
    const merged = { ...options, of: mergedScore(all), ...mergedRules(all) };
    return parted(await this.root.differentiate(batch, merged, signal), countsOf(all));
  }
}

/** Should a batch fail as a whole, each is tried by itself, so that one does not take the others along. */
async function answerAll<O, A>(
  all: readonly Waiting<O, A>[],
  run: (all: readonly Waiting<O, A>[]) => Promise<readonly A[]>,
): Promise<void> {
  try {
    const answers = await run(all);
    all.forEach((one, i) => one.resolve(answers[i]!));
  } catch (error) {
    if (all.length === 1 || isCancelled(error)) return all.forEach((one) => one.reject(error));
    for (const one of all) await answerAll([one], run);
  }
}

const countsOf = (all: readonly { readonly batch: FloatTensor }[]): number[] => all.map(({ batch }) => batch.dims[0]!);

/** The same for gradients that one graph computes. */
function keyOf({ of, rules, wrt, values }: SamplesOptions): string {
  const own = typeof rules === 'object' ? { own: rules.key } : rules;
  return canonical([of.value, seedOf(of), wrt, own, values]);
}

/** What each of the samples is differentiated by. */
function mergedScore(all: readonly Waiting<SamplesOptions, GradientAnswer>[]): ScoresAt {
  const [{ options }] = all as [Waiting<SamplesOptions, GradientAnswer>];
  const { value } = options.of;
  const seed = seedOf(options.of);
  if (seed === 'sum') return { value, pick: seed };
  if (seed === 'top') return { value, pick: seed };
  if (seed === 'index') {
    const indices = all.flatMap(({ batch, options: { of } }) => {
      const { pick } = of as { pick: { index: number } | { indices: readonly number[] } };
      return 'indices' in pick ? pick.indices : Array.from({ length: batch.dims[0]! }, () => pick.index);
    });
    return { value, pick: { indices } };
  }
  const directions = all.flatMap(({ batch, options: { of } }) => {
    const { pick } = of as { pick: { direction: FloatTensor } | { directions: FloatTensor } };
    if ('directions' in pick) return [pick.directions];
    const one = { ...pick.direction, dims: [1, ...pick.direction.dims] };
    return Array.from({ length: batch.dims[0]! }, () => one);
  });
  return { value, pick: { directions: concatBatches(directions) } };
}

/** A method's own graph, fed with what belongs to each of the samples. */
function mergedRules(all: readonly Waiting<SamplesOptions, GradientAnswer>[]): Pick<SamplesOptions, 'rules'> {
  const [{ options }] = all as [Waiting<SamplesOptions, GradientAnswer>];
  const { rules } = options;
  if (typeof rules !== 'object' || rules.feeds === undefined) return rules === undefined ? {} : { rules };
  const feeds = Object.keys(rules.feeds).map((name) => {
    const parts = all.map(({ options: { rules: theirs } }) => (theirs as typeof rules).feeds![name]!);
    return [name, concatBatches(parts)] as const;
  });
  return { rules: { ...rules, feeds: Object.fromEntries(feeds) } };
}

function parted(answer: GradientAnswer, counts: readonly number[]): GradientAnswer[] {
  const gradients = partedValues(answer.gradients, counts);
  const values = partedValues(answer.values, counts);
  let at = 0;
  return counts.map((n, i) => ({
    scores: answer.scores.slice(at, (at += n)),
    gradients: gradients[i]!,
    values: values[i]!,
    notes: answer.notes,
  }));
}

/** Copies: what is kept of one sample must not hold the others in memory. */
function partedValues(values: Values, counts: readonly number[]): Values[] {
  const total = counts.reduce((sum, n) => sum + n, 0);
  let at = 0;
  return counts.map((n) => {
    const from = at;
    at += n;
    return new Map(
      [...values].map(([name, { dims, data }]) => {
        const size = data.length / total;
        return [name, floatTensor([n, ...dims.slice(1)], data.slice(from * size, at * size))];
      }),
    );
  });
}

/** The first of the largest, as ArgMax finds it; none among what is no number. */
function largest(row: Float32Array): number | undefined {
  let best = 0;
  for (let i = 0; i < row.length; i++) {
    if (Number.isNaN(row[i]!)) return undefined;
    if (row[i]! > row[best]!) best = i;
  }
  return best;
}
