import { colormap, type Colormap } from '../../../src/result/colormap.js';
import type { LayerWeights } from '../../../src/result/weights.js';
import type { CellPoint } from '../../shared/canvas/cellGrid.js';
import type { CellSource } from '../../shared/canvas/cells.js';
import { magnitudeOf, paintColors, paintValues } from '../../shared/canvas/paintValues.js';
import { formatNumber } from '../../shared/format.js';
import type { WeightPages } from './pages.js';

export interface WeightColors {
  readonly colors: Colormap;
  /** The value at the end of the scale; `undefined`: each picture's own largest. */
  readonly limit: number | undefined;
  readonly dead: (output: number) => boolean;
}

/** A weight as a grid of pictures. */
export function weightSource(
  answer: LayerWeights,
  pages: WeightPages,
  { colors, limit, dead }: WeightColors,
): CellSource {
  const { shown, channelOrder } = answer;
  const [rows = 1, second = 1, height = 1, width = 1] = shown.shape;
  const { view } = shown;
  const grid = view === 'kernels' || view === 'matrix' || view === 'position';
  const picture = view === 'rgb' || view === 'kernels' || view === 'depthwise';
  const [cellHeight, cellWidth] = picture ? [height, width] : [1, 1];
  const { area } = pages.shape;
  const unit = shown.role === 'weight' && picture ? 'filter' : view === 'position' ? 'token' : 'output';
  const isDead = (row: number): boolean => dead(pages.output(row));
  const label = (row: number, column: number): string => {
    const output = `${unit} ${pages.output(row)}`;
    const second = grid ? `, ${view === 'position' ? 'feature' : 'input'} ${column}` : '';
    return `${output}${second}${isDead(row) ? ', dead' : ''}`;
  };
  return {
    rows,
    columns: grid ? second : 1,
    cellHeight,
    cellWidth,
    flow: !grid,
    paint: (row, column, image, left, top) => {
      const cell = pages.cell(row, column);
      if (cell === undefined) return false;
      const { values, offset } = cell;
      const spot = { image, left, top };
      const most = limit ?? (magnitudeOf(values, offset, offset + area) || 1);
      if (view === 'rgb') paintColors(spot, { values, offset, height, width }, most, channelOrder);
      else paintValues(spot, { values, offset, height: cellHeight, width: cellWidth }, colors, most);
      return true;
    },
    label,
    ...(picture && !grid ? { caption: (row: number) => String(pages.output(row)) } : {}),
    ...(picture ? { crossed: isDead } : {}),
    ...(grid ? { rowName: (row: number) => String(pages.output(row)), columnName: String } : {}),
  };
}

/** The numbers of a weight where it is pointed at: ` · (3, 1) 0.0243`; three of them for colours. */
export function valueText(
  { shown }: LayerWeights,
  pages: WeightPages | undefined,
  { row, column, x = 0, y = 0 }: CellPoint,
): string {
  const cell = pages?.cell(row, column);
  if (cell === undefined) return '';
  const [, , height = 1, width = 1] = shown.shape;
  const at = cell.offset + y * width + x;
  if (shown.view === 'rgb') {
    const planes = [0, 1, 2].map((plane) => formatNumber(cell.values[at + plane * height * width] ?? NaN));
    return ` · (${x}, ${y}) ${planes.join(' ')}`;
  }
  const where = shown.view === 'kernels' || shown.view === 'depthwise' ? ` · (${x}, ${y})` : '';
  return `${where} ${where === '' ? '= ' : ''}${formatNumber(cell.values[at] ?? NaN)}`;
}

/** How alike the positions of a transformer are: a map of the grid for each place of the grid (Dosovitskiy et al. 2021, figure 7). */
export function similaritySource({ similarity }: LayerWeights): CellSource | undefined {
  const { grid, prefix = 0, values } = similarity ?? {};
  if (grid === undefined || values === undefined) return undefined;
  const [rows, columns] = grid;
  const tokens = values.dims[1]!;
  const colors = colormap('RdBu');
  const one = new Float32Array(rows * columns);
  return {
    rows,
    columns,
    cellHeight: rows,
    cellWidth: columns,
    flow: false,
    paint: (row, column, image, left, top) => {
      const from = (prefix + row * columns + column) * tokens + prefix;
      one.set(values.data.subarray(from, from + rows * columns));
      paintValues({ image, left, top }, { values: one, offset: 0, height: rows, width: columns }, colors, 1);
      return true;
    },
    label: (row, column) => `position row ${row}, column ${column}`,
    rowName: String,
    columnName: String,
  };
}
