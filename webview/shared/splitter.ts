import { html, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { LightElement } from './page/lightElement.js';

/** Pixels that an arrow key moves it by. */
const STEP = 16;

/**
 * The border between two parts of a page, which can be dragged, or moved with the arrow keys; a double click gives it back
 * its own place. Fires `lens-split` with the size of the sized part in pixels, or `null` for its own size.
 */
@customElement('lens-splitter')
export class Splitter extends LightElement {
  /** `vertical` stands between left and right, `horizontal` lies between above and below. */
  @property() orientation: 'vertical' | 'horizontal' = 'vertical';
  /** Which of its neighbours has the size. */
  @property() sizes: 'before' | 'after' = 'before';
  /** What it moves, for those who do not see it. */
  @property() label = '';
  @property({ type: Number }) least = 120;
  /** Pixels that are left to the other part. */
  @property({ type: Number }) leave = 160;
  private grip: { readonly at: number; readonly size: number } | undefined;

  override render(): TemplateResult {
    return html`<div
      class="splitter ${this.orientation}"
      role="separator"
      tabindex="0"
      aria-label=${this.label}
      aria-orientation=${this.orientation}
      aria-valuemin=${this.least}
      title="Drag to resize, double click for the size it had"
      @pointerdown=${this.onDown}
      @pointermove=${this.onMove}
      @pointerup=${this.onUp}
      @pointercancel=${this.onUp}
      @dblclick=${() => this.tell('lens-split', null)}
      @keydown=${this.onKey}
    ></div>`;
  }

  protected override updated(): void {
    this.firstElementChild?.setAttribute('aria-valuenow', String(Math.round(this.size)));
  }

  private get sized(): Element | null {
    return this.sizes === 'before' ? this.previousElementSibling : this.nextElementSibling;
  }

  private get across(): boolean {
    return this.orientation === 'vertical';
  }

  private get size(): number {
    const box = this.sized?.getBoundingClientRect();
    return (this.across ? box?.width : box?.height) ?? 0;
  }

  private resize(size: number): void {
    const room = this.parentElement?.getBoundingClientRect();
    const most = ((this.across ? room?.width : room?.height) ?? Infinity) - this.leave;
    this.tell('lens-split', Math.round(Math.max(this.least, Math.min(most, size))));
    this.requestUpdate();
  }

  private place(event: PointerEvent): number {
    return this.across ? event.clientX : event.clientY;
  }

  private readonly onDown = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    (event.currentTarget as Element).setPointerCapture(event.pointerId);
    this.grip = { at: this.place(event), size: this.size };
  };

  private readonly onMove = (event: PointerEvent): void => {
    const { grip } = this;
    if (grip === undefined) return;
    const by = this.place(event) - grip.at;
    if (by !== 0) this.resize(grip.size + (this.sizes === 'before' ? by : -by));
  };

  private readonly onUp = (): void => {
    this.grip = undefined;
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    const [less, more] = this.across ? ['ArrowLeft', 'ArrowRight'] : ['ArrowUp', 'ArrowDown'];
    const way = event.key === more ? 1 : event.key === less ? -1 : 0;
    if (way === 0) return;
    event.preventDefault();
    event.stopPropagation();
    this.resize(this.size + STEP * way * (this.sizes === 'before' ? 1 : -1));
  };
}
