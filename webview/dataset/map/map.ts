import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import type { Rgb } from '../../../src/base/picture.js';
import { CanvasElement, wheelFactor, zoomKey } from '../../shared/canvas/canvasElement.js';
import '../../shared/canvas/thumbnail.js';
import { styles } from '../../shared/page/css.js';
import { THUMBNAIL } from '../thumbnails.js';
import { Atlas } from './atlas.js';
import {
  farFirst,
  HOME,
  nearestTo,
  nextTowards,
  panned,
  project,
  shown,
  turned,
  within,
  zoomed,
  type Camera,
  type Seen,
} from './cloud.js';
import { drawOver } from './drawOver.js';
import { GlDots } from './glDots.js';
import { inks, type Inks } from './inks.js';
import type { Scene } from './scene.js';
import { stampDots, type Dots } from './stamps.js';

export type Tool = 'move' | 'lasso' | 'rectangle';

/** How a selection changes: another one in its place, more in it, or what is in it out of it and the other way round. */
export type How = 'replace' | 'add' | 'toggle';

/** Points that were selected. */
export interface Picked {
  readonly points: readonly number[];
  readonly how: How;
}

const NEAR = 12;
/** Radians and pixels of one key press. */
const TURN = Math.PI / 24;
const STEP = 40;
const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/**
 * Points of a plane or of space, many of them. The wheel zooms; dragging moves (turns, in space), or draws a lasso or a
 * rectangle, as the tool says (with Shift always a lasso); arrow keys go to the next point, with Ctrl they move or turn; a
 * click or Space selects, Enter and a double click open. Fires `lens-pick`, `lens-focus-point` and `lens-open-point`.
 */
@customElement('lens-map')
export class PointMap extends CanvasElement {
  @property({ attribute: false }) scene: Scene | undefined;
  @property() label = '';
  @property() tool: Tool = 'move';
  /** Pictures in place of points where there is room. */
  @property({ type: Boolean }) pictures = false;
  @property({ attribute: false }) picture: (point: number) => Rgb | undefined = () => undefined;
  @property({ attribute: false }) words: (point: number) => string = () => '';
  /** The point that keys start from. */
  @property({ attribute: false }) focused: number | undefined;
  /** Grows when a picture that was not there has come. */
  @property({ type: Number }) arrived = 0;
  @property({ attribute: false }) axes: readonly string[] = [];

  @state() private gpu = true;
  @state() private hovered: number | undefined;
  @query('.dots') private readonly dots!: HTMLCanvasElement;
  private camera: Camera = HOME;
  private seen: Seen | undefined;
  private gl: GlDots | undefined;
  private image: ImageData | undefined;
  private order: Uint32Array = new Uint32Array();
  private outline: number[] | undefined;
  private rims: { readonly of: Scene; readonly inks: Inks; readonly rims: Uint32Array } | undefined;
  private readonly atlas = new Atlas(THUMBNAIL);

  constructor() {
    super('frame');
  }

  /** What draws the points. */
  get painter(): 'webgl' | 'canvas' {
    return this.gpu ? 'webgl' : 'canvas';
  }

  override render(): TemplateResult {
    const { focused, scene } = this;
    const space = scene?.cloud.dims === 3;
    const at = focused === undefined ? 'no point in focus' : this.words(focused);
    const keys = `Arrow keys go from point to point, Space selects, Enter explains, plus and minus zoom, zero shows all, Control and arrows ${space ? 'turn' : 'move'}.`;
    return html`<canvas
        class="over"
        tabindex="0"
        role="application"
        aria-roledescription="map of points"
        aria-label="${this.label}: ${at}. ${keys}"
        @pointermove=${this.onMove}
        @pointerdown=${this.onDown}
        @pointerup=${this.onUp}
        @pointercancel=${this.onLost}
        @pointerleave=${() => (this.hovered = undefined)}
        @dblclick=${this.onOpen}
        @keydown=${this.onKey}
        @focus=${() => this.redraw()}
        @blur=${() => this.redraw()}
      ></canvas>
      ${this.gpu ? html`<canvas class="dots gpu" aria-hidden="true"></canvas>` : html`<canvas class="dots" aria-hidden="true"></canvas>`}
      ${this.card()}`;
  }

  /** The point under the pointer: its picture and what is known of it. */
  private card(): TemplateResult | typeof nothing {
    const { hovered, seen, scene } = this;
    if (hovered === undefined || seen === undefined || scene === undefined) return nothing;
    const [x, y] = [seen.xy[2 * hovered]!, seen.xy[2 * hovered + 1]!];
    const right = x > this.room.width / 2;
    const below = y < this.room.height / 2;
    const place = {
      left: right ? '' : `${x + 14}px`,
      right: right ? `${this.room.width - x + 14}px` : '',
      top: below ? `${y + 10}px` : '',
      bottom: below ? '' : `${this.room.height - y + 10}px`,
    };
    return html`<div class="map-card" aria-hidden="true" ${styles(place)}>
      ${scene.names === undefined ? html`<lens-thumbnail .picture=${this.picture(hovered)} .side=${72}></lens-thumbnail>` : nothing}
      <span>${this.words(hovered)}</span>
    </div>`;
  }

