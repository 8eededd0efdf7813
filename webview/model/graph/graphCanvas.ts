import { html, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { CanvasElement, wheelFactor, zoomKey } from '../../shared/canvas/canvasElement.js';
import type { Size } from '../../shared/canvas/geometry.js';
import { drawGraph, type GraphColors, type GraphViewport } from './drawGraph.js';
import { neighbour, type GraphScene } from './scene.js';

const LEAST = 0.05;
const MOST = 3;
/** The smallest zoom at which everything can be read without effort: a graph that is larger begins with its inputs. */
const LEGIBLE = 1;

/**
 * The drawn graph; only what is in sight is drawn. The wheel zooms, dragging moves. Arrow keys follow the edges, Enter opens
 * a module or shows a layer, Backspace closes the module around, `+` `-` `0` zoom, Z to the
 * node that is looked at. Fires `lens-node` (a node is looked at),
 * `lens-open-node` (opened) and `lens-close-module` (index of the module).
 */
@customElement('lens-graph-canvas')
export class GraphCanvas extends CanvasElement {
  @property({ attribute: false }) scene: GraphScene | undefined;
  @property({ attribute: false }) coloured!: GraphColors;
  /** Id of the node that shows the selected layer. */
  @property() selected: string | undefined;
  /** Id of the node that is looked at. */
  @property() active: string | undefined;
  @property() label = '';
  @property({ attribute: false }) frameName: (module: number) => string = String;
  /** Shows the active node in the middle when it grows. */
  @property({ type: Number }) reveal = 0;

  private view: GraphViewport = { x: 0, y: 0, zoom: 1 };
  private fitted = false;

  constructor() {
    super('frame');
  }

  override render(): TemplateResult {
    return html`<canvas
      tabindex="0"
      role="application"
      aria-roledescription="graph"
      aria-label="${this.label}. Arrow keys follow the edges, Enter opens, Backspace closes the module around, plus and minus zoom, zero shows all, Z zooms to the node."
      @pointermove=${this.onMove}
      @pointerdown=${this.onDown}
      @pointerup=${this.onUp}
      @dblclick=${this.onDouble}
      @keydown=${this.onKey}
    ></canvas>`;
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has('scene') && this.scene !== undefined) this.keepPlace(changed.get('scene'));
    if (changed.has('reveal') && changed.get('reveal') !== undefined) this.center(this.active ?? this.selected);
    this.redraw();
  }

  /** All of it in sight, or as much as can still be read, from where it begins. */
  fit(): void {
    const { scene } = this;
    if (scene === undefined || this.clientWidth === 0) return;
    const [width, height] = [this.clientWidth, this.clientHeight];
    const zoom = Math.min(1.2, Math.max(LEGIBLE, Math.min(width / scene.width, height / scene.height)));
    const first = scene.nodes[0];
    const begin = (start: number, size: number, room: number): number =>
      size * zoom <= room ? size / 2 : Math.min(Math.max(start, room / 2 / zoom), size - room / 2 / zoom);
    const start = first === undefined ? { x: 0, y: 0 } : { x: first.x, y: first.y + first.height / 2 };
    this.setView({ x: begin(start.x, scene.width, width), y: begin(start.y, scene.height, height), zoom });
  }

  /** The node that is looked at, large and in the middle. */
  zoomToActive(): void {
    const node = this.scene?.byId.get(this.active ?? this.selected ?? '');
    if (node !== undefined) this.setView({ zoom: 1.5, x: node.x + node.width / 2, y: node.y + node.height / 2 });
  }

  /** All of it, however small. */
  fitAll(): void {
    const { scene } = this;
    if (scene === undefined || this.clientWidth === 0) return;
    const zoom = Math.max(LEAST, Math.min(1.2, this.clientWidth / scene.width, this.clientHeight / scene.height));
    this.setView({ x: scene.width / 2, y: scene.height / 2, zoom });
  }

  zoom(factor: number, at?: { readonly x: number; readonly y: number }): void {
    const { view } = this;
    const zoom = Math.min(MOST, Math.max(LEAST, view.zoom * factor));
    const [dx, dy] = at === undefined ? [0, 0] : [at.x - this.clientWidth / 2, at.y - this.clientHeight / 2];
    this.setView({ zoom, x: view.x + dx / view.zoom - dx / zoom, y: view.y + dy / view.zoom - dy / zoom });
  }

  /** The graph as a picture; the part in sight where the whole is too large. */
  picture(): HTMLCanvasElement {
    const canvas = document.createElement('canvas');
    const { scene } = this;
    if (scene === undefined) return canvas;
    const whole = scene.width * scene.height <= 12_000_000;
    const room = whole
      ? { width: scene.width, height: scene.height }
      : { width: this.clientWidth, height: this.clientHeight };
    const view = whole ? { x: scene.width / 2, y: scene.height / 2, zoom: 1 } : this.view;
    drawGraph(canvas, scene, { ...this.options, room, view, ratio: whole ? 1.5 : 2, background: true });
    return canvas;
  }

  private get options(): Omit<Parameters<typeof drawGraph>[2], 'room' | 'view' | 'ratio'> {
    const { coloured, selected, active, frameName } = this;
    return { coloured, selected, active, frameName };
  }

  /** After a module was opened or closed, what was looked at stays where it was. */
  private keepPlace(before: GraphScene | undefined): void {
    const { scene, active, view } = this;
    if (!this.fitted || before === undefined || before.direction !== scene?.direction) {
      this.fitted = this.clientWidth > 0;
      this.fit();
      return;
    }
    // The module that was opened or closed is a frame in one of the two and a node in the other.
    const opened = scene?.frames.find((f) => before.byId.has(`m${f.module}`));
    const closed = before.frames.find((f) => scene?.byId.has(`m${f.module}`));
    const old = opened === undefined ? (closed ?? before.byId.get(active ?? '')) : before.byId.get(`m${opened.module}`);
    const now = opened ?? scene?.byId.get(closed === undefined ? (active ?? '') : `m${closed.module}`);
    if (old === undefined || now === undefined) return this.center(active ?? this.selected);
    this.setView({ ...view, x: view.x + now.x + now.width / 2 - old.x - old.width / 2, y: view.y + now.y - old.y });
  }

  private center(id: string | undefined): void {
    const node = id === undefined ? undefined : this.scene?.byId.get(id);
    if (node === undefined) return;
    const zoom = Math.max(LEGIBLE, this.view.zoom);
    this.setView({ zoom, x: node.x + node.width / 2, y: node.y + node.height / 2 });
  }

  /** Moves as little as needed to show a node. */
  private show(id: string): void {
    const node = this.scene?.byId.get(id);
    if (node === undefined) return;
    const { view } = this;
    const near = (start: number, length: number, at: number, room: number): number => {
      const half = room / 2 / view.zoom - 20;
      return start < at - half ? start + half : start + length > at + half ? start + length - half : at;
    };
    this.setView({
      ...view,
      x: near(node.x, node.width, view.x, this.clientWidth),
      y: near(node.y, node.height, view.y, this.clientHeight),
    });
  }

  private setView(view: GraphViewport): void {
    this.view = view;
    this.redraw();
  }

  protected override get room(): Size {
    return { width: this.clientWidth, height: this.clientHeight };
  }

  protected override draw(): void {
    const { canvas, scene, room } = this;
    if (scene === undefined) return canvas.getContext('2d')!.clearRect(0, 0, canvas.width, canvas.height);
    if (!this.fitted) {
      this.fitted = true;
      this.fit();
    }
    drawGraph(canvas, scene, { ...this.options, room, view: this.view, ratio: window.devicePixelRatio });
  }

  private at(event: MouseEvent): { node?: string; frame?: number } {
    const { scene, view } = this;
    if (scene === undefined) return {};
    const x = view.x + (event.offsetX - this.clientWidth / 2) / view.zoom;
    const y = view.y + (event.offsetY - this.clientHeight / 2) / view.zoom;
    const inside = (p: { x: number; y: number; width: number }, height: number): boolean =>
      x >= p.x && x <= p.x + p.width && y >= p.y && y <= p.y + height;
    const node = scene.nodes.find((n) => inside(n, n.height));
    if (node !== undefined) return { node: node.id };
    // The title of a frame closes it; inner frames come last.
    const frame = scene.frames.findLast((f) => inside(f, 20));
    return frame === undefined ? {} : { frame: frame.module };
  }

  private readonly onMove = (event: PointerEvent): void => {
    const by = this.dragged(event);
    if (by === undefined) {
      const { node, frame } = this.at(event);
      this.canvas.style.setProperty('cursor', node !== undefined || frame !== undefined ? 'pointer' : 'grab');
      const found = node === undefined ? undefined : this.scene?.byId.get(node)?.node;
      this.canvas.title =
        found !== undefined
          ? `${found.label} ${found.detail}`
          : frame === undefined
            ? ''
            : `Close ${this.frameName(frame)}`;
      return;
    }
    const { view } = this;
    this.setView({ ...view, x: view.x - by.dx / view.zoom, y: view.y - by.dy / view.zoom });
  };

  private readonly onDown = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    this.grab(event);
  };

  private readonly onUp = (event: PointerEvent): void => {
    if (!this.drop()) return;
    const { node, frame } = this.at(event);
    if (node !== undefined) this.tell('lens-node', node);
    else if (frame !== undefined) this.tell('lens-close-module', frame);
  };

  private readonly onDouble = (event: MouseEvent): void => {
    const { node } = this.at(event);
    if (node !== undefined) this.tell('lens-open-node', node);
  };

  protected override onWheel(event: WheelEvent): void {
    event.preventDefault();
    this.zoom(wheelFactor(event, 0.0015), { x: event.offsetX, y: event.offsetY });
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    const { scene, active } = this;
    if (scene === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const zoom = zoomKey(event.key, 1.3);
    if (event.key.startsWith('Arrow')) {
      const from = active ?? this.selected;
      const to = from === undefined ? scene.nodes[0]?.id : neighbour(scene, from, event.key);
      if (to !== undefined) {
        this.tell('lens-node', to);
        void this.updateComplete.then(() => this.show(to));
      }
    } else if (event.key === 'Enter' && active !== undefined) this.tell('lens-open-node', active);
    else if (event.key === 'Backspace') {
      const module = scene.byId.get(active ?? '')?.node.within.at(-1);
      if (module !== undefined) this.tell('lens-close-module', module);
    } else if (event.key.toLowerCase() === 'z') this.zoomToActive();
    else if (zoom === undefined) return;
    else if (zoom === 0) this.fitAll();
    else this.zoom(zoom);
    event.preventDefault();
  };
}
