import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import type { Colormap } from '../../../src/result/colormap.js';
import type { Explanation } from '../../../src/result/explanation.js';
import '../../shared/charts/colorBar.js';
import { icon } from '../../shared/controls.js';
import { styles } from '../../shared/page/css.js';
import { valueAt, type Display, type Scene } from '../../shared/canvas/display.js';
import { formatNumber, formatPercent } from '../../shared/format.js';
import '../../shared/canvas/heatCell.js';
import type { Pixel } from '../../shared/canvas/geometry.js';
import type { ExplainController } from '../controller.js';
import type { GridPicture } from './exportGrid.js';
import { GridScenes, moveIn, type CellState, type GridCell } from './grid.js';
import { moved, pinnedCount, pinToggled } from './choice.js';
import { ColumnDrag, headCells, nameOfColumn } from './head.js';

/** From so many cells on only the rows in sight exist. */
const VIRTUAL = 50;
const [LEAST, MOST, NAME, TEXT, GAP] = [92, 260, 110, 40, 8];
const ROWS = { pictures: 'Picture', methods: 'Method', targets: 'Class' } as const;

/**
 * The grid of maps: one axis down, the pairs of the two others across. Arrow keys move, Enter opens, Ctrl+arrows move the
 * pixel; Shift+arrows move the column, P pins it, Delete hides it.
 */
@customElement('lens-explain-grid')
export class ExplainGrid extends LitElement {
  @property({ attribute: false }) controller!: ExplainController;
  /** Grows when the controller has changed. */
  @property({ type: Number }) version = 0;
  /** O is held: the originals are shown. */
  @property({ type: Boolean }) held = false;
  /** The cell that the keyboard is at; row -1: the head of the column. */
  @state() active: GridCell = { row: 0, column: 0 };
  @state() private spoken = '';
  @state() private pixel: Pixel | undefined;
  @state() private room = { width: 0, height: 0, top: 0 };
  @query('.compare') private readonly scroller!: HTMLElement;
  readonly scenes = new GridScenes();
  private resize: ResizeObserver | undefined;
  private readonly drag = new ColumnDrag(
    (from, to) => this.moveColumn(from, to),
    () => this.requestUpdate(),
  );

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected override firstUpdated(): void {
    this.resize = new ResizeObserver(() => this.measure());
    this.resize.observe(this.scroller);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.resize?.disconnect();
  }

  /** The explanations that are here, row by row. */
  get explanations(): readonly Explanation[] {
    const { grid } = this.controller.compare;
    return grid.rows.flatMap((_, row) =>
      grid.columns.flatMap((_c, column) => {
        const cell = grid.at({ row, column });
        return cell.state === 'done' ? [cell.explanation] : [];
      }),
    );
  }

  /** The scene of a cell, on the scale that is asked for. */
  sceneAt(cell: CellState, limits: ReadonlyMap<string, number> | undefined): Scene | undefined {
    if (cell.state !== 'done') return undefined;
    const { explanation } = cell;
    return this.scenes.of(explanation, this.controller.display, limits?.get(explanation.attribution.unit));
  }

  /** Ends of the shared scales by unit; `undefined` where each map has its own. */
  get limits(): ReadonlyMap<string, number> | undefined {
    const { compare, display } = this.controller;
    return compare.choice.shared ? this.scenes.limits(this.explanations, display) : undefined;
  }

  /** Everything for the exported picture. */
  picture(): GridPicture {
    const { grid } = this.controller.compare;
    const { setup } = this.controller;
    const limits = this.limits;
    return {
      title: setup?.model.name ?? '',
      columns: grid.columns.map(nameOfColumn),
      rows: grid.rows.map(({ title }, row) => ({
        name: title,
        cells: grid.columns.map((_, column) => {
          const cell = grid.at({ row, column });
          const scene = this.sceneAt(cell, limits);
          const text =
            cell.state === 'done'
              ? `${cell.explanation.target.label} · to ${formatNumber(scene!.scaled.limit)}`
              : this.text(cell, undefined);
          return { text, ...(scene === undefined ? {} : { scene }) };
        }),
      })),
      scales: this.scales(limits),
    };
  }

