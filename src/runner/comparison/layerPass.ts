import { setImmediate } from 'node:timers/promises';
import { throwIfCancelled } from '../../base/errors.js';
import { floatTensor, type FloatTensor } from '../../base/tensor.js';
import { SignalSums } from '../../method/comparison/signal.js';
import { keptWidths, largestNorms } from '../../method/comparison/widths.js';
import { Alignments, gramsOf, LEAST_BATCH, type Grams } from '../../numeric/cka.js';
import type { Products } from '../../numeric/products.js';
import { sketch } from '../../numeric/sketch.js';
import type { LayerAlignment, Side } from '../../result/comparison.js';
import type { LayerTap, Tap } from './side.js';

/** Pictures whose layers are aligned at once. */
const BATCH = 100;
/** Numbers of all layers of one model for a picture: 250 MB for a batch. */
const MOST_NUMBERS = 640_000;
/** The share of pictures that are left out to see how far an alignment hangs on them. */
const LARGEST = 0.01;
/** With fewer pictures, leaving one out says nothing of outliers. */
const LEAST_COUNTED = 20;

/** Two values that may be the same in both models. */
export interface TapPair {
  readonly a: Tap;
  readonly b: Tap;
}

export type Values = ReadonlyMap<string, FloatTensor>;

export interface LayerPassOptions {
  readonly taps: Readonly<Record<Side, readonly LayerTap[]>>;
  readonly pairs: readonly TapPair[];
  /** Pictures that will come. */
  readonly expected: number;
  readonly seed: number;
  readonly products: Products;
}

/**
 * What is learned of layers while pictures go by: sums of signal and noise, and Gram matrices of batches, from which the
 * alignment follows at the end. No activation is kept beyond its batch.
 */
export class LayerPass {
  readonly signal: SignalSums;
  private readonly buffers: Readonly<Record<Side, Buffer>>;
  private readonly batches: { readonly a: Grams; readonly b: Grams }[] = [];
  private readonly size: number;
  private held = 0;
  private seen = 0;

  constructor(private readonly options: LayerPassOptions) {
    const { taps, pairs, expected, seed } = options;
    // Batches of like size, so that none is too small to count.
    this.size = Math.max(LEAST_BATCH, Math.ceil(expected / Math.max(1, Math.ceil(expected / BATCH))));
    this.signal = new SignalSums(pairs.length);
    this.buffers = {
      a: new Buffer(taps.a, this.size, seed),
      b: new Buffer(taps.b, this.size, seed),
    };
  }

  /** Values of both on the same `n` pictures, each `[n, …]`. */
  async add(a: Values, b: Values, n: number): Promise<void> {
    this.options.pairs.forEach((pair, i) => this.signal.add(i, a.get(pair.a.value)!.data, b.get(pair.b.value)!.data));
    for (let k = 0; k < n; k++) {
      this.buffers.a.put(a, k, n, this.held);
      this.buffers.b.put(b, k, n, this.held);
      this.seen++;
      if (++this.held === this.size) await this.close();
    }
  }

  /** Pictures whose layers were looked at. */
  get pictures(): number {
    return this.seen;
  }

  /** The alignment of all layers; nothing where too few pictures came. */
  async finish(signal: AbortSignal): Promise<Omit<LayerAlignment, 'of'> | undefined> {
    if (this.held >= LEAST_BATCH) await this.close();
    const { taps } = this.options;
    const counted = this.batches.reduce((sum, batch) => sum + batch.a.n, 0);
    if (counted === 0 || taps.a.length === 0 || taps.b.length === 0) return undefined;
    const dropped = counted < LEAST_COUNTED ? 0 : Math.max(1, Math.round(LARGEST * counted));
    const norms = [...this.buffers.a.norms, ...this.buffers.b.norms].map((n) => Float32Array.from(n.slice(0, counted)));
    const far = new Set(largestNorms(norms, dropped));
    const [all, fewer] = [0, 1].map(() => new Alignments(taps.a.length, taps.b.length)) as [Alignments, Alignments];
    let from = 0;
    for (const { a, b } of this.batches) {
      // Lets a cancellation in, which arrives as a message.
      await setImmediate();
      throwIfCancelled(signal);
      all.addGrams(a, b);
      const without = new Set([...Array(a.n).keys()].filter((i) => far.has(from + i)));
      if (a.n - without.size >= LEAST_BATCH) fewer.addGrams(a, b, without);
      from += a.n;
    }
    const cka = this.matrix(all);
    const without = dropped === 0 ? cka : this.matrix(fewer);
    return {
      a: taps.a.map((tap) => tap.layer),
      b: taps.b.map((tap) => tap.layer),
      cka,
      without,
      dropped,
      ...largestMove(cka, without, dropped),
      counted,
      batch: this.size,
      projected: (['a', 'b'] as const).flatMap((side) => this.buffers[side].projected(side)),
    };
  }

