import { given } from '../../base/given.js';
import { isCancelled, throwIfCancelled, toErrorData, type ErrorData } from '../../base/errors.js';
import type { FloatTensor } from '../../base/tensor.js';
import type { Side } from '../../result/comparison.js';
import { concatBatches } from '../../session/batches.js';
import { loadInput, MANY } from '../input/answers.js';
import type { LoadedInput } from '../input/inputs.js';
import { oneAhead } from '../reading/ahead.js';
import { unitKey } from '../reading/keptInJob.js';
import { columnOf } from '../reading/reading.js';
import { Shortener } from '../reading/places.js';
import { decodeAnswer, encodeAnswer } from '../reading/answers.js';
import type { KeptComparison } from './kept.js';
import { LayerTaker, unitSize, type LayerOptions, type LayerUnit, type Values } from './layerUnit.js';
import type { Outcome, Rows } from './answers.js';
import { readTaps, type OpenSide, type Tap } from './side.js';

/** Bytes of the values of one run that are handed on. */
const MOST_BYTES = 128 << 20;

export interface LayeredOptions {
  readonly sides: Readonly<Record<Side, OpenSide>>;
  /** Places in the data set of the pictures whose layers are looked at, in the order in which they are run. */
  readonly order: readonly number[];
  readonly layers: LayerOptions;
  /** What the layers' part reads of either. */
  readonly taps: Readonly<Record<Side, readonly Tap[]>>;
}

/** A unit of pictures whose layers were looked at. */
export interface LayeredUnit {
  readonly answers: readonly Outcome[];
  readonly layers: LayerUnit;
}

/** What is kept of it: where its pictures lie in the set is not. */
interface KeptUnit {
  readonly answers: readonly (Omit<Extract<Outcome, { a: Rows }>, 'example'> | { readonly error: ErrorData })[];
  readonly layers: LayerUnit;
}

interface Loaded {
  readonly example: number;
  readonly a: LoadedInput;
  readonly b: LoadedInput;
}

type Attempt = Loaded | { readonly example: number; readonly error: ErrorData };

interface Step {
  readonly examples: readonly number[];
  /** Of a unit that need not be run. */
  readonly known?: KeptUnit;
  readonly loaded?: Promise<readonly Attempt[]>;
  /** With the last step of a unit. */
  readonly last?: { readonly key?: string; readonly examples: readonly number[] };
}

/**
 * Both models on the same pictures, unit by unit: their answers, features, and what the layers say. Units that are kept are
 * not run again, others than this process's own are passed over. The pictures of the next piece are read while one runs.
 * What one of the two cannot take is left out for both.
 */
export async function* layeredUnits(
  options: LayeredOptions,
  kept: KeptComparison,
  signal: AbortSignal,
): AsyncGenerator<LayeredUnit> {
  const run = new LayeredRun(options, kept, signal);
  for await (const step of oneAhead(run.plan())) {
    throwIfCancelled(signal);
    const unit = await run.step(step);
    if (unit !== undefined) yield unit;
  }
}

/** How many units there are. */
export function layeredCount({ order }: LayeredOptions): number {
  return Math.ceil(order.length / unitSize(order.length));
}

class LayeredRun {
  private readonly size: number;
  private readonly taker: LayerTaker;
  private readonly shortener = new Shortener();
  private readonly reads: Readonly<Record<Side, readonly Tap[]>>;
  private answers = new Map<number, Outcome>();

  constructor(
    private readonly options: LayeredOptions,
    private readonly kept: KeptComparison,
    private readonly signal: AbortSignal,
  ) {
    this.size = unitSize(options.order.length);
    this.taker = new LayerTaker(options.layers, this.size);
    this.reads = { a: this.readsOf('a'), b: this.readsOf('b') };
  }

  async *plan(): AsyncGenerator<Step> {
    const { order } = this.options;
    const step = this.pieceSize();
    for (let number = 0, from = 0; from < order.length; number++, from += this.size) {
      if (!this.kept.mine(number)) continue;
      const examples = order.slice(from, from + this.size);
      const key = await this.keyOf(examples);
      const payload = key === undefined ? undefined : await this.kept.units!.read(key);
      const known = decodeAnswer<KeptUnit>(payload);
      if (known?.answers.length === examples.length) {
        yield { examples, known };
        continue;
      }
      for (let at = 0; at < examples.length; at += step) {
        const piece = examples.slice(at, at + step);
        const loaded = this.load(piece);
        // Looked at once it is awaited: a cancelled read is no stray rejection.
        loaded.catch(() => undefined);
        const last = at + step >= examples.length;
        yield { examples: piece, loaded, ...(last ? { last: { examples, ...given({ key }) } } : {}) };
      }
    }
  }

