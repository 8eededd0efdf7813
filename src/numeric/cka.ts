import type { FloatTensor } from '../base/tensor.js';
import { centred } from './neighbours.js';
import { plainProducts, type Products } from './products.js';

/** Fewer examples have no unbiased estimate. */
export const LEAST_BATCH = 4;

/**
 * Linear centred kernel alignment of every layer of one model with every layer of another (Kornblith et al. 2019), from
 * batches: each gives an unbiased estimate of HSIC (Song et al. 2012; Nguyen, Raghu and Kornblith 2020), and their sums are
 * normalised at the end, so that the answer does not depend on the size of the batches and no batch needs to be kept.
 *
 * One far example can move it a lot although nothing else changed (Davari et al. 2022): ask for it twice, without the
 * examples of the largest norm.
 */
export class Alignments {
  private readonly cross: Float64Array[];
  private readonly own: readonly [Float64Array, Float64Array];
  private batches = 0;

  constructor(
    first: number,
    private readonly second: number,
    private readonly products: Products = plainProducts,
  ) {
    this.cross = Array.from({ length: first }, () => new Float64Array(second));
    this.own = [new Float64Array(first), new Float64Array(second)];
  }

  /**
   * One batch of the same examples through both.
   *
   * @param a for each layer of the first `[examples, features]`, at least 4 examples
   */
  async add(a: readonly FloatTensor[], b: readonly FloatTensor[]): Promise<void> {
    this.addGrams(await gramsOf(a, this.products), await gramsOf(b, this.products));
  }

  /**
   * The same from Gram matrices, which are kept where a batch is counted more than once.
   *
   * @param without examples of the batch that are left out
   */
  addGrams(a: Grams, b: Grams, without: ReadonlySet<number> = new Set()): void {
    const kept = [...Array(a.n).keys()].filter((i) => !without.has(i));
    if (kept.length < LEAST_BATCH) throw new Error(`A batch of ${kept.length}; at least ${LEAST_BATCH} examples`);
    const [left, right] = [a, b].map((grams) => grams.layers.map((values) => gram(values, grams.n, kept))) as [
      Gram[],
      Gram[],
    ];
    left.forEach((k, i) => {
      this.own[0][i]! += hsic(k, k);
      right.forEach((l, j) => (this.cross[i]![j]! += hsic(k, l)));
    });
    right.forEach((l, j) => (this.own[1][j]! += hsic(l, l)));
    this.batches++;
  }

  /** `[first][second]`: 1 where two layers hold the same up to rotation and scale; NaN where a layer is constant. */
  values(): readonly (readonly number[])[] {
    if (this.batches === 0) throw new Error('No batch was added');
    return this.cross.map((row, i) =>
      Array.from({ length: this.second }, (_, j) => {
        const scale = this.own[0][i]! * this.own[1][j]!;
        return this.own[0][i]! > 0 && this.own[1][j]! > 0 ? row[j]! / Math.sqrt(scale) : NaN;
      }),
    );
  }
}

/** Products of the examples of one batch with each other, for each layer. */
export interface Grams {
  /** Examples. */
  readonly n: number;
  /** `[n, n]` for each layer. */
  readonly layers: readonly Float32Array[];
}

/**
 * Gram matrices of a batch. Features are centred first, which changes no estimate and costs no digits later.
 *
 * @param layers `[examples, features]` each
 */
export async function gramsOf(layers: readonly FloatTensor[], products: Products = plainProducts): Promise<Grams> {
  const out: Float32Array[] = [];
  const n = layers[0]?.dims[0] ?? 0;
  for (const layer of layers) {
    const { rows } = centred(layer);
    out.push((await products.multiply(rows, rows, { b: true })).data);
  }
  return { n, layers: out };
}

/** A Gram matrix without its diagonal, its row sums and its sum. */
interface Gram {
  readonly n: number;
  readonly values: Float64Array;
  readonly sums: Float64Array;
  readonly total: number;
}

function gram(products: Float32Array, size: number, kept: readonly number[]): Gram {
  const n = kept.length;
  const values = new Float64Array(n * n);
  kept.forEach((i, row) => kept.forEach((j, column) => (values[row * n + column] = products[i * size + j]!)));
  const sums = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    values[i * n + i] = 0;
    for (let j = 0; j < n; j++) sums[i]! += values[i * n + j]!;
  }
  return { n, values, sums, total: sums.reduce((a, b) => a + b, 0) };
}

/** [tr(KL) + 1'K1 1'L1 / ((n-1)(n-2)) - 2/(n-2) 1'KL1] / (n(n-3)) */
function hsic(k: Gram, l: Gram): number {
  const { n } = k;
  let [trace, through] = [0, 0];
  for (let i = 0; i < k.values.length; i++) trace += k.values[i]! * l.values[i]!;
  for (let i = 0; i < n; i++) through += k.sums[i]! * l.sums[i]!;
  return (trace + (k.total * l.total) / ((n - 1) * (n - 2)) - (2 / (n - 2)) * through) / (n * (n - 3));
}
