import type { Value, Writer } from './writer.js';

/**
 * Total variation of pictures `[n, C, H, W]`, summed over everything of each, `[n]`: `l1`, absolute differences of vertical
 * and horizontal neighbours (the slope of no difference is 0); `l2`, their squares; `isotropic`, the length of the gradient,
 * √(dv² + dh² + 1e-8), at all pixels but those of the last row and column (Mahendran and Vedaldi 2015, arXiv:1412.0035).
 */
export type VariationKind = 'l1' | 'l2' | 'isotropic';

/** So that the length of no gradient has a slope. */
const SMOOTH = 1e-8;

export function totalVariation(w: Writer, picture: Value, kind: VariationKind): Value {
  const [, , height, width] = picture.dims as [number, number, number, number];
  const between = (axis: number, size: number): Value =>
    w.sub(w.slice(picture, axis, 1, size), w.slice(picture, axis, 0, size - 1));
  const [down, across] = [between(2, height), between(3, width)];
  if (kind === 'isotropic') {
    const squares = w.add(w.square(w.slice(down, 3, 0, width - 1)), w.square(w.slice(across, 2, 0, height - 1)));
    return w.sumEach(w.one('Sqrt', w.add(squares, SMOOTH)));
  }
  const sum = (d: Value): Value => w.sumEach(kind === 'l1' ? w.one('Abs', d) : w.square(d));
  return w.add(sum(down), sum(across));
}
