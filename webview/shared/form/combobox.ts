import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { LightElement } from '../page/lightElement.js';
import { icon } from '../controls.js';
import { styles } from '../page/css.js';
import { onListKey, placePopup, ROW, ROWS, rowsThatExist, scrollToRow } from './list.js';
import { searchEntries, type Entry } from './search.js';

/**
 * A searchable list of any length (ARIA combobox with a listbox): only the rows in sight exist. Typing narrows it, arrow
 * keys and Page Up / Down move, Enter chooses, Escape closes. Fires `lens-choose` with the value.
 */
@customElement('lens-combobox')
export class Combobox extends LightElement {
  @property({ attribute: false }) entries: readonly Entry[] = [];
  @property() value = '';
  /** What the closed field says; default: the entry of `value`. */
  @property() shown = '';
  @property() label = '';
  @property({ type: Boolean }) disabled = false;

  @state() private open = false;
  @state() private text = '';
  @state() private active = 0;
  @state() private offset = 0;
  @query('[role=listbox]') private readonly list!: HTMLElement | null;
  private static count = 0;
  private readonly ids = `combobox-${Combobox.count++}`;
  private found: readonly Entry[] = [];

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has('entries') || changed.has('text')) this.found = searchEntries(this.entries, this.text);
  }

  override render(): TemplateResult {
    const chosen = this.shown !== '' ? this.shown : (this.entries.find((e) => e.value === this.value)?.label ?? '');
    return html`
      <input
        type="text"
        role="combobox"
        autocomplete="off"
        spellcheck="false"
        aria-label=${this.label}
        aria-autocomplete="list"
        aria-expanded=${this.open}
        aria-controls=${this.open ? `${this.ids}-list` : nothing}
        aria-activedescendant=${this.open && this.found.length > 0 ? `${this.ids}-${this.active}` : nothing}
        title=${chosen}
        placeholder=${this.open ? chosen : ''}
        .value=${this.open ? this.text : chosen}
        ?disabled=${this.disabled}
        @input=${(event: Event) => this.search((event.target as HTMLInputElement).value)}
        @mousedown=${() => (this.open ? this.close() : this.show())}
        @keydown=${this.onKey}
        @blur=${() => this.close()}
      />
      ${icon('chevron-down')} ${this.open ? this.listTemplate() : nothing}
    `;
  }

  private listTemplate(): TemplateResult {
    const { found } = this;
    const rows = rowsThatExist(found, this.active, this.offset);
    return html`<div
      class="combobox-popup"
      ${styles({ height: `${ROW * Math.max(1, Math.min(ROWS, found.length)) + 2}px` })}
    >
      <div
        role="listbox"
        id="${this.ids}-list"
        aria-label=${this.label}
        @scroll=${() => (this.offset = this.list?.scrollTop ?? 0)}
        @mousedown=${(event: Event) => event.preventDefault()}
      >
        ${
          found.length === 0
            ? html`<div class="combobox-none" role="option" aria-selected="false" aria-disabled="true">
                Nothing is called “${this.text}”.
              </div>`
            : html`<div
                class="combobox-space"
                role="presentation"
                ${styles({ height: `${ROW * found.length}px` })}
              ></div>`
        }
        ${repeat(
          rows,
          (row) => row.entry.value,
          (row) => this.rowTemplate(row.entry, row.at),
        )}
      </div>
    </div>`;
  }

  private rowTemplate(entry: Entry, at: number): TemplateResult {
    return html`<div
      role="option"
      id="${this.ids}-${at}"
      class="combobox-row ${at === this.active ? 'active' : ''}"
      aria-selected=${entry.value === this.value}
      aria-setsize=${this.found.length}
      aria-posinset=${at + 1}
      title=${entry.label}
      ${styles({ top: `${ROW * at}px` })}
      @click=${() => this.choose(entry)}
      @mousemove=${() => (this.active = at)}
    >
      <span class="combobox-label">${entry.label}</span>
      ${entry.detail === undefined ? nothing : html`<span class="dim">${entry.detail}</span>`}
    </div>`;
  }

  protected override updated(changed: PropertyValues): void {
    const popup = this.querySelector<HTMLElement>('.combobox-popup');
    if (popup !== null && changed.has('open')) {
      placePopup(this, popup);
      this.showActive('middle');
    }
  }

  private show(): void {
    if (this.open || this.disabled) return;
    this.text = '';
    this.found = searchEntries(this.entries, '');
    this.active = Math.max(
      0,
      this.found.findIndex((e) => e.value === this.value),
    );
    this.open = true;
    this.dispatchEvent(new CustomEvent('lens-open'));
  }

  private close(): void {
    this.open = false;
    this.text = '';
    this.offset = 0;
  }

  private search(text: string): void {
    this.open = true;
    this.text = text;
    this.active = 0;
    this.offset = 0;
    if (this.list !== null) this.list.scrollTop = 0;
  }

  private choose(entry: Entry | undefined): void {
    if (entry === undefined) return;
    this.close();
    if (entry.value !== this.value) this.dispatchEvent(new CustomEvent('lens-choose', { detail: entry.value }));
  }

  private readonly onKey = (event: KeyboardEvent): void =>
    onListKey(event, {
      open: this.open,
      at: this.active,
      count: this.found.length,
      show: () => this.show(),
      goTo: (row) => {
        this.active = row;
        this.showActive('near');
      },
      choose: (row) => this.choose(this.found[row]),
      close: () => this.close(),
    });

  private showActive(where: 'near' | 'middle'): void {
    if (this.list !== null) this.offset = scrollToRow(this.list, this.active, where);
  }
}

export interface ComboboxOptions {
  readonly label: string;
  readonly value: string;
  readonly shown: string;
  readonly entries: readonly Entry[];
  readonly onChoose: (value: string) => void;
  /** The list is about to be shown: the time to fetch its entries. */
  readonly onOpen?: () => void;
  readonly disabled?: boolean;
}

export function combobox(o: ComboboxOptions): TemplateResult {
  return html`<lens-combobox
    .entries=${o.entries}
    .value=${o.value}
    .shown=${o.shown}
    .label=${o.label}
    .disabled=${o.disabled ?? false}
    @lens-open=${() => o.onOpen?.()}
    @lens-choose=${(event: CustomEvent<string>) => o.onChoose(event.detail)}
  ></lens-combobox>`;
}
