import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { styles } from '../page/css.js';
import { CanvasElement, zoomKey } from './canvasElement.js';
import type { Size } from './geometry.js';
import { cellAt, cellsInSight, layOutCells, moveCell, rectOfCell, type CellPlace, type CellSource } from './cells.js';
import { drawCells } from './drawCells.js';

/** The cell that is pointed at, and the pixel in it. */
export interface CellPoint extends CellPlace {
  readonly x?: number;
  readonly y?: number;
  /** Moved by keys: to be read out. */
  readonly spoken: boolean;
}

/** The cells that are in sight, to fetch what they need. */
export interface CellsInSight {
  readonly rowFrom: number;
  readonly rowTo: number;
  readonly columnFrom: number;
  readonly columnTo: number;
}

const KEYS = ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'PageUp', 'PageDown', 'Home', 'End'];
const STEP = 1.25;

/**
 * A grid of small pictures of any number; only those in sight are drawn. Arrow keys move from cell to cell, with Ctrl from
 * pixel to pixel; `+` `-` `0` and the wheel with Ctrl zoom; Enter and a double click open. Fires `lens-cell` (pointed
 * at, or `undefined`), `lens-choose-cell` (clicked or moved to by key), `lens-open-cell`, `lens-sight` and `lens-zoom`.
 */
@customElement('lens-cell-grid')
export class CellGrid extends CanvasElement {
  @property({ attribute: false }) source: CellSource | undefined;
  @property() label = '';
  @property({ type: Number }) zoom = 1;
  @property({ type: Boolean }) smooth = false;
  @property({ attribute: false }) chosen: CellPlace | undefined;
  /** Grows when a picture that was not there has come. */
  @property({ type: Number }) arrived = 0;

  @state() private active: CellPlace | undefined;
  @query('.cells') private readonly scroller!: HTMLElement;
  private static count = 0;
  private readonly ids = `cells-${CellGrid.count++}`;
  private pixel: { x: number; y: number } | undefined;
  /** Of the scroller, without its bars. */
  private inside: Size = { width: 0, height: 0 };
  private resize: ResizeObserver | undefined;
  private told = '';

  constructor() {
    super('frame');
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.resize?.disconnect();
    this.resize = undefined;
  }

  override render(): TemplateResult {
    const { source, active } = this;
    const layout = this.layout;
    const text = source === undefined || active === undefined ? this.label : source.label(active.row, active.column);
    return html`<div
      class="cells"
      role="listbox"
      tabindex="0"
      aria-label="${this.label}. Arrow keys move, plus and minus zoom."
      aria-activedescendant=${active === undefined ? nothing : `${this.ids}-active`}
      @scroll=${() => this.redraw()}
      @keydown=${this.onKey}
      @pointermove=${this.onMove}
      @pointerleave=${() => this.point(undefined, false)}
      @click=${(event: MouseEvent) => this.pick(event, 'lens-choose-cell')}
      @dblclick=${(event: MouseEvent) => this.pick(event, 'lens-open-cell')}
      @focus=${() => (this.active ??= this.chosen ?? { row: 0, column: 0 })}
    >
      <div
        class="cells-space"
        role="presentation"
        ${styles({ width: `${layout?.width ?? 0}px`, height: `${layout?.height ?? 0}px` })}
      >
        <canvas aria-hidden="true"></canvas>
      </div>
      <div class="sr-only" role="option" id="${this.ids}-active" aria-selected=${this.isChosen(active)}>${text}</div>
    </div>`;
  }

