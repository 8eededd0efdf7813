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
