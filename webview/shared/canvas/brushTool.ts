import type { Brush, BrushEvent } from './brush.js';
import { place, pointAt, rectOf, type Pixel, type Point, type Size, type View } from './geometry.js';
import { canvasColors } from '../page/theme.js';

/** Where the picture lies on the canvas. */
export interface Placed {
  readonly picture: Size;
  readonly room: Size;
  readonly view: View;
}

/** The brush of a canvas: turns pointer and keys into strokes, and draws its own outline. */
export class BrushTool {
  private last: Point | undefined;
  private at: Point | undefined;
  private square = false;

  /** @param tell says what the brush does */
  constructor(private readonly tell: (event: BrushEvent) => void) {}

  get painting(): boolean {
    return this.last !== undefined;
  }

  /** @param spot of the pointer, in pixels of the canvas */
  down(placed: Placed, spot: Point): void {
    this.last = this.at = pointAt(placed.picture, placed.room, placed.view, spot);
    this.square = false;
    this.tell({ phase: 'begin', from: this.last, to: this.last });
  }

  move(placed: Placed, spot: Point): void {
    if (this.square && this.at !== undefined) this.leave();
    this.at = pointAt(placed.picture, placed.room, placed.view, spot);
    this.square = false;
    if (this.last === undefined) return;
    this.tell({ phase: 'move', from: this.last, to: this.at });
    this.last = this.at;
  }

  up(): void {
    if (this.last === undefined) return;
    const { last } = this;
    this.last = undefined;
    this.tell({ phase: 'end', from: last, to: last });
  }

  /** Keys have moved the crosshair: the brush is a square around it. */
  over({ x, y }: Pixel): void {
    this.at = { x: x + 0.5, y: y + 0.5 };
    this.square = true;
    this.tell({ phase: 'over', from: this.at, to: this.at });
  }

  stamp(): void {
    if (this.at !== undefined && this.square) this.tell({ phase: 'stamp', from: this.at, to: this.at });
  }

  /** The pointer or the focus has gone; a stroke goes on, for the pointer is captured. */
  leave(): void {
    if (this.at === undefined || this.painting) return;
    const { at, square } = this;
    this.at = undefined;
    if (square) this.tell({ phase: 'leave', from: at, to: at });
  }

  draw(context: CanvasRenderingContext2D, brush: Brush, { picture, room, view }: Placed): void {
    if (this.at === undefined) return;
    const rect = place(picture, room, view);
    const scale = rect.width / picture.width;
    const [x, y] = [rect.left + this.at.x * scale, rect.top + this.at.y * scale];
    const half = Math.max(2, (brush.size * scale) / 2);
    const { crosshair, crosshairEdge } = canvasColors();
    for (const [width, color] of [
      [3, crosshairEdge],
      [1.5, crosshair],
    ] as const) {
      context.lineWidth = width;
      context.strokeStyle = color;
      context.beginPath();
      if (this.square || brush.shape === 'square') context.rect(x - half, y - half, 2 * half, 2 * half);
      else context.arc(x, y, half, 0, 2 * Math.PI);
      context.stroke();
    }
  }
}

/** The crosshair that frames one pixel, in colours that are seen on any picture. */
export function drawCrosshair(context: CanvasRenderingContext2D, { picture, room, view }: Placed, pixel: Pixel): void {
  const rect = rectOf(picture, room, view, pixel);
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
