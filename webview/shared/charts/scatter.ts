import { html, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { CanvasElement, wheelFactor, zoomKey } from '../canvas/canvasElement.js';

export interface ScatterPoints {
  /** x and y of each point, one after the other. */
  readonly coordinates: Float32Array;
  readonly names: readonly string[];
}

interface View {
  readonly zoom: number;
  readonly x: number;
  readonly y: number;
}

const MARGIN = 28;
const NEAR = 14;

/**
 * Points in the plane with their names. The wheel zooms, dragging moves, arrow keys go to the next point in a direction,
 * a click or Enter chooses. Fires `lens-point` with the index that is chosen.
 */
@customElement('lens-scatter')
export class Scatter extends CanvasElement {
  @property({ attribute: false }) points: ScatterPoints | undefined;
  @property() label = '';
  @property() xName = '';
  @property() yName = '';
  @property({ attribute: false }) chosen: number | undefined;
  /** Points that belong to the chosen one. */
  @property({ attribute: false }) marked: readonly number[] = [];

  private view: View = { zoom: 1, x: 0, y: 0 };
  private hovered: number | undefined;
  private span = 1;

  override render(): TemplateResult {
    const at = this.chosen;
    const name = at === undefined ? 'none chosen' : (this.points?.names[at] ?? '');
    return html`<canvas
        tabindex="0"
        role="application"
        aria-roledescription="points with names"
        aria-label="${this.label}: ${name}. Arrow keys go from point to point, plus and minus zoom, zero shows all."
        @pointermove=${this.onMove}
        @pointerdown=${this.onDown}
        @pointerup=${this.onUp}
        @pointerleave=${() => this.hover(undefined)}
        @dblclick=${() => this.setView({ zoom: 1, x: 0, y: 0 })}
        @keydown=${this.onKey}
      ></canvas>
      <div class="sr-only" aria-live="polite">${at === undefined ? '' : name}</div>`;
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has('points')) {
      let most = 0;
      for (const v of this.points?.coordinates ?? []) if (Math.abs(v) < Infinity) most = Math.max(most, Math.abs(v));
      this.span = most || 1;
      this.hovered = undefined;
    }
    this.redraw();
  }

  private get scale(): number {
    const side = Math.min(this.canvas.clientWidth, this.canvas.clientHeight) / 2 - MARGIN;
    return (Math.max(10, side) / this.span) * this.view.zoom;
  }

  private place(index: number): readonly [number, number] {
    const { coordinates } = this.points!;
    const { canvas, scale, view } = this;
    return [
      canvas.clientWidth / 2 + (coordinates[2 * index]! - view.x) * scale,
      canvas.clientHeight / 2 - (coordinates[2 * index + 1]! - view.y) * scale,
    ];
  }

  private setView(view: View): void {
    this.view = view;
    this.redraw();
  }

  protected override draw(): void {
    const { points } = this;
    if (points === undefined) return;
    const { context, width, height } = this.surface();
    const style = getComputedStyle(document.body);
    const color = (name: string, otherwise = '#888'): string => style.getPropertyValue(name).trim() || otherwise;
    const [x0, y0] = [width / 2 - this.view.x * this.scale, height / 2 + this.view.y * this.scale];
    context.strokeStyle = color('--vscode-editorRuler-foreground', color('--vscode-scrollbarSlider-background'));
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(0, Math.round(y0) + 0.5);
    context.lineTo(width, Math.round(y0) + 0.5);
    context.moveTo(Math.round(x0) + 0.5, 0);
    context.lineTo(Math.round(x0) + 0.5, height);
    context.stroke();
    context.font = `11px ${style.fontFamily}`;
    context.fillStyle = color('--vscode-descriptionForeground');
    context.textBaseline = 'top';
    context.textAlign = 'right';
    context.fillText(`${this.xName} →`, width - 6, height - 18);
    context.textAlign = 'left';
    context.fillText(`↑ ${this.yName}`, 6, 6);
    const marked = new Set(this.marked);
    const dot = (i: number, radius: number, fill: string): void => {
      const [x, y] = this.place(i);
      if (x < -9 || y < -9 || x > width + 9 || y > height + 9) return;
      context.beginPath();
      context.arc(x, y, radius, 0, 2 * Math.PI);
      context.fillStyle = fill;
      context.fill();
    };
    const count = points.names.length;
    const plain = color('--vscode-charts-blue', color('--vscode-focusBorder'));
    context.globalAlpha = count > 300 ? 0.65 : 1;
    for (let i = 0; i < count; i++) dot(i, 3, plain);
    context.globalAlpha = 1;
    const strong = color('--vscode-charts-orange', color('--vscode-foreground'));
    for (const i of marked) dot(i, 4, strong);
    if (this.chosen !== undefined && this.chosen < count) dot(this.chosen, 6, color('--vscode-foreground'));
    this.names(context, marked, color('--vscode-foreground'), color('--vscode-editor-background', '#000'));
  }

  /** Names of the chosen point and its kin first, then of others as long as none covers another. */
  private names(context: CanvasRenderingContext2D, marked: ReadonlySet<number>, ink: string, paper: string): void {
    const { points, canvas } = this;
    if (points === undefined) return;
    const first = [this.hovered, this.chosen, ...marked].filter((i): i is number => i !== undefined);
    const order = [...new Set([...first, ...points.names.keys()])];
    const taken: { x: number; y: number; w: number }[] = [];
    context.textAlign = 'left';
    context.textBaseline = 'middle';
    context.lineWidth = 3;
    context.strokeStyle = paper;
    context.fillStyle = ink;
    let tried = 0;
    for (const i of order) {
      const [x, y] = this.place(i);
      if (x < 0 || y < 0 || x > canvas.clientWidth || y > canvas.clientHeight) continue;
      if (++tried > 1500 || taken.length > 120) break;
      const name = points.names[i]!.length > 28 ? `${points.names[i]!.slice(0, 27)}…` : points.names[i]!;
      const w = context.measureText(name).width + 10;
      const covers = taken.some((t) => Math.abs(t.y - y) < 13 && x < t.x + t.w && t.x < x + w);
      if (covers && i !== this.hovered && i !== this.chosen) continue;
      taken.push({ x, y, w });
      context.strokeText(name, x + 7, y);
      context.fillText(name, x + 7, y);
    }
  }

  private nearest(x: number, y: number): number | undefined {
    let best: number | undefined;
    let least = NEAR;
    for (let i = 0; i < (this.points?.names.length ?? 0); i++) {
      const [px, py] = this.place(i);
      const far = Math.hypot(px - x, py - y);
      if (far < least) [best, least] = [i, far];
    }
    return best;
  }

  private hover(index: number | undefined): void {
    if (index === this.hovered) return;
    this.hovered = index;
    this.canvas.title = index === undefined ? '' : (this.points?.names[index] ?? '');
    this.redraw();
  }

  private choose(index: number | undefined): void {
    if (index !== undefined) this.tell('lens-point', index);
  }

  private readonly onMove = (event: PointerEvent): void => {
    const by = this.dragged(event);
    if (by === undefined) return this.hover(this.nearest(event.offsetX, event.offsetY));
    const { dx, dy } = by;
    this.setView({ ...this.view, x: this.view.x - dx / this.scale, y: this.view.y + dy / this.scale });
  };

  private readonly onDown = (event: PointerEvent): void => {
    this.grab(event);
  };

  private readonly onUp = (event: PointerEvent): void => {
    if (this.drop()) this.choose(this.nearest(event.offsetX, event.offsetY));
  };

  protected override onWheel(event: WheelEvent): void {
    event.preventDefault();
    this.zoom(wheelFactor(event), event.offsetX, event.offsetY);
  }

  private zoom(factor: number, x = this.canvas.clientWidth / 2, y = this.canvas.clientHeight / 2): void {
    const { canvas, view } = this;
    const [dx, dy] = [x - canvas.clientWidth / 2, canvas.clientHeight / 2 - y];
    const before = this.scale;
    const zoom = Math.min(64, Math.max(1, view.zoom * factor));
    const after = (before * zoom) / view.zoom;
    this.setView({ zoom, x: view.x + dx / before - dx / after, y: view.y + dy / before - dy / after });
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    const direction = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    const zoom = zoomKey(event.key);
    if (direction !== undefined) this.choose(this.next(direction[0]!, direction[1]!));
    else if (zoom === undefined) return;
    else if (zoom === 0) this.setView({ zoom: 1, x: 0, y: 0 });
    else this.zoom(zoom);
    event.preventDefault();
  };

  /** The nearest point within a right angle around a direction. */
  private next(dx: number, dy: number): number | undefined {
    const count = this.points?.names.length ?? 0;
    if (this.chosen === undefined) return count > 0 ? 0 : undefined;
    const [x, y] = this.place(this.chosen);
    let best: number | undefined;
    let least = Infinity;
    for (let i = 0; i < count; i++) {
      const [px, py] = this.place(i);
      const along = (px - x) * dx + (py - y) * dy;
      const aside = Math.abs((px - x) * dy) + Math.abs((py - y) * dx);
      if (i === this.chosen || along <= 0 || aside > along) continue;
      if (along + aside < least) [best, least] = [i, along + aside];
    }
    return best;
  }
}