  protected override firstUpdated(): void {
    super.firstUpdated();
    this.resize = new ResizeObserver(() => this.measure());
    this.resize.observe(this.scroller);
    this.measure();
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has('source')) {
      const before = changed.get('source');
      const same = before?.rows === this.source?.rows && before?.columns === this.source?.columns;
      if (!same) {
        this.active = undefined;
        this.scroller.scrollTo(0, 0);
      }
      this.told = '';
    }
    // A grid that needs less room than it may have takes less: the style sheet says how much it may.
    // A scroll bar below the grid must not hide its last row.
    const bar = this.scroller.offsetHeight - this.scroller.clientHeight;
    this.style.setProperty('--content', `${(this.layout?.height ?? 0) + bar + 2}px`);
    this.redraw();
  }

  /** The whole grid as a picture, as far as it is there; the part in sight where the whole is too large. */
  picture(): HTMLCanvasElement {
    const canvas = document.createElement('canvas');
    const { source, layout } = this;
    if (source === undefined || layout === undefined) return canvas;
    const whole = layout.width * layout.height <= 16_000_000;
    const room = whole ? { width: layout.width, height: layout.height } : this.room;
    const scroll = whole ? { left: 0, top: 0 } : { left: this.scroller.scrollLeft, top: this.scroller.scrollTop };
    drawCells(canvas, source, layout, { room, scroll, ratio: 2, smooth: this.smooth, background: true });
    return canvas;
  }

  private get layout(): ReturnType<typeof layOutCells> | undefined {
    const { source } = this;
    return source === undefined
      ? undefined
      : layOutCells(source, this.room, this.zoom, source.rowName !== undefined, source.caption !== undefined);
  }

  private measure(): void {
    this.inside = { width: this.scroller.clientWidth, height: this.scroller.clientHeight };
    this.requestUpdate();
  }

  protected override get room(): Size {
    return this.inside;
  }

  protected override get wheelTarget(): HTMLElement {
    return this.scroller;
  }

  protected override draw(): void {
    const { source, layout, canvas, scroller, room } = this;
    if (source === undefined || layout === undefined) return;
    const scroll = { left: scroller.scrollLeft, top: scroller.scrollTop };
    drawCells(canvas, source, layout, {
      room,
      scroll,
      ratio: window.devicePixelRatio,
      smooth: this.smooth,
      ...(this.active === undefined || !scroller.matches(':focus-visible') ? {} : { active: this.active }),
      ...(this.chosen === undefined ? {} : { chosen: this.chosen }),
    });
    const { lineFrom, lineTo, from, to } = cellsInSight(layout, scroll, room);
    const sight: CellsInSight = source.flow
      ? {
          rowFrom: lineFrom * layout.perLine,
          rowTo: Math.min(source.rows, lineTo * layout.perLine),
          columnFrom: 0,
          columnTo: 1,
        }
      : { rowFrom: lineFrom, rowTo: lineTo, columnFrom: from, columnTo: to };
    const told = JSON.stringify(sight);
    if (told !== this.told) this.tell('lens-sight', sight);
    this.told = told;
  }

  private isChosen(place: CellPlace | undefined): boolean {
    return place !== undefined && place.row === this.chosen?.row && place.column === this.chosen.column;
  }

  private at(event: MouseEvent): ReturnType<typeof cellAt> {
    const { source, layout, scroller } = this;
    if (source === undefined || layout === undefined) return undefined;
    const box = scroller.getBoundingClientRect();
    return cellAt(
      source,
      layout,
      event.clientX - box.left + scroller.scrollLeft,
      event.clientY - box.top + scroller.scrollTop,
    );
  }

  private readonly onMove = (event: PointerEvent): void => {
    const at = this.at(event);
    this.point(at === undefined ? undefined : { ...at, spoken: false }, false);
    this.scroller.title = at === undefined || this.source === undefined ? '' : this.source.label(at.row, at.column);
  };

  private point(detail: CellPoint | undefined, spoken: boolean): void {
    this.tell('lens-cell', detail && { ...detail, spoken });
  }

  private pick(event: MouseEvent, name: string): void {
    const at = this.at(event);
    if (at === undefined) return;
    this.active = { row: at.row, column: at.column };
    this.tell(name, { ...at, spoken: false });
  }

  protected override onWheel(event: WheelEvent): void {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    this.setZoom(this.zoom * Math.exp(-event.deltaY * 0.002));
  }

  private setZoom(zoom: number): void {
    const detail = Math.min(16, Math.max(0.1, Math.abs(zoom - 1) < 0.02 ? 1 : zoom));
    this.tell('lens-zoom', detail);
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    const { source, layout } = this;
    if (source === undefined || layout === undefined || event.metaKey || event.altKey) return;
    const from = this.active ?? this.chosen ?? { row: 0, column: 0 };
    const zoom = zoomKey(event.key, STEP);
    if (KEYS.includes(event.key)) {
      if (event.ctrlKey && event.key.startsWith('Arrow')) this.movePixel(source, from, event.key);
      else {
        const page = Math.max(1, Math.floor(this.room.height / layout.pitchY) - 1);
        this.goTo(moveCell(source, layout, from, event.key, page));
      }
    } else if (event.ctrlKey) return;
    else if (event.key === 'Enter') this.tell('lens-open-cell', { ...from, spoken: true });
    else if (zoom === undefined) return;
    else this.setZoom(zoom === 0 ? 1 : this.zoom * zoom);
    event.preventDefault();
  };

  private movePixel(source: CellSource, cell: CellPlace, key: string): void {
    const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key] as [
      number,
      number,
    ];
    const from = this.pixel ?? { x: -dx, y: -dy };
    const within = (v: number, length: number): number => Math.max(0, Math.min(length - 1, v));
    this.pixel = { x: within(from.x + dx, source.cellWidth), y: within(from.y + dy, source.cellHeight) };
    this.point({ ...cell, ...this.pixel, spoken: true }, true);
  }

  /** Moves to a cell and shows it. */
  private goTo(cell: CellPlace): void {
    const { source, layout, scroller } = this;
    if (source === undefined || layout === undefined) return;
    this.active = cell;
    this.pixel = undefined;
    const rect = rectOfCell(source, layout, cell);
    const show = (start: number, length: number, scroll: number, room: number, margin: number): number =>
      start - margin < scroll ? start - margin : start + length > scroll + room ? start + length - room + 4 : scroll;
    scroller.scrollTo(
      show(rect.left, rect.width, scroller.scrollLeft, this.room.width, layout.left),
      show(rect.top, rect.height, scroller.scrollTop, this.room.height, layout.top),
    );
    this.point({ ...cell, spoken: true }, true);
    this.tell('lens-choose-cell', { ...cell, spoken: true });
  }
}
