import { pearson } from '../../numeric/correlation.js';
import type { Random } from '../../base/random.js';
import type { Way } from './curves.js';
import { pixelCopier, scoresOfMade } from './replace.js';

/** The largest n, as a share of the pixels: as in the paper. */
const LARGEST = 0.8;

/** Sizes from one pixel to four fifths of them, evenly on a logarithmic scale; fewer where they coincide. */
export function sizesOf(pixels: number, count: number): number[] {
  const largest = Math.max(1, Math.round(LARGEST * pixels));
  const all = Array.from({ length: count }, (_, i) => Math.round(largest ** (count === 1 ? 1 : i / (count - 1))));
  return [...new Set(all)];
}

/**
 * Sensitivity-n of Ancona et al. 2018 (arXiv:1711.06104): for each n Pearson's correlation, over random sets of n pixels,
 * between the sum of the map's values there and what the score loses when they are covered. Zero where either does not vary.
 *
 * @param values one for each pixel, with their signs
 */
export async function sensitivityN(
  { from, to, spec, most, score }: Way,
  values: ArrayLike<number>,
  sizes: readonly number[],
  subsets: number,
  random: Random,
): Promise<number[]> {
  const copy = pixelCopier(spec);
  const [whole] = Array.from(await score(from));
  const pixels = Uint32Array.from({ length: values.length }, (_, i) => i);
  const out: number[] = [];
  for (const [k, n] of sizes.entries()) {
    const draws = random.fork(k);
    const sums = new Float64Array(subsets);
    const scores = await scoresOfMade(
      subsets,
      from,
      most,
      (s, into) => {
        into.set(from.data);
        // The first n of a shuffle: whatever order the pixels stand in, each set is as likely.
        for (let i = 0; i < n; i++) {
          const j = i + draws.below(pixels.length - i);
          [pixels[i], pixels[j]] = [pixels[j]!, pixels[i]!];
          copy(to.data, into, pixels[i]!);
          sums[s]! += values[pixels[i]!]!;
        }
      },
      score,
    );
    out.push(
      pearson(
        sums,
        scores.map((v) => whole! - v),
      ),
    );
  }
  return out;
}
