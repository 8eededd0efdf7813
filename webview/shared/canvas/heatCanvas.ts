import { html, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { paint, type Display, type Scene } from './display.js';
import { boxAt, boxButtons, placeBoxes, type BoxEvent, type CanvasBox } from './canvasBoxes.js';
import { CanvasElement, wheelFactor, zoomKey } from './canvasElement.js';
import { canvasColors } from '../page/theme.js';
import { pan, pixelAt, place, rectOf, reveal, WHOLE, zoomAt, type Pixel, type Size, type View } from './geometry.js';
import { rasterOf } from './raster.js';

/** The pixel under the pointer or the crosshair; `spoken` when it was moved by keys and should be read out. */
export interface PixelEvent {
  readonly pixel: Pixel | undefined;
  readonly spoken: boolean;
}

/**
 * A picture with its heat, drawn at the screen's resolution. Wheel and `+` `-` `0` zoom, dragging moves, arrow keys move
 * a crosshair (with Shift ten pixels). Fires `lens-pixel` with the pixel that is pointed at, and `lens-box` with the box that
 * was chosen of those over the picture.
 */
@customElement('lens-heat-canvas')
export class HeatCanvas extends CanvasElement {
  @property({ attribute: false }) scene: Scene | undefined;
  /** Shown while there is no scene. */
  @property({ attribute: false }) placeholder: ImageBitmap | undefined;
  @property({ attribute: false }) display!: Display;
  @property() label = '';
  /** Drawn over the picture; each can be chosen. */
  @property({ attribute: false }) boxes: readonly CanvasBox[] = [];

  private view: View = WHOLE;
  private pixel: Pixel | undefined;
  private keyboard = false;
  /** The pointer has just dragged the picture: the click that follows means no box. */
  private moved = false;
  private raster: HTMLCanvasElement | undefined;

  override render(): TemplateResult {
    return html`<canvas
        tabindex="0"
        role="application"
        aria-roledescription="picture with heat"
        aria-label="${this.label}. Arrow keys move the crosshair, plus and minus zoom, zero shows all."
        @pointermove=${this.onMove}
        @pointerdown=${this.onDown}
        @pointerup=${this.onUp}
        @pointerleave=${this.onLeave}
        @click=${this.onClick}
        @keydown=${this.onKey}
        @dblclick=${() => this.setView(WHOLE)}
        @blur=${this.onBlur}
      ></canvas
      >${boxButtons(this.boxes, (index) => this.chooseBox(index))}`;
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has('scene')) {
      const before = changed.get('scene');
      const [a, b] = [before?.picture, this.scene?.picture];
      if (a?.width !== b?.width || a?.height !== b?.height) this.view = WHOLE;
      this.tellPixel(false);
    }
    if (changed.has('scene') || changed.has('display')) {
      this.raster = this.scene === undefined ? undefined : rasterOf(paint(this.scene, this.display));
    }
    this.redraw();
  }

  /** Zooms by a factor about the middle; for buttons. */
  zoom(factor: number): void {
    const { picture } = this;
    if (picture !== undefined) this.setView(zoomAt(picture, this.room, this.view, factor));
  }

  private get picture(): Size | undefined {
    return this.scene?.picture ?? this.placeholder;
  }

  protected override get room(): Size {
    return { width: this.clientWidth, height: this.clientHeight };
  }

  private setView(view: View): void {
    this.view = view;
    this.redraw();
  }

  protected override draw(): void {
    const { picture, room } = this;
    const { context, ratio } = this.surface();
    const source = this.raster ?? this.placeholder;
    if (picture === undefined || source === undefined) return;
    const rect = place(picture, room, this.view);
    // Magnified pixels are shown as they are unless smoothing was asked for; what is made smaller is always averaged.
    context.imageSmoothingEnabled =
      this.raster === undefined || this.display.smooth || rect.width * ratio < source.width;
    context.imageSmoothingQuality = 'high';
    context.drawImage(source, rect.left, rect.top, rect.width, rect.height);
    if (this.pixel !== undefined && this.keyboard) this.drawCrosshair(context, picture, this.pixel);
    placeBoxes(this.querySelectorAll('.box'), this.boxes, rect, picture);
  }

  private drawCrosshair(context: CanvasRenderingContext2D, picture: Size, pixel: Pixel): void {
    const rect = rectOf(picture, this.room, this.view, pixel);
    const colors = canvasColors();
    const size = Math.max(5, rect.width);
    const [x, y] = [rect.left + rect.width / 2, rect.top + rect.height / 2];
    const line = (width: number, color: string): void => {
      context.lineWidth = width;
      context.strokeStyle = color;
      context.strokeRect(x - size / 2, y - size / 2, size, size);
      context.beginPath();
      for (const [dx, dy] of [
        [1, 0],
        [-1, 0],
        [0, 1],
        [0, -1],
      ] as const) {
        context.moveTo(x + (dx * size) / 2, y + (dy * size) / 2);
        context.lineTo(x + dx * (size / 2 + 8), y + dy * (size / 2 + 8));
      }
      context.stroke();
    };
    line(4, colors.crosshairEdge);
    line(2, colors.crosshair);
  }

  private point(event: MouseEvent): { x: number; y: number } {
    const box = this.canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  private readonly onMove = (event: PointerEvent): void => {
    const { picture } = this;
    if (picture === undefined) return;
    const at = this.point(event);
    const by = this.dragged(event);
    if (by !== undefined) this.setView(pan(picture, this.room, this.view, by.dx, by.dy));
    this.keyboard = false;
    this.pixel = pixelAt(picture, this.room, this.view, at.x, at.y);
    this.tellPixel(false);
  };

  private readonly onDown = (event: PointerEvent): void => {
    if (event.button !== 0 || this.view.zoom === 1) return;
    this.grab(event);
    this.canvas.classList.add('dragging');
  };

  private readonly onUp = (): void => {
    this.moved = this.view.zoom !== 1 && !this.drop();
    this.canvas.classList.remove('dragging');
  };

  private readonly onClick = (event: MouseEvent): void => {
    const { picture } = this;
    if (picture === undefined || this.moved) return;
    const index = boxAt(this.boxes, picture, this.room, this.view, this.point(event));
    if (index !== undefined) this.chooseBox(index);
  };

  private chooseBox(index: number): void {
    const detail: BoxEvent = { index };
    this.tell('lens-box', detail);
  }

  private readonly onLeave = (): void => {
    if (this.keyboard) return;
    this.pixel = undefined;
    this.tellPixel(false);
  };

  private readonly onBlur = (): void => {
    if (!this.keyboard) return;
    this.keyboard = false;
    this.pixel = undefined;
    this.tellPixel(false);
    this.redraw();
  };

  protected override onWheel(event: WheelEvent): void {
    const { picture } = this;
    if (picture === undefined || (event.deltaY > 0 && this.view.zoom === 1)) return; // all is shown: let the page scroll
    event.preventDefault();
    const { x, y } = this.point(event);
    this.setView(zoomAt(picture, this.room, this.view, wheelFactor(event), x, y));
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    const { picture } = this;
    if (picture === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = event.shiftKey ? 10 : 1;
    const moves: Record<string, [number, number]> = {
      ArrowLeft: [-step, 0],
      ArrowRight: [step, 0],
      ArrowUp: [0, -step],
      ArrowDown: [0, step],
    };
    const move = moves[event.key];
    const zoom = zoomKey(event.key);
    if (move !== undefined) this.moveCrosshair(picture, ...move);
    else if (zoom === undefined) return;
    else if (zoom === 0) this.setView(WHOLE);
    else this.zoom(zoom);
    event.preventDefault();
  };

  private moveCrosshair(picture: Size, dx: number, dy: number): void {
    const from = this.pixel ?? { x: Math.floor(picture.width / 2) - dx, y: Math.floor(picture.height / 2) - dy };
    const within = (v: number, length: number): number => Math.min(length - 1, Math.max(0, v));
    this.pixel = { x: within(from.x + dx, picture.width), y: within(from.y + dy, picture.height) };
    this.keyboard = true;
    this.setView(reveal(picture, this.room, this.view, this.pixel));
    this.tellPixel(true);
  }

  private tellPixel(spoken: boolean): void {
    const detail: PixelEvent = { pixel: this.pixel, spoken };
    this.tell('lens-pixel', detail);
  }
}