  protected override updated(changed: PropertyValues<this>): void {
    this.dataset['painter'] = this.painter;
    if (changed.has('scene')) {
      const before = changed.get('scene');
      if (before !== undefined && before.cloud.dims !== this.scene?.cloud.dims) this.camera = HOME;
      if (before?.cloud.count !== this.scene?.cloud.count) {
        this.hovered = undefined;
        this.atlas.clear();
      }
    }
    if (
      changed.has('focused') &&
      this.focused !== undefined &&
      this.seen !== undefined &&
      this.canvas.matches(':focus')
    )
      this.camera = shown(this.camera, this.room, this.seen, this.focused);
    this.redraw();
  }

  /** The whole as a picture, on the theme's background. */
  snapshot(): HTMLCanvasElement {
    this.draw();
    const out = document.createElement('canvas');
    [out.width, out.height] = [this.dots.width, this.dots.height];
    const context = out.getContext('2d')!;
    context.fillStyle = inks().paper;
    context.fillRect(0, 0, out.width, out.height);
    context.drawImage(this.dots, 0, 0);
    context.drawImage(this.canvas, 0, 0);
    return out;
  }

  /** Where points are seen now, in pixels of the style sheet. */
  places(): {
    readonly xy: Float32Array;
    readonly order: Uint32Array;
    readonly width: number;
    readonly height: number;
  } {
    this.draw();
    return { xy: this.seen?.xy ?? new Float32Array(), order: this.order, ...this.room };
  }

  protected override draw(): void {
    const { scene, room } = this;
    if (scene === undefined) return;
    const seen = project(scene.cloud, this.camera, room, this.seen);
    this.seen = seen;
    this.order = seen.depth === undefined ? scene.order : farFirst(scene.order, seen.depth);
    const ink = inks();
    const ratio = window.devicePixelRatio;
    this.drawDots(scene, seen, ink, ratio);
    const { context } = this.surface();
    drawOver(context, {
      scene,
      seen,
      order: this.order,
      room,
      inks: ink,
      axes: this.axes,
      turns: scene.cloud.dims === 3 ? this.camera : undefined,
      hovered: this.hovered,
      focused: this.focused !== undefined && this.focused < scene.cloud.count ? this.focused : undefined,
      outline: this.outline,
      ...(this.pictures && scene.names === undefined
        ? {
            paint: (i: number, x: number, y: number, side: number) =>
              this.atlas.draw(context, i, () => this.picture(i), x, y, side),
            zoom: this.camera.zoom,
          }
        : {}),
    });
    // Wanted last, it comes first: the others are not pointed at.
    if (this.hovered !== undefined) this.picture(this.hovered);
  }

  private drawDots(scene: Scene, seen: Seen, ink: Inks, ratio: number): void {
    const { dots, room } = this;
    const [width, height] = [Math.round(room.width * ratio), Math.round(room.height * ratio)];
    if (dots.width !== width || dots.height !== height) [dots.width, dots.height] = [width, height];
    const drawn: Dots = {
      xy: scaled(seen.xy, ratio),
      order: this.order,
      colours: scene.colours,
      rims: this.rimsOf(scene, ink),
      shapes: scene.shapes,
      radius: radiusOf(scene, this.camera) * ratio,
    };
    if (this.gpu) {
      this.gl ??= GlDots.on(dots);
      if (this.gl?.draw(drawn, width, height) === true) return;
      // No WebGL, or it was lost: a canvas keeps its kind for life, so that the next one is another element.
      this.gl = undefined;
      this.gpu = false;
      return;
    }
    const context = dots.getContext('2d')!;
    // One for all frames: megabytes of garbage with each would halt every few of them.
    if (this.image?.width !== width || this.image.height !== height)
      this.image = context.createImageData(width, height);
    const { image } = this;
    const pixels = new Uint32Array(image.data.buffer);
    pixels.fill(ink.paperPixel);
    stampDots(pixels, width, height, drawn);
    context.putImageData(image, 0, 0);
  }

  /** Around selected points; around all where they are few, so that neighbours of one colour stay apart. */
  private rimsOf(scene: Scene, ink: Inks): Uint32Array {
    const { rims } = this;
    if (rims?.of === scene && rims.inks.inkPixel === ink.inkPixel && rims.inks.paperPixel === ink.paperPixel)
      return rims.rims;
    const few = scene.order.length <= 2000;
    const made = Uint32Array.from(scene.selected, (on) => (on === 1 ? ink.inkPixel : few ? ink.paperPixel : 0));
    this.rims = { of: scene, inks: ink, rims: made };
    return made;
  }

