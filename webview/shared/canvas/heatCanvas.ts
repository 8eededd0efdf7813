import { html, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { paint, type Display, type Scene } from './display.js';
import { boxAt, boxButtons, placeBoxes, type BoxEvent, type CanvasBox } from './canvasBoxes.js';
import type { Brush, BrushEvent } from './brush.js';
import { BrushTool, drawCrosshair, type Placed } from './brushTool.js';
import { CanvasElement, wheelFactor, zoomKey } from './canvasElement.js';
import { drawLayers, type CanvasLayer } from './layers.js';
import {
  clampedPixel,
  pan,
  pixelAt,
  place,
  reveal,
  WHOLE,
  zoomAt,
  type Pixel,
  type Size,
  type View,
} from './geometry.js';
import { rasterOf } from './raster.js';

/** The pixel under the pointer or the crosshair; `spoken` when it was moved by keys and should be read out. */
export interface PixelEvent {
  readonly pixel: Pixel | undefined;
  readonly spoken: boolean;
}

/** A pixel was clicked, or Enter pressed at the crosshair; boxes that lie there come first. */
export interface PickEvent {
  readonly pixel: Pixel;
  readonly shift: boolean;
  /** By keys: what follows is said. */
  readonly spoken: boolean;
}

/** A rectangle is drawn over the picture: from where it began to where it is. */
export interface StrokeEvent {
  readonly phase: 'start' | 'move' | 'end' | 'cancel';
  readonly begin: Pixel;
  readonly to: Pixel;
}

/** A grid over a picture. */
export interface PlacesGrid {
  readonly columns: number;
  readonly rows: number;
  readonly from?: Pixel;
}

/**
 * A picture with its heat, drawn at the screen's resolution. Wheel and `+` `-` `0` zoom, dragging moves, arrow keys move
 * a crosshair (with Shift ten pixels). Fires `lens-pixel` with the pixel that is pointed at, and `lens-box` with the box that
 * was chosen of those over the picture. With a `brush` dragging paints and the middle button moves; arrow keys move a square,
 * which Space or Enter presses and Escape takes away: fires `lens-brush`. What is painted is whoever's business listens; it
 * comes back as `overlay`. Without one, `lens-pick` tells of a pixel that was clicked, and `lens-stroke` of rectangles.
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

  @property({ attribute: false }) brush: Brush | undefined;
  /** Drawn over the picture, stretched to it; another object where it has changed. */
  @property({ attribute: false }) overlay: HTMLCanvasElement | undefined;

  /** Lines and tints over the picture, in their order. */
  @property({ attribute: false }) layers: readonly CanvasLayer[] = [];
  /** Which drags draw a rectangle: none, those with Shift, or all; the others move the picture. */
  @property() strokes: 'none' | 'shift' | 'all' = 'none';
  /** A grid over the picture whose places keys move over, in place of its pixels; `from`: a pixel of the place to begin with. */
  @property({ attribute: false }) places: PlacesGrid | undefined;
  /** What keys do beside moving and zooming, for the label. */
  @property() keys = '';

  private readonly brushTool = new BrushTool((event: BrushEvent) => this.tell('lens-brush', event));
  private view: View = WHOLE;
  private pixel: Pixel | undefined;
  private keyboard = false;
  /** The pointer has just dragged the picture: the click that follows means no box. */
  private moved = false;
  private stroke: { readonly begin: Pixel; to: Pixel } | undefined;
  private raster: HTMLCanvasElement | undefined;

  override render(): TemplateResult {
    return html`<canvas
        tabindex="0"
        role="application"
        aria-roledescription="picture with heat"
        aria-label="${this.label}. Arrow keys move the ${this.moves}, plus and minus zoom, zero shows all.${this.keys === '' ? '' : ` ${this.keys}`}"
        @pointermove=${this.onMove}
        @pointerdown=${this.onDown}
        @pointerup=${this.onUp}
        @pointercancel=${this.onCancel}
        @pointerleave=${this.onLeave}
        @click=${this.onClick}
        @keydown=${this.onKey}
        @dblclick=${() => this.setView(WHOLE)}
        @blur=${this.onBlur}
      ></canvas
      >${boxButtons(this.boxes, (index) => this.chooseBox(index))}`;
  }

  private get moves(): string {
    if (this.brush !== undefined) return 'square, Space paints';
    return this.places === undefined ? 'crosshair' : 'token';
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
      this.raster === undefined ||
      this.scene?.photo !== undefined ||
      this.display.smooth ||
      rect.width * ratio < source.width;
    context.imageSmoothingQuality = 'high';
    context.drawImage(source, rect.left, rect.top, rect.width, rect.height);
    if (this.overlay !== undefined) {
      context.imageSmoothingEnabled = false;
      context.drawImage(this.overlay, rect.left, rect.top, rect.width, rect.height);
    }
    drawLayers(context, this.layers, rect);
    if (this.pixel !== undefined && this.keyboard && this.places === undefined)
      drawCrosshair(context, this.placed(picture), this.pixel);
    if (this.brush !== undefined) this.brushTool.draw(context, this.brush, this.placed(picture));
    placeBoxes(this.querySelectorAll('.box'), this.boxes, rect, picture);
  }

  private placed(picture: Size): Placed {
    return { picture, room: this.room, view: this.view };
  }

  private point(event: MouseEvent): { x: number; y: number } {
    const box = this.canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  private readonly onMove = (event: PointerEvent): void => {
    const { picture } = this;
    if (picture === undefined) return;
    const at = this.point(event);
    if (this.stroke !== undefined) this.tellStroke('move', clampedPixel(picture, this.room, this.view, at));
    const by = this.dragged(event);
    if (by !== undefined) this.setView(pan(picture, this.room, this.view, by.dx, by.dy));
    this.keyboard = false;
    this.pixel = pixelAt(picture, this.room, this.view, at.x, at.y);
    this.tellPixel(false);
    if (this.brush === undefined) return;
    this.brushTool.move(this.placed(picture), at);
    this.redraw();
  };

  private readonly onDown = (event: PointerEvent): void => {
    const { picture, brush } = this;
    if (picture !== undefined && brush !== undefined && event.button === 0) {
      this.canvas.setPointerCapture(event.pointerId);
      this.brushTool.down(this.placed(picture), this.point(event));
      return;
    }
    const draws = this.strokes === 'all' || (this.strokes === 'shift' && event.shiftKey);
    const at = this.point(event);
    const begin = picture && pixelAt(picture, this.room, this.view, at.x, at.y);
    if (brush === undefined && event.button === 0 && draws && begin !== undefined) {
      this.canvas.setPointerCapture(event.pointerId);
      this.stroke = { begin, to: begin };
      this.tellStroke('start', begin);
      return;
    }
    if (event.button !== (brush === undefined ? 0 : 1) || this.view.zoom === 1) return;
    this.grab(event);
    this.canvas.classList.add('dragging');
  };

  private tellStroke(phase: StrokeEvent['phase'], to: Pixel): void {
    if (this.stroke === undefined) return;
    this.stroke.to = to;
    const detail: StrokeEvent = { phase, begin: this.stroke.begin, to };
    this.tell('lens-stroke', detail);
  }

  private endStroke(phase: 'end' | 'cancel'): boolean {
    if (this.stroke === undefined) return false;
    this.tellStroke(phase, this.stroke.to);
    this.stroke = undefined;
    return true;
  }

  private readonly onUp = (): void => {
    this.brushTool.up();
    if (this.endStroke('end')) {
      this.moved = true;
      return;
    }
    this.moved = this.view.zoom !== 1 && !this.drop();
    this.canvas.classList.remove('dragging');
  };

  /** The system has taken the pointer: a stroke of the brush ends where it is, a rectangle is none. */
  private readonly onCancel = (): void => {
    this.brushTool.up();
    this.endStroke('cancel');
    this.drop();
    this.canvas.classList.remove('dragging');
  };

  private readonly onClick = (event: MouseEvent): void => {
    const { picture } = this;
    if (picture === undefined || this.moved || this.brush !== undefined) return;
    const at = this.point(event);
    const index = boxAt(this.boxes, picture, this.room, this.view, at);
    const pixel = pixelAt(picture, this.room, this.view, at.x, at.y);
    if (index !== undefined) this.chooseBox(index);
    else if (pixel !== undefined) this.pick(pixel, event.shiftKey, false);
  };

  private pick(pixel: Pixel, shift: boolean, spoken: boolean): void {
    const detail: PickEvent = { pixel, shift, spoken };
    this.tell('lens-pick', detail);
  }

  private chooseBox(index: number): void {
    const detail: BoxEvent = { index };
    this.tell('lens-box', detail);
  }

  private readonly onLeave = (): void => {
    if (this.keyboard) return;
    this.pixel = undefined;
    this.tellPixel(false);
    this.takeBrush();
  };

  private takeBrush(): void {
    this.brushTool.leave();
    if (this.brush !== undefined) this.redraw();
  }

  private readonly onBlur = (): void => {
    this.takeBrush();
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
    else if (this.brush !== undefined && (event.key === ' ' || event.key === 'Enter')) this.brushTool.stamp();
    else if (this.brush !== undefined && event.key === 'Escape') this.takeBrush();
    else if (event.key === 'Enter' && this.keyboard && this.pixel !== undefined)
      this.pick(this.pixel, event.shiftKey, true);
    else if (zoom === undefined) return;
    else if (zoom === 0) this.setView(WHOLE);
    else this.zoom(zoom);
    event.preventDefault();
  };

  private moveCrosshair(picture: Size, dx: number, dy: number): void {
    const within = (v: number, length: number): number => Math.min(length - 1, Math.max(0, v));
    const { places } = this;
    if (places === undefined) {
      const from = this.pixel ?? { x: Math.floor(picture.width / 2) - dx, y: Math.floor(picture.height / 2) - dy };
      this.pixel = { x: within(from.x + dx, picture.width), y: within(from.y + dy, picture.height) };
    } else {
      const from = places.from ?? { x: Math.floor(picture.width / 2), y: Math.floor(picture.height / 2) };
      const middle = (at: number, by: number, length: number, count: number): number =>
        Math.floor(((within(Math.floor((at * count) / length) + by, count) + 0.5) * length) / count);
      this.pixel = {
        x: middle(from.x, dx, picture.width, places.columns),
        y: middle(from.y, dy, picture.height, places.rows),
      };
    }
    this.keyboard = true;
    this.setView(reveal(picture, this.room, this.view, this.pixel));
    this.tellPixel(true);
    if (this.brush !== undefined) this.brushTool.over(this.pixel);
  }

  private tellPixel(spoken: boolean): void {
    const detail: PixelEvent = { pixel: this.pixel, spoken };
    this.tell('lens-pixel', detail);
  }
}
