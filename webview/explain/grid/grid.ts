import { canonical } from '../../../src/base/canonical.js';
import { isCancelled, toErrorData, type ErrorData } from '../../../src/base/errors.js';
import type { Address } from '../../../src/base/place.js';
import type { Client } from '../../../src/protocol/channel.js';
import type { ExplainHostApi, OneRequest, Question } from '../../../src/protocol/explainPanel.js';
import type { Explanation } from '../../../src/result/explanation.js';
import { sceneOf, type Display, type Scene } from '../../shared/canvas/display.js';
import type { CellPart, GridLine } from './choice.js';
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
export type GridBase = Pick<Question, 'score' | 'seed' | 'outputs'>;

interface WantedCell {
  readonly key: string;
  readonly request: OneRequest;
}

type Ended = (
  | { readonly state: 'done'; readonly explanation: Explanation }
  | { readonly state: 'failed'; readonly error: ErrorData }
) & { readonly generation: number };

/**
 * A grid of explanations, without a DOM: rows × columns, computed one by one. What is no longer asked for is
 * cancelled; what is there already is not computed again; a cell that fails stops no other.
 */
export class Grid {
  private lines: readonly [rows: readonly GridLine[], columns: readonly GridLine[]] = [[], []];
  private base: GridBase = { score: 'logit', seed: 0 };
  /** What is asked for, row by row; a cell whose question is not complete has no key. */
  private wanted: readonly (WantedCell | undefined)[] = [];
  /** Those that have one. */
  private complete: readonly WantedCell[] = [];
  private readonly cells = new Map<string, Ended>();
  /** Grows when the files change: what was computed before is shown, but does not hold. */
  private generation = 0;
  private current: { readonly key: string; readonly abort: AbortController; fraction?: number } | undefined;
  /** Cells that a person wants computed again, although they are known. */
  private anew: ReadonlySet<string> = new Set();
  /** Cells whose explanations the host was asked about, and those it knows. */
  private readonly lookedUp = new Set<string>();
  private readonly held = new Set<string>();
  private allLookedUp = false;
  private lookingUp = false;
  private paused = false;
  private pumping = false;

  constructor(
    private readonly host: Pick<Client<ExplainHostApi>, 'cell' | 'held'>,
    private readonly onChange: () => void,
  ) {}

  get rows(): readonly GridLine[] {
    return this.lines[0];
  }

  get columns(): readonly GridLine[] {
    return this.lines[1];
  }

  get working(): boolean {
    return this.current !== undefined || this.lookingUp;
  }

  /** Cells that have ended, and all. */
  get progress(): { readonly done: number; readonly total: number } {
    const { complete } = this;
    return { done: complete.filter(({ key }) => this.holds(key)).length, total: complete.length };
  }

  /** Something that is shown was computed before the files changed. */
  get outdated(): boolean {
    return this.complete.some(({ key }) => this.cells.has(key) && !this.holds(key));
  }

  at(cell: GridCell): CellState {
    const { key } = this.wantedAt(cell) ?? {};
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
  requestAt(cell: GridCell): OneRequest | undefined {
    return this.wantedAt(cell)?.request;
  }

  /** The explanations that answer a question, by their pictures; of before a change none. */
  answersTo(question: Question): ReadonlyMap<Address, Explanation> {
    return new Map(
      this.complete.flatMap(({ key, request }) => {
        const known = this.cells.get(key);
        const answers = known?.state === 'done' && this.holds(key) && same(request.question, question);
        return answers ? [[request.picture, known.explanation] as const] : [];
      }),
    );
  }

  /** Asks for these rows and columns; computes what is missing. */
  show(rows: readonly GridLine[], columns: readonly GridLine[], base: GridBase): void {
    if (this.pumping && same([rows, columns, base], [this.rows, this.columns, this.base])) return;
    this.lines = [rows, columns];
    this.base = base;
    this.wanted = rows.flatMap((row) => columns.map((column) => wantedCell({ ...row.part, ...column.part }, base)));
    this.complete = this.wanted.filter((cell) => cell !== undefined);
    this.paused = false;
    this.allLookedUp = false;
    const wanted = new Set(this.complete.map((k) => k.key));
    if (this.current !== undefined && !wanted.has(this.current.key)) this.current.abort.abort();
    const spare = [...this.cells.keys()].filter((key) => !wanted.has(key));
    for (const key of spare.slice(0, -SPARE)) this.cells.delete(key);
    void this.pump();
  }

  /** Stops; what is there stays. */
  cancel(): void {
    this.paused = true;
    this.current?.abort.abort();
  }

  /** Computes what failed or was left out. */
  resume(): void {
    for (const { key } of this.complete) if (this.cells.get(key)?.state === 'failed') this.cells.delete(key);
    this.paused = false;
    void this.pump();
  }

  /** The files have changed: nothing that was computed holds. It stays in sight until it is computed anew. */
  outdate(): void {
    this.cancel();
    this.generation++;
    this.anew = new Set();
    this.lookedUp.clear();
    this.allLookedUp = false;
    this.held.clear();
  }

  /** Computes everything anew. */
  rerun(): void {
    this.current?.abort.abort();
    this.generation++;
    this.anew = new Set(this.complete.map(({ key }) => key));
    this.paused = false;
    void this.pump();
    this.onChange();
  }

  private holds(key: string): boolean {
    return this.cells.get(key)?.generation === this.generation;
  }

  private wantedAt({ row, column }: GridCell): WantedCell | undefined {
    return this.columns[column] === undefined ? undefined : this.wanted[row * this.columns.length + column];
  }

  private async pump(): Promise<void> {
    if (this.pumping) return;
    this.pumping = true;
    try {
      for (;;) {
        const fresh = this.paused ? [] : this.fresh();
        // One alone is simply asked for.
        if (fresh.length > 1) await this.lookUp(fresh);
        const next = this.paused ? undefined : this.next();
        if (next === undefined) return;
        await this.compute(next.key, next.request);
      }
    } finally {
      this.pumping = false;
      this.onChange();
    }
  }

  /** What is computed next. What the host knows comes first: it would else make room there for what is computed. */
  private next(): WantedCell | undefined {
    let first: WantedCell | undefined;
    for (const cell of this.complete) {
      if (this.holds(cell.key)) continue;
      if (this.held.has(cell.key)) return cell;
      first ??= cell;
    }
    return first;
  }

  /** What is missing and was not looked up yet: of each once. */
  private fresh(): readonly WantedCell[] {
    if (this.allLookedUp) return [];
    this.allLookedUp = true;
    return this.complete.filter(({ key }) => !this.holds(key) && !this.lookedUp.has(key) && !this.anew.has(key));
  }

  /** Asks the host which explanations it knows. */
  private async lookUp(fresh: readonly WantedCell[]): Promise<void> {
    for (const { key } of fresh) this.lookedUp.add(key);
    this.lookingUp = true;
    const held = await this.host.held({ cells: fresh.map(({ request }) => request) }).catch(() => []);
    this.lookingUp = false;
    for (const [i, { key }] of fresh.entries()) if (held[i] === true) this.held.add(key);
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

function wantedCell({ picture, method, target }: CellPart, base: GridBase): WantedCell | undefined {
  if (picture === undefined || method === undefined || target === undefined) return undefined;
  const request = { picture, question: { ...base, ...method, target } };
  return { key: canonical(request), request };
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
      const scene = sceneOf(explanation, display, {});
      this.own.set(explanation, { display, scene });
      return scene;
    }
    const known = this.shared.get(explanation);
    if (known?.display === display && known.limit === limit) return known.scene;
    const scene = sceneOf(explanation, display, { limit });
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