  private look(camera: Camera): void {
    this.camera = camera;
    this.redraw();
  }

  private nearest(event: PointerEvent | MouseEvent): number | undefined {
    return this.seen === undefined ? undefined : nearestTo(this.seen, this.order, event.offsetX, event.offsetY, NEAR);
  }

  private readonly onDown = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    this.grab(event);
    this.hovered = undefined;
    if (event.shiftKey || this.tool !== 'move') this.outline = [event.offsetX, event.offsetY];
  };

  private readonly onMove = (event: PointerEvent): void => {
    const by = this.dragged(event);
    if (by === undefined) {
      this.hovered = this.nearest(event);
      return;
    }
    const { outline, room, camera } = this;
    if (outline === undefined) {
      const space = this.scene?.cloud.dims === 3 && !event.altKey;
      this.look(space ? turned(camera, room, by.dx, by.dy) : panned(camera, room, by.dx, by.dy));
      return;
    }
    const { offsetX: x, offsetY: y } = event;
    if (this.tool === 'rectangle' && !event.shiftKey) {
      const [left, top] = outline as [number, number];
      this.outline = [left, top, x, top, x, y, left, y];
    } else outline.push(x, y);
    this.redraw();
  };

  private readonly onUp = (event: PointerEvent): void => {
    const { outline, seen } = this;
    this.outline = undefined;
    const clicked = this.drop();
    const how = event.ctrlKey || event.metaKey ? 'toggle' : 'replace';
    if (clicked) {
      const point = this.nearest(event);
      if (point !== undefined) this.tell('lens-focus-point', point);
      // A click beside all points selects nothing.
      this.tell('lens-pick', { points: point === undefined ? [] : [point], how } satisfies Picked);
    } else if (outline !== undefined && outline.length >= 6 && seen !== undefined) {
      const points = within(seen, this.order, outline);
      this.tell('lens-pick', { points, how: how === 'toggle' ? 'add' : how } satisfies Picked);
    }
    this.redraw();
  };

  private readonly onLost = (): void => {
    this.outline = undefined;
    this.drop();
    this.redraw();
  };

  private readonly onOpen = (event: MouseEvent): void => {
    const point = this.nearest(event);
    if (point !== undefined) this.tell('lens-open-point', point);
  };

  protected override onWheel(event: WheelEvent): void {
    event.preventDefault();
    this.look(zoomed(this.camera, this.room, wheelFactor(event), { x: event.offsetX, y: event.offsetY }));
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    const { scene, seen, camera, room, focused } = this;
    if (scene === undefined || seen === undefined || event.altKey || event.metaKey) return;
    const arrow = ARROWS[event.key];
    const zoom = zoomKey(event.key);
    if (arrow !== undefined && event.ctrlKey) {
      const [dx, dy] = arrow;
      this.look(
        scene.cloud.dims === 3
          ? {
              ...camera,
              yaw: camera.yaw + dx * TURN,
              pitch: Math.max(-Math.PI / 2, Math.min(Math.PI / 2, camera.pitch + dy * TURN)),
            }
          : panned(camera, room, -dx * STEP, -dy * STEP),
      );
    } else if (arrow !== undefined) {
      const [dx, dy] = arrow;
      const known = focused !== undefined && scene.order.includes(focused);
      const to = known ? nextTowards(seen, this.order, focused, dx, dy) : this.order.at(-1);
      if (to !== undefined) this.tell('lens-focus-point', to);
    } else if (event.ctrlKey) return;
    else if (event.key === ' ' && focused !== undefined)
      this.tell('lens-pick', { points: [focused], how: 'toggle' } satisfies Picked);
    else if (event.key === 'Enter' && focused !== undefined) this.tell('lens-open-point', focused);
    else if (event.key === 'Escape' && this.outline !== undefined) this.onLost();
    else if (zoom === undefined) return;
    else this.look(zoom === 0 ? { ...camera, zoom: 1, x: 0, y: 0 } : zoomed(camera, room, zoom));
    event.preventDefault();
  };
}

/** Smaller where there are more, larger where one looks closer. */
function radiusOf({ order }: Scene, { zoom }: Camera): number {
  const many = Math.max(0, Math.log10(Math.max(1, order.length)) - 2);
  return Math.max(1.3, Math.min(7, (5 - 1.25 * many) * Math.min(2, zoom ** 0.25)));
}

function scaled(xy: Float32Array, ratio: number): Float32Array {
  return ratio === 1 ? xy : xy.map((v) => v * ratio);
}
