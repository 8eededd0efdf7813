import { isCancelled, toErrorData, type ErrorData } from '../../../src/base/errors.js';
import type { Client } from '../../../src/protocol/channel.js';
import type { ExplainHostApi, OneRequest, Question } from '../../../src/protocol/explainPanel.js';
import type { Explanation } from '../../../src/result/explanation.js';
import { sceneOf, type Display, type Scene } from '../../shared/canvas/display.js';
import type { GridLine } from './choice.js';
import { same } from '../question/run.js';

export interface GridCell {
  readonly row: number;
  readonly column: number;
}

export type CellState =
  | { readonly state: 'waiting' }
  | { readonly state: 'working'; readonly fraction?: number }
  /** `outdated`: a file has changed since. */
  | { readonly state: 'done'; readonly explanation: Explanation; readonly outdated: boolean }
  | { readonly state: 'failed'; readonly error: ErrorData };

/** Explanations of a grid that are kept, those in use not counted. */
const SPARE = 60;

/** What every cell of a grid has in common. */
export type GridBase = Pick<Question, 'score' | 'seed'>;

type Ended = (
  | { readonly state: 'done'; readonly explanation: Explanation }
  | { readonly state: 'failed'; readonly error: ErrorData }
) & { readonly generation: number };

/**
 * A grid of explanations, without a DOM: rows × columns, computed one by one. What is no longer asked for is
 * cancelled; what is there already is not computed again; a cell that fails stops no other.
 */
export class Grid {
  rows: readonly GridLine[] = [];
  columns: readonly GridLine[] = [];
  private base: GridBase = { score: 'logit', seed: 0 };
  private readonly cells = new Map<string, Ended>();
  /** Grows when the files change: what was computed before is shown, but does not hold. */
  private generation = 0;
  private current: { readonly key: string; readonly abort: AbortController; fraction?: number } | undefined;
  /** Cells that a person wants computed again, although they are known. */
  private anew: ReadonlySet<string> = new Set();
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
    return { done: keys.filter((k) => this.holds(k.key)).length, total: keys.length };
  }

  /** Something that is shown was computed before the files changed. */
  get outdated(): boolean {
    return this.keys().some(({ key }) => this.cells.has(key) && !this.holds(key));
  }

  at(cell: GridCell): CellState {
    const key = this.keyAt(cell);
    if (key === undefined) return { state: 'waiting' };
    if (this.current?.key === key) {
      const { fraction } = this.current;
      return fraction === undefined ? { state: 'working' } : { state: 'working', fraction };
    }
    const known = this.cells.get(key);
    if (known === undefined) return { state: 'waiting' };
    return known.state === 'failed' ? known : { ...known, outdated: !this.holds(key) };
  }

  /** What a cell asks. */
  requestAt({ row, column }: GridCell): OneRequest | undefined {
    const { picture, method, target } = { ...this.rows[row]?.part, ...this.columns[column]?.part };
    if (picture === undefined || method === undefined || target === undefined) return undefined;
    return { picture, question: { ...this.base, ...method, target } };
  }

  /** Asks for these rows and columns; computes what is missing. */
  show(rows: readonly GridLine[], columns: readonly GridLine[], base: GridBase): void {
    if (this.pumping && same([rows, columns, base], [this.rows, this.columns, this.base])) return;
    this.rows = rows;
    this.columns = columns;
    this.base = base;
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

  /** The files have changed: nothing that was computed holds. It stays in sight until it is computed anew. */
  outdate(): void {
    this.cancel();
    this.generation++;
    this.anew = new Set();
  }

  /** Computes everything anew. */
  rerun(): void {
    this.current?.abort.abort();
    this.generation++;
    this.anew = new Set(this.keys().map(({ key }) => key));
    this.paused = false;
    void this.pump();
    this.onChange();
  }

  private holds(key: string): boolean {
    return this.cells.get(key)?.generation === this.generation;
  }

  private keys(): (GridCell & { readonly key: string })[] {
    return this.rows.flatMap((_, row) =>
      this.columns.flatMap((_c, column) => {
        const key = this.keyAt({ row, column });
        return key === undefined ? [] : [{ key, row, column }];
      }),
    );
  }

  private keyAt(cell: GridCell): string | undefined {
    const request = this.requestAt(cell);
    if (request === undefined) return undefined;
    const { picture, question } = request;
    const { method, params, target, score, layer, seed } = question;
    const sorted = Object.entries(params).sort(([a], [b]) => (a < b ? -1 : 1));
    return JSON.stringify([picture, method, sorted, target, score, layer ?? '', seed]);
  }

  private async pump(): Promise<void> {
    if (this.pumping) return;
    this.pumping = true;
    try {
      for (;;) {
        const next = this.paused ? undefined : this.keys().find((k) => !this.holds(k.key));
        if (next === undefined) return;
        await this.compute(next.key, this.requestAt(next)!);
      }
    } finally {
      this.pumping = false;
      this.onChange();
    }
  }

  private async compute(key: string, request: OneRequest): Promise<void> {
    const current: NonNullable<Grid['current']> = { key, abort: new AbortController() };
    const { generation } = this;
    this.current = current;
    this.onChange();
    try {
      const asked = this.anew.has(key) ? { ...request, anew: true } : request;
      const explanation = await this.host.cell(asked, {
        signal: current.abort.signal,
        onProgress: ({ fraction }) => {
          if (fraction !== undefined) current.fraction = fraction;
          this.onChange();
        },
      });
      this.cells.set(key, { state: 'done', explanation, generation });
    } catch (error) {
      if (!isCancelled(error)) this.cells.set(key, { state: 'failed', error: toErrorData(error), generation });
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

/** Where an arrow key leads; `top` is the first row, -1 where the heads of the columns count as one. */
export function moveIn(cell: GridCell, key: string, rows: number, columns: number, top = 0): GridCell | undefined {
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
  const within = (v: number, count: number, least = 0): number => Math.max(least, Math.min(count - 1, v));
  return { row: within(to.row, rows, top), column: within(to.column, columns) };
}
