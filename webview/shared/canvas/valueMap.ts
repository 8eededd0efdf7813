import { html, type TemplateResult } from 'lit';
import { customElement, property, query } from 'lit/decorators.js';
import { colormap } from '../../../src/result/colormap.js';
import type { ValueMap } from '../../../src/result/valueMap.js';
import '../charts/colorBar.js';
import { formatNumber } from '../format.js';
import { LightElement } from '../page/lightElement.js';
import { canvasOf } from './raster.js';

/** Lightness grows with the value, so that it is read without colours as well. */
const COLORS = colormap('viridis');

/** One number at every place, drawn from its lowest to its highest, with its scale below. */
@customElement('lens-value-map')
export class ValueMapElement extends LightElement {
  @property({ attribute: false }) map: ValueMap | undefined;
  /** What the numbers are: the output's name. */
  @property() name = '';
  @query('.value-map-canvas') private readonly canvas!: HTMLCanvasElement | null;

  override render(): TemplateResult {
    const { map, name } = this;
    if (map === undefined) return html``;
    const { width, height, lowest, highest } = map.extremes;
    const ends = [lowest.value, (lowest.value + highest.value) / 2, highest.value].map(formatNumber);
    return html`<canvas
        class="value-map-canvas"
        role="img"
        aria-label="Map of ${name}, ${width}×${height}: ${ends[0]} at ${lowest.x}, ${lowest.y} to ${ends[2]} at ${highest.x}, ${highest.y}"
        title="${name}, ${width}×${height}"
      ></canvas>
      <lens-color-bar .colors=${COLORS} .ticks=${ends} .unit=${name} .note=${`${width}×${height}`}></lens-color-bar>`;
  }

  protected override updated(): void {
    const { canvas, map } = this;
    if (!canvas || map === undefined) return;
    const { width, height, values, extremes } = map;
    const low = extremes.lowest.value;
    const range = extremes.highest.value - low;
    const image = new ImageData(width, height);
    values.forEach((v, i) => {
      const at = Number.isFinite(v) && range > 0 ? Math.round((255 * (v - low)) / range) : 0;
      image.data.set(COLORS.table.subarray(3 * at, 3 * at + 3), 4 * i);
      // What is no number is left open.
      image.data[4 * i + 3] = Number.isFinite(v) ? 255 : 0;
    });
    [canvas.width, canvas.height] = [width, height];
    canvas.getContext('2d')!.drawImage(canvasOf(image), 0, 0);
  }
}
