import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query } from 'lit/decorators.js';
import { LightElement } from '../page/lightElement.js';
import { rasterOf } from './raster.js';
import { styles } from '../page/css.js';
import { paint, type Display, type Scene } from './display.js';

/** A small picture with its heat and a mark on one pixel. It fills its box; the label belongs to what is around it. */
@customElement('lens-heat-cell')
export class HeatCell extends LightElement {
  @property({ attribute: false }) scene: Scene | undefined;
  @property({ attribute: false }) display!: Display;
  @property({ attribute: false }) pixel: { readonly x: number; readonly y: number } | undefined;
  @query('canvas') private readonly canvas!: HTMLCanvasElement;

  override render(): TemplateResult {
    const { scene, pixel } = this;
    return html`<canvas class=${this.display.smooth ? '' : 'pixelated'} aria-hidden="true"></canvas>${
        scene === undefined || pixel === undefined
          ? nothing
          : html`<i
              class="heat-mark"
              ${styles({
                left: `${(100 * (pixel.x + 0.5)) / scene.picture.width}%`,
                top: `${(100 * (pixel.y + 0.5)) / scene.picture.height}%`,
              })}
            ></i>`
      }`;
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (!changed.has('scene') && !changed.has('display')) return;
    const { canvas, scene, display } = this;
    if (scene === undefined) {
      [canvas.width, canvas.height] = [1, 1];
      return;
    }
    const raster = rasterOf(paint(scene, display));
    [canvas.width, canvas.height] = [raster.width, raster.height];
    canvas.getContext('2d')!.drawImage(raster, 0, 0);
  }
}
