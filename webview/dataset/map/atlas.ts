import type { Rgb } from '../../../src/base/picture.js';
import { imageOf } from '../../shared/canvas/raster.js';

/** Pictures side by side on one canvas: a thousand canvases of their own would cost more than what is on them. */
export class Atlas {
  private readonly canvas = document.createElement('canvas');
  private readonly context: CanvasRenderingContext2D;
  private readonly perLine: number;
  private readonly slots = new Map<number, number>();
  /** Which picture lies in a slot. */
  private readonly lying: (number | undefined)[];
  private next = 0;

  /**
   * @param side of a picture in pixels
   * @param most pictures at once; beyond that the oldest give way
   */
  constructor(
    private readonly side: number,
    most = 1024,
  ) {
    this.perLine = Math.ceil(Math.sqrt(most));
    this.canvas.width = this.perLine * side;
    this.canvas.height = Math.ceil(most / this.perLine) * side;
    this.context = this.canvas.getContext('2d')!;
    this.lying = Array.from({ length: most }, () => undefined);
  }

  /** Draws a picture; `false` where there is none. */
  draw(
    on: CanvasRenderingContext2D,
    example: number,
    picture: () => Rgb | undefined,
    x: number,
    y: number,
    side: number,
  ): boolean {
    const slot = this.slots.get(example) ?? this.lay(example, picture());
    if (slot === undefined) return false;
    const [left, top] = [(slot % this.perLine) * this.side, Math.floor(slot / this.perLine) * this.side];
    on.drawImage(this.canvas, left, top, this.side, this.side, x, y, side, side);
    return true;
  }

  clear(): void {
    this.slots.clear();
    this.lying.fill(undefined);
    this.next = 0;
  }

  private lay(example: number, picture: Rgb | undefined): number | undefined {
    if (picture === undefined) return undefined;
    const slot = this.next;
    this.next = (this.next + 1) % this.lying.length;
    const before = this.lying[slot];
    if (before !== undefined) this.slots.delete(before);
    this.lying[slot] = example;
    this.slots.set(example, slot);
    const [column, line] = [slot % this.perLine, Math.floor(slot / this.perLine)];
    this.context.putImageData(imageOf(picture), column * this.side, line * this.side);
    return slot;
  }
}
