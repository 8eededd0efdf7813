import { LightElement } from './lightElement.js';

/**
 * The element of a page as tall as its panel (`wholePage.css`). Escape ends whatever shows a Cancel button; Ctrl+F leads to the
 * page's search, where it has one.
 */
export abstract class WholePage extends LightElement {
  /** Where Ctrl+F leads: a selector. */
  protected readonly search: string | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.classList.add('whole-page');
    document.addEventListener('keydown', this.onPageKey);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener('keydown', this.onPageKey);
  }

  /** Stops what shows a Cancel button; false where nothing does. */
  protected cancel(): boolean {
    const buttons = this.querySelectorAll<HTMLElement>('.working lens-button');
    for (const each of buttons) each.click();
    return buttons.length > 0;
  }

  private readonly onPageKey = (event: KeyboardEvent): void => {
    if (event.key === 'Escape' && !event.defaultPrevented) this.cancel();
    else if (event.key === 'f' && (event.ctrlKey || event.metaKey) && this.search !== undefined) {
      const box = this.querySelector<HTMLElement>(this.search);
      if (box === null) return;
      event.preventDefault();
      box.focus();
    }
  };
}
