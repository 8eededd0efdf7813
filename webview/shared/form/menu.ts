import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { LightElement } from '../page/lightElement.js';
import { icon, iconButton } from '../controls.js';

export interface MenuItem {
  readonly label: string;
  readonly icon?: string;
  readonly disabled?: boolean;
  readonly onClick: () => void;
}

/** A button that opens a menu; arrow keys move in it, Escape closes it. */
@customElement('lens-menu')
export class Menu extends LightElement {
  @property() label = '';
  @property() icon = 'ellipsis';
  @property({ attribute: false }) items: readonly MenuItem[] = [];
  @state() private open = false;

  override render(): TemplateResult {
    return html`
      ${iconButton({ label: this.label, icon: this.icon, expanded: this.open, onClick: () => (this.open = !this.open) })}
      ${
        this.open
          ? html`<div
              role="menu"
              class="menu"
              aria-label=${this.label}
              @keydown=${this.onKey}
              @focusout=${this.onFocusOut}
            >
              ${this.items.map(
                (item) =>
                  html`<button
                    type="button"
                    role="menuitem"
                    tabindex="-1"
                    ?disabled=${item.disabled ?? false}
                    @click=${() => {
                      this.close();
                      item.onClick();
                    }}
                  >
                    ${item.icon === undefined ? nothing : icon(item.icon)}<span>${item.label}</span>
                  </button>`,
              )}
            </div>`
          : nothing
      }
    `;
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has('open') && this.open) this.entries[0]?.focus();
  }

  private get entries(): HTMLElement[] {
    return [...this.querySelectorAll<HTMLElement>('[role=menuitem]:not([disabled])')];
  }

  private close(): void {
    this.open = false;
    this.querySelector<HTMLElement>('.icon-button')?.focus();
  }

  private readonly onFocusOut = (event: FocusEvent): void => {
    const to = event.relatedTarget as Node | null;
    if (!this.contains(to)) this.open = false;
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    const { entries } = this;
    const at = entries.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: entries.length - 1 }[event.key];
    if (to !== undefined) entries[(to + entries.length) % entries.length]?.focus();
    else if (event.key === 'Escape') this.close();
    else if (event.key === 'Tab') this.open = false;
    else return;
    if (event.key !== 'Tab') event.preventDefault();
    event.stopPropagation();
  };
}
