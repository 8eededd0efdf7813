import { query } from 'lit/decorators.js';
import { LightElement } from '../page/lightElement.js';
import { redrawing } from '../page/redraw.js';
import type { Size } from './geometry.js';

/** What is drawn on, in pixels of the style sheet. */
export interface Surface extends Size {
  readonly context: CanvasRenderingContext2D;
  /** Pixels of the screen for each of the style sheet. */
  readonly ratio: number;
}

/** Factor of `+`, and of `-` the other way. */
const STEP = 1.5;
/** Of the pointer's way in pixels, before a click becomes a drag. */
const STILL = 3;

/**
 * The base of elements that draw on a canvas of theirs: drawn anew when they change their size or the editor its theme,
 * at the screen's resolution, with the wheel, dragging and the keys of zooming alike.
 */
export abstract class CanvasElement extends LightElement {
  @query('canvas') protected readonly canvas!: HTMLCanvasElement;
  private frame: number | undefined;
  private grip: { x: number; y: number; moved: boolean } | undefined;

  /** @param when `frame`: drawing is costly or asked for often, and is done once before the screen shows it */
  constructor(private readonly when: 'now' | 'frame' = 'now') {
    super();
    this.addController(redrawing(this, () => this.redraw()));
  }

  /** Draws; called only while the element is in the page and has room. */
  protected abstract draw(): void;

  /** Of the drawing. */
  protected get room(): Size {
    return { width: this.canvas.clientWidth, height: this.canvas.clientHeight };
  }

  /** Where the wheel zooms. */
  protected get wheelTarget(): HTMLElement {
    return this.canvas;
  }

  /** The wheel was turned over the drawing; by default the page scrolls. */
  protected onWheel(_event: WheelEvent): void {}

  protected override firstUpdated(): void {
    // Not passive: the wheel may zoom in place of scrolling.
    this.wheelTarget.addEventListener('wheel', (event) => this.onWheel(event), { passive: false });
  }

  protected redraw(): void {
    const draw = (): void => {
      this.frame = undefined;
      if (this.isConnected && this.hasUpdated && this.room.width > 0) this.draw();
    };
    if (this.when === 'now') draw();
    else this.frame ??= requestAnimationFrame(draw);
  }

  /** The canvas at the size it has now, empty. */
  protected surface(): Surface {
    const { canvas, room } = this;
    const ratio = window.devicePixelRatio;
    const [width, height] = [Math.round(room.width * ratio), Math.round(room.height * ratio)];
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    const context = canvas.getContext('2d')!;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, room.width, room.height);
    return { context, ...room, ratio };
  }

  /** Takes hold of the drawing: the pointer moves it until {@link drop}. */
  protected grab(event: PointerEvent): void {
    this.grip = { x: event.clientX, y: event.clientY, moved: false };
    this.canvas.setPointerCapture(event.pointerId);
  }

  /** How far the drawing was dragged since the last time; nothing where it is not held, or the pointer only trembles. */
  protected dragged(event: PointerEvent): { readonly dx: number; readonly dy: number } | undefined {
    const { grip } = this;
    if (grip === undefined) return undefined;
    const [dx, dy] = [event.clientX - grip.x, event.clientY - grip.y];
    if (!grip.moved && Math.hypot(dx, dy) < STILL) return { dx: 0, dy: 0 };
    this.grip = { x: event.clientX, y: event.clientY, moved: true };
    return { dx, dy };
  }

  /** Lets go. Whether it was a click: held, and not moved. */
  protected drop(): boolean {
    const clicked = this.grip?.moved === false;
    this.grip = undefined;
    return clicked;
  }
}

/** By how much the wheel zooms: above 1 turned away from the person. */
export function wheelFactor({ deltaY, deltaMode }: WheelEvent, speed = 0.002): number {
  return Math.exp(-deltaY * (deltaMode === WheelEvent.DOM_DELTA_LINE ? 0.05 : speed));
}

/** What a key zooms by; `0` for "show all", nothing for keys that do not zoom. */
export function zoomKey(key: string, step = STEP): number | undefined {
  return { '+': step, '=': step, '-': 1 / step, '0': 0 }[key];
}
