import { html, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query } from 'lit/decorators.js';
import { LightElement } from '../page/lightElement.js';
import type { Rgb } from '../../../src/base/picture.js';
import { rasterOf } from './raster.js';

/** A small picture; decoration beside a label. */
@customElement('lens-thumbnail')
export class Thumbnail extends LightElement {
  @property({ attribute: false }) picture: Rgb | undefined;
  /** Side in CSS pixels. */
  @property({ type: Number }) side = 32;
  @query('canvas') private readonly canvas!: HTMLCanvasElement;

  override render(): TemplateResult {
    return html`<canvas aria-hidden="true"></canvas>`;
  }

  protected override updated(_changed: PropertyValues<this>): void {
    const { canvas, picture } = this;
    const pixels = Math.round(this.side * window.devicePixelRatio);
    [canvas.width, canvas.height] = [pixels, pixels];
    canvas.style.setProperty('width', `${this.side}px`);
    canvas.style.setProperty('height', `${this.side}px`);
    if (picture === undefined) return;
    const scale = pixels / Math.min(picture.width, picture.height);
    const [width, height] = [picture.width * scale, picture.height * scale];
    const context = canvas.getContext('2d')!;
    context.imageSmoothingEnabled = scale < 1;
    context.imageSmoothingQuality = 'high';
    context.drawImage(rasterOf(picture), (pixels - width) / 2, (pixels - height) / 2, width, height);
  }
}