  /** The unit, with its last step. */
  async step({ examples, known, loaded, last }: Step): Promise<LayeredUnit | undefined> {
    if (known !== undefined)
      return { ...known, answers: known.answers.map((one, k) => ({ example: examples[k]!, ...one })) };
    const good: Loaded[] = [];
    for (const one of await loaded!) {
      if ('error' in one) this.answers.set(one.example, one);
      else good.push(one);
    }
    await this.piece(good);
    if (last === undefined) return undefined;
    const answers = last.examples.map((example) => this.answers.get(example)!);
    const layers = await this.taker.close();
    this.answers = new Map();
    // What the machine could not do is no answer: it is tried again another time.
    const answered = answers.every((one) => !('error' in one) || ['input', 'unsupported'].includes(one.error.kind));
    if (last.key !== undefined && answered) {
      const unit: KeptUnit = { answers: answers.map(({ example: _example, ...one }) => one), layers };
      await this.kept.units!.write(last.key, encodeAnswer(unit));
    }
    return { answers, layers };
  }

  /** Of everything that the answers of a unit depend on. */
  private async keyOf(examples: readonly number[]): Promise<string | undefined> {
    const { sides, layers } = this.options;
    if (this.kept.units === undefined) return undefined;
    const ids = await this.kept.contents.all(examples.map((example) => sides.a.inputs[example]!));
    // What cannot be read is not looked for: it is an error each time.
    if (ids.every((id) => id === undefined)) return undefined;
    const columns = (['a', 'b'] as const).map((side) => sides[side].embedding).map((e) => e && columnOf(e));
    return unitKey(
      'compare',
      this.kept.contexts,
      columns,
      layers.seed,
      layers.taps,
      layers.pairs,
      ids.map((id) => id ?? null),
    );
  }

  /** What is read of a model, each value once. */
  private readsOf(side: Side): readonly Tap[] {
    const { subject, embedding } = this.options.sides[side];
    const wanted: Tap[] = [...this.options.taps[side]];
    const add = (value: string | undefined): void => {
      if (value !== undefined && !wanted.some((tap) => tap.value === value)) wanted.push({ value, width: 0 });
    };
    add(subject.classifier ? subject.scoreValue('logit').value : undefined);
    add(embedding?.value);
    return wanted;
  }

  /** Pictures of one run. */
  private pieceSize(): number {
    const { sides } = this.options;
    const numbers = (side: Side): number => this.reads[side].reduce((sum, tap) => sum + tap.width, 0);
    const bytes = 4 * (numbers('a') + numbers('b'));
    const most = Math.min(sides.a.subject.batchSize('forward'), sides.b.subject.batchSize('forward'));
    return Math.max(1, Math.min(most, Math.floor(MOST_BYTES / Math.max(1, bytes))));
  }

  private async load(examples: readonly number[]): Promise<readonly Attempt[]> {
    const { sides, order } = this.options;
    const beside = order.length >= MANY;
    return Promise.all(
      examples.map(async (example): Promise<Attempt> => {
        try {
          const [a, b] = await Promise.all([
            loadInput(sides.a.inputs[example]!, this.signal, beside),
            loadInput(sides.b.inputs[example]!, this.signal, beside),
          ]);
          return { example, a, b };
        } catch (error) {
          if (isCancelled(error)) throw error;
          return { example, error: toErrorData(error) };
        }
      }),
    );
  }

  /** Should a piece fail as a whole, each picture is tried by itself. */
  private async piece(loaded: readonly Loaded[]): Promise<void> {
    if (loaded.length === 0) return;
    let values: Readonly<Record<Side, Values>>;
    try {
      values = { a: await this.values('a', loaded), b: await this.values('b', loaded) };
    } catch (error) {
      if (isCancelled(error)) throw error;
      const [one, ...more] = loaded;
      if (more.length === 0) this.answers.set(one!.example, { example: one!.example, error: toErrorData(error) });
      else for (const each of loaded) await this.piece([each]);
      return;
    }
    const [a, b] = [this.rows('a', values.a, loaded.length), this.rows('b', values.b, loaded.length)];
    loaded.forEach(({ example }, k) => this.answers.set(example, { example, a: a[k]!, b: b[k]! }));
    this.taker.add(values.a, values.b, loaded.length);
  }

  private values(side: Side, loaded: readonly Loaded[]): Promise<Values> {
    const batch = concatBatches(loaded.map((one) => one[side].tensor));
    return readTaps(this.options.sides[side].subject, batch, this.reads[side], this.signal);
  }

  private rows(side: Side, values: Values, n: number): Rows[] {
    const { subject, embedding } = this.options.sides[side];
    const scores = subject.classifier ? values.get(subject.scoreValue('logit').value)! : undefined;
    const features = embedding === undefined ? undefined : values.get(embedding.value)!;
    return Array.from({ length: n }, (_, k) => ({
      ...given({ scores: scores && nth(scores, k, n) }),
      ...(embedding === undefined ? {} : { features: this.shortener.of(embedding, nth(features!, k, n)) }),
    }));
  }
}

function nth({ data }: FloatTensor, k: number, n: number): Float32Array {
  const size = data.length / n;
  return data.slice(k * size, (k + 1) * size);
}
