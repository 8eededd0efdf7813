import { LitElement } from 'lit';

/** An element that renders into the page itself: one style sheet and the page's focus order hold for all of a panel. */
export abstract class LightElement extends LitElement {
  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  /** Says that something has happened here, to whoever is around this element. */
  protected tell(name: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true }));
  }
}
