import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { LightElement } from '../../shared/page/lightElement.js';
import { icon } from '../../shared/controls.js';
import { styles } from '../../shared/page/css.js';
import { formatCount, plural } from '../../shared/format.js';
import { visibleRows } from '../../shared/form/search.js';
import type { LayerOrder } from '../kept.js';
import { findRows, typeAhead, type LayerRow } from './rows.js';

const ROW = 22;
const COLUMNS: readonly { readonly order: LayerOrder; readonly name: string; readonly title: string }[] = [
  { order: 'name', name: 'Layer', title: 'Sort by name' },
  { order: 'op', name: 'Operator', title: 'Sort by operator' },
  { order: 'graph', name: 'Output', title: 'The order of the graph' },
  { order: 'parameters', name: 'Parameters', title: 'Most parameters first' },
  { order: 'flops', name: 'FLOPs', title: 'Most work first' },
];

/**
 * The layers of a model, however many: only the rows in sight exist. Arrow keys, Page Up and Down, Home and End move,
 * letters find a name, Enter opens. Fires `lens-layer` with the name of the layer that is selected, and
 * `lens-open-layer` when it is opened.
 */
@customElement('lens-layer-list')
export class LayerList extends LightElement {
  @property({ attribute: false }) rows: readonly LayerRow[] = [];
  @property() selected: string | undefined;
  @property() search = '';
  @property() order: LayerOrder = 'graph';
  /** Scrolls to the selected layer when it grows. */
  @property({ type: Number }) reveal = 0;

