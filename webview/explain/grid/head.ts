import { html, nothing, type TemplateResult } from 'lit';
import { icon } from '../../shared/controls.js';
import { styles } from '../../shared/page/css.js';
import { nameOfColumn, type GridLine } from './choice.js';

/** The heads of the columns: what stands in them, and how they are dragged to another place. */

export interface HeadParts {
  readonly columns: readonly GridLine[];
  readonly pinned: (column: number) => boolean;
  /** The head that the keyboard is at. */
  readonly active: number | undefined;
  /** Where a column that stays at the left stands (pixels). */
  readonly left: (column: number) => number | undefined;
  readonly drag: ColumnDrag;
  readonly onFocus: (column: number) => void;
  readonly onPin: (column: number) => void;
  readonly onHide: (column: number) => void;
}

const KEYS = 'Shift+ArrowLeft Shift+ArrowRight P Delete';

export function headCells(p: HeadParts): readonly TemplateResult[] {
  return p.columns.map((column, i) => {
    const pinned = p.pinned(i);
    const left = p.left(i);
    const name = nameOfColumn(column);
    return html`<div
      class="compare-title ${pinned ? 'pinned' : ''} ${p.drag.classOf(i)}"
      role="columnheader"
      aria-colindex=${i + 2}
      aria-label="${name}${pinned ? ', pinned' : ''}"
      aria-keyshortcuts=${KEYS}
      tabindex=${p.active === i ? 0 : -1}
      data-column=${i}
      title="${name}
Drag or Shift+arrows: move. P: ${pinned ? 'unpin' : 'pin'}. Delete: hide."
      ${styles({ position: left === undefined ? 'relative' : 'sticky', left: `${left ?? 0}px`, 'z-index': left === undefined ? '0' : '2' })}
      @focus=${() => p.onFocus(i)}
      @pointerdown=${(event: PointerEvent) => p.drag.start(event, i)}
      @pointermove=${(event: PointerEvent) => p.drag.move(event)}
      @pointerup=${() => p.drag.end()}
      @pointercancel=${() => p.drag.cancel()}
    >
      <span class="compare-title-text"
        ><span>${column.title}</span
        >${column.detail === undefined ? nothing : html`<span class="dim">${column.detail}</span>`}</span
      >
      <span class="compare-title-buttons">
        ${headButton(`${pinned ? 'Unpin' : 'Pin'} ${name}`, pinned ? 'pinned' : 'pin', () => p.onPin(i))}
        ${headButton(`Hide ${name}`, 'close', () => p.onHide(i))}
      </span>
    </div>`;
  });
}

/** For the mouse: the keyboard has P and Delete, and would need two stops more for each column. */
const headButton = (label: string, name: string, onClick: () => void): TemplateResult =>
  html`<button type="button" class="icon-button" tabindex="-1" aria-label=${label} title=${label} @click=${onClick}>
    ${icon(name)}
  </button>`;

/** So far a pointer moves before it drags (pixels). */
const SLACK = 5;

/** A column on its way to another place, led by a pointer. */
export class ColumnDrag {
  private from: number | undefined;
  private startX = 0;
  private over: number | undefined;

  constructor(
    private readonly onMove: (from: number, to: number) => void,
    private readonly onChange: () => void,
  ) {}

  start(event: PointerEvent, column: number): void {
    if (event.button !== 0 || (event.target as HTMLElement).closest('button') !== null) return;
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    [this.from, this.startX, this.over] = [column, event.clientX, undefined];
  }

  move(event: PointerEvent): void {
    if (this.from === undefined) return;
    if (this.over === undefined && Math.abs(event.clientX - this.startX) < SLACK) return;
    const heads = [...(event.currentTarget as HTMLElement).parentElement!.querySelectorAll('[data-column]')];
    const over = heads.findIndex((head) => {
      const { left, right } = head.getBoundingClientRect();
      return event.clientX >= left && event.clientX < right;
    });
    const next = over < 0 ? this.from : over;
    if (next === this.over) return;
    this.over = next;
    this.onChange();
  }

  end(): void {
    const { from, over } = this;
    this.cancel();
    if (from !== undefined && over !== undefined && over !== from) this.onMove(from, over);
  }

  cancel(): void {
    [this.from, this.over] = [undefined, undefined];
    this.onChange();
  }

  /** How a head shows that it is dragged, or where the dragged one will land. */
  classOf(column: number): string {
    const { from, over } = this;
    if (from === undefined || over === undefined) return '';
    if (column === from) return 'dragged';
    return column === over ? (over > from ? 'drop-after' : 'drop-before') : '';
  }
}
