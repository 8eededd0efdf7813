import { html, type TemplateResult } from 'lit';

/** A view of a page that has several, one at a time. */
export interface Tab {
  readonly id: string;
  readonly label: string;
}

export interface TabStrip {
  /** Of all views together, for those who do not see them. */
  readonly label: string;
  readonly tabs: readonly Tab[];
  readonly shown: string;
  /** Shows a view; resolves when it is drawn. */
  choose(id: string): Promise<unknown>;
}

/** The views of a page as tabs: arrow keys, Home and End go from one to the next, around the ends. */
export function tabStrip({ label, tabs, shown, choose }: TabStrip): TemplateResult {
  const onKey = (event: KeyboardEvent): void => {
    const at = tabs.findIndex(({ id }) => id === shown);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const strip = event.currentTarget as HTMLElement;
    const next = tabs[(to + tabs.length) % tabs.length]!;
    void choose(next.id).then(() => strip.querySelector<HTMLElement>(`#tab-${next.id}`)?.focus());
  };
  return html`<div class="tabs" role="tablist" aria-label=${label} @keydown=${onKey}>
    ${tabs.map(
      (tab) =>
        html`<button
          type="button"
          role="tab"
          id="tab-${tab.id}"
          aria-selected=${tab.id === shown}
          aria-controls="panel-${shown}"
          tabindex=${tab.id === shown ? 0 : -1}
          @click=${() => void choose(tab.id)}
        >
          ${tab.label}
        </button>`,
    )}
  </div>`;
}
