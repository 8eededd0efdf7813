import { html, LitElement, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query } from 'lit/decorators.js';
import { paint, type Display, type Scene } from './display.js';
import { redrawing } from '../page/redraw.js';
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
 * a crosshair (with Shift ten pixels). Fires `lens-pixel` with the pixel that is pointed at.
 */
@customElement('lens-heat-canvas')
export class HeatCanvas extends LitElement {
  @property({ attribute: false }) scene: Scene | undefined;
  /** Shown while there is no scene. */
  @property({ attribute: false }) placeholder: ImageBitmap | undefined;
  @property({ attribute: false }) display!: Display;
  @property() label = '';

  @query('canvas') private readonly canvas!: HTMLCanvasElement;
  private view: View = WHOLE;
  private pixel: Pixel | undefined;
  private keyboard = false;
  private drag: { x: number; y: number } | undefined;
  private raster: HTMLCanvasElement | undefined;

  constructor() {
    super();
    this.addController(redrawing(this, () => this.draw()));
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

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
      @keydown=${this.onKey}
      @dblclick=${() => this.setView(WHOLE)}
      @blur=${this.onBlur}
    ></canvas>`;
  }

  protected override firstUpdated(): void {
    // Not passive: the wheel zooms in place of scrolling.
    this.canvas.addEventListener('wheel', (event) => this.onWheel(event), { passive: false });
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has('scene')) {
      const before = changed.get('scene');
      const [a, b] = [before?.picture, this.scene?.picture];
      if (a?.width !== b?.width || a?.height !== b?.height) this.view = WHOLE;
      this.tell(false);
    }
    if (changed.has('scene') || changed.has('display')) {
      this.raster = this.scene === undefined ? undefined : rasterOf(paint(this.scene, this.display));
    }
    this.draw();
  }

  /** Zooms by a factor about the middle; for buttons. */
  zoom(factor: number): void {
    const { picture } = this;
    if (picture !== undefined) this.setView(zoomAt(picture, this.room, this.view, factor));
  }

  private get picture(): Size | undefined {
    return this.scene?.picture ?? this.placeholder;
  }

  private get room(): Size {
    return { width: this.clientWidth, height: this.clientHeight };
  }

  private setView(view: View): void {
    this.view = view;
    this.draw();
  }

  private draw(): void {
    const { canvas, picture, room } = this;
    if (!canvas || room.width === 0) return;
    const ratio = window.devicePixelRatio;
    const [width, height] = [Math.round(room.width * ratio), Math.round(room.height * ratio)];
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    const context = canvas.getContext('2d')!;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, room.width, room.height);
    const source = this.raster ?? this.placeholder;
    if (picture === undefined || source === undefined) return;
    const rect = place(picture, room, this.view);
    // Magnified pixels are shown as they are unless smoothing was asked for; what is made smaller is always averaged.
    context.imageSmoothingEnabled =
      this.raster === undefined || this.display.smooth || rect.width * ratio < source.width;
    context.imageSmoothingQuality = 'high';
    context.drawImage(source, rect.left, rect.top, rect.width, rect.height);
    if (this.pixel !== undefined && this.keyboard) this.drawCrosshair(context, picture, this.pixel);
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
    if (this.drag !== undefined) {
      this.setView(pan(picture, this.room, this.view, at.x - this.drag.x, at.y - this.drag.y));
      this.drag = at;
    }
    this.keyboard = false;
    this.pixel = pixelAt(picture, this.room, this.view, at.x, at.y);
    this.tell(false);
  };

  private readonly onDown = (event: PointerEvent): void => {
    if (event.button !== 0 || this.view.zoom === 1) return;
    this.drag = this.point(event);
    this.canvas.setPointerCapture(event.pointerId);
    this.canvas.classList.add('dragging');
  };

  private readonly onUp = (): void => {
    this.drag = undefined;
    this.canvas.classList.remove('dragging');
  };

  private readonly onLeave = (): void => {
    if (this.keyboard) return;
    this.pixel = undefined;
    this.tell(false);
  };

  private readonly onBlur = (): void => {
    if (!this.keyboard) return;
    this.keyboard = false;
    this.pixel = undefined;
    this.tell(false);
    this.draw();
  };

  private onWheel(event: WheelEvent): void {
    const { picture } = this;
    if (picture === undefined || (event.deltaY > 0 && this.view.zoom === 1)) return; // all is shown: let the page scroll
    event.preventDefault();
    const { x, y } = this.point(event);
    this.setView(
      zoomAt(picture, this.room, this.view, Math.exp(-event.deltaY * (event.deltaMode === 1 ? 0.05 : 0.002)), x, y),
    );
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
    if (move !== undefined) this.moveCrosshair(picture, ...move);
    else if (event.key === '+' || event.key === '=') this.zoom(1.5);
    else if (event.key === '-') this.zoom(1 / 1.5);
    else if (event.key === '0') this.setView(WHOLE);
    else return;
    event.preventDefault();
  };

  private moveCrosshair(picture: Size, dx: number, dy: number): void {
    const from = this.pixel ?? { x: Math.floor(picture.width / 2) - dx, y: Math.floor(picture.height / 2) - dy };
    const within = (v: number, length: number): number => Math.min(length - 1, Math.max(0, v));
    this.pixel = { x: within(from.x + dx, picture.width), y: within(from.y + dy, picture.height) };
    this.keyboard = true;
    this.setView(reveal(picture, this.room, this.view, this.pixel));
    this.tell(true);
  }

  private tell(spoken: boolean): void {
    const detail: PixelEvent = { pixel: this.pixel, spoken };
    this.dispatchEvent(new CustomEvent('lens-pixel', { detail, bubbles: true }));
  }
}
