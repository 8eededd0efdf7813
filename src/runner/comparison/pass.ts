import { isCancelled, throwIfCancelled, toErrorData, type ErrorData } from '../../base/errors.js';
import type { FloatTensor } from '../../base/tensor.js';
import { rankOf } from '../../method/rankOf.js';
import type { Call } from '../../protocol/channel.js';
import type { WorkProgress } from '../../protocol/request.js';
import type { Side } from '../../result/comparison.js';
import { concatBatches } from '../../session/batches.js';
import { loadInput } from '../input/answers.js';
import type { LoadedInput } from '../input/inputs.js';
import type { LayerPass, Values } from './layerPass.js';
import { readTaps, type OpenSide, type Tap } from './side.js';

/** What both models make of one picture. */
export interface Seen {
  /** Its place in the data set. */
  readonly example: number;
  readonly a: Answer;
  readonly b: Answer;
}

export interface Answer {
  /** The class; -1 where the model's output is no list of classes, or no number came out. */
  readonly predicted: number;
  readonly confidence: number;
  readonly features?: Float32Array;
}

export interface Pass {
  readonly seen: readonly Seen[];
  readonly omitted: readonly { readonly example: number; readonly error: ErrorData }[];
}

export interface PassOptions {
  readonly sides: Readonly<Record<Side, OpenSide>>;
  /** Places in the data set, in the order in which pictures are run. */
  readonly order: readonly number[];
  /** So many of the first are asked about layers. */
  readonly layered: number;
  readonly layers: LayerPass;
  /** What the layers' part reads of either. */
  readonly taps: Readonly<Record<Side, readonly Tap[]>>;
}

/** Bytes of the values of one run that are handed on. */
const MOST_BYTES = 128 << 20;

/**
 * Both models on all pictures, in pieces that memory allows: their answers, features, and what the layers say. The pictures
 * of the next piece are read while one runs. What one of the two cannot take is left out for both.
 */
export async function runBoth(options: PassOptions, call: Call<WorkProgress>): Promise<Pass> {
  return new BothRun(options, call).run();
}

interface Loaded {
  readonly example: number;
  readonly a: LoadedInput;
  readonly b: LoadedInput;
}

class BothRun {
  private readonly seen: Seen[] = [];
  private readonly omitted: { example: number; error: ErrorData }[] = [];

  constructor(
    private readonly options: PassOptions,
    private readonly call: Call<WorkProgress>,
  ) {}

  async run(): Promise<Pass> {
    const { order, layered } = this.options;
    const { signal } = this.call;
    const pieces = [...this.pieces(0, layered, true), ...this.pieces(layered, order.length, false)];
    let next = pieces.length === 0 ? undefined : this.load(pieces[0]!.examples);
    let done = 0;
    for (const [i, { examples, layers }] of pieces.entries()) {
      throwIfCancelled(signal);
      const loaded = await next!;
      const following = pieces[i + 1];
      next = following === undefined ? undefined : this.load(following.examples);
      // Looked at once it is awaited: a cancelled read is no stray rejection.
      next?.catch(() => undefined);
      await this.piece(loaded, layers);
      done += examples.length;
      this.call.progress({ fraction: done / order.length, message: `${done} of ${order.length} pictures` });
    }
    return { seen: this.seen, omitted: this.omitted };
  }

  private *pieces(
    from: number,
    to: number,
    layers: boolean,
  ): Generator<{ examples: readonly number[]; layers: boolean }> {
    const step = this.step(layers);
    for (let at = from; at < to; at += step)
      yield { examples: this.options.order.slice(at, Math.min(to, at + step)), layers };
  }

  /** Pictures of one run. */
  private step(layers: boolean): number {
    const { sides } = this.options;
    const numbers = (side: Side): number => this.taps(side, layers).reduce((sum, tap) => sum + tap.width, 0);
    const bytes = 4 * (numbers('a') + numbers('b'));
    const most = Math.min(sides.a.subject.batchSize('forward'), sides.b.subject.batchSize('forward'));
    return Math.max(1, Math.min(most, Math.floor(MOST_BYTES / Math.max(1, bytes))));
  }

