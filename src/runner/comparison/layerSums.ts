import { setImmediate } from 'node:timers/promises';
import { throwIfCancelled } from '../../base/errors.js';
import { floatTensor, type FloatTensor } from '../../base/tensor.js';
import { SignalSums } from '../../method/comparison/signal.js';
import { largestNorms } from '../../method/comparison/widths.js';
import { Alignments, LEAST_BATCH, type Grams } from '../../numeric/cka.js';
import type { LayerAlignment, Side } from '../../result/comparison.js';
import { projectedOf, type LayerOptions, type LayerUnit } from './layerUnit.js';

/** The share of pictures that are left out to see how far an alignment hangs on them. */
const LARGEST = 0.01;
/** With fewer pictures, leaving one out says nothing of outliers. */
const LEAST_COUNTED = 20;

/** What the layers say of the whole set: units are added up in their order, wherever they come from. */
export class LayerSums {
  readonly signal: SignalSums;
  private readonly norms: Readonly<Record<Side, number[][]>>;
  private readonly broken: Readonly<Record<Side, Set<number>>> = { a: new Set(), b: new Set() };
  private readonly batches: Readonly<Record<Side, Grams>>[] = [];
  private seen = 0;

  constructor(
    private readonly options: LayerOptions,
    private readonly size: number,
  ) {
    const { taps, pairs } = options;
    this.signal = new SignalSums(pairs.length);
    this.norms = { a: taps.a.map(() => []), b: taps.b.map(() => []) };
  }

  add({ n, signal, norms, broken, grams }: LayerUnit): void {
    this.seen += n;
    this.signal.plus(signal);
    for (const side of ['a', 'b'] as const) for (const layer of broken[side]) this.broken[side].add(layer);
    if (grams === undefined) return;
    this.batches.push(grams);
    for (const side of ['a', 'b'] as const)
      norms[side].forEach((layer, i) => layer.forEach((norm) => this.norms[side][i]!.push(norm)));
  }

  /** Pictures whose layers were looked at. */
  get pictures(): number {
    return this.seen;
  }

  /** The alignment of all layers; nothing where too few pictures came. */
  async finish(signal: AbortSignal): Promise<Omit<LayerAlignment, 'of'> | undefined> {
    const { taps } = this.options;
    const counted = this.batches.reduce((sum, batch) => sum + batch.a.n, 0);
    if (counted === 0 || taps.a.length === 0 || taps.b.length === 0) return undefined;
    const dropped = counted < LEAST_COUNTED ? 0 : Math.max(1, Math.round(LARGEST * counted));
    const norms = [...this.norms.a, ...this.norms.b].map((layer) => Float32Array.from(layer));
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
      projected: (['a', 'b'] as const).flatMap((side) => projectedOf(taps[side], side)),
    };
  }

  private matrix(alignments: Alignments): FloatTensor {
    const { a, b } = this.options.taps;
    const out = floatTensor([a.length, b.length]);
    const values = alignments.values();
    for (let i = 0; i < a.length; i++)
      for (let j = 0; j < b.length; j++)
        out.data[i * b.length + j] = this.broken.a.has(i) || this.broken.b.has(j) ? NaN : values[i]![j]!;
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