  private async close(): Promise<void> {
    const { products } = this.options;
    const a = await gramsOf(this.buffers.a.take(this.held), products);
    const b = await gramsOf(this.buffers.b.take(this.held), products);
    this.batches.push({ a, b });
    this.held = 0;
  }

  private matrix(alignments: Alignments): FloatTensor {
    const { a, b } = this.options.taps;
    const out = floatTensor([a.length, b.length]);
    const values = alignments.values();
    for (let i = 0; i < a.length; i++)
      for (let j = 0; j < b.length; j++)
        out.data[i * b.length + j] =
          this.buffers.a.broken.has(i) || this.buffers.b.broken.has(j) ? NaN : values[i]![j]!;
    return out;
  }
}

function largestMove(cka: FloatTensor, without: FloatTensor, dropped: number): Pick<LayerAlignment, 'moved'> {
  let [at, by] = [-1, 0];
  for (let i = 0; i < cka.data.length; i++) {
    const change = without.data[i]! - cka.data[i]!;
    if (Math.abs(change) > Math.abs(by)) [at, by] = [i, change];
  }
  const width = cka.dims[1]!;
  return dropped === 0 || at < 0 ? {} : { moved: { a: Math.floor(at / width), b: at % width, by } };
}

/** Rows of all layers of one model for the batch that is being filled. */
class Buffer {
  /** Of each layer, of each picture. */
  readonly norms: number[][];
  /** Layers that hold what is no finite number. */
  readonly broken = new Set<number>();
  private readonly rows: Float32Array[];
  private readonly widths: readonly number[];
  private readonly sketches: readonly (((row: Float32Array) => Float32Array) | undefined)[];

  constructor(
    private readonly taps: readonly LayerTap[],
    size: number,
    seed: number,
  ) {
    this.widths = keptWidths(
      taps.map((tap) => tap.width),
      MOST_NUMBERS,
    );
    this.sketches = taps.map(({ width }, i) =>
      width > this.widths[i]! ? sketch(width, this.widths[i]!, seed) : undefined,
    );
    this.rows = this.widths.map((width) => new Float32Array(size * width));
    this.norms = taps.map(() => []);
  }

  /** The `k`-th of `n` pictures, as row `at`. */
  put(values: Values, k: number, n: number, at: number): void {
    this.taps.forEach((tap, i) => {
      const { data } = values.get(tap.value)!;
      const size = data.length / n;
      const row = data.subarray(k * size, (k + 1) * size);
      let squares = 0;
      for (let j = 0; j < row.length; j++) squares += row[j]! * row[j]!;
      const finite = Number.isFinite(squares);
      this.norms[i]!.push(finite ? Math.sqrt(squares) : 0);
      if (!finite) this.broken.add(i);
      else this.rows[i]!.set(this.sketches[i]?.(row) ?? row, at * this.widths[i]!);
    });
  }

  /** The first `n` rows of each layer; the buffer is empty then. */
  take(n: number): FloatTensor[] {
    return this.rows.map((rows, i) => {
      const width = this.widths[i]!;
      const taken = floatTensor([n, width], rows.slice(0, n * width));
      rows.fill(0);
      return taken;
    });
  }

  projected(side: Side): LayerAlignment['projected'] {
    return this.taps.flatMap(({ layer, width }, i) =>
      this.widths[i] === width ? [] : [{ side, layer, from: width, to: this.widths[i]! }],
    );
  }
}
