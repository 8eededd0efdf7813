import type { Random } from '../../base/random.js';

/** Narrower than this, products of two examples are estimated too coarsely. */
const LEAST_WIDTH = 1024;

/**
 * How many numbers each layer of a batch may keep, so that all together stay within a bound: those that fit are kept as
 * they are, the others are brought to a power of two.
 *
 * @param widths numbers of each layer for one example
 * @param most numbers of all layers for one example
 */
export function keptWidths(widths: readonly number[], most: number): number[] {
  const total = (limit: number): number => widths.reduce((sum, w) => sum + Math.min(w, limit), 0);
  if (total(Infinity) <= most) return [...widths];
  let limit = LEAST_WIDTH;
  while (total(2 * limit) <= most) limit *= 2;
  return widths.map((w) => Math.min(w, limit));
}

/**
 * A seeded projection onto fewer numbers: each feature is added to one of them or taken from it (Charikar, Chen and
 * Farach-Colton 2002). Products of two examples are right on average, with a deviation of about √(2 / numbers) of the
 * product of their norms.
 */
export class Sketch {
  private readonly place: Int32Array;
  private readonly sign: Int8Array;

  constructor(from: number, to: number, random: Random) {
    this.place = Int32Array.from({ length: from }, () => random.below(to));
    this.sign = Int8Array.from({ length: from }, () => (random.below(2) === 0 ? 1 : -1));
  }

  /** Adds a row's projection into `out` from `at` on, which must be zeros before. */
  into(row: Float32Array, out: Float32Array, at: number): void {
    for (let i = 0; i < row.length; i++) out[at + this.place[i]!]! += this.sign[i]! * row[i]!;
  }
}

/**
 * The examples of the largest norm: that of an example is the largest over the layers, each as a share of the layer's
 * median, so that layers of any scale count alike.
 *
 * @param norms for each layer, of each example
 */
export function largestNorms(norms: readonly Float32Array[], count: number): number[] {
  const size = norms[0]?.length ?? 0;
  const most = new Float64Array(size);
  for (const layer of norms) {
    const median = layer.slice().sort()[Math.floor(size / 2)] ?? 0;
    if (!(median > 0)) continue;
    for (let i = 0; i < size; i++) most[i] = Math.max(most[i]!, layer[i]! / median);
  }
  return [...most.keys()].sort((i, j) => most[j]! - most[i]! || i - j).slice(0, count);
}
