import type { Point, Size } from './geometry.js';

/** Painting on a picture: what a brush touches, and what a canvas says of its strokes. Pure; lengths in pixels of the picture. */

export interface Brush {
  /** Diameter of a disc, side of a square. */
  readonly size: number;
  readonly shape: 'disc' | 'square';
}

/**
 * What the brush does. `begin`, `move`, `end`: a stroke of the pointer, each from where it was to where it is. `over`: keys
 * have moved the brush, which touches nothing yet. `stamp`: it is pressed once, where it is. `leave`: it is taken away.
 */
export interface BrushEvent {
  readonly phase: 'begin' | 'move' | 'end' | 'over' | 'stamp' | 'leave';
  readonly from: Point;
  readonly to: Point;
}

/** Calls back with the index (row × width + column) of every pixel whose middle a brush touches on a straight way. */
export function touched(
  { width, height }: Size,
  brush: Brush,
  from: Point,
  to: Point,
  visit: (at: number) => void,
): void {
  // A brush finer than a pixel touches the one that it is on.
  const radius = Math.max(brush.size / 2, Math.SQRT1_2);
  const reach = Math.ceil(radius);
  const [left, right] = [Math.floor(Math.min(from.x, to.x)) - reach, Math.ceil(Math.max(from.x, to.x)) + reach];
  const [top, bottom] = [Math.floor(Math.min(from.y, to.y)) - reach, Math.ceil(Math.max(from.y, to.y)) + reach];
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = dx * dx + dy * dy;
  for (let y = Math.max(0, top); y < Math.min(height, bottom); y++) {
    for (let x = Math.max(0, left); x < Math.min(width, right); x++) {
      const [px, py] = [x + 0.5 - from.x, y + 0.5 - from.y];
      const t = length === 0 ? 0 : Math.min(1, Math.max(0, (px * dx + py * dy) / length));
      const [ex, ey] = [px - t * dx, py - t * dy];
      const inside =
        brush.shape === 'disc'
          ? ex * ex + ey * ey <= radius * radius
          : Math.max(Math.abs(ex), Math.abs(ey)) <= Math.max(brush.size / 2, 0.5);
      if (inside) visit(y * width + x);
    }
  }
}

/** A brush as a share of the picture's shorter side. */
export function brushOf(picture: Size, share: number, shape: Brush['shape']): Brush {
  return { size: Math.max(1, share * Math.min(picture.width, picture.height)), shape };
}
