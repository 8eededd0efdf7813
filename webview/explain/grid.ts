import { isCancelled, toErrorData, type ErrorData } from '../../src/base/errors.js';
import type { Client } from '../../src/protocol/channel.js';
import type { ExplainHostApi, Question } from '../../src/protocol/panel.js';
import type { Explanation } from '../../src/result/explanation.js';
import { sceneOf, type Display, type Scene } from '../shared/display.js';
import { same } from './run.js';

/** One column of the grid: what is asked of every picture. */
export interface GridColumn {
  readonly id: string;
  readonly title: string;
  readonly question: Question;
}

export interface GridCell {
  readonly row: number;
  readonly column: number;
}

export type CellState =
  | { readonly state: 'waiting' }
  | { readonly state: 'working'; readonly fraction?: number }
  | { readonly state: 'done'; readonly explanation: Explanation }
  | { readonly state: 'failed'; readonly error: ErrorData };

/** What the columns are, and how their maps are scaled; kept over a reload. */
export interface GridChoice {
  readonly columns: 'methods' | 'targets';
  readonly methods: readonly string[];
  readonly targets: readonly string[];
  /** Maps of the same unit are drawn on one scale. */
  readonly shared: boolean;
}

export const DEFAULT_GRID: GridChoice = { columns: 'methods', methods: [], targets: ['top1'], shared: false };

/** Explanations of a grid that are kept, those in use not counted. */
const SPARE = 60;

/**
 * A grid of explanations, without a DOM: pictures × columns, computed one by one. What is no longer asked for is
 * cancelled; what is there already is not computed again; a cell that fails stops no other.
 */
export class Grid {
  rows: readonly string[] = [];
  columns: readonly GridColumn[] = [];
  private readonly cells = new Map<string, Exclude<CellState, { state: 'waiting' | 'working' }>>();
  private current: { readonly key: string; readonly abort: AbortController; fraction?: number } | undefined;
  private paused = false;
  private pumping = false;

  constructor(
    private readonly host: Pick<Client<ExplainHostApi>, 'cell'>,
    private readonly onChange: () => void,
  ) {}

  get working(): boolean {
    return this.current !== undefined;
  }

  /** Cells that have ended, and all. */
  get progress(): { readonly done: number; readonly total: number } {
    const keys = this.keys();
    return { done: keys.filter((k) => this.cells.has(k.key)).length, total: keys.length };
  }

  at({ row, column }: GridCell): CellState {
    const key = this.keyAt(row, column);
    const known = key === undefined ? undefined : this.cells.get(key);
    if (known !== undefined) return known;
    if (key === undefined || this.current?.key !== key) return { state: 'waiting' };
    const { fraction } = this.current;
    return fraction === undefined ? { state: 'working' } : { state: 'working', fraction };
  }

  /** Asks for these pictures and columns; computes what is missing. */
  show(rows: readonly string[], columns: readonly GridColumn[]): void {
    if (this.pumping && same(rows, this.rows) && same(columns, this.columns)) return;
    this.rows = rows;
    this.columns = columns;
    this.paused = false;
    const wanted = new Set(this.keys().map((k) => k.key));
    if (this.current !== undefined && !wanted.has(this.current.key)) this.current.abort.abort();
    let spare = this.cells.size - wanted.size;
    for (const key of this.cells.keys()) if (spare > SPARE && !wanted.has(key) && spare--) this.cells.delete(key);
    void this.pump();
  }

  /** Stops; what is there stays. */
  cancel(): void {
    this.paused = true;
    this.current?.abort.abort();
  }

  /** Computes what failed or was left out. */
  resume(): void {
    for (const { key } of this.keys()) if (this.cells.get(key)?.state === 'failed') this.cells.delete(key);
    this.paused = false;
    void this.pump();
  }

  /** The files have changed: nothing that was computed holds. */
  forget(): void {
    this.cancel();
    this.cells.clear();
  }

