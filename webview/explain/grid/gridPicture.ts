import type { Explanation } from '../../../src/result/explanation.js';
import { throwIfCancelled } from '../../../src/base/errors.js';
import { given } from '../../../src/base/given.js';
import { sliceWords, valueAt, type Display, type Scene } from '../../shared/canvas/display.js';
import type { Pixel } from '../../shared/canvas/geometry.js';
import { formatNumber, formatPercent } from '../../shared/format.js';
import { nameOfColumn } from './choice.js';
import type { Comparison } from './comparison.js';
import type { GridPictureCell, GridPictureScale } from './exportGrid.js';
import type { CellState, GridCell, GridScenes } from './grid.js';
import type { GridParts } from './layout.js';
import { verdictText, type Verdicts } from './networks.js';

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

/** Below each map stands the end of its scale, or what its network says. */
export type Below = 'end' | 'verdict';

/** How the colours are to be read: one scale for each unit that is shared, or one that stands for each map's own. */
export function scalesOf(
  explanations: readonly Explanation[],
  scenes: GridScenes,
  display: Display,
  limits: Limits,
  below: Below = 'end',
): readonly GridPictureScale[] {
  const [first] = explanations;
  const slice = first && sliceWords(scenes.of(first, display));
  const end = display.percentile >= 100 ? 'largest value' : `clipped at ${formatNumber(display.percentile)} pct`;
  const clip = [end, ...(slice === undefined ? [] : [slice])].join(' · ');
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
    unit: `of the end of each map${below === 'end' ? ', which stands below it' : ''}`,
    note: `a scale per map · ${clip}`,
  }));
}

/** What an exported picture shows, and where it ends. */
export interface WholeOptions<T> {
  readonly scenes: GridScenes;
  readonly display: Display;
  readonly title: string;
  /** The first row, where the picture does not hold all of them. */
  readonly from: number;
  /** Rows that the picture holds at most. */
  readonly most: number;
  /** Draws a map as the picture keeps it: an explanation is not kept. */
  draw(scene: Scene): T;
  /** Whether there is room for more, with what the rows so far take. */
  room?(drawn: T): boolean;
  readonly verdicts?: Verdicts | undefined;
  readonly signal: AbortSignal;
  progress(done: number, total: number): void;
}

/** Names of the rows that a picture holds, where these are not all. */
export interface WholeGrid<T> extends GridParts<GridPictureCell<T>, GridPictureScale> {
  readonly part?: { readonly from: number; readonly to: number; readonly of: number };
}

/**
 * The whole grid as a picture holds it, with maps that are not here fetched one after the other; where it does not hold all
 * rows, those from `from` on, and the title says which.
 *
 * @throws CancelledError
 */
export async function wholeGrid<T>(compare: Compared, options: WholeOptions<T>): Promise<WholeGrid<T>> {
  const { scenes, display, title, most, draw, room = () => true, verdicts, signal, progress } = options;
  const { grid } = compare;
  const { length } = grid.rows;
  const from = length <= most ? 0 : Math.max(0, Math.min(options.from, length - most));
  const end = Math.min(length, from + most);
  const passes = compare.choice.shared ? 2 : 1;
  const total = passes * (end - from) * grid.columns.length;
  let done = 0;
  const explanationAt = async (at: GridCell): Promise<Explanation | undefined> => {
    throwIfCancelled(signal);
    const found = await grid.explanationAt(at);
    progress(++done, total);
    return found;
  };
  let limits: Limits;
  for (let row = from; passes > 1 && row < end; row++)
    for (const column of grid.columns.keys()) {
      const explanation = await explanationAt({ row, column });
      if (explanation !== undefined) limits = scenes.limits([explanation], display, grid.columns);
    }
  // One of each kind stands for the others: all of them have no room.
  const kinds = new Map<unknown, Explanation>();
  const rows: GridParts<GridPictureCell<T>, never>['rows'][number][] = [];
  let [row, fits] = [from, true];
  for (; row < end && fits; row++) {
    const cells: GridPictureCell<T>[] = [];
    for (const column of grid.columns.keys()) {
      const at = { row, column };
      const explanation = await explanationAt(at);
      // It is said of the whole which maps are of before a change.
      const cell: CellState = explanation === undefined ? grid.at(at) : { state: 'done', explanation, outdated: false };
      const scene = sceneOfCell(cell, scenes, display, limits);
      const request = grid.requestAt(at);
      const verdict = request === undefined ? undefined : verdicts?.of(request);
      const text = verdict === undefined ? cellText(cell, scene, undefined) : verdictText(verdict);
      if (scene === undefined || explanation === undefined) cells.push({ text });
      else {
        const { colors } = scenes.of(explanation, display);
        const kind = limits === undefined ? colors : explanation.attribution.unit;
        kinds.set(kind, kinds.get(kind) ?? explanation);
        const { width, height } = scene.picture;
        const map = draw(scene);
        fits = room(map) && fits;
        cells.push({ text, map, width, height });
      }
    }
    rows.push({ name: grid.rows[row]!.title, cells });
  }
  const part = from === 0 && row === length ? undefined : { from, to: row, of: length };
  return {
    title: part === undefined ? title : `${title} \u00b7 rows ${from + 1}\u2013${row} of ${length}`,
    columns: grid.columns.map(nameOfColumn),
    rows,
    scales: scalesOf([...kinds.values()], scenes, display, limits, verdicts === undefined ? 'end' : 'verdict'),
    ...given({ part }),
  };
}
