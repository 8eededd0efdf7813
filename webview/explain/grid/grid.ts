import { canonical } from '../../../src/base/canonical.js';
import { isCancelled, toErrorData, type ErrorData } from '../../../src/base/errors.js';
import { Newest } from '../../../src/base/newest.js';
import type { Address } from '../../../src/base/place.js';
import type { Client } from '../../../src/protocol/channel.js';
import type { CellReport, ExplainHostApi, OneRequest, Question, TopClass } from '../../../src/protocol/explainPanel.js';
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
  /** There is an answer, which is not here: it is fetched when it is looked at. */
  | { readonly state: 'kept' }
  /** `outdated`: a file has changed since. */
  | { readonly state: 'done'; readonly explanation: Explanation; readonly outdated: boolean }
  | { readonly state: 'failed'; readonly error: ErrorData };

/** Bytes of explanations that are kept in the page, those in sight before others. */
const MOST_BYTES = 256_000_000;
/** Explanations that are fetched at a time. */
const AT_A_TIME = 4;

/** What every cell of a grid has in common. */
export type GridBase = Pick<Question, 'score' | 'seed' | 'outputs' | 'settings'>;

interface WantedCell {
  readonly key: string;
  readonly request: OneRequest;
}

type Ended = (
  { readonly state: 'done'; readonly top?: TopClass } | { readonly state: 'failed'; readonly error: ErrorData }
) & {
  readonly generation: number;
};

/** What a grid asks of the host. */
export type GridHost = Pick<Client<ExplainHostApi>, 'cell' | 'cells'>;

/**
 * A grid of explanations, without a DOM: rows × columns, computed by one request that tells of each as it ends. What is no
 * longer asked for is cancelled; what is there already is not computed again; a cell that fails stops no other. The arrays of
 * cells in sight are here; those of others are fetched when they are looked at, and go when there are many.
 */
export class Grid {
  private lines: readonly [rows: readonly GridLine[], columns: readonly GridLine[]] = [[], []];
  private base: GridBase = { score: 'logit', seed: 0 };
  /** What is asked for, row by row; a cell whose question is not complete has no key. */
  private wanted: readonly (WantedCell | undefined)[] = [];
  /** Those that have one. */
  private complete: readonly WantedCell[] = [];
  private readonly cells = new Map<string, Ended>();
  private readonly loaded: Newest<string, Explanation>;
  private readonly loading = new Set<string>();
  /** Fetched since the rows in sight have changed: where there is no room for all of them, each is fetched once. */
  private readonly fetched = new Set<string>();
  /** Rows that are looked at: from, to. */
  private sight: readonly [from: number, to: number] = [0, Infinity];
  /** Grows when the files change: what was computed before is shown, but does not hold. */
  private generation = 0;
  private current: { readonly abort: AbortController; readonly fractions: Map<string, number | undefined> } | undefined;
  /** Cells that a person wants computed again, although they are known. */
  private anew: ReadonlySet<string> = new Set();
  private paused = false;
  private pumping = false;

  /** @param bytes of explanations to keep in the page */
  constructor(
    private readonly host: GridHost,
    private readonly onChange: () => void,
    bytes = MOST_BYTES,
  ) {
    this.loaded = new Newest(bytes, bytesOf);
  }

  get rows(): readonly GridLine[] {
    return this.lines[0];
  }

  get columns(): readonly GridLine[] {
    return this.lines[1];
  }

  get working(): boolean {
    return this.current !== undefined;
  }

  /** Cells that have ended, and all. */
  get progress(): { readonly done: number; readonly total: number } {
    const { complete } = this;
    return { done: complete.filter(({ key }) => this.holds(key)).length, total: complete.length };
  }

  /** Cells whose map there is. */
  get done(): number {
    return this.complete.filter(({ key }) => this.cells.get(key)?.state === 'done').length;
  }

  /** Something that is shown was computed before the files changed. */
  get outdated(): boolean {
    return this.complete.some(({ key }) => this.cells.has(key) && !this.holds(key));
  }

