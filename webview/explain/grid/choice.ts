import type { Address } from '../../../src/base/place.js';
import type { NamedNetwork, OtherModel, Question } from '../../../src/protocol/explainPanel.js';

/** What a grid compares: three axes, one of them down, the others across. Pure data and functions. */

export type Axis = 'pictures' | 'methods' | 'targets';

/** What is compared and how it is laid out; kept over a reload. */
export interface GridChoice {
  /** The axis that goes down; across go all pairs of the other two. */
  readonly rows: Axis;
  readonly methods: readonly string[];
  readonly targets: readonly string[];
  /** Networks beside the panel's own: each method is asked of all of them. */
  readonly networks: readonly NamedNetwork[];
  /** The only pictures that are shown; absent: all. */
  readonly only?: readonly string[] | undefined;
  /** Maps of the same unit are drawn on one scale. */
  readonly shared: boolean;
  /** Columns in the order they were put in; others follow as they come. */
  readonly order: readonly string[];
  /** Columns that stay at the left. */
  readonly pinned: readonly string[];
  readonly hidden: readonly string[];
}

export const DEFAULT_GRID: GridChoice = {
  rows: 'pictures',
  methods: [],
  targets: ['top1'],
  networks: [],
  shared: false,
  order: [],
  pinned: [],
  hidden: [],
};

/** What an entry of an axis says about the cells of its row or column. */
export interface CellPart {
  readonly picture?: Address;
  readonly method?: Pick<Question, 'method' | 'params' | 'layer'>;
  readonly target?: string;
  /** The same class by its name, where that means one class. */
  readonly targetName?: string;
  /** Where it is not the panel's own. */
  readonly network?: OtherModel;
  /** Whether the classes of another checkpoint have names; absent while nobody has said. */
  readonly classNames?: boolean;
}

/** A row or a column. */
export interface GridLine {
  readonly id: string;
  readonly title: string;
  /** The second of the two things that a column stands for, where both vary. */
  readonly detail?: string;
  readonly part: CellPart;
}

/** A column by its whole name. */
export const nameOfColumn = ({ title, detail }: GridLine): string =>
  detail === undefined ? title : `${title}, ${detail}`;

export type Axes = Readonly<Record<Axis, readonly GridLine[]>>;

/** In which order the axes across are nested. */
const ACROSS: Readonly<Record<Axis, readonly [Axis, Axis]>> = {
  pictures: ['methods', 'targets'],
  methods: ['pictures', 'targets'],
  targets: ['pictures', 'methods'],
};

/** The columns: every pair of the two axes across, each called by what varies. */
export function columnsOf(axes: Axes, rows: Axis): readonly GridLine[] {
  const [outer, inner] = ACROSS[rows].map((axis) => axes[axis]) as [readonly GridLine[], readonly GridLine[]];
  return outer.flatMap((a) =>
    inner.map((b) => {
      const [first, second] = outer.length === 1 && inner.length > 1 ? [b, undefined] : [a, b];
      return {
        id: `${a.id} ${b.id}`,
        title: first.title,
        ...(second === undefined || inner.length === 1 ? {} : { detail: second.title }),
        part: { ...a.part, ...b.part },
      };
    }),
  );
}

/** The columns that are shown, as they were ordered: pinned ones first. */
export function arranged(columns: readonly GridLine[], choice: GridChoice): readonly GridLine[] {
  const rank = ({ id }: GridLine): number => {
    const at = choice.order.indexOf(id);
    return (choice.pinned.includes(id) ? 0 : 1e6) + (at < 0 ? 5e5 : at);
  };
  return columns.filter(({ id }) => !choice.hidden.includes(id)).sort((a, b) => rank(a) - rank(b));
}

/** How many of the columns are pinned. */
export const pinnedCount = (columns: readonly GridLine[], { pinned }: GridChoice): number =>
  columns.filter(({ id }) => pinned.includes(id)).length;

/**
 * Moves a column to another place; a pinned one stays among the pinned, any other behind them.
 *
 * @param columns as they are arranged
 * @returns what changes, and where the column is then
 */
export function moved(
  columns: readonly GridLine[],
  choice: GridChoice,
  from: number,
  to: number,
): { readonly change: Partial<GridChoice>; readonly at: number } {
  const ids = columns.map(({ id }) => id);
  const id = ids[from]!;
  const pins = pinnedCount(columns, choice);
  const [least, most] = choice.pinned.includes(id) ? [0, pins - 1] : [pins, ids.length - 1];
  const at = Math.max(least, Math.min(most, to));
  ids.splice(from, 1);
  ids.splice(at, 0, id);
  return { change: { order: ids }, at };
}

/** Pins a column behind those that are, or lets it go to the first place after them. */
export function pinToggled(
  columns: readonly GridLine[],
  choice: GridChoice,
  column: number,
): { readonly change: Partial<GridChoice>; readonly at: number; readonly pinned: boolean } {
  const ids = columns.map(({ id }) => id);
  const id = ids[column]!;
  const pins = pinnedCount(columns, choice);
  const pinned = !choice.pinned.includes(id);
  const at = pinned ? pins : pins - 1;
  ids.splice(column, 1);
  ids.splice(at, 0, id);
  const others = choice.pinned.filter((each) => each !== id);
  return { change: { order: ids, pinned: pinned ? [...others, id] : others }, at, pinned };
}

function networksIn(kept: unknown): readonly NamedNetwork[] {
  if (!Array.isArray(kept)) return [];
  return (kept as readonly Partial<NamedNetwork>[]).filter(
    (n): n is NamedNetwork =>
      typeof n === 'object' &&
      n !== null &&
      typeof n.name === 'string' &&
      (typeof n.model === 'string' || n.random === true),
  );
}

/** What was kept, as far as it is what this version understands. */
export function restoredChoice(kept: unknown): GridChoice {
  const found = (typeof kept === 'object' && kept !== null ? kept : {}) as Record<keyof GridChoice, unknown>;
  const list = (key: keyof GridChoice): Partial<GridChoice> => {
    const value = found[key];
    return Array.isArray(value) && value.every((each) => typeof each === 'string') ? { [key]: value } : {};
  };
  const rows = (['pictures', 'methods', 'targets'] as const).find((axis) => axis === found.rows);
  return {
    ...DEFAULT_GRID,
    ...(rows === undefined ? {} : { rows }),
    ...list('methods'),
    ...list('targets'),
    networks: networksIn(found.networks),
    ...list('order'),
    ...list('pinned'),
    ...list('hidden'),
    shared: found.shared === true,
  };
}
