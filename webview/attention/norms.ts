import type { AttentionLayer } from '../../src/result/attention.js';
import type { Colormap } from '../../src/result/colormap.js';
import type { CellSource } from '../shared/canvas/cells.js';
import { paintValues } from '../shared/canvas/paintValues.js';
import { formatNumber, plural } from '../shared/format.js';
import type { AttentionController } from './controller.js';

/** The norms of a layer's tokens on the picture. */
export interface NormMap {
  readonly row: number;
  readonly layer: AttentionLayer;
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array;
  readonly limit: number;
  readonly least: number;
  readonly outliers: number;
  /** Of tokens without a place, in their order. */
  readonly others: readonly number[];
}

/** Layers whose tokens have norms and places that are known. */
export function normMaps(c: Pick<AttentionController, 'layers' | 'store'>): readonly NormMap[] {
  return c.layers.flatMap((layer, row): readonly NormMap[] => {
    const { norms, outliers = [] } = c.store?.numbers(layer.name) ?? {};
    const { from } = layer;
    if (norms === undefined || from?.cells.length !== norms.length) return [];
    const [rows, columns] = from.grid;
    const values = new Float32Array(rows * columns).fill(NaN);
    const others: number[] = [];
    norms.forEach((norm, token) => {
      const cell = from.cells[token]!;
      if (cell < 0) others.push(norm);
      else values[cell] = norm;
    });
    const placed = values.filter((value) => Number.isFinite(value));
    const [limit, least] = [
      placed.reduce((a, b) => Math.max(a, b), 0),
      placed.reduce((a, b) => Math.min(a, b), Infinity),
    ];
    return [{ row, layer, rows, columns, values, limit, least, outliers: outliers.length, others }];
  });
}

/** Each layer's norms as a small picture, on its own scale. */
export function normCells(maps: readonly NormMap[], colors: Colormap): CellSource {
  const cellHeight = maps.reduce((most, { rows }) => Math.max(most, rows), 1);
  const cellWidth = maps.reduce((most, { columns }) => Math.max(most, columns), 1);
  return {
    rows: maps.length,
    columns: 1,
    cellHeight,
    cellWidth,
    flow: true,
    paint: (at, _column, image, left, top) => {
      const { rows, columns, values, limit } = maps[at]!;
      const stretched = new Float32Array(cellHeight * cellWidth);
      for (let y = 0; y < cellHeight; y++)
        for (let x = 0; x < cellWidth; x++)
          stretched[y * cellWidth + x] =
            values[Math.floor((y * rows) / cellHeight) * columns + Math.floor((x * columns) / cellWidth)]!;
      paintValues(
        { image, left, top },
        { values: stretched, offset: 0, height: cellHeight, width: cellWidth },
        colors,
        limit,
      );
      return true;
    },
    label: (at) => normLabel(maps[at]!),
    caption: (at) => `${maps[at]!.row}${maps[at]!.outliers > 0 ? ` · ${maps[at]!.outliers}` : ''}`,
    framed: (at) => maps[at]!.outliers > 0,
  };
}

export function normLabel({ row, least, limit, outliers, others }: NormMap): string {
  const without =
    others.length === 0
      ? ''
      : `; without a place ${others.slice(0, 4).map(formatNumber).join(', ')}${others.length > 4 ? ' …' : ''}`;
  return `layer ${row}: norms ${formatNumber(least)} to ${formatNumber(limit)}${without}; ${outliers === 0 ? 'no outlier' : plural(outliers, 'outlier')}`;
}
