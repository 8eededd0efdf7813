import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import '../../shared/charts/colorBar.js';
import { button, icon } from '../../shared/controls.js';
import { styles } from '../../shared/page/css.js';
import type { Display, Scene } from '../../shared/canvas/display.js';
import '../../shared/canvas/heatCell.js';
import type { Pixel } from '../../shared/canvas/geometry.js';
import type { OneRequest } from '../../../src/protocol/explainPanel.js';
import type { Asked } from '../asked.js';
import {
  cellText,
  explanationsOf,
  limitsOf,
  scalesOf,
  sceneOfCell,
  wholeGrid,
  type Limits,
  type WholeGrid,
  type WholeOptions,
} from './gridPicture.js';
import { GridScenes, type GridCell } from './grid.js';
import { moveIn } from './keys.js';
import { nameOfColumn, pinnedCount } from './choice.js';
import { hideColumn, moveColumn, pinColumn, type ColumnChange } from './columns.js';
import type { Comparison } from './comparison.js';
import { verdictText, type Verdicts } from './networks.js';
import { ColumnDrag, headCells } from './head.js';

/** From so many cells on only the rows in sight exist. */
const VIRTUAL = 50;
const [LEAST, MOST, NAME, GAP] = [92, 260, 110, 8];
/** Height of the text below a map: two lines, three where a verdict has to wrap. */
const [TEXT, TALL, WRAPS] = [40, 56, 150];
const ROWS = { pictures: 'Picture', methods: 'Method', targets: 'Class' } as const;

/**
 * The grid of maps: one axis down, the pairs of the two others across. Arrow keys move, Enter opens, Ctrl+arrows move the
 * pixel; Shift+arrows move the column, P pins it, Delete hides it.
 */
