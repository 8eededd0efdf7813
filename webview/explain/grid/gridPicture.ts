import type { Explanation } from '../../../src/result/explanation.js';
import { given } from '../../../src/base/given.js';
import { valueAt, type Display, type Scene } from '../../shared/canvas/display.js';
import type { Pixel } from '../../shared/canvas/geometry.js';
import { formatNumber, formatPercent } from '../../shared/format.js';
import { nameOfColumn } from './choice.js';
import type { Comparison } from './comparison.js';
import type { GridPicture } from './exportGrid.js';
import type { CellState, GridScenes } from './grid.js';

/** What a grid shows, as data: its maps on their scales, and what stands below them. Pure but for what `scenes` keeps. */

/** The grid, and how it is laid out. */
type Compared = Pick<Comparison, 'grid' | 'choice'>;

/** The ends of shared scales, by unit; `undefined` where each map has its own. */
export type Limits = ReadonlyMap<string, number> | undefined;

/** The explanations that are here, row by row. */
export function explanationsOf({ grid }: Compared): readonly Explanation[] {
  return grid.rows.flatMap((_, row) =>
    grid.columns.flatMap((_c, column) => {
      const cell = grid.at({ row, column });
      return cell.state === 'done' ? [cell.explanation] : [];
    }),
  );
}

export function limitsOf(compare: Compared, scenes: GridScenes, display: Display): Limits {
  return compare.choice.shared ? scenes.limits(explanationsOf(compare), display, compare.grid.columns) : undefined;
}

/** The scene of a cell, on the scale that is asked for. */
export function sceneOfCell(cell: CellState, scenes: GridScenes, display: Display, limits: Limits): Scene | undefined {
  if (cell.state !== 'done') return undefined;
  const { explanation } = cell;
  return scenes.of(explanation, display, limits?.get(explanation.attribution.unit));
}

/** What stands below a map: its class and the end of its scale, or the value at a pixel; or in place of one. */
export function cellText(cell: CellState, scene: Scene | undefined, pixel: Pixel | undefined): string {
  switch (cell.state) {
    case 'waiting':
      return 'waiting';
    case 'kept':
      return 'done';
    case 'working':
      return cell.fraction === undefined ? 'working' : formatPercent(cell.fraction);
    case 'failed':
      return `failed: ${cell.error.message}`;
    case 'done': {
      if (scene === undefined) return '';
      const before = cell.outdated ? 'before the change · ' : '';
      return pixel === undefined
        ? `${before}${cell.explanation.target.label} · to ${formatNumber(scene.scaled.limit)}`
        : `${pixel.x}, ${pixel.y}: ${formatNumber(valueAt(scene, pixel.x, pixel.y))}`;
    }
  }
}

/** How the colours are to be read: one scale for each unit that is shared, or one that stands for each map's own. */
export function scalesOf(
  explanations: readonly Explanation[],
  scenes: GridScenes,
  display: Display,
  limits: Limits,
): GridPicture['scales'] {
  const clip = display.percentile >= 100 ? 'largest value' : `clipped at ${formatNumber(display.percentile)} pct`;
  if (limits !== undefined) {
    // The end of a scale is remembered longer than the maps that it is of.
    return [...limits].flatMap(([unit, limit]) => {
      const drawn = explanations.find((e) => e.attribution.unit === unit);
      if (drawn === undefined) return [];
      return [{ colors: scenes.of(drawn, display).colors, limit, unit, note: `shared scale · ${clip}` }];
    });
  }
  // Signed maps and magnitudes have different colours.
  const kinds = new Set(explanations.map((e) => scenes.of(e, display).colors));
  return [...kinds].map((colors) => ({
    colors,
    limit: 1,
    unit: 'of the end of each map, which stands below it',
    note: `a scale per map · ${clip}`,
  }));
}

/** Everything for the exported picture: of a grid that is larger than what is in sight, these rows. */
export function gridPicture(
  compare: Compared,
  scenes: GridScenes,
  display: Display,
  title: string,
  [from, to]: readonly [from: number, to: number] = [0, Infinity],
): GridPicture {
  const { grid } = compare;
  const limits = limitsOf(compare, scenes, display);
  return {
    title,
    columns: grid.columns.map(nameOfColumn),
    rows: grid.rows.slice(from, to).map((row, at) => ({
      name: row.title,
      cells: grid.columns.map((_, column) => {
        const cell = grid.at({ row: from + at, column });
        const scene = sceneOfCell(cell, scenes, display, limits);
        // It is said of the whole which maps are of before a change.
        const shown: CellState = cell.state === 'done' ? { ...cell, outdated: false } : cell;
        return { text: cellText(shown, scene, undefined), ...given({ scene }) };
      }),
    })),
    scales: scalesOf(explanationsOf(compare), scenes, display, limits),
  };
}
