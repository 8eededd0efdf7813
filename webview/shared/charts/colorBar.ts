import { html, type TemplateResult } from 'lit';
import { customElement, property, query } from 'lit/decorators.js';
import { LightElement } from '../page/lightElement.js';
import { lowest, type Colormap } from '../../../src/result/colormap.js';
import { scaleRaster } from '../canvas/raster.js';
import { formatNumber } from '../format.js';

/** The scale of a map: its colours, numbers at both ends and in the middle, and what one unit is. */
@customElement('lens-color-bar')
export class ColorBar extends LightElement {
  @property({ attribute: false }) colors: Colormap | undefined;
  /** The value at the right end. The left end is zero, or minus this value for a diverging map. */
  @property({ type: Number }) limit = 0;
  @property() unit = '';
  /** The numbers below the bar, where equal steps of the colours are not equal steps of the value. */
  @property({ attribute: false }) ticks: readonly string[] | undefined;
  /** Said beside the unit: "clipped at the 99.5th percentile", "shared". */
  @property() note = '';
  @query('canvas') private readonly canvas!: HTMLCanvasElement;

  override render(): TemplateResult {
    const low = this.colors === undefined ? 0 : lowest(this.colors, this.limit);
    const ticks =
      this.colors === undefined
        ? ['', '', '']
        : (this.ticks ?? [low, (low + this.limit) / 2, this.limit].map(formatNumber));
    return html`
      <canvas
        width="256"
        height="1"
        role="img"
        aria-label="Colour scale from ${ticks[0]} to ${ticks.at(-1)} ${this.unit}"
      ></canvas>
      <div class="ticks" aria-hidden="true">${ticks.map((tick) => html`<span>${tick}</span>`)}</div>
      <div class="scale-text"><span>${this.unit}</span><span class="dim">${this.note}</span></div>
    `;
  }

  protected override updated(): void {
    const context = this.canvas.getContext('2d')!;
    context.clearRect(0, 0, 256, 1);
    if (this.colors !== undefined) context.drawImage(scaleRaster(this.colors), 0, 0);
  }
}