@customElement('lens-explain-grid')
export class ExplainGrid extends LitElement {
  @property({ attribute: false }) asked!: Asked;
  @property({ attribute: false }) compare!: Comparison;
  /** Grows when one of them has changed. */
  @property({ type: Number }) version = 0;
  /** O is held: the originals are shown. */
  @property({ type: Boolean }) held = false;
  /** The cell that the keyboard is at; row -1: the head of the column. */
  @state() active: GridCell = { row: 0, column: 0 };
  @state() private spoken = '';
  @state() private pixel: Pixel | undefined;
  @state() private room = { width: 0, height: 0, top: 0 };
  /** Maps are gathered for a picture of the grid. */
  @state() private gathering:
    { readonly abort: AbortController; readonly done: number; readonly total: number } | undefined;
  @query('.compare') private readonly scroller!: HTMLElement;
  readonly scenes = new GridScenes();
  /** What the networks say, as of the last change: pointing draws anew, and changes nothing of it. */
  private verdicts: Verdicts | undefined;
  private resize: ResizeObserver | undefined;
  private readonly drag = new ColumnDrag(
    (from, to) => this.changed(moveColumn(this.compare, from, to)),
    () => this.requestUpdate(),
  );

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('version')) this.verdicts = this.compare.verdicts;
  }

  protected override firstUpdated(): void {
    this.resize = new ResizeObserver(() => this.measure());
    this.resize.observe(this.scroller);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.gathering?.abort.abort();
    this.resize?.disconnect();
  }

  /** The first map that is here: it stands for the others where they are drawn alike. */
  get first(): Scene | undefined {
    const [explanation] = explanationsOf(this.compare);
    return explanation === undefined ? undefined : this.scenes.of(explanation, this.asked.display);
  }

  /** Everything for the exported picture; what is not here is fetched meanwhile, which is shown and can be cancelled. */
  async picture<T>(wanted: Pick<WholeOptions<T>, 'most' | 'draw' | 'room'>): Promise<WholeGrid<T>> {
    this.gathering?.abort.abort();
    const abort = new AbortController();
    try {
      return await wholeGrid(this.compare, {
        ...wanted,
        scenes: this.scenes,
        display: this.asked.display,
        title: this.asked.setup?.model.name ?? '',
        from: Math.ceil(this.room.top / this.pitch),
        verdicts: this.verdicts,
        signal: abort.signal,
        progress: (done, total) => (this.gathering = { abort, done, total }),
      });
    } finally {
      this.gathering = undefined;
    }
  }

  override render(): TemplateResult {
    const { grid, choice } = this.compare;
    const { rows, columns } = grid;
    const side = this.side;
    const height = this.pitch;
    const { virtual } = this;
    const [from, to] = this.sight;
    grid.look(from, to);
    const { display } = this.asked;
    const limits = limitsOf(this.compare, this.scenes, display);
    // The row of the focus stays, so that it is not lost while scrolling.
    const shown = rows.map((_, i) => i).filter((i) => (i >= from && i < to) || i === this.active.row);
    return html`
      <div
        class="compare ${virtual ? 'virtual' : ''}"
        role="grid"
        aria-label="Maps, ${rows.length} rows by ${columns.length} columns"
        aria-rowcount=${rows.length + 1}
        aria-colcount=${columns.length + 1}
        @keydown=${this.onKey}
        @scroll=${() => this.measure()}
        @pointerleave=${() => (this.pixel = undefined)}
        ${styles({ '--side': `${side}px`, '--name': `${NAME}px`, '--text': `${this.text}px` })}
      >
        <div class="compare-row compare-head" role="row" aria-rowindex="1">
          <span class="compare-name" role="columnheader"><span class="sr-only">${ROWS[choice.rows]}</span></span>
          ${headCells({
            columns,
            pinned: (column) => choice.pinned.includes(columns[column]!.id),
            active: this.active.row < 0 ? this.active.column : undefined,
            left: (column) => this.leftOf(column),
            drag: this.drag,
            onFocus: (column) => (this.active = { row: -1, column }),
            onPin: (column) => this.changed(pinColumn(this.compare, column)),
            onHide: (column) => this.changed(hideColumn(this.compare, column)),
          })}
        </div>
        <div
          class="compare-space"
          role="presentation"
          ${styles({ height: virtual ? `${rows.length * height}px` : 'auto' })}
        >
          ${repeat(
            shown,
            (row) => rows[row]!.id,
            (row) => this.row(row, limits, virtual ? row * height : undefined),
          )}
        </div>
      </div>
      <div class="sr-only" aria-live="polite">${this.spoken}</div>
      ${
        this.gathering === undefined
          ? nothing
          : html`<p class="grid-status" role="status">
              ${icon('loading', 'codicon-modifier-spin')}
              <span>Gathering maps for the picture: ${this.gathering.done} of ${this.gathering.total}</span>
              ${button({ label: 'Cancel', onClick: () => this.gathering?.abort.abort() })}
            </p>`
      }
      <div class="compare-scales">
        ${scalesOf(
          explanationsOf(this.compare),
          this.scenes,
          display,
          limits,
          this.verdicts === undefined ? 'end' : 'verdict',
        ).map(
          ({ colors, limit, unit, note }) =>
            html`<lens-color-bar .colors=${colors} .limit=${limit} .unit=${unit} .note=${note}></lens-color-bar>`,
        )}
      </div>
    `;
  }

  private row(row: number, limits: Limits, top: number | undefined): TemplateResult {
    const { grid } = this.compare;
    const name = grid.rows[row]!.title;
    return html`<div
      class="compare-row"
      role="row"
      aria-rowindex=${row + 2}
      ${styles({ position: top === undefined ? 'static' : 'absolute', top: `${top ?? 0}px` })}
    >
      <span class="compare-name" role="rowheader" title=${name}>${name}</span>
      ${grid.columns.map((_, column) => this.cell({ row, column }, name, limits))}
    </div>`;
  }

  private cell(at: GridCell, name: string, limits: Limits): TemplateResult {
    const { display } = this.asked;
    const { grid } = this.compare;
    const cell = grid.at(at);
    const scene = sceneOfCell(cell, this.scenes, display, limits);
    const active = at.row === this.active.row && at.column === this.active.column;
    const request = grid.requestAt(at);
    const verdict = request === undefined || this.pixel !== undefined ? undefined : this.verdicts?.of(request);
    const text = verdict === undefined ? cellText(cell, scene, this.pixel) : verdictText(verdict);
    const left = this.leftOf(at.column);
    return html`<div
      class="compare-cell ${cell.state} ${cell.state === 'done' && cell.outdated ? 'outdated' : ''} ${verdict?.changed === true ? 'changed' : ''}"
      role="gridcell"
      aria-colindex=${at.column + 2}
      tabindex=${active ? 0 : -1}
      data-cell="${at.row},${at.column}"
      aria-label="${name}, ${nameOfColumn(grid.columns[at.column]!)}: ${text}"
      ${styles({ position: left === undefined ? 'static' : 'sticky', left: `${left ?? 0}px` })}
      title=${cell.state === 'failed' ? cell.error.message : (tipOf(request, verdict && cellText(cell, scene, undefined)) ?? nothing)}
      @click=${() => this.open(at)}
      @focus=${() => (this.active = at)}
      @pointermove=${(event: PointerEvent) => this.point(event, scene)}
    >
      <div class="compare-picture">
        <lens-heat-cell
          .scene=${scene}
          .display=${this.held ? originalOf(display) : display}
          .pixel=${this.pixel}
        ></lens-heat-cell>
        ${
          cell.state === 'failed'
            ? html`<p class="compare-error">${icon('error')}<span>${cell.error.message}</span></p>`
            : cell.state === 'working'
              ? icon('loading', 'codicon-modifier-spin')
              : nothing
        }
      </div>
      <span class="compare-text" aria-hidden="true">${cell.state === 'failed' ? 'failed' : text}</span>
    </div>`;
  }

  private get virtual(): boolean {
    const { rows, columns } = this.compare.grid;
    return rows.length * columns.length > VIRTUAL;
  }

  /** The rows that exist: from, to. */
  private get sight(): readonly [from: number, to: number] {
    const { rows } = this.compare.grid;
    if (!this.virtual) return [0, rows.length];
    const { top, height } = this.room;
    const { pitch } = this;
    return [Math.max(0, Math.floor(top / pitch) - 1), Math.min(rows.length, Math.ceil((top + height) / pitch) + 1)];
  }

  private get text(): number {
    return this.compare.choice.networks.length > 0 && this.side < WRAPS ? TALL : TEXT;
  }

  /** From one row to the next. */
  private get pitch(): number {
    return this.side + this.text + GAP;
  }

  private get side(): number {
    const columns = Math.max(1, this.compare.grid.columns.length);
    const room = (this.room.width - NAME) / columns - GAP;
    return Math.round(Math.max(LEAST, Math.min(MOST, room)));
  }

  private measure(): void {
    const { clientWidth: width, clientHeight: height, scrollTop: top } = this.scroller;
    const { room } = this;
    if (room.width !== width || room.height !== height || room.top !== top) this.room = { width, height, top };
  }

  private point(event: PointerEvent, scene: Scene | undefined): void {
    const box = (event.currentTarget as HTMLElement).querySelector('lens-heat-cell')!.getBoundingClientRect();
    if (scene === undefined) return;
    const x = Math.floor(((event.clientX - box.left) / box.width) * scene.picture.width);
    const y = Math.floor(((event.clientY - box.top) / box.height) * scene.picture.height);
    const inside = x >= 0 && y >= 0 && x < scene.picture.width && y < scene.picture.height;
    if (inside && x === this.pixel?.x && y === this.pixel.y) return;
    this.pixel = inside ? { x, y } : undefined;
  }

  private open(at: GridCell): void {
    this.active = at;
    const request = this.compare.grid.requestAt(at);
    if (request === undefined) return;
    this.spoken = whereOf(request) ?? '';
    this.compare.openCell(request);
  }

  /** Where a pinned column stays while the others scroll, as long as the pinned ones leave room for others. */
  private leftOf(column: number): number | undefined {
    const { grid, choice } = this.compare;
    const pins = pinnedCount(grid.columns, choice);
    const pitch = this.side + GAP;
    return column < pins && NAME + pins * pitch <= 0.75 * this.room.width ? NAME + column * pitch : undefined;
  }

  /** Says what has become of a column, and follows it. */
  private changed({ said, focus }: ColumnChange): void {
    this.spoken = said;
    if (focus !== undefined) this.focusCell({ row: this.active.row, column: focus });
  }

  private focusCell(to: GridCell): void {
    this.active = to;
    void this.updateComplete.then(() => {
      const cell = this.querySelector<HTMLElement>(
        to.row < 0 ? `[data-column="${to.column}"]` : `[data-cell="${to.row},${to.column}"]`,
      );
      cell?.focus();
      cell?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    });
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    const { grid } = this.compare;
    const { key, ctrlKey, shiftKey } = event;
    const { column, row } = this.active;
    if (event.metaKey || event.altKey || (event.target as HTMLElement).closest('button') !== null) return;
    if (grid.columns[column] === undefined) return;
    if (row >= 0 && (key === 'Enter' || key === ' ')) this.open(this.active);
    else if (ctrlKey && key.startsWith('Arrow')) this.movePixel(key);
    else if (ctrlKey) return;
    else if (shiftKey && key === 'ArrowLeft') this.changed(moveColumn(this.compare, column, column - 1));
    else if (shiftKey && key === 'ArrowRight') this.changed(moveColumn(this.compare, column, column + 1));
    else if (key.toLowerCase() === 'p') this.changed(pinColumn(this.compare, column));
    else if (key === 'Delete') this.changed(hideColumn(this.compare, column));
    else {
      const to = moveIn(this.active, key, grid.rows.length, grid.columns.length, -1);
      if (to === undefined) return;
      this.focusCell(to);
    }
    event.preventDefault();
  };

  private movePixel(key: string): void {
    const picture = this.first?.picture;
    if (picture === undefined) return;
    const from = this.pixel ?? { x: Math.floor(picture.width / 2), y: Math.floor(picture.height / 2) };
    const to = moveIn({ row: from.y, column: from.x }, key, picture.height, picture.width)!;
    this.pixel = { x: to.column, y: to.row };
  }
}

/** Where a click on a cell of another network leads. */
function whereOf(request: OneRequest | undefined): string | undefined {
  if (request?.random === true) return 'Random weights were drawn for this grid: they have no panel of their own';
  return request?.model === undefined ? undefined : 'Opens the panel of this network';
}

/** What stands nowhere else: the class and the end of the scale of a map below which a verdict stands, and where it leads. */
function tipOf(request: OneRequest | undefined, end: string | undefined): string | undefined {
  const lines = [end, whereOf(request)].filter((line) => line !== undefined);
  return lines.length === 0 ? undefined : lines.join('\n');
}

const originals = new WeakMap<Display, Display>();

/** The same drawing without heat; the same object each time, so that nothing is painted twice. */
function originalOf(display: Display): Display {
  const known = originals.get(display) ?? { ...display, mode: 'original' };
  originals.set(display, known);
  return known;
}
