import type { FloatTensor } from '../base/tensor.js';

/**
 * Coordinates of where points begin, with zeros for those that are not there: one point has no component, two have one.
 *
 * @param start `[count, any]`
 */
export function startOf({ dims: [count = 0, given = 0], data }: FloatTensor, dimensions: number): Float64Array {
  return Float64Array.from({ length: count * dimensions }, (_, at) => {
    const [i, c] = [Math.floor(at / dimensions), at % dimensions];
    return c < given ? data[i * given + c]! : 0;
  });
}