  /** What is read of a model, each value once. */
  private taps(side: Side, layers: boolean): readonly Tap[] {
    const { subject, embedding } = this.options.sides[side];
    const wanted: Tap[] = layers ? [...this.options.taps[side]] : [];
    const add = (value: string | undefined): void => {
      if (value !== undefined && !wanted.some((tap) => tap.value === value)) wanted.push({ value, width: 0 });
    };
    add(subject.classifier ? subject.scoreValue('logit').value : undefined);
    add(embedding?.value);
    return wanted;
  }

  private async load(examples: readonly number[]): Promise<readonly Loaded[]> {
    const { sides } = this.options;
    const { signal } = this.call;
    const found = await Promise.all(
      examples.map(async (example) => {
        try {
          const [a, b] = await Promise.all([
            loadInput(sides.a.inputs[example]!, signal),
            loadInput(sides.b.inputs[example]!, signal),
          ]);
          return { example, a, b };
        } catch (error) {
          if (isCancelled(error)) throw error;
          return { example, error: toErrorData(error) };
        }
      }),
    );
    const good: Loaded[] = [];
    for (const one of found) {
      if (one.error === undefined) good.push(one);
      else this.omitted.push(one);
    }
    return good;
  }

  /** Should a piece fail as a whole, each picture is tried by itself. */
  private async piece(loaded: readonly Loaded[], layers: boolean): Promise<void> {
    if (loaded.length === 0) return;
    let values: Readonly<Record<Side, Values>>;
    try {
      values = { a: await this.values('a', loaded, layers), b: await this.values('b', loaded, layers) };
    } catch (error) {
      if (isCancelled(error)) throw error;
      if (loaded.length === 1) this.omitted.push({ example: loaded[0]!.example, error: toErrorData(error) });
      else for (const one of loaded) await this.piece([one], layers);
      return;
    }
    const [a, b] = [this.answers('a', values.a, loaded.length), this.answers('b', values.b, loaded.length)];
    loaded.forEach(({ example }, k) => this.seen.push({ example, a: a[k]!, b: b[k]! }));
    if (layers) await this.options.layers.add(values.a, values.b, loaded.length);
  }

  private values(side: Side, loaded: readonly Loaded[], layers: boolean): Promise<Values> {
    const batch = concatBatches(loaded.map((one) => one[side].tensor));
    return readTaps(this.options.sides[side].subject, batch, this.taps(side, layers), this.call.signal);
  }

  private answers(side: Side, values: Values, n: number): Answer[] {
    const { subject, embedding } = this.options.sides[side];
    const scored = subject.classifier ? subject.activated(values.get(subject.scoreValue('logit').value)!) : undefined;
    const features = embedding === undefined ? undefined : values.get(embedding.value)!;
    return Array.from({ length: n }, (_, k) => ({
      ...(scored === undefined ? { predicted: -1, confidence: NaN } : bestOf(scored, k)),
      ...(features === undefined ? {} : { features: nth(features, k, n) }),
    }));
  }
}

function bestOf(
  { logits, probabilities }: { readonly logits: FloatTensor; readonly probabilities: Float64Array },
  k: number,
): Answer {
  const classes = logits.dims[1]!;
  const row = logits.data.subarray(k * classes, (k + 1) * classes);
  const sound = !row.some((v) => Number.isNaN(v) || v === Infinity) && row.some(Number.isFinite);
  const predicted = sound ? rankOf(row, 1)[0]! : -1;
  return { predicted, confidence: predicted < 0 ? NaN : probabilities[k * classes + predicted]! };
}

function nth({ data }: FloatTensor, k: number, n: number): Float32Array {
  const size = data.length / n;
  return data.slice(k * size, (k + 1) * size);
}
