import { Random } from '../../base/random.js';

/**
 * Numbers of the pixels, the most relevant first. Equal values (a map of parts, zeros) come in an order that is drawn: by
 * their numbers they would be taken from the top of the picture, which is an order that says something.
 *
 * @param importance one number for each pixel; what is no number is the least
 */
export function rankedPixels(importance: ArrayLike<number>, random: Random): Uint32Array {
  const n = importance.length;
  const tie = random.shuffle(Array.from({ length: n }, (_, i) => i));
  const value = Float64Array.from({ length: n }, (_, i) => (Number.isNaN(importance[i]!) ? -Infinity : importance[i]!));
  return Uint32Array.from({ length: n }, (_, i) => i).sort((a, b) => {
    const [x, y] = [value[a]!, value[b]!];
    return x === y ? tie[a]! - tie[b]! : y > x ? 1 : -1;
  });
}

/** How many of `pixels` are taken at each of `points` equal steps, nothing first: `[points + 1]`. */
export function equalSteps(pixels: number, points: number): number[] {
  return Array.from({ length: points + 1 }, (_, i) => Math.round((pixels * i) / points));
}