  @state() private offset = 0;
  @state() private room = 400;
  @query('.layer-scroll') private readonly scroller!: HTMLElement | null;
  private found: readonly LayerRow[] = [];
  private most = { parameters: 0, flops: 0 };
  private typed = '';
  private typedAt = 0;
  private resize: ResizeObserver | undefined;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.resize?.disconnect();
  }

  protected override firstUpdated(): void {
    this.resize = new ResizeObserver(() => (this.room = this.scroller?.clientHeight ?? 0));
    if (this.scroller !== null) this.resize.observe(this.scroller);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('rows')) {
      this.most = { parameters: 1, flops: 1 };
      for (const { layer, flops } of this.rows) {
        this.most.parameters = Math.max(this.most.parameters, layer.parameters);
        this.most.flops = Math.max(this.most.flops, flops ?? 0);
      }
    }
    if (changed.has('rows') || changed.has('search') || changed.has('order'))
      this.found = findRows(this.rows, this.search, this.order);
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has('search') && this.scroller !== null) this.scroller.scrollTop = 0;
    if (changed.has('reveal') || (changed.has('rows') && changed.get('rows')?.length === 0)) this.show('middle');
  }

  override render(): TemplateResult {
    const { found } = this;
    const [first, end] = visibleRows(found.length, ROW, this.offset, this.room, 6);
    const at = this.at;
    const shown = found.slice(first, end).map((row, i) => ({ row, at: first + i }));
    // A screen reader must find the active row even when it was scrolled out of sight.
    if (at >= 0 && (at < first || at >= end)) shown.push({ row: found[at]!, at });
    return html`
      <div class="layer-search">
        ${icon('search')}
        <input
          type="search"
          aria-label="Search layers by name, operator or shape"
          placeholder="Search: name, operator, shape"
          spellcheck="false"
          .value=${this.search}
          @input=${(event: Event) => this.tell('lens-search', (event.target as HTMLInputElement).value)}
          @keydown=${(event: KeyboardEvent) => {
            if (event.key === 'Escape' && this.search !== '') {
              // Only the search is taken back; what runs goes on.
              event.preventDefault();
              this.tell('lens-search', '');
            }
            if (event.key !== 'ArrowDown' && event.key !== 'Enter') return;
            event.preventDefault();
            this.scroller?.focus();
            if (this.at < 0) this.move(0);
          }}
        />
        <span class="dim layer-count" role="status"
          >${this.search === '' ? plural(this.rows.length, 'layer') : `${found.length} of ${this.rows.length}`}</span
        >
      </div>
      <div
        class="layer-scroll"
        role="grid"
        tabindex="0"
        aria-label="Layers"
        aria-rowcount=${found.length + 1}
        aria-colcount=${COLUMNS.length}
        aria-activedescendant=${at >= 0 ? `layer-${at}` : nothing}
        @scroll=${() => (this.offset = this.scroller?.scrollTop ?? 0)}
        @keydown=${this.onKey}
      >
        <div class="layer-row layer-head" role="row" aria-rowindex="1">
          ${COLUMNS.map(
            ({ order, name, title }) =>
              html`<div
                role="columnheader"
                class="cell-${order}"
                aria-sort=${
                  order === this.order
                    ? order === 'name' || order === 'op' || order === 'graph'
                      ? 'ascending'
                      : 'descending'
                    : 'none'
                }
              >
                <button
                  type="button"
                  title=${title}
                  @click=${() => this.tell('lens-order', this.order === order ? 'graph' : order)}
                >
                  ${name}${order === this.order && order !== 'graph' ? icon('arrow-down') : nothing}
                </button>
              </div>`,
          )}
        </div>
        <div role="rowgroup" class="layer-space" ${styles({ height: `${ROW * found.length}px` })}>
          ${repeat(
            shown,
            ({ row }) => row.index,
            ({ row, at: position }) => this.rowTemplate(row, position),
          )}
        </div>
      </div>
      ${
        found.length === 0 && this.rows.length > 0
          ? html`<p class="layer-none dim">No layer has “${this.search}” in its name, operator or shape.</p>`
          : nothing
      }
    `;
  }

  private rowTemplate({ layer, shape, flops, odd }: LayerRow, at: number): TemplateResult {
    const selected = layer.name === this.selected;
    return html`<div
      role="row"
      id="layer-${at}"
      class="layer-row ${selected ? 'selected' : ''}"
      aria-rowindex=${at + 2}
      aria-selected=${selected}
      title=${layer.name}
      ${styles({ top: `${ROW * at}px` })}
      @click=${() => this.tell('lens-layer', layer.name)}
      @dblclick=${() => this.tell('lens-open-layer', layer.name)}
    >
      <div role="gridcell" class="cell-name">
        ${
          odd === undefined || odd === 'info'
            ? nothing
            : html`${icon(odd)}<span class="sr-only">${odd === 'error' ? 'Error. ' : 'Odd. '}</span>`
        }<span class="ellipsis">${layer.name}</span>
      </div>
      <div role="gridcell" class="cell-op ellipsis" title=${layer.op}>${layer.op}</div>
      <div role="gridcell" class="cell-graph ellipsis">${shape}</div>
      <div role="gridcell" class="cell-parameters">${bar(layer.parameters, this.most.parameters)}</div>
      <div role="gridcell" class="cell-flops">${bar(flops ?? 0, this.most.flops)}</div>
    </div>`;
  }

  private get at(): number {
    return this.selected === undefined ? -1 : this.found.findIndex((row) => row.layer.name === this.selected);
  }

  private move(to: number): void {
    const row = this.found[Math.max(0, Math.min(this.found.length - 1, to))];
    if (row === undefined) return;
    this.tell('lens-layer', row.layer.name);
    void this.updateComplete.then(() => this.show('near'));
  }

  private show(where: 'near' | 'middle'): void {
    const { scroller, at } = this;
    if (scroller === null || at < 0) return;
    const top = ROW * at;
    const room = scroller.clientHeight - ROW;
    const inSight = top >= scroller.scrollTop && top + ROW <= scroller.scrollTop + room;
    if (inSight) return;
    if (where === 'middle') scroller.scrollTop = top - room / 2;
    else scroller.scrollTop = top < scroller.scrollTop ? top : top + ROW - room;
    this.offset = scroller.scrollTop;
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(this.room / ROW) - 2);
    const at = this.at;
    const to = {
      ArrowDown: at + 1,
      ArrowUp: at < 0 ? 0 : at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: this.found.length - 1,
    }[event.key];
    if (to !== undefined) this.move(to);
    else if (event.key === 'Enter' && at >= 0) this.tell('lens-open-layer', this.found[at]!.layer.name);
    else if (event.key.length === 1 && event.key !== ' ') this.find(event);
    else return;
    event.preventDefault();
  };

  /** Letters typed within a second make one word. */
  private find(event: KeyboardEvent): void {
    const again = event.timeStamp - this.typedAt > 1000;
    this.typed = again ? event.key : this.typed + event.key;
    this.typedAt = event.timeStamp;
    const at = typeAhead(this.found, this.typed, Math.max(0, this.at + (again ? 1 : 0)));
    if (at >= 0) this.move(at);
  }
}

/** A number with a bar that says how it compares. */
function bar(value: number, most: number): TemplateResult | typeof nothing {
  if (value <= 0) return nothing;
  return html`<span class="layer-bar" ${styles({ width: `${Math.max(1, (100 * value) / most)}%` })}></span
    ><span class="layer-number">${formatCount(value)}</span>`;
}
