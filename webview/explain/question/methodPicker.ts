import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { AUTO } from '../../../src/result/method.js';
import { icon } from '../../shared/controls.js';
import { onListKey, placePopup } from '../../shared/form/list.js';
import { LightElement } from '../../shared/page/lightElement.js';
import { searchMethods, type MethodEntries, type MethodEntry } from './methods.js';

const AUTOMATIC: MethodEntry = {
  id: AUTO,
  title: 'Auto',
  line: 'The best at finding what is known to be there, of those that answer in under a second and depend on what the model learned.',
  cost: '',
  refused: false,
};

/**
 * All methods in their groups, each with a line and what it costs (ARIA combobox with a listbox of groups). Typing narrows
 * the list, arrow keys and Page Up / Down move, Enter chooses, Escape closes. What the model cannot be asked with is there,
 * dimmed, and says why. Fires `lens-choose` with the id, `lens-open` before the list is shown.
 */
@customElement('lens-method-picker')
export class MethodPicker extends LightElement {
  @property({ attribute: false }) groups: readonly MethodEntries[] = [];
  @property() value = '';
  /** What the closed field says. */
  @property() shown = '';

  @state() private open = false;
  @state() private text = '';
  /** Id of the row that the keys are at. */
  @state() private active = '';
  @query('[role=listbox]') private readonly list!: HTMLElement | null;

  private get found(): readonly MethodEntries[] {
    return searchMethods(this.groups, this.text);
  }

  /** Rows from the top. */
  private get rows(): readonly MethodEntry[] {
    return [...(this.text.trim() === '' ? [AUTOMATIC] : []), ...this.found.flatMap(({ entries }) => entries)];
  }

  override render(): TemplateResult {
    const { open, rows } = this;
    return html`
      <input
        type="text"
        role="combobox"
        autocomplete="off"
        spellcheck="false"
        aria-label="Method"
        aria-autocomplete="list"
        aria-haspopup="listbox"
        aria-expanded=${open}
        aria-controls=${open ? 'method-list' : nothing}
        aria-activedescendant=${open && rows.some(({ id }) => id === this.active) ? `method-${this.active}` : nothing}
        title=${this.shown}
        placeholder=${open ? this.shown : ''}
        .value=${open ? this.text : this.shown}
        @input=${(event: Event) => this.search((event.target as HTMLInputElement).value)}
        @mousedown=${() => (this.open ? this.close() : this.show())}
        @keydown=${this.onKey}
        @blur=${() => this.close()}
      />
      ${icon('chevron-down')} ${open ? this.popup() : nothing}
    `;
  }

  private popup(): TemplateResult {
    const { found, rows } = this;
    return html`<div class="combobox-popup method-popup">
      <div role="listbox" id="method-list" aria-label="Methods" @mousedown=${(event: Event) => event.preventDefault()}>
        ${rows.length === 0 ? html`<div class="combobox-none" role="option" aria-selected="false" aria-disabled="true">No method is called “${this.text}”.</div>` : nothing}
        ${rows[0]?.id === AUTO ? this.row(rows[0]) : nothing}
        ${found.map(
          ({ group, title, summary, entries }) =>
            html`<div role="group" aria-labelledby="method-group-${group}">
              <div class="method-group" id="method-group-${group}" role="presentation" title=${summary}>${title}</div>
              ${entries.map((entry) => this.row(entry))}
            </div>`,
        )}
      </div>
    </div>`;
  }

  private row(entry: MethodEntry): TemplateResult {
    const { id, title, line, cost, refused } = entry;
    return html`<div
      role="option"
      id="method-${id}"
      data-method=${id}
      class="method-row ${id === this.active ? 'active' : ''} ${refused ? 'refused' : ''}"
      aria-selected=${id === this.value}
      aria-disabled=${refused ? 'true' : nothing}
      @click=${() => this.choose(entry)}
      @mousemove=${() => (this.active = id)}
    >
      <span class="method-title">${title}</span><span class="method-cost dim">${cost}</span>
      <span class="method-line dim">${refused ? icon('circle-slash') : nothing}${line}</span>
    </div>`;
  }

  protected override updated(changed: PropertyValues): void {
    const popup = this.querySelector<HTMLElement>('.method-popup');
    if (popup === null) return;
    if (changed.has('open')) popup.style.setProperty('--room', `${Math.max(120, placePopup(this, popup, 240) - 12)}px`);
    if (changed.has('open') || changed.has('active')) this.activeRow()?.scrollIntoView({ block: 'nearest' });
  }

  private activeRow(): HTMLElement | null {
    return this.list?.querySelector(`#method-${CSS.escape(this.active)}`) ?? null;
  }

  private show(): void {
    if (this.open) return;
    this.text = '';
    this.active = this.value;
    this.open = true;
    this.dispatchEvent(new CustomEvent('lens-open'));
  }

  private close(): void {
    this.open = false;
    this.text = '';
  }

  private search(text: string): void {
    this.open = true;
    this.text = text;
    this.active = this.rows[0]?.id ?? '';
  }

  private choose(entry: MethodEntry | undefined): void {
    if (entry === undefined || entry.refused) return;
    this.close();
    if (entry.id !== this.value) this.dispatchEvent(new CustomEvent('lens-choose', { detail: entry.id }));
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    const { rows } = this;
    onListKey(event, {
      open: this.open,
      at: rows.findIndex(({ id }) => id === this.active),
      count: rows.length,
      page: 8,
      show: () => this.show(),
      goTo: (row) => (this.active = rows[row]?.id ?? ''),
      choose: (row) => this.choose(rows[row]),
      close: () => this.close(),
    });
  };
}
