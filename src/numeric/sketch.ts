import { Random } from '../base/random.js';

/** Places of the result that each number goes to. */
const SPREAD = 4;

/**
 * A random projection that keeps distances about as they are (Kane and Nelson 2014): each number is added to four places of
 * the result, with signs drawn by the seed. What it costs grows with the width alone.
 *
 * @param width numbers of a row
 * @param to numbers of the result; a power of two is cheapest
 */
export function sketch(width: number, to: number, seed = 0): (row: Float32Array) => Float32Array {
  const random = new Random(seed);
  const places = Int32Array.from({ length: width * SPREAD }, () => {
    const drawn = random.uint32();
    const place = (drawn >>> 1) % to;
    return drawn & 1 ? place : ~place;
  });
  const scale = 1 / Math.sqrt(SPREAD);
  return (row) => {
    const sums = new Float64Array(to);
    for (let j = 0; j < width; j++) {
      const v = row[j]! * scale;
      for (let s = j * SPREAD; s < (j + 1) * SPREAD; s++) {
        const place = places[s]!;
        if (place < 0) sums[~place]! -= v;
        else sums[place]! += v;
      }
    }
    return Float32Array.from(sums);
  };
}