  override render(): TemplateResult {
    const { grid, choice } = this.controller.compare;
    const { rows, columns } = grid;
    const side = this.side;
    const height = side + TEXT + GAP;
    const virtual = rows.length * columns.length > VIRTUAL;
    const from = virtual ? Math.max(0, Math.floor(this.room.top / height) - 1) : 0;
    const to = virtual
      ? Math.min(rows.length, Math.ceil((this.room.top + this.room.height) / height) + 1)
      : rows.length;
    const limits = this.limits;
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
        ${styles({ '--side': `${side}px`, '--name': `${NAME}px` })}
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
            onPin: (column) => this.pinColumn(column),
            onHide: (column) => this.hideColumn(column),
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
      <div class="compare-scales">
        ${this.scales(limits).map(
          ({ colors, limit, unit, note }) =>
            html`<lens-color-bar .colors=${colors} .limit=${limit} .unit=${unit} .note=${note}></lens-color-bar>`,
        )}
      </div>
    `;
  }

  private row(row: number, limits: ReadonlyMap<string, number> | undefined, top: number | undefined): TemplateResult {
    const { grid } = this.controller.compare;
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

  private cell(at: GridCell, name: string, limits: ReadonlyMap<string, number> | undefined): TemplateResult {
    const { display } = this.controller;
    const { grid } = this.controller.compare;
    const cell = grid.at(at);
    const scene = this.sceneAt(cell, limits);
    const active = at.row === this.active.row && at.column === this.active.column;
    const text = this.text(cell, scene);
    const left = this.leftOf(at.column);
    return html`<div
      class="compare-cell ${cell.state} ${cell.state === 'done' && cell.outdated ? 'outdated' : ''}"
      role="gridcell"
      aria-colindex=${at.column + 2}
      tabindex=${active ? 0 : -1}
      data-cell="${at.row},${at.column}"
      aria-label="${name}, ${nameOfColumn(grid.columns[at.column]!)}: ${text}"
      ${styles({ position: left === undefined ? 'static' : 'sticky', left: `${left ?? 0}px` })}
      title=${cell.state === 'failed' ? cell.error.message : nothing}
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

  private text(cell: CellState, scene: Scene | undefined): string {
    switch (cell.state) {
      case 'waiting':
        return 'waiting';
      case 'working':
        return cell.fraction === undefined ? 'working' : formatPercent(cell.fraction);
      case 'failed':
        return `failed: ${cell.error.message}`;
      case 'done': {
        const { pixel } = this;
        if (scene === undefined) return '';
        const before = cell.outdated ? 'before the change · ' : '';
        return pixel === undefined
          ? `${before}${cell.explanation.target.label} · to ${formatNumber(scene.scaled.limit)}`
          : `${pixel.x}, ${pixel.y}: ${formatNumber(valueAt(scene, pixel.x, pixel.y))}`;
      }
    }
  }

  /** How the colours are to be read: one scale for each unit that is shared, or one that stands for each map's own. */
  private scales(limits: ReadonlyMap<string, number> | undefined): GridPicture['scales'] {
    const { explanations } = this;
    const { display } = this.controller;
    const clip = display.percentile >= 100 ? 'largest value' : `clipped at ${formatNumber(display.percentile)} pct`;
    const colorsOf = (of: (e: Explanation) => boolean): Colormap =>
      this.scenes.of(explanations.find(of)!, display).colors;
    if (limits !== undefined)
      return [...limits].map(([unit, limit]) => ({
        colors: colorsOf((e) => e.attribution.unit === unit),
        limit,
        unit,
        note: `shared scale · ${clip}`,
      }));
    // Signed maps and magnitudes have different colours.
    const kinds = new Map(explanations.map((e) => [this.scenes.of(e, display).colors, e]));
    return [...kinds.keys()].map((colors) => ({
      colors,
      limit: 1,
      unit: 'of the end of each map, which stands below it',
      note: `a scale per map · ${clip}`,
    }));
  }

  private get side(): number {
    const columns = Math.max(1, this.controller.compare.grid.columns.length);
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
    const { compare } = this.controller;
    const request = compare.grid.requestAt(at);
    if (request !== undefined) compare.openCell(request);
  }

  /** Where a pinned column stays while the others scroll, as long as the pinned ones leave room for others. */
  private leftOf(column: number): number | undefined {
    const { grid, choice } = this.controller.compare;
    const pins = pinnedCount(grid.columns, choice);
    const pitch = this.side + GAP;
    return column < pins && NAME + pins * pitch <= 0.75 * this.room.width ? NAME + column * pitch : undefined;
  }

  private moveColumn(from: number, to: number): void {
    const { compare } = this.controller;
    const { columns } = compare.grid;
    const name = nameOfColumn(columns[from]!);
    const { change, at } = moved(columns, compare.choice, from, to);
    if (at === from) {
      this.spoken = `${name} stays at column ${at + 1} of ${columns.length}`;
      return;
    }
    compare.choose(change);
    this.spoken = `${name} moved to column ${at + 1} of ${columns.length}`;
    this.focusCell({ row: this.active.row, column: at });
  }

  private pinColumn(column: number): void {
    const { compare } = this.controller;
    const { columns } = compare.grid;
    const name = nameOfColumn(columns[column]!);
    const { change, at, pinned } = pinToggled(columns, compare.choice, column);
    compare.choose(change);
    this.spoken = `${name} ${pinned ? 'pinned' : 'unpinned'}, column ${at + 1} of ${columns.length}`;
    this.focusCell({ row: this.active.row, column: at });
  }

  private hideColumn(column: number): void {
    const { compare } = this.controller;
    const { columns } = compare.grid;
    const { id } = columns[column]!;
    compare.choose({ hidden: [...compare.choice.hidden, id] });
    this.spoken = `${nameOfColumn(columns[column]!)} hidden`;
    this.focusCell({ row: this.active.row, column: Math.max(0, Math.min(column, columns.length - 2)) });
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
    const { grid } = this.controller.compare;
    const { key, ctrlKey, shiftKey } = event;
    const { column, row } = this.active;
    if (event.metaKey || event.altKey || (event.target as HTMLElement).closest('button') !== null) return;
    if (grid.columns[column] === undefined) return;
    if (row >= 0 && (key === 'Enter' || key === ' ')) this.open(this.active);
    else if (ctrlKey && key.startsWith('Arrow')) this.movePixel(key);
    else if (ctrlKey) return;
    else if (shiftKey && key === 'ArrowLeft') this.moveColumn(column, column - 1);
    else if (shiftKey && key === 'ArrowRight') this.moveColumn(column, column + 1);
    else if (key.toLowerCase() === 'p') this.pinColumn(column);
    else if (key === 'Delete') this.hideColumn(column);
    else {
      const to = moveIn(this.active, key, grid.rows.length, grid.columns.length, -1);
      if (to === undefined) return;
      this.focusCell(to);
    }
    event.preventDefault();
  };

  private movePixel(key: string): void {
    const picture = this.explanations[0]?.picture;
    if (picture === undefined) return;
    const from = this.pixel ?? { x: Math.floor(picture.width / 2), y: Math.floor(picture.height / 2) };
    const to = moveIn({ row: from.y, column: from.x }, key, picture.height, picture.width)!;
    this.pixel = { x: to.column, y: to.row };
  }
}

const originals = new WeakMap<Display, Display>();

/** The same drawing without heat; the same object each time, so that nothing is painted twice. */
function originalOf(display: Display): Display {
  const known = originals.get(display) ?? { ...display, mode: 'original' };
  originals.set(display, known);
  return known;
}
