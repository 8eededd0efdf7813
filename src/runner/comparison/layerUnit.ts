import type { FloatTensor } from '../../base/tensor.js';
import { floatTensor } from '../../base/tensor.js';
import { SignalSums } from '../../method/comparison/signal.js';
import { keptWidths } from '../../method/comparison/widths.js';
import { gramsOf, LEAST_BATCH, type Grams } from '../../numeric/cka.js';
import type { Products } from '../../numeric/products.js';
import { sketch } from '../../numeric/sketch.js';
import type { LayerAlignment, Side } from '../../result/comparison.js';
import type { LayerTap, Tap } from './side.js';

/** Pictures whose layers are aligned at once. */
const BATCH = 100;
/** Numbers of all layers of one model for a picture: 250 MB for a batch. */
const MOST_NUMBERS = 640_000;

/** Two values that may be the same in both models. */
export interface TapPair {
  readonly a: Tap;
  readonly b: Tap;
}

export type Values = ReadonlyMap<string, FloatTensor>;

/** What of the layers is looked at. */
export interface LayerOptions {
  readonly taps: Readonly<Record<Side, readonly LayerTap[]>>;
  readonly pairs: readonly TapPair[];
  readonly seed: number;
  readonly products: Products;
}

/** What the layers of both models say of the pictures of one unit: plain data, to be kept. */
export interface LayerUnit {
  readonly n: number;
  /** Of {@link SignalSums}. */
  readonly signal: Float64Array;
  readonly norms: Readonly<Record<Side, readonly Float32Array[]>>;
  /** Layers that hold what is no finite number. */
  readonly broken: Readonly<Record<Side, readonly number[]>>;
  /** Absent where the pictures are too few to be aligned by. */
  readonly grams?: Readonly<Record<Side, Grams>>;
}

/** Pictures of one unit: units are of like size, so that none is too small to count. */
export function unitSize(expected: number): number {
  return Math.max(LEAST_BATCH, Math.ceil(expected / Math.max(1, Math.ceil(expected / BATCH))));
}

/** Takes up what layers say while pictures go by; no activation is kept beyond its unit. */
export class LayerTaker {
  private signal: SignalSums;
  private readonly buffers: Readonly<Record<Side, Buffer>>;
  private held = 0;

  constructor(
    private readonly options: LayerOptions,
    size: number,
  ) {
    const { taps, pairs, seed } = options;
    this.signal = new SignalSums(pairs.length);
    this.buffers = { a: new Buffer(taps.a, size, seed), b: new Buffer(taps.b, size, seed) };
  }

  /** Values of both on the same `n` pictures, each `[n, …]`. */
  add(a: Values, b: Values, n: number): void {
    this.options.pairs.forEach((pair, i) => this.signal.add(i, a.get(pair.a.value)!.data, b.get(pair.b.value)!.data));
    for (let k = 0; k < n; k++) {
      this.buffers.a.put(a, k, n, this.held);
      this.buffers.b.put(b, k, n, this.held);
      this.held++;
    }
  }

  /** What was taken up since the last unit ended. */
  async close(): Promise<LayerUnit> {
    const { products, pairs } = this.options;
    const n = this.held;
    const [a, b] = [this.buffers.a.take(n), this.buffers.b.take(n)];
    const signal = this.signal.sums;
    this.signal = new SignalSums(pairs.length);
    this.held = 0;
    return {
      n,
      signal,
      norms: { a: a.norms, b: b.norms },
      broken: { a: a.broken, b: b.broken },
      ...(n < LEAST_BATCH ? {} : { grams: { a: await gramsOf(a.rows, products), b: await gramsOf(b.rows, products) } }),
    };
  }
}

/** How wide the rows of each layer are kept. */
function widthsOf(taps: readonly LayerTap[]): number[] {
  return keptWidths(
    taps.map((tap) => tap.width),
    MOST_NUMBERS,
  );
}

/** Layers that are brought to fewer numbers before they are aligned. */
export function projectedOf(taps: readonly LayerTap[], side: Side): LayerAlignment['projected'] {
  const widths = widthsOf(taps);
  return taps.flatMap(({ layer, width }, i) =>
    widths[i] === width ? [] : [{ side, layer, from: width, to: widths[i]! }],
  );
}

/** Rows of all layers of one model for the unit that is being filled. */
class Buffer {
  private norms: number[][];
  private broken = new Set<number>();
  private readonly rows: Float32Array[];
  private readonly widths: readonly number[];
  private readonly sketches: readonly (((row: Float32Array) => Float32Array) | undefined)[];

  constructor(
    private readonly taps: readonly LayerTap[],
    size: number,
    seed: number,
  ) {
    this.widths = widthsOf(taps);
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
  take(n: number): { rows: FloatTensor[]; norms: Float32Array[]; broken: number[] } {
    const norms = this.norms.map((layer) => Float32Array.from(layer));
    const broken = [...this.broken].sort((x, y) => x - y);
    this.norms = this.taps.map(() => []);
    this.broken = new Set();
    const rows = this.rows.map((all, i) => {
      const width = this.widths[i]!;
      const taken = floatTensor([n, width], all.slice(0, n * width));
      all.fill(0);
      return taken;
    });
    return { rows, norms, broken };
  }
}