  private keys(): { readonly key: string; readonly row: number; readonly column: number }[] {
    return this.rows.flatMap((_, row) =>
      this.columns.map((_c, column) => ({ key: this.keyAt(row, column)!, row, column })),
    );
  }

  private keyAt(row: number, column: number): string | undefined {
    const [picture, question] = [this.rows[row], this.columns[column]?.question];
    if (picture === undefined || question === undefined) return undefined;
    const { method, params, target, score, layer, seed } = question;
    const sorted = Object.entries(params).sort(([a], [b]) => (a < b ? -1 : 1));
    return JSON.stringify([picture, method, sorted, target, score, layer ?? '', seed]);
  }

  private async pump(): Promise<void> {
    if (this.pumping) return;
    this.pumping = true;
    try {
      for (;;) {
        const next = this.paused ? undefined : this.keys().find((k) => !this.cells.has(k.key));
        if (next === undefined) return;
        await this.compute(next.key, this.columns[next.column]!.question, this.rows[next.row]!);
      }
    } finally {
      this.pumping = false;
      this.onChange();
    }
  }

  private async compute(key: string, question: Question, picture: string): Promise<void> {
    const current: NonNullable<Grid['current']> = { key, abort: new AbortController() };
    this.current = current;
    this.onChange();
    try {
      const explanation = await this.host.cell(
        { question, picture },
        {
          signal: current.abort.signal,
          onProgress: ({ fraction }) => {
            if (fraction !== undefined) current.fraction = fraction;
            this.onChange();
          },
        },
      );
      this.cells.set(key, { state: 'done', explanation });
    } catch (error) {
      if (!isCancelled(error)) this.cells.set(key, { state: 'failed', error: toErrorData(error) });
      // Cancelled from outside, in the status bar: the rest is not wanted, either.
      else if (!current.abort.signal.aborted) this.paused = true;
    } finally {
      this.current = undefined;
      this.onChange();
    }
  }
}

/** The scenes of a grid, on shared scales or each on its own; made anew only where something has changed. */
export class GridScenes {
  private readonly own = new WeakMap<Explanation, { readonly display: Display; readonly scene: Scene }>();
  private readonly shared = new WeakMap<
    Explanation,
    { readonly display: Display; readonly limit: number; readonly scene: Scene }
  >();

  of(explanation: Explanation, display: Display, limit?: number): Scene {
    if (limit === undefined) {
      const known = this.own.get(explanation);
      if (known?.display === display) return known.scene;
      const scene = sceneOf(explanation, display);
      this.own.set(explanation, { display, scene });
      return scene;
    }
    const known = this.shared.get(explanation);
    if (known?.display === display && known.limit === limit) return known.scene;
    const scene = sceneOf(explanation, display, limit);
    this.shared.set(explanation, { display, limit, scene });
    return scene;
  }

  /** The end of the scale for each unit: the largest of its maps' own ends. */
  limits(explanations: readonly Explanation[], display: Display): ReadonlyMap<string, number> {
    const limits = new Map<string, number>();
    for (const e of explanations) {
      const { limit } = this.of(e, display).scaled;
      limits.set(e.attribution.unit, Math.max(limits.get(e.attribution.unit) ?? 0, limit));
    }
    return limits;
  }
}

/** Where an arrow key leads. */
export function moveIn(cell: GridCell, key: string, rows: number, columns: number): GridCell | undefined {
  const { row, column } = cell;
  const to = {
    ArrowLeft: { row, column: column - 1 },
    ArrowRight: { row, column: column + 1 },
    ArrowUp: { row: row - 1, column },
    ArrowDown: { row: row + 1, column },
    Home: { row, column: 0 },
    End: { row, column: columns - 1 },
  }[key];
  if (to === undefined) return undefined;
  const within = (v: number, count: number): number => Math.max(0, Math.min(count - 1, v));
  return { row: within(to.row, rows), column: within(to.column, columns) };
}