  at(cell: GridCell): CellState {
    const { key } = this.wantedAt(cell) ?? {};
    if (key === undefined) return { state: 'waiting' };
    if (this.current?.fractions.has(key) === true && !this.holds(key)) {
      const fraction = this.current.fractions.get(key);
      return fraction === undefined ? { state: 'working' } : { state: 'working', fraction };
    }
    const known = this.cells.get(key);
    if (known === undefined) return { state: 'waiting' };
    if (known.state === 'failed') return known;
    const explanation = this.loaded.peek(key);
    return explanation === undefined ? { state: 'kept' } : { state: 'done', explanation, outdated: !this.holds(key) };
  }

  /** What a cell asks. */
  requestAt(cell: GridCell): OneRequest | undefined {
    return this.wantedAt(cell)?.request;
  }

  /** The explanations that answer a question, by their pictures; of before a change none. */
  answersTo(question: Question): ReadonlyMap<Address, Explanation> {
    return new Map(
      this.complete.flatMap(({ key, request }) => {
        const known = this.holds(key) ? this.loaded.peek(key) : undefined;
        const own = request.model === undefined && request.random !== true;
        return known !== undefined && own && same(request.question, question)
          ? [[request.picture, known] as const]
          : [];
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
    const wanted = new Set(this.complete.map(({ key }) => key));
    for (const key of this.cells.keys()) if (!wanted.has(key) && !this.loaded.has(key)) this.cells.delete(key);
    // Asked for anew with what is wanted now; what has ended is known.
    this.current?.abort.abort();
    this.fetched.clear();
    this.load();
    void this.pump();
  }

  /** Which rows are looked at: their explanations are fetched. */
  look(from: number, to: number): void {
    if (this.sight[0] === from && this.sight[1] === to) return;
    this.sight = [from, to];
    this.fetched.clear();
    this.load();
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

  /** The best classes of the cells that are done, with what each asks. */
  get tops(): readonly { readonly request: OneRequest; readonly top: TopClass }[] {
    return this.complete.flatMap(({ key, request }) => {
      const known = this.cells.get(key);
      return known?.state === 'done' && known.top !== undefined ? [{ request, top: known.top }] : [];
    });
  }

  /** Every cell that is done, row by row; what is not here is fetched and not kept. */
  async *each(): AsyncGenerator<{ readonly request: OneRequest; readonly explanation: Explanation }> {
    for (const { key, request } of this.complete) {
      if (this.cells.get(key)?.state !== 'done') continue;
      yield { request, explanation: this.loaded.peek(key) ?? (await this.host.cell(request)) };
    }
  }

  /** The map of a cell that is done; what is not here is fetched and not kept. */
  async explanationAt(cell: GridCell): Promise<Explanation | undefined> {
    const { key, request } = this.wantedAt(cell) ?? {};
    if (key === undefined || this.cells.get(key)?.state !== 'done') return undefined;
    return this.loaded.peek(key) ?? this.host.cell(request!);
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
        const missing = this.paused ? [] : this.complete.filter(({ key }) => !this.holds(key));
        if (missing.length === 0) return;
        await this.compute(missing);
      }
    } finally {
      this.pumping = false;
      this.onChange();
    }
  }

  /** One request for all that is missing; what is in sight comes first. */
  private async compute(missing: readonly WantedCell[]): Promise<void> {
    const visible = new Set(this.inSight().map(({ key }) => key));
    const first = missing.filter(({ key }) => visible.has(key));
    const cells = [...first, ...missing.filter(({ key }) => !visible.has(key))];
    const anew = cells.some(({ key }) => this.anew.has(key));
    const current: NonNullable<Grid['current']> = { abort: new AbortController(), fractions: new Map() };
    const { generation } = this;
    this.current = current;
    this.onChange();
    try {
      await this.host.cells(
        { cells: cells.map(({ request }) => request), ...(anew ? { anew } : {}) },
        {
          signal: current.abort.signal,
          onProgress: (reports) => {
            for (const report of reports) this.take(report, cells[report.cell]!.key, generation, current.fractions);
            this.load();
            this.onChange();
          },
        },
      );
      // Stopped from outside, in the status bar: the rest is not wanted, either.
      if (!current.abort.signal.aborted && cells.some(({ key }) => !this.holds(key))) this.paused = true;
    } catch (error) {
      const unanswered = cells.filter(({ key }) => !this.holds(key));
      if (!isCancelled(error))
        for (const { key } of unanswered)
          this.cells.set(key, { state: 'failed', error: toErrorData(error), generation });
      else if (!current.abort.signal.aborted) this.paused = true;
    } finally {
      this.current = undefined;
      this.onChange();
    }
  }

  private take(report: CellReport, key: string, generation: number, fractions: Map<string, number | undefined>): void {
    if (report.state === 'working') return void fractions.set(key, report.fraction);
    fractions.delete(key);
    // What was fetched before is another answer.
    this.loaded.delete(key);
    this.fetched.delete(key);
    this.cells.set(key, { ...report, generation });
  }

  private inSight(): readonly WantedCell[] {
    const [from, to] = this.sight;
    const count = this.columns.length;
    return this.wanted
      .slice(from * count, Math.min(this.wanted.length, to * count))
      .filter((cell) => cell !== undefined);
  }

  /** Fetches what is looked at and not here, a few at a time. */
  private load(): void {
    const visible = this.inSight();
    // What is looked at counts as used last: others go first.
    for (const { key } of visible) this.loaded.get(key);
    for (const { key, request } of visible) {
      if (this.loading.size >= AT_A_TIME) return;
      if (this.loaded.has(key) || this.fetched.has(key) || this.cells.get(key)?.state !== 'done') continue;
      this.fetched.add(key);
      this.loading.add(key);
      void this.fetch(key, request);
    }
  }

  private async fetch(key: string, request: OneRequest): Promise<void> {
    const before = this.cells.get(key);
    try {
      const explanation = await this.host.cell(request);
      if (this.cells.get(key) === before) this.loaded.set(key, explanation);
    } catch (error) {
      const { generation } = this;
      if (this.cells.get(key) === before && !isCancelled(error))
        this.cells.set(key, { state: 'failed', error: toErrorData(error), generation });
    } finally {
      this.loading.delete(key);
      this.load();
      this.onChange();
    }
  }
}

const bytesOf = ({ picture, attribution }: Explanation): number =>
  picture.data.byteLength + 4 * attribution.values.data.length;

export function wantedCell(part: CellPart, base: GridBase): WantedCell | undefined {
  const { picture, method, network } = part;
  const target = targetIn(part);
  if (picture === undefined || method === undefined || target === undefined) return undefined;
  // Another file has settings of its own, and outputs of its own: what was said of this panel's does not hold there.
  const { outputs: _outputs, settings: _settings, ...common } = base;
  const question = { ...(network?.model === undefined ? base : common), ...method, target };
  const request = { picture, question, ...network };
  return { key: canonical(request), request };
}

/** A class of another checkpoint is asked for by its name, where both have names: its number may be that of another class. */
function targetIn({ target, targetName, network, classNames }: CellPart): string | undefined {
  if (network?.model === undefined || targetName === undefined) return target;
  return classNames === undefined ? undefined : classNames ? targetName : target;
}

/** The scenes of a grid, on shared scales or each on its own; made anew only where something has changed. */
export class GridScenes {
  private readonly own = new WeakMap<Explanation, { readonly display: Display; readonly scene: Scene }>();
  private readonly shared = new WeakMap<
    Explanation,
    { readonly display: Display; readonly limit: number; readonly scene: Scene }
  >();

  private ends: { display: Display; of: object; limits: Map<string, number> } | undefined;

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

  /** The end of the scale for each unit: the largest of its maps' own ends, those that were seen of the same grid included. */
  limits(
    explanations: readonly Explanation[],
    display: Display,
    of: object = explanations,
  ): ReadonlyMap<string, number> {
    if (this.ends?.display !== display || this.ends.of !== of) this.ends = { display, of, limits: new Map() };
    const { limits } = this.ends;
    for (const e of explanations) {
      const { limit } = this.of(e, display).scaled;
      limits.set(e.attribution.unit, Math.max(limits.get(e.attribution.unit) ?? 0, limit));
    }
    return limits;
  }
}
