import type { LayerWeights } from '../../../../src/result/weights.js';
import type { Colormap } from '../../../../src/result/colormap.js';
import type { CellSource } from '../../../shared/canvas/cells.js';
import { paintColors, paintValues } from '../../../shared/canvas/paintValues.js';
import type { WeightPages } from '../pages.js';

/** The numbers of a cell in two checkpoints, subtracted; nothing while one of them is not there. */
export function differenceAt(a: WeightPages, b: WeightPages, row: number, column: number): Float32Array | undefined {
  const [one, two] = [a.cell(row, column), b.cell(row, column)];
  if (one === undefined || two === undefined) return undefined;
  const { area } = a.shape;
  const out = new Float32Array(area);
  for (let i = 0; i < area; i++) out[i] = one.values[one.offset + i]! - two.values[two.offset + i]!;
  return out;
}

/**
 * One weight minus another of the same shape, cell by cell, in the place and with the names of `source`.
 *
 * @param limit the difference at the end of the colour scale
 */
export function differenceSource(
  source: CellSource,
  answer: LayerWeights,
  [a, b]: readonly [WeightPages, WeightPages],
  colors: Colormap,
  limit: number,
): CellSource {
  const { view } = answer.shown;
  // Nothing is dead in a difference.
  const { crossed: _crossed, ...places } = source;
  return {
    ...places,
    paint: (row, column, image, left, top) => {
      const values = differenceAt(a, b, row, column);
      if (values === undefined) return false;
      const spot = { image, left, top };
      const [height, width] = [source.cellHeight, source.cellWidth];
      if (view === 'rgb') paintColors(spot, { values, offset: 0, height, width }, limit, answer.channelOrder);
      else paintValues(spot, { values, offset: 0, height, width }, colors, limit);
      return true;
    },
  };
}
